"""Which notices of feeds are one entry of the status feed, and which are entries of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model.feed import Trouble
from aggregator.model.notice import REMOVED, Notice, NoticeRecord
from aggregator.publish import Site
from aggregator.publish.status import status_page

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SITE = Site(title="News", base_url="https://news.example")
BROKEN, MISSED, STALE = Trouble.BROKEN, Trouble.MISSED, Trouble.STALE
NO_PAGE, GONE, SILENT, WELL = "no such page", "it is over", "nothing new", "it answers again"


def says(
    minute: int, feed: str, message: str, *, over: bool = False, trouble: Trouble = BROKEN
) -> NoticeRecord:
    at = NOON + timedelta(minutes=minute)
    return NoticeRecord(
        notice=Notice(at=at, trouble=trouble, message=message, over=over),
        feed=f"https://{feed}.example/",
        feed_title=feed,
        feed_home="",
    )


def told(*notices: NoticeRecord) -> list[tuple[str, int]]:
    """Title, and the minute it is dated, of each entry, as they stand there."""
    entries = status_page(notices, SITE).entries
    return [(one.title, int((one.updated - NOON).total_seconds() / 60)) for one in entries]


BEGAN = says(0, "one", NO_PAGE)


@pytest.mark.parametrize(
    ("then", "entries"),
    [
        ([], [("Broken: 2 feeds", 9)]),
        ([says(5, "two", WELL, over=True)], [("Broken: 2 feeds", 9), ("Recovered: two", 5)]),
        # What ended was another trouble of its own.
        (
            [says(5, "one", SILENT, trouble=STALE)],
            [("Broken: 2 feeds", 9), ("Silent: one", 5)],
        ),
        (
            [says(5, "one", WELL, over=True)],
            [("Broken: three", 9), ("Recovered: one", 5), ("Broken: one", 0)],
        ),
        (
            [says(5, "one", REMOVED, over=True)],
            [("Broken: three", 9), ("Removed: one", 5), ("Broken: one", 0)],
        ),
        # The removal is told of one trouble, and is the end of all.
        (
            [says(5, "one", REMOVED, over=True, trouble=MISSED)],
            [("Broken: three", 9), ("Removed: one", 5), ("Broken: one", 0)],
        ),
        # It is tried again no more, as the others are.
        (
            [says(5, "one", GONE)],
            [("Broken: three", 9), ("Broken: one", 5), ("Broken: one", 0)],
        ),
        # One of two is enough.
        (
            [says(2, "two", NO_PAGE), says(5, "two", WELL, over=True)],
            [("Broken: three", 9), ("Recovered: two", 5), ("Broken: 2 feeds", 2)],
        ),
        # Whoever breaks again within the hour is told of anew.
        (
            [says(5, "one", WELL, over=True), says(7, "one", NO_PAGE)],
            [("Broken: 2 feeds", 9), ("Recovered: one", 5), ("Broken: one", 0)],
        ),
    ],
)
def test_the_same_words_are_one_entry_until_a_feed_of_it_tells_something_else(then, entries):
    assert told(BEGAN, *then, says(9, "three", NO_PAGE)) == entries


def test_a_recovery_is_not_told_again_by_that_of_another_once_it_is_over():
    well = says(3, "one", WELL, over=True)
    later = says(9, "two", WELL, over=True)
    assert told(BEGAN, well, later)[0] == ("Recovered: 2 feeds", 9)
    again = says(6, "one", NO_PAGE)
    assert told(BEGAN, well, again, later) == [
        ("Recovered: two", 9),
        ("Broken: one", 6),
        ("Recovered: one", 3),
        ("Broken: one", 0),
    ]


def test_what_was_published_keeps_its_id_whatever_comes_later():
    notices = [
        BEGAN,
        says(2, "two", NO_PAGE),
        says(5, "one", WELL, over=True),
        says(9, "three", NO_PAGE),
        says(20, "three", REMOVED, over=True),
        says(30, "four", NO_PAGE),
        says(95, "five", NO_PAGE),
    ]
    before: set[tuple[str, str, datetime]] = set()
    for count in range(1, len(notices) + 1):
        entries = status_page(notices[:count], SITE).entries
        assert len({one.id for one in entries}) == len(entries)
        now = {(one.id, one.title, one.updated) for one in entries}
        # The second feed joins the first; nothing else is changed by what comes after it.
        assert before <= now or count == 2
        before = now
