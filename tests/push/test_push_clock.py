"""Our subscriptions at hubs, noted while the machine's clock was ahead: each is renewed all the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from archivedesk import NOON, ONE
from msgspec.structs import replace
from offers import bring

from aggregator.archive import Archive
from aggregator.model.push import Offer, PushCounts

ADDRESS = "https://me.example"
OFFER = Offer(hub="https://hub.example/", topic=ONE)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEAR = 365 * DAY


def due(archive: Archive, at: datetime = NOON) -> int:
    with archive.pushes() as held:
        return len(held.due(at, ADDRESS, limit=9))


def counts(archive: Archive) -> PushCounts:
    with archive.pushes() as held:
        return held.counts(NOON)


def asked(archive: Archive, at: datetime, wait: timedelta) -> int:
    """Ask for a subscription at a time; returns the feed's key."""
    with archive.pushes(write=True) as held:
        (one,) = held.due(at, ADDRESS, limit=9)
        assert held.ask(replace(one, token="token", secret=b"secret"), ADDRESS, at + wait)
        return one.feed


@pytest.mark.parametrize("lease", [HOUR, DAY, 10 * DAY, 30 * DAY], ids=str)
@pytest.mark.parametrize(
    ("ahead", "renewed"),
    [(0 * DAY, False), (MINUTE, False), (DAY / 2, True), (20 * DAY, True), (YEAR, True)],
    ids=str,
)
def test_a_subscription_confirmed_by_a_clock_ahead_is_renewed(archive, lease, ahead, renewed):
    bring(archive, OFFER)
    at = NOON + ahead
    feed = asked(archive, at, MINUTE)
    with archive.pushes(write=True) as held:
        held.confirm(feed, at + lease, at + lease * 0.7)
    assert due(archive) == renewed
    if renewed:
        # A request that goes out now waits for its answer, as any other.
        asked(archive, NOON, MINUTE)
        assert due(archive) == 0
        assert due(archive, NOON + MINUTE) == 1


@pytest.mark.parametrize("seconds", [1, 60, 599, 700])
def test_a_lease_that_ends_before_its_renewal_is_not_taken_for_one(archive, seconds):
    bring(archive, OFFER)
    feed = asked(archive, NOON, MINUTE)
    with archive.pushes(write=True) as held:
        held.confirm(feed, NOON + timedelta(seconds=seconds), NOON + 10 * MINUTE)
    assert due(archive) == 0


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize(
    ("wait", "again"),
    [(MINUTE, False), (DAY, False), (DAY + 2 * HOUR, True), (YEAR, True)],
    ids=str,
)
def test_a_request_that_nothing_came_of_is_repeated_within_a_day(archive, wait, again, running):
    bring(archive, OFFER)
    feed = asked(archive, NOON - HOUR, MINUTE)
    if running:
        with archive.pushes(write=True) as held:
            held.confirm(feed, NOON + DAY, NOON)
        asked(archive, NOON, wait)
    else:
        with archive.pushes(write=True) as held:
            held.deny(feed, "it refuses", NOON + wait)
    assert due(archive) == again


@pytest.mark.parametrize(
    ("lease", "ends"), [(30 * DAY, False), (32 * DAY, True), (YEAR, True)], ids=str
)
def test_a_subscription_of_which_nobody_knows_the_end_is_not_relied_on(archive, lease, ends):
    bring(archive, OFFER)
    feed = asked(archive, NOON, MINUTE)
    with archive.pushes(write=True) as held:
        held.confirm(feed, NOON + lease, NOON + lease * 0.7)
        held.tell(feed, NOON)
        assert held.over(NOON) is ends
        held.lapse(NOON, HOUR.total_seconds())
    push = archive.feed(ONE).push
    assert (push.until is None, push.proven) == (ends, not ends)
    assert "ahead" in push.failure or not ends
    assert counts(archive) == PushCounts(offered=1, subscribed=not ends, proven=not ends)


def test_a_feed_last_fetched_by_a_clock_ahead_is_polled_within_its_interval(archive):
    bring(archive, OFFER, at=NOON + YEAR)
    feed = asked(archive, NOON, MINUTE)
    with archive.pushes(write=True) as held:
        held.confirm(feed, NOON - MINUTE, NOON)
        held.lapse(NOON, HOUR.total_seconds())
    assert archive.feed(ONE).next_due <= NOON + HOUR


@pytest.mark.parametrize("wait", [HOUR, YEAR], ids=str)
def test_a_message_heeds_no_wait_that_is_not_obeyed(archive, wait):
    bring(archive, OFFER)
    feed = asked(archive, NOON, MINUTE)
    with archive.courtesy(write=True) as courtesy:
        courtesy.postpone(archive.feed(ONE), NOON + wait, NOON + wait)
    with archive.pushes(write=True) as held:
        held.tell(feed, NOON)
    assert archive.feed(ONE).next_due == (NOON + HOUR if wait == HOUR else NOON)
