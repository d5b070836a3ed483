"""What is told of feeds' troubles: once when one begins, once when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from aggregator.collect import gap_closed, noted
from aggregator.model.batch import Decision, Fetched
from aggregator.model.entry import Document, Entry, EntryId
from aggregator.model.errors import FeedError, FetchError, NotAFeed, RefusedURL
from aggregator.model.feed import Failure, FailureKind, Feed, FeedIdentity, FeedKey, Listed, Trouble
from aggregator.model.notice import Noted

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
URL = "https://one.example/feed"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = Feed(key=FeedKey(1), identity=FeedIdentity("one.example/feed"), url=URL, fetch_url=URL)
LISTING = tuple(Listed(item_hash=bytes(32), entry_key=n) for n in range(3))


def fetch(kind: FailureKind, status: int | None = None) -> FetchError:
    return FetchError("it fails", url=URL, kind=kind, status=status)


def failed(count: int) -> Failure:
    return Failure(kind=FailureKind.HTTP, message="it fails", since=NOON - DAY, count=count)


def after(feed: Feed, noted_: Noted, **changes) -> Feed:
    """The feed as the archive has it after what was noted."""
    return replace(
        feed, told=noted_.told, news_at=noted_.news_at, pause=noted_.pause,
        missed_at=noted_.missed_at, **changes,
    )  # fmt: skip


def words(one: Noted) -> list[tuple[str, bool]]:
    return [(notice.trouble.value, notice.over) for notice in one.notices]


def brought(*dates: datetime | None) -> Document:
    entries = tuple(
        Entry(id=EntryId(str(n)), identity=str(n), position=n, item_hash=b"", published=date)
        for n, date in enumerate(dates)
    )
    return Document(version="rss20", entries=entries)


def poll(feed: Feed, document: Document | None = None, at: datetime = NOON, **given) -> Noted:
    missed = given.pop("missed", False)
    new = given.pop("new", len(document.entries) if document else 0)
    fetched = Fetched(feed=feed, at=at, document=document, **given)
    return noted(Decision(fetched=fetched, missed=missed), new=new)


@pytest.mark.parametrize(
    ("failure", "told_at"),
    [
        (fetch(FailureKind.TIMEOUT), 3),
        (fetch(FailureKind.DNS), 3),
        (fetch(FailureKind.CONNECT), 3),
        (fetch(FailureKind.HTTP, 503), 3),
        (fetch(FailureKind.HTTP, 429), 3),
        (fetch(FailureKind.HTTP, 404), 1),
        (fetch(FailureKind.HTTP, 410), 1),
        *((fetch(FailureKind.HTTP, passing), 3) for passing in (408, 425, 500, 502, 504, 522)),
        (fetch(FailureKind.TLS), 1),
        (NotAFeed("the answer is a web page, not a feed", url=URL), 1),
        (RefusedURL("private", url=URL), 1),
    ],
)
def test_a_broken_feed_is_told_of_once(failure: FeedError, told_at: int) -> None:
    feed, told = FEED, []
    for count in range(1, 6):
        found = poll(feed, failure=failure)
        told += [(count, *one) for one in words(found)]
        feed = after(feed, found, failure=failed(count))
    assert told == [(told_at, "broken", False)]
    over = poll(feed, brought(NOON))
    assert words(over) == [("broken", True)]
    assert "after 5 failures" in over.notices[0].message
    assert words(poll(after(feed, over), brought(NOON))) == []


def test_what_happens_next_is_said() -> None:
    page = poll(FEED, failure=NotAFeed("a web page", url=URL, hint="look there")).notices[0]
    assert "a web page (look there); it is tried again" in page.message
    gone = poll(FEED, failure=fetch(FailureKind.HTTP, 410)).notices[0]
    assert gone.message.endswith("it is asked no more")


@pytest.mark.parametrize(
    "before",
    [
        [fetch(FailureKind.HTTP, 404)],
        [fetch(FailureKind.TIMEOUT)] * 3,
        [NotAFeed("the answer is a web page, not a feed", url=URL)] * 2,
    ],
)
def test_that_a_broken_feed_is_gone_for_good_is_told_once_more(before: list[FeedError]) -> None:
    gone = FetchError("it is over", url=URL, kind=FailureKind.HTTP, status=410)
    feed, told = FEED, []
    for count, failure in enumerate([*before, gone, gone], 1):
        found = poll(feed, failure=failure)
        told += [notice.message for notice in found.notices]
        standing = replace(failed(count), message=failure.what, kind=failure.kind)
        feed = after(feed, found, failure=standing)
    tried, over = told
    assert tried.endswith("it is tried again, after longer and longer pauses")
    assert over == "it is over; it is asked no more"
    assert words(poll(feed, brought(NOON))) == [("broken", True)]


def test_a_recovery_of_what_was_not_told_is_not_told() -> None:
    found = poll(FEED, failure=fetch(FailureKind.TIMEOUT))
    assert words(found) == []
    assert words(poll(after(FEED, found, failure=failed(1)), brought(NOON))) == []


def test_a_feed_that_lists_nothing_any_more() -> None:
    feed = replace(FEED, listing=LISTING)
    empty = poll(feed, Document(version="rss20"))
    assert words(empty) == [("empty", False)]
    assert "listed 3" in empty.notices[0].message
    feed = after(feed, empty)
    assert words(poll(feed, Document(version="rss20"))) == []
    assert words(poll(feed)) == []
    back = poll(feed, Document(version="rss20", known=((0, b"h"),)))
    assert words(back) == [("empty", True)]


@pytest.mark.parametrize(
    ("feed", "document"),
    [
        (FEED, Document(version="rss20")),
        (replace(FEED, listing=LISTING), Document(version="rss20", complete=False)),
        (replace(FEED, listing=LISTING), None),
    ],
)
def test_what_is_no_empty_feed(feed: Feed, document: Document | None) -> None:
    assert words(poll(feed, document)) == []


def hourly(count: int, until: datetime = NOON) -> Document:
    return brought(*(until - n * HOUR for n in range(count)))


@pytest.mark.parametrize(
    ("document", "silent", "stale"),
    [
        (hourly(30), 2 * DAY, False),
        (hourly(30), 4 * DAY, True),
        (brought(*(NOON - 7 * n * DAY for n in range(5))), 20 * DAY, False),
        (brought(*(NOON - 7 * n * DAY for n in range(5))), 22 * DAY, True),
        (brought(NOON), 900 * DAY, False),
        (brought(*[None] * 10), 900 * DAY, False),
        (brought(*(NOON - n * HOUR for n in range(9)), NOON - 900 * DAY), 4 * DAY, True),
    ],
)
def test_stale_is_measured_by_the_feeds_own_rhythm(document, silent, stale) -> None:
    feed = after(FEED, poll(FEED, document))
    assert words(poll(feed, at=NOON + silent)) == [("stale", False)] * stale
    if stale:
        feed = after(feed, poll(feed, at=NOON + silent))
        assert words(poll(feed, at=NOON + silent + DAY)) == []
        back = poll(feed, brought(NOON + silent + DAY), at=NOON + silent + DAY)
        assert words(back) == [("stale", True)]


def test_a_feed_without_dates_has_the_rhythm_of_its_polls() -> None:
    feed, at = FEED, NOON
    for _ in range(5):
        feed, at = after(feed, poll(feed, brought(None), at=at)), at + 6 * HOUR
    assert timedelta(seconds=feed.pause) == 6 * HOUR
    assert words(poll(feed, at=at + 2 * DAY)) == []
    assert words(poll(feed, at=at + 4 * DAY)) == [("stale", False)]


def test_a_dead_feed_is_told_of_when_it_is_first_seen() -> None:
    assert words(poll(FEED, hourly(30, until=NOON - 900 * DAY))) == [("stale", False)]


def test_missed_entries_are_told_once_a_day_and_closed() -> None:
    feed = replace(FEED, last_success=NOON - HOUR, listing=LISTING)
    found = poll(feed, hourly(3), missed=True)
    assert words(found) == [("missed", False)]
    assert "between 02 Mar 11:00 and 02 Mar 12:00 UTC" in found.notices[0].message
    assert "names no archive documents" in found.notices[0].message
    feed = after(feed, found)
    assert feed.missed_at == NOON
    assert words(poll(feed, hourly(3), at=NOON + HOUR, missed=True)) == []
    assert words(poll(feed, hourly(3), at=NOON + DAY, missed=True)) == [("missed", False)]
    closed = gap_closed(feed, NOON, entries=7, documents=2)
    assert words(closed) == [("missed", True)]
    assert (closed.missed_at, closed.told) == (None, frozenset())
    assert "7 entries" in closed.notices[0].message
    assert Trouble.MISSED in feed.told


def test_news_that_are_dated_long_ago_are_news_all_the_same() -> None:
    """A feed whose clock, or whose entries, are years behind is told to be silent once."""
    long_ago = NOON - 325 * DAY
    first = poll(FEED, brought(long_ago - HOUR, long_ago))
    assert words(first) == [("stale", False)]
    feed = after(FEED, first, last_success=NOON)
    later = poll(feed, brought(long_ago + HOUR), at=NOON + HOUR)
    assert words(later) == [("stale", True)]
    assert later.news_at == NOON
    feed = after(feed, later, last_success=NOON + HOUR)
    assert words(poll(feed, brought(long_ago + 2 * HOUR), at=NOON + 2 * HOUR)) == []
