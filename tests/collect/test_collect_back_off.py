"""When a feed is tried again that failed: what a person set, what its server said, and ever more seldom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.collect import after_pause, next_poll
from aggregator.model.batch import Fetched
from aggregator.model.errors import FetchError
from aggregator.model.feed import Failure, FailureKind, Feed, FeedIdentity, FeedKey
from aggregator.model.settings import DAY, HOUR, CollectSettings

NOW = datetime(2026, 11, 2, 10, 30, 17, tzinfo=UTC)
SHIPPED = CollectSettings()


def feed(**more: object) -> Feed:
    values = {
        "key": FeedKey(1), "identity": FeedIdentity("x"), "url": "http://x.example/f",
        "fetch_url": "http://x.example/f",
    }  # fmt: skip
    return Feed(**(values | more))


def wait(of: Feed, failure: FetchError, *, settings: CollectSettings = SHIPPED) -> float:
    fetched = Fetched(feed=of, at=NOW, failure=failure)
    poll = next_poll(fetched, new=0, listed=0, settings=settings)
    assert poll.reason
    return (poll.due - NOW).total_seconds()


def http(status: int, asked: float | None = None, **more: object) -> FetchError:
    values = {"url": "u", "kind": FailureKind.HTTP, "status": status, "retry_after": asked}
    return FetchError("m", **(values | more))


MINUTELY, QUARTERLY, SELDOM = feed(interval=60), feed(interval=900), feed(interval=6 * HOUR)
EAGER = CollectSettings(min_interval=300, default_interval=300)
TLS, DNS = http(0, kind=FailureKind.TLS), http(0, kind=FailureKind.DNS)
DOWN_HOST = http(0, kind=FailureKind.CONNECT, reached=False)


@pytest.mark.parametrize(
    ("of", "failure", "first"),
    [
        # What Retry-After names is over sooner than the feed would be asked anyway.
        (MINUTELY, http(429, 40), 60),
        (MINUTELY, http(503, 40), 60),
        (QUARTERLY, http(429, 40), 900),
        (SELDOM, http(503, 40), 6 * HOUR),
        (feed(), http(429, 40), HOUR),
        (feed(), http(503, 40), HOUR),
        (feed(), http(302, 40), HOUR),
        (feed(rhythm={"interval": 900.0, "fresh": 900.0}), http(429, 40), 900),
        (feed(rhythm={"interval": 900.0}), http(429, 40), HOUR),
        # It makes no wait longer than it would be without.
        (feed(rhythm={"interval": float(DAY)}), http(429, 40), 2 * HOUR),
        (feed(rhythm={"blind": 1.0}), http(503, 40), HOUR),
        # A 429 that names no time keeps its host away for an hour.
        (MINUTELY, http(429), HOUR),
        (MINUTELY, http(429, 0), HOUR),
        (feed(), http(429), 2 * HOUR),
        # A person's interval is what any back-off begins with,
        (MINUTELY, http(404), 60),
        (QUARTERLY, http(404), 900),
        (QUARTERLY, http(401), 900),
        (QUARTERLY, http(500), 900),
        (QUARTERLY, TLS, 900),
        (SELDOM, http(404), 6 * HOUR),
        (SELDOM, http(500), 6 * HOUR),
        (SELDOM, http(0, kind=FailureKind.TIMEOUT), 6 * HOUR),
        (feed(interval=7 * DAY), http(404), 7 * DAY),
        # but for what cost nobody anything.
        (SELDOM, DNS, 300),
        (SELDOM, DOWN_HOST, 600),
        (MINUTELY, DNS, 60),
        (MINUTELY, DOWN_HOST, 60),
        (feed(), http(404), 2 * HOUR),
        (feed(), http(503), HOUR),
    ],
)
def test_the_first_wait_after_a_failure_and_longer_ones_as_it_repeats(of, failure, first):
    waits = []
    for count in range(12):
        held = Failure(kind=failure.kind, message="m", since=NOW, count=count) if count else None
        waits.append(wait(replace(of, failure=held), failure))
    longest = max(DAY, of.interval or 0)
    for count, seconds in enumerate(waits):
        expected = min(first * 2**count, longest)
        assert (
            0.92 * expected
            <= seconds
            <= max(1.08 * expected + 60, expected + 16 * 60 * (expected == longest))
        )
    assert waits[0] >= first


@pytest.mark.parametrize(("asked", "least"), [(40, 300), (400, 400), (3 * HOUR, 3 * HOUR)])
def test_a_retry_after_is_never_come_before(asked, least):
    for number in range(20):
        of = feed(identity=FeedIdentity(str(number)))
        seconds = wait(of, http(503, asked), settings=EAGER)
        assert least <= seconds <= 1.1 * least + 60


@given(
    st.sampled_from([401, 404, 429, 500, 503]), st.none() | st.floats(0, 30 * DAY),
    st.integers(60, 10**6), st.integers(60, 5 * DAY),
)  # fmt: skip
def test_whatever_a_person_set_a_server_that_fails_is_asked_less_and_less(
    status, asked, interval, most
):
    settings = CollectSettings(max_interval=most, min_interval=60, default_interval=60)
    longest, waits = max(most, interval), []
    for count in range(25):
        held = Failure(kind=FailureKind.HTTP, message="m", since=NOW, count=count)
        of = feed(interval=interval, failure=held if count else None)
        waits.append(wait(of, http(status, asked), settings=settings))
    for count, seconds in enumerate(waits):
        # Spread by 8 % at the most, and a little aside from the full minute.
        assert seconds >= 0.92 * min(interval * 2**count, longest) - 5
        assert seconds >= max(interval, asked or 0)
    assert max(waits) <= max(longest + 16 * 60, (asked or 0) + HOUR + 1)


NIGHT = {"hours": float(0b111111), "interval": float(HOUR)}
MIDNIGHT = datetime(2026, 11, 3, 0, 30, 17, tzinfo=UTC)
SKIPS = "the publisher's skipHours and skipDays"


@pytest.mark.parametrize(
    ("rhythm", "failure", "hours", "told"),
    [
        (NIGHT, http(500), 6, True),
        (NIGHT, http(404), 6, True),
        (NIGHT, http(0, kind=FailureKind.TIMEOUT), 6, True),
        (NIGHT, http(0, kind=FailureKind.CONNECT), 6, True),
        (NIGHT, http(503, 60), 6, True),
        (NIGHT, http(429), 6, True),
        # It is over when they are.
        (NIGHT, http(429, 9 * HOUR), 9, False),
        # The night after, though that is later than the longest wait.
        (NIGHT, http(429, 26 * HOUR), 30, True),
        # Its server noticed nothing.
        (NIGHT, DNS, 0, False),
        (NIGHT, DOWN_HOST, 0, False),
        ({}, http(500), 1, False),
        ({"hours": float(1 << 12)}, http(500), 1, False),
        # The longest wait is a day, also where that is no way out.
        ({"days": float(1 << 1)}, http(500), 23, True),
        ({"hours": float(2**24 - 1)}, http(500), 23, True),
        ({"days": float(0b1111111)}, http(404), 23, True),
    ],
)
def test_after_a_failure_too_no_hour_is_asked_that_is_to_be_skipped(rhythm, failure, hours, told):
    for number in range(20):
        of = feed(identity=FeedIdentity(str(number)), rhythm=rhythm)
        fetched = Fetched(feed=of, at=MIDNIGHT, failure=failure)
        poll = next_poll(fetched, new=0, listed=0, settings=SHIPPED)
        assert hours <= (poll.due - MIDNIGHT.replace(minute=0)).total_seconds() / HOUR < hours + 2
        assert (poll.reason == SKIPS) == told
        if failure.retry_after:
            assert poll.retry_after == MIDNIGHT + timedelta(seconds=failure.retry_after)


@pytest.mark.parametrize(
    ("of", "first", "last"),
    [
        (feed(), 0, 2), (feed(rhythm=NIGHT), 6, 7), (feed(rhythm={"hours": float(1 << 12)}), 0, 2),
        (feed(rhythm={"hours": float(2**24 - 1)}), 23, 25), (feed(rhythm={"hours": float(2**24 - 1)}, interval=2 * DAY), 47, 49),
    ],
)  # fmt: skip
def test_after_a_pause_too(of, first, last):
    for number in range(20):
        due = after_pause(replace(of, identity=FeedIdentity(str(number))), MIDNIGHT, SHIPPED)
        assert first <= (due - MIDNIGHT.replace(minute=0)).total_seconds() / HOUR <= last
