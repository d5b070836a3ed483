"""What comes anew each day under one page or one headline is another entry, and another story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape

import pytest
import seed_article
from archivedesk import Desk

from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings
from aggregator.model.topic import Topic

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = Topic(slug="all", title="All", query="*")
GOSSIP = "https://sport.example/gossip"
TEASER = ("Football gossip: the rumours in the papers", "All the latest transfer news and rumours from the back pages, every morning.")  # fmt: skip
APPEAL = (
    "Anyone who saw what happened, or who has pictures of a telephone or a camera in a car, is asked "
    "to call the station on the harbour road, or to tell it without giving a name. Officers are "
    "in the area this week to talk to those who live there, and more of them are on foot at night. "
    "The street was closed for some hours and is open again. The court hears the case next month."
)
MATCH = (
    "were the better side from the first minute on a cold evening, and their supporters sang until "
    "the end. The manager said that he was proud of all of his players, that nothing is won yet, and "
    "that the next match is the one that counts. The visitors had chances late in the second half, "
    "but found no way past a goalkeeper who had one of his best days. The attendance was announced "
    "before the break. Both sides play again at the weekend."
)


class Newsroom:
    """Sites whose feeds are read and stored, document by document."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.guids = 0

    def bring(self, site: str, at: datetime, *items: tuple[str, str, str], dated=True, guid=""):
        """A document of these items (title, text, link), of the moment that it is brought."""
        url, inside = f"https://{site}.example/feed", ""
        self.desk.subscribe(url)
        for title, text, link in items:
            self.guids += 1
            date = f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if dated else ""
            inside += (
                f"<item><guid isPermaLink='false'>{guid or self.guids}</guid><title>{escape(title)}</title>"
                f"<link>{link}</link>{date}<description>{escape(text)}</description></item>"
            )
        body = f"<rss version='2.0'><channel><title>{site}</title><language>en</language>{inside}</channel></rss>"
        return self.desk.write([self.desk.read(url, body.encode(), at)], at=at)

    @property
    def stories(self) -> list[set[str]]:
        """The titles of each story's entries, oldest first."""
        found: dict[str, set[str]] = {}
        for record in self.desk.archive.export():
            found.setdefault(record.story, set()).add(record.title)
        return list(found.values())

    @property
    def published(self) -> list[str]:
        page = self.desk.archive.published.subscription_page(ALL.slug, size=50)
        return [entry.title for entry in page.entries]


@pytest.fixture
def newsroom(archive_url, tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)
    with open_archive(settings, write=True, purpose="a test") as archive:
        desk = Desk(archive, settings)
        desk.topics(ALL)
        yield Newsroom(desk)


def test_a_page_that_is_filled_anew_each_day_brings_an_entry_and_a_story_each_day(newsroom):
    said = [
        ("Monday's gossip: Torres wanted in Seville", "The coach of the youth side may go south."),
        ("Tuesday's gossip: manager close to the sack", "Two defeats at home were two too many."),
        ("Wednesday's gossip: a keeper for the north", "Harbour Town look for a goalkeeper again."),
    ]
    for day, (title, text) in enumerate(said):
        counts = newsroom.bring("sport", MONDAY + day * DAY, (title, text, GOSSIP))
        assert (counts.new, counts.new_stories, counts.revised) == (1, 1, 0)
    assert newsroom.stories == [{title} for title, _ in said]
    assert sorted(newsroom.published) == sorted(title for title, _ in said)
    # Another feed of the site has the last of them too.
    newsroom.bring("more", MONDAY + 2 * DAY, (*said[2], GOSSIP))
    assert len(newsroom.stories) == 3


LATER = (
    "The coach of the youth side may go south, said the club that he would go to in the evening."
)


@pytest.mark.parametrize(
    ("hours", "title", "text", "given"),
    [
        (24, "Torres wanted in Seville: the latest", LATER, {}),
        (24, "Torres wanted in Seville", "Something else altogether is told here.", {}),
        (3, "Manager close to the sack", "Two defeats at home were two too many.", {}),
        (24, "Manager close to the sack", "Two defeats at home were two too many.", {"guid": "1"}),
        (24, "Manager close to the sack", "Two defeats at home were too many.", {"dated": False}),
    ],
    ids=["edited", "same headline", "within hours", "same guid", "undated"],
)
def test_a_page_that_was_edited_is_the_same_entry_under_another_guid(
    newsroom, hours, title, text, given
):
    first = "The coach of the youth side may go south, said the club that he would go to."
    newsroom.bring("sport", MONDAY, ("Torres wanted in Seville", first, GOSSIP), **given)
    later = MONDAY + timedelta(hours=hours)
    counts = newsroom.bring("sport", later, (title, text, GOSSIP), **given)
    assert (counts.new, counts.revised) == (0, 1)


def test_a_headline_and_teaser_over_a_new_page_each_day_is_a_story_each_day(newsroom):
    for day in range(20):
        page = f"https://sport.example/gossip/{day}"
        counts = newsroom.bring("sport", MONDAY + day * DAY, (*TEASER, page))
        assert (counts.new, counts.new_stories) == (1, 1), day
    counts = newsroom.bring("wire", MONDAY + 19 * DAY, (*TEASER, "https://wire.example/g"))
    assert (counts.new, counts.new_stories) == (1, 0)


def test_the_same_words_at_two_pages_of_a_site_within_hours_are_one_story(newsroom):
    for hour in range(3):
        page = f"https://sport.example/gossip/{hour}"
        newsroom.bring("sport", MONDAY + timedelta(hours=hour), (*TEASER, page))
    assert len(newsroom.stories) == 1


def _charged(age: int, day: str) -> tuple[str, str]:
    head = f"A {age}-year-old man was charged after an assault in the High Street on {day} evening."
    return "Man charged after High Street assault", f"{head} {APPEAL}"


def test_a_form_that_a_site_fills_again_the_next_day_is_another_story(newsroom):
    newsroom.bring("police", MONDAY, (*_charged(34, "Friday"), "https://police.example/1"))
    newsroom.bring("police", MONDAY + DAY, (*_charged(19, "Saturday"), "https://police.example/2"))
    assert len(newsroom.stories) == 2
    # Elsewhere what is nearly word for word one is a copy, on any day.
    newsroom.bring("local", MONDAY + DAY, (*_charged(19, "Saturday"), "https://local.example/2"))
    assert len(newsroom.stories) == 2


def test_a_long_report_that_a_site_has_again_the_next_day_is_one_story(newsroom):
    report = " ".join(seed_article.articles()[sorted(seed_article.articles())[0]].split()[:400])
    newsroom.bring("sport", MONDAY, ("A long report", report, "https://sport.example/1"))
    again = f"{report} It was published again."
    newsroom.bring(
        "sport", MONDAY + DAY, ("The same long report", again, "https://sport.example/2")
    )
    assert len(newsroom.stories) == 1


def test_two_matches_in_one_form_are_two_stories_on_any_site(newsroom):
    for number, (home, away) in enumerate(
        [("Harbour Town 2", "Leeside 1"), ("Milton 3", "Oakham 0")]
    ):
        page = f"https://site{number}.example/report"
        newsroom.bring(
            f"site{number}",
            MONDAY,
            (f"{home}-{away[-1]} {away[:-2]}", f"{home[:-2]} {MATCH}", page),
        )
    assert len(newsroom.stories) == 2
