"""Near copies in the archive: found by samples, in a window, and led by the best version."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from archivedesk import NOON, ONE, TWO, item
from madestories import Article, Maker
from msgspec.structs import replace

from aggregator.archive.schema import (
    samples,
)
from aggregator.model.sample import CROWDED
from aggregator.model.topic import Collapse, Topic
from aggregator.normalize.shingles import sample
from aggregator.query import numbers

THREE = "https://three.example/feed"
HOUR = timedelta(hours=1)
MAKER = Maker(3)
STORY = MAKER.article(10)
EDITED = Article("Another headline over it", (*STORY.paragraphs, "One more line of the agency."))
CUT = Article(STORY.title, (" ".join(STORY.text.split()[:40]) + " …",))


def told(identity: str, article: Article, feed: str = ONE, **given):
    return item(
        identity, feed=feed, title=article.title, text=article.text,
        url=f"{feed}/{identity}", sample=sample(numbers(article.text, "en")), **given,
    )  # fmt: skip


def rows(desk) -> int:
    with desk.archive._database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(samples))


@pytest.fixture
def desk(desk):
    desk.subscribe(ONE, TWO, THREE)
    return desk


def test_an_edited_copy_in_another_feed_joins_the_story(desk):
    desk.bring(ONE, told("a", STORY))
    counts = desk.bring(TWO, told("b", EDITED, TWO), at=NOON + HOUR)
    assert (counts.new, counts.new_stories) == (1, 0)
    story = desk.archive.entry(told("a", STORY).id).story
    first, second = desk.archive.sightings(story)
    assert [one.how for one in (first, second)] == ["first", "near"]
    assert [one.feed for one in (first, second)] == [ONE, TWO]


def test_another_article_stays_apart_although_it_shares_paragraphs(desk):
    desk.bring(ONE, told("a", STORY))
    stage = Article(MAKER.title(), (*MAKER.article(5).paragraphs, *STORY.paragraphs[4:]))
    assert desk.bring(TWO, told("b", stage, TWO), at=NOON + HOUR).new_stories == 1


def test_two_near_copies_in_one_batch_make_one_story(desk):
    both = [
        desk.fetched(ONE, told("a", STORY)),
        desk.fetched(TWO, told("b", EDITED, TWO)),
    ]
    assert desk.write(both).new_stories == 1


def test_a_copy_of_the_copy_is_found_by_what_only_the_copy_has(desk):
    """The story's words are looked up by whoever brought them, not by its first entry alone."""
    longer = Article(STORY.title, (*STORY.paragraphs, *MAKER.article(3).paragraphs))
    desk.bring(ONE, told("a", STORY))
    desk.bring(TWO, told("b", longer, TWO), at=NOON + HOUR)
    shorter = Article(longer.title, longer.paragraphs[4:])
    counts = desk.bring(THREE, told("c", shorter, THREE), at=NOON + 2 * HOUR)
    assert counts.new_stories == 0


def test_a_story_keeps_each_hash_once(desk):
    desk.bring(ONE, told("a", STORY))
    before = rows(desk)
    desk.bring(TWO, told("b", STORY, TWO), at=NOON + HOUR)
    assert before == rows(desk) >= 20


@pytest.mark.parametrize(("days", "stories"), [(13, 0), (15, 1)])
def test_words_are_looked_up_for_a_window(desk, days, stories):
    desk.bring(ONE, told("a", STORY))
    counts = desk.bring(TWO, told("b", EDITED, TWO), at=NOON + timedelta(days=days))
    assert counts.new_stories == stories


def test_upkeep_prunes_what_is_older_than_the_window(desk, monkeypatch):
    monkeypatch.setattr("aggregator.archive.samples._PORTION", 5)
    desk.bring(ONE, told("a", STORY))
    held = rows(desk)
    desk.bring(TWO, told("b", MAKER.article(), TWO), at=NOON + timedelta(days=5))
    both = rows(desk)
    desk.archive.maintain(NOON + timedelta(days=14))
    assert rows(desk) == both
    desk.archive.maintain(NOON + timedelta(days=15))
    assert rows(desk) == both - held
    desk.archive.maintain(NOON + timedelta(days=16), story_days=9)
    assert rows(desk) == 0


def test_a_phrase_that_very_many_stories_carry_brings_no_candidates(desk):
    """Nor does it fill the table: what is crowded is not added to."""
    phrase = sample(numbers(MAKER.sentence(20), "en"))
    for number in range(CROWDED + 8):
        one = replace(told(f"n{number}", MAKER.article(2)), sample=phrase)
        desk.bring(ONE, one, at=NOON + number * HOUR)
    with desk.archive._database.reading() as connection:
        carried = sa.select(sa.func.count()).select_from(samples).group_by(samples.c.hash)
        assert set(connection.execute(carried).scalars()) == {CROWDED + 1}
    with desk.archive.batch() as write:
        fetched = desk.fetched(TWO, replace(told("x", MAKER.article(2), TWO), sample=phrase))
        known = write.known([fetched])
    assert not known.alike
    assert known.crowded == frozenset(phrase)


# The lead


def leads(desk, *articles) -> list[bool]:
    return [desk.archive.entry(entry.id).lead for entry in articles]


def test_a_full_version_takes_the_lead_and_the_story_keeps_its_id(desk):
    topic = Topic(slug="all", title="All", query="*")
    desk.topics(topic, Topic(slug="each", title="Each", query="*", collapse=Collapse.NONE))
    cut, whole = told("a", CUT), told("b", STORY, TWO)
    desk.bring(ONE, cut)
    (before,) = desk.archive.published.subscription_page("all", size=9).entries
    desk.bring(TWO, whole, at=NOON + HOUR)
    (after,) = desk.archive.published.subscription_page("all", size=9).entries
    assert leads(desk, cut, whole) == [False, True]
    assert (before.id, before.entry) == (after.id, cut.id)
    assert after.entry == whole.id
    assert after.updated > before.updated
    assert [one.url for one in after.also_in] == [cut.url]
    assert desk.archive.entry(after.id).id == whole.id
    assert len(desk.archive.published.subscription_page("each", size=9).entries) == 2
    # One more copy changes nothing of it.
    desk.bring(THREE, told("c", EDITED, THREE), at=NOON + 2 * HOUR)
    (again,) = desk.archive.published.subscription_page("all", size=9).entries
    assert (again.entry, again.updated) == (after.entry, after.updated)


def test_in_one_batch_too(desk):
    desk.topics(Topic(slug="all", title="All", query="*"))
    cut, whole = told("a", CUT), told("b", STORY, TWO)
    desk.write([desk.fetched(ONE, cut), desk.fetched(TWO, whole)])
    assert leads(desk, cut, whole) == [False, True]
    (shown,) = desk.archive.published.subscription_page("all", size=9).entries
    assert shown.entry == whole.id


def test_a_lead_that_the_topic_does_not_match_is_not_shown(desk):
    desk.topics(Topic(slug="short", title="Short", query=f"NOT {STORY.paragraphs[-1].split()[1]}"))
    rest = Article(CUT.title, (CUT.paragraphs[0],))
    desk.bring(ONE, told("a", rest))
    desk.bring(TWO, told("b", STORY, TWO), at=NOON + HOUR)
    shown = [one.entry for one in desk.archive.published.subscription_page("short", size=9).entries]
    assert shown == [told("a", rest).id]


# Lists


def test_the_largest_stories_of_a_time(desk):
    other = MAKER.article()
    desk.bring(ONE, told("old", other), at=NOON - timedelta(days=9))
    desk.bring(ONE, told("b", MAKER.article()), told("a", CUT))
    desk.bring(TWO, told("a", STORY, TWO), at=NOON + HOUR)
    desk.bring(THREE, told("a", EDITED, THREE), at=NOON + 2 * HOUR)
    found = desk.archive.largest_stories(since=NOON - timedelta(days=7), limit=9)
    assert [(one.entries, one.feeds) for one in found] == [(3, 3), (1, 1)]
    assert (found[0].lead, found[0].title) == (told("a", STORY, TWO).id, STORY.title)
    assert (found[0].first_seen, found[0].newest) == (NOON, NOON + 2 * HOUR)
    assert len(desk.archive.largest_stories(since=NOON - timedelta(days=30), limit=9)) == 3
    assert len(desk.archive.largest_stories(since=NOON - timedelta(days=30), limit=1)) == 1
    assert desk.archive.largest_stories(since=NOON + timedelta(days=1), limit=9) == ()
