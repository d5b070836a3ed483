"""Digests and corrections: what of a topic's hits they tell, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from archivedesk import NOON, ONE, TWO, item
from msgspec.structs import replace

from aggregator.model.period import Period
from aggregator.model.topic import Collapse, Hit, Topic

DAILY = Topic(slug="all", title="All", query="*", digest=Period.DAY, corrections=True)
DAY = timedelta(days=1)
# NOON is a Monday.
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
LATER = MIDNIGHT + timedelta(days=30)


def bring(desk, *names, at=NOON, title="", **given):
    for name in names:
        desk.bring(ONE, item(name, title=title or name, published=at, **given), at=at)


def told(desk, now=LATER, slug="all"):
    """The digests by the day they begin, with titles."""
    digests = desk.archive.published.digests(slug, now=now).digests
    return {one.begin.date().isoformat(): [e.title for e in one.stories] for one in digests}


@pytest.mark.parametrize(
    ("period", "at", "begin", "end"),
    [
        (Period.DAY, "2026-03-02T00:00:00", "2026-03-02", "2026-03-03"),
        (Period.DAY, "2026-03-02T23:59:59.999999", "2026-03-02", "2026-03-03"),
        (Period.WEEK, "2026-03-02T00:00:00", "2026-03-02", "2026-03-09"),
        (Period.WEEK, "2026-03-01T23:59:59", "2026-02-23", "2026-03-02"),
        (Period.WEEK, "2026-12-31T12:00:00", "2026-12-28", "2027-01-04"),
    ],
)
def test_what_a_period_is(period, at, begin, end):
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert period.begin(moment) == datetime.fromisoformat(begin).replace(tzinfo=UTC)
    assert period.end(moment) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_a_digest_has_the_stories_of_its_day_in_the_order_they_came(desk):
    desk.topics(DAILY)
    bring(desk, "a", "b")
    bring(desk, "c", at=MIDNIGHT - timedelta(microseconds=1))
    bring(desk, "d", at=MIDNIGHT)
    bring(desk, "e", at=MIDNIGHT + 3 * DAY)
    assert told(desk) == {
        "2026-03-06": ["e"], "2026-03-03": ["d"], "2026-03-02": ["a", "b", "c"],
    }  # fmt: skip
    assert list(told(desk)) == sorted(told(desk), reverse=True)


def test_there_is_no_digest_of_a_day_that_is_not_over(desk):
    desk.topics(DAILY)
    bring(desk, "a")
    assert told(desk, MIDNIGHT - DAY / 4) == {}
    # A write that began before midnight may end after it.
    assert told(desk, MIDNIGHT + timedelta(minutes=1)) == {}
    assert told(desk, MIDNIGHT + timedelta(minutes=6)) == {"2026-03-02": ["a"]}


def test_a_week(desk):
    desk.topics(replace(DAILY, digest=Period.WEEK))
    bring(desk, "a")
    bring(desk, "b", at=NOON + 6 * DAY)
    bring(desk, "c", at=NOON + 7 * DAY)
    assert told(desk, NOON + 8 * DAY) == {"2026-03-02": ["a", "b"]}
    assert told(desk) == {"2026-03-09": ["c"], "2026-03-02": ["a", "b"]}


def test_a_story_is_told_once_as_its_day_left_it(desk):
    desk.topics(DAILY)
    bring(desk, "a", "b")
    bring(desk, "a", at=NOON + timedelta(hours=1), title="a, corrected")
    before = told(desk)
    assert before == {"2026-03-02": ["a, corrected", "b"]}
    bring(desk, "a", at=NOON + DAY, title="a, corrected again")
    assert told(desk) == before


@pytest.mark.parametrize("collapse", [Collapse.STORY, Collapse.NONE])
def test_copies(desk, collapse):
    desk.subscribe(ONE, TWO)
    desk.topics(replace(DAILY, collapse=collapse))
    text = "The very same words about one thing that happened at the harbour this morning."
    desk.bring(ONE, item("a", title="Same", text=text))
    desk.bring(TWO, item("b", feed=TWO, title="Same", text=text), at=NOON + DAY)
    days = {day: len(titles) for day, titles in told(desk).items()}
    assert days == (
        {"2026-03-02": 1} if collapse is Collapse.STORY else {"2026-03-02": 1, "2026-03-03": 1}
    )


def test_backlog_and_what_fills_a_topic_are_in_no_digest(desk):
    bring(desk, "old")
    desk.topics(DAILY)
    record = next(iter(desk.archive.export()))
    hit = Hit(topic="all", story=record.story, entry=record.id, revision=1, announced=True)
    desk.fill("all", [hit], desk.matcher.definition("all"))
    desk.bring(ONE, item("backlog", published=NOON - 90 * DAY), at=NOON)
    bring(desk, "new")
    assert told(desk) == {"2026-03-02": ["new"]}
    bring(desk, "old", title="old, corrected", at=NOON + DAY)
    assert told(desk) == {"2026-03-02": ["new"]}


def test_the_newest_twenty(desk):
    desk.topics(DAILY)
    for day in range(23):
        bring(desk, f"n{day}", at=NOON + day * DAY)
    assert list(told(desk).values()) == [[f"n{day}"] for day in range(22, 2, -1)]


def test_when_a_digest_is_due(desk):
    archive = desk.archive
    other = Topic(slug="other", title="Other", query="*")
    desk.topics(DAILY, other)
    assert archive.published.due_digests(NOON) == ("all",)
    archive.published.mark_digested(archive.published.digests("all", now=NOON), {})
    assert archive.published.due_digests(NOON) == ()
    assert archive.published.due_digests(MIDNIGHT) == ()
    after = MIDNIGHT + timedelta(minutes=5)
    assert archive.published.due_digests(after) == archive.published.due_digests(LATER) == ("all",)
    archive.published.mark_digested(archive.published.digests("all", now=LATER + DAY / 4), {})
    assert archive.published.due_digests(LATER + DAY / 2) == ()
    held = archive.published.digests("all", now=LATER)
    desk.topics(replace(DAILY, title="Renamed"), other)
    assert archive.published.due_digests(LATER) == ("all",)
    # What was read before the edit does not settle it.
    archive.published.mark_digested(held, {})
    assert archive.published.due_digests(LATER) == ("all",)
    desk.topics(replace(DAILY, digest=None), other)
    assert archive.published.due_digests(LATER + DAY) == ()


def test_documents_that_hubs_know_of_outlive_the_other_series(desk):
    archive = desk.archive
    desk.topics(DAILY)
    archive.published.mark_digested(
        archive.published.digests("all", now=LATER), {"topics/all.digest.atom": b"1"}
    )
    archive.published.mark("all", 2, {"topics/all.atom": b"2"}, kept=["topics/all.digest.atom"])
    assert archive.published.unpinged() == {"topics/all.atom": b"2", "topics/all.digest.atom": b"1"}
    archive.published.mark("all", 2, {"topics/all.atom": b"2"})
    assert archive.published.unpinged() == {"topics/all.atom": b"2"}


def corrected(desk):
    return [
        (one.number, one.before.title, one.after.title)
        for one in desk.archive.published.corrections("all").corrections
    ]


def test_corrections_are_what_words_changed_newest_first(desk):
    desk.topics(DAILY)
    bring(desk, "a", "b")
    assert corrected(desk) == []
    bring(desk, "a", title="a2", at=NOON + DAY)
    bring(desk, "b", text="Other words.", at=NOON + 2 * DAY)
    bring(desk, "a", title="a3", at=NOON + 3 * DAY)
    assert corrected(desk) == [(3, "a2", "a3"), (2, "b", "b"), (2, "a", "a2")]
    (newest, *_) = desk.archive.published.corrections("all").corrections
    assert newest.seen == NOON + 3 * DAY
    assert (newest.origin_feed, newest.origin_id) == (ONE, "a")


def test_corrections_of_what_a_topic_does_not_hold_are_left_out(desk):
    desk.topics(replace(DAILY, query="harbour"))
    bring(desk, "harbour", "town")
    bring(desk, "town", title="town2", at=NOON + DAY)
    bring(desk, "harbour", title="mended", at=NOON + DAY)
    assert corrected(desk) == [(2, "harbour", "mended")]


@pytest.mark.parametrize("collapse", Collapse)
def test_a_change_by_which_a_story_first_comes_in_is_no_correction(desk, collapse):
    desk.topics(replace(DAILY, query="harbour", collapse=collapse))
    bring(desk, "town", "other harbour")
    bring(desk, "town", title="town harbour", at=NOON + DAY)
    assert len(desk.archive.published.subscription_page("all", size=9).entries) == 2
    assert corrected(desk) == []
    bring(desk, "town", title="town", at=NOON + 2 * DAY)
    assert corrected(desk) == [(3, "town harbour", "town")]


def test_states_from_before_a_topic_was_there_are_left_out(desk):
    bring(desk, "a")
    bring(desk, "a", title="a2", at=NOON + DAY)
    desk.topics(DAILY)
    record = next(iter(desk.archive.export()))
    hit = Hit(topic="all", story=record.story, entry=record.id, revision=2, announced=True)
    desk.fill("all", [hit], desk.matcher.definition("all"))
    assert corrected(desk) == []
    bring(desk, "a", title="a3", at=NOON + 2 * DAY)
    assert corrected(desk) == [(3, "a2", "a3")]


def test_a_clock_that_was_ahead_stops_no_digest(desk):
    desk.topics(DAILY)
    archive = desk.archive
    archive.published.mark_digested(archive.published.digests("all", now=NOON + 3650 * DAY), {})
    assert archive.published.due_digests(LATER) == ("all",)
