"""What a topic shows of a story: the same live and filled, and what a better version changes."""

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, Desk, interests, item
from msgspec.structs import replace

from aggregator.model.feed import Subscription
from aggregator.model.settings import PublishSettings, Settings
from aggregator.model.topic import Collapse, Page, Topic
from aggregator.pipeline import prepare
from aggregator.publish import Site, documents

TORRES = Topic(slug="torres", title="Torres", query="torres")
SITE = Site(base_url="https://here.example", title="Here")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BRIEF = "Torres takes the session by the harbour."
WHOLE = f"{BRIEF} Nobody had told the gulls, and so they stayed to watch until it rained."


def bring(desk: Desk, feed: str, name: str, at=NOON, **given) -> None:
    desk.bring(feed, item(name, feed=feed, title=name, published=at, **given), at=at)


def pages(desk: Desk, slug: str) -> list[Page]:
    archive = desk.archive
    numbers = range(1, archive.published.archive_pages(slug) + 1)
    found = [
        archive.published.subscription_page(slug, size=50),
        *(archive.published.archive_page(slug, n) for n in numbers),
    ]
    return [replace(page, topic=TORRES) for page in found]


@pytest.mark.parametrize("collapse", Collapse)
def test_a_topic_shows_the_same_whether_it_was_there_before_or_after(desk, collapse):
    live = replace(TORRES, slug="live", collapse=collapse)
    desk.subscribe(TWO)
    desk.topics(live, page_size=5)
    a, b, c = (f"https://one.example/{name}" for name in "abc")
    bring(desk, ONE, "brief torres", text=BRIEF, url=a)
    bring(desk, ONE, "a match without them", text="Rain by the harbour.", url=b)
    bring(desk, ONE, "torres twice", text="Word for word.", url=c)
    bring(desk, TWO, "whole torres", at=NOON + HOUR, text=WHOLE, url=a)
    bring(desk, TWO, "torres after all", at=NOON + HOUR, text="Rain in the harbour.", url=b)
    bring(desk, TWO, "torres copied", at=NOON + HOUR, text="Word for word.", url=c)
    late = replace(TORRES, slug="late", collapse=collapse)
    settings = Settings(publish=PublishSettings(page_size=5))
    both = [Subscription(url=url) for url in (ONE, TWO)]
    prepare(desk.archive, settings, both, interests(live, late))
    shown = pages(desk, "late")
    assert shown == pages(desk, "live")
    names = ["torres after all", "torres twice", "whole torres"]
    if collapse is Collapse.NONE:
        names = [
            "torres copied",
            "torres after all",
            "whole torres",
            "torres twice",
            "brief torres",
        ]
    assert [one.title for one in shown[0].entries] == names


def test_a_better_version_is_shown_in_the_place_of_its_story(desk):
    desk.subscribe(TWO)
    desk.topics(TORRES, page_size=2)
    bring(desk, ONE, "torres", text=BRIEF)
    for number in range(3):
        bring(desk, ONE, f"torres {number}", at=NOON + HOUR)
    closed = documents(desk.archive.published.archive_page("torres", 1), SITE)
    before = desk.archive.published.subscription_page("torres", size=10)
    seen = NOON + 2 * HOUR
    bring(desk, TWO, "torres whole", at=seen, text=WHOLE, url="https://one.example/torres")
    after = desk.archive.published.subscription_page("torres", size=10)
    titles = ["torres 2", "torres 1", "torres 0", "torres whole"]
    assert [one.title for one in after.entries] == titles
    assert [one.id for one in after.entries] == [one.id for one in before.entries]
    assert after.entries[:3] == before.entries[:3]
    assert (after.entries[3].updated, after.total) == (seen, before.total)
    assert documents(desk.archive.published.archive_page("torres", 1), SITE) == closed
    assert [one.title for one in desk.archive.published.archive_page("torres", 3).entries] == [
        "torres whole"
    ]
    assert desk.archive.topics.newest_titles("torres") == ("torres 2", "torres 1", "torres 0")


def test_a_copy_that_does_not_lead_changes_no_time(desk):
    desk.subscribe(TWO)
    desk.topics(TORRES)
    bring(desk, ONE, "torres", text=BRIEF)
    before = desk.archive.published.subscription_page("torres", size=10)
    bring(desk, TWO, "torres too", at=NOON + DAY, text=BRIEF, url="https://one.example/torres")
    after = desk.archive.published.subscription_page("torres", size=10)
    assert after.updated == before.updated
    assert [replace(one, also_in=()) for one in after.entries] == list(before.entries)
    assert len(after.entries[0].also_in) == 1


def test_a_correction_of_something_old_reaches_whoever_was_told(desk):
    desk.topics(TORRES)
    bring(desk, ONE, "torres", text=BRIEF)
    bring(desk, ONE, "torres again", at=NOON + HOUR)
    corrected = item("torres", title="torres corrected", text=BRIEF)
    desk.bring(ONE, corrected, at=NOON + 30 * DAY)
    shown = desk.archive.published.subscription_page("torres", size=10).entries
    assert [one.title for one in shown] == ["torres corrected", "torres again"]
    assert shown[0].updated == NOON + 30 * DAY
    assert desk.archive.topics.states()[0].announced == 2
