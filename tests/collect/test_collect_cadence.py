"""When a feed is next due: never earlier than allowed, never later than the maximum, always with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect import (
    after_outage,
    by_cause,
    next_address,
    next_poll,
    shared_cause,
)
from aggregator.collect.caching import LONGEST, freshness, retry_after
from aggregator.model.batch import Fetched
from aggregator.model.entry import Document
from aggregator.model.errors import FetchError
from aggregator.model.feed import (
    Failure,
    FailureKind,
    Feed,
    FeedIdentity,
    FeedKey,
    Redirect,
    Response,
)
from aggregator.model.settings import DAY, HOUR, CollectSettings

NOW = datetime(2026, 11, 2, 10, 30, 17, tzinfo=UTC)
SHIPPED = CollectSettings()
ETAG = (("ETag", '"a"'),)


def feed(**more: object) -> Feed:
    values = {
        "key": FeedKey(1), "identity": FeedIdentity("x"), "url": "http://x.example/f",
        "fetch_url": "http://x.example/f",
    }  # fmt: skip
    return Feed(**(values | more))


def response(
    *headers: tuple[str, str], status: int = 200, redirects: tuple[Redirect, ...] = ()
) -> Response:
    return Response(
        requested="http://x.example/f", url="http://x.example/f", status=status, headers=headers,
        wire=b"", body=b"", started=NOW, seconds=0.1, redirects=redirects,
    )  # fmt: skip


def wait(
    of: Feed,
    answer: Response | None,
    *,
    settings=SHIPPED,
    document=None,
    failure=None,
    new=3,
    listed=30,
) -> float:
    fetched = Fetched(feed=of, at=NOW, response=answer, document=document, failure=failure)
    poll = next_poll(fetched, new=new, listed=listed, settings=settings)
    assert poll.reason
    return (poll.due - NOW).total_seconds()


RSS = Document(version="rss20")


@pytest.mark.parametrize(
    ("answer", "document", "least", "most"),
    [
        (response(*ETAG), RSS, HOUR, 1.2 * HOUR),
        (response(), RSS, DAY, DAY * 1.1),
        (response(*ETAG, ("Cache-Control", "max-age=7200")), RSS, 2 * HOUR, 2.3 * HOUR),
        (response(*ETAG, ("Cache-Control", "max-age=900")), RSS, 900, 1.2 * HOUR),
        (response(*ETAG), Document(version="rss20", ttl=3 * HOUR), 3 * HOUR, 3.4 * HOUR),
        (response(*ETAG), Document(version="rss20", update_period=2 * HOUR), 2 * HOUR, 2.3 * HOUR),
        (response(*ETAG, ("Cache-Control", "max-age=99999999999999")), RSS, DAY * 0.99, DAY * 1.1),
    ],
)
def test_what_the_publisher_says(answer, document, least, most):
    assert least <= wait(feed(), answer, document=document) <= most


def test_a_person_may_set_less_for_one_feed_and_for_all():
    assert 900 <= wait(feed(interval=900), response(), document=RSS) <= 1000
    fast = CollectSettings(min_interval=300, default_interval=300)
    assert 300 <= wait(feed(), response(), document=RSS, settings=fast) <= 400


def test_nothing_new_asks_less_often_and_much_new_more():
    slow = feed(rhythm={"interval": 4 * HOUR})
    assert wait(slow, response(*ETAG, status=304)) > 5 * HOUR
    assert wait(slow, response(*ETAG), document=RSS, new=29) < 3 * HOUR


@pytest.mark.parametrize(("kind", "first"), [(FailureKind.DNS, 300), (FailureKind.HTTP, HOUR)])
def test_back_off_doubles_and_is_never_for_ever(kind, first):
    waits = []
    for count in range(14):
        held = Failure(kind=kind, message="m", since=NOW, count=count) if count else None
        error = FetchError("m", url="u", kind=kind)
        waits.append(wait(feed(failure=held), None, failure=error))
    assert first <= waits[0] <= first * 1.5
    assert waits[1] > waits[0] * 1.5
    assert max(waits) <= DAY * 1.1


def test_retry_after_is_obeyed_beyond_the_maximum():
    error = FetchError("m", url="u", kind=FailureKind.HTTP, status=429, retry_after=3 * DAY)
    fetched = Fetched(feed=feed(), at=NOW, failure=error)
    poll = next_poll(fetched, new=0, listed=0, settings=SHIPPED)
    assert poll.due >= NOW + timedelta(days=3)
    assert poll.retry_after == NOW + timedelta(days=3)


def test_hours_and_days_to_skip():
    document = Document(
        version="rss20", skip_hours=frozenset(range(9, 18)), skip_days=frozenset({0})
    )
    fetched = Fetched(feed=feed(), at=NOW, response=response(*ETAG), document=document)
    due = next_poll(fetched, new=1, listed=30, settings=SHIPPED).due
    assert due <= NOW + timedelta(days=1.1)
    assert due.hour not in document.skip_hours or due - NOW > timedelta(hours=23)


@given(
    st.floats(0, 10**7), st.floats(0, 10**7), st.integers(0, 40), st.integers(0, 40), st.booleans(),
    st.sampled_from([None, 60, 900, 7200, 10**6]), st.text(max_size=20),
)  # fmt: skip
def test_always_within_bounds(ttl, before, new, listed, blind, interval, header):
    of = feed(interval=interval, rhythm={"interval": before} if before else {})
    answer = response(*(() if blind else ETAG), ("Cache-Control", f"max-age={header}"))
    seconds = wait(of, answer, document=Document(version="rss20", ttl=ttl), new=new, listed=listed)
    assert seconds >= 60
    assert seconds <= max(DAY, interval or 0) * 1.1 + 60


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120), ("0", 0), (" 5 ", 5), ("99999999999999999999", 30 * DAY), ("Fri, 31 Dec 9999 23:59:59 GMT", 30 * DAY), ("-1", None), ("soon", None), ("", None),
        (None, None), ("Mon, 02 Nov 2026 10:31:17 GMT", 60), ("Mon, 02 Nov 2020 10:31:17 GMT", 0), ("1e3", None),
    ],
)  # fmt: skip
def test_retry_after(text, seconds):
    assert retry_after(text, NOW) == seconds


@given(st.text(max_size=60), st.text(max_size=60))
def test_headers_of_any_kind_are_a_number_or_nothing(first, second):
    for found in (retry_after(first, NOW), freshness(first, second, None, NOW)):
        assert found is None or 0 <= found <= LONGEST


def test_a_feed_moves_after_three_permanent_redirects():
    hop, of = (Redirect(status=301, url="http://new.example/f"),), feed()
    for count in (1, 2):
        address = next_address(of, response(redirects=hop))
        assert (address.fetch_url, address.moved_count) == (of.fetch_url, count)
        of = feed(moved_to=address.moved_to, moved_count=address.moved_count)
    assert next_address(of, response(redirects=hop)).fetch_url == "http://new.example/f"


def test_a_temporary_redirect_never_moves_a_feed():
    hops = (
        Redirect(status=302, url="http://a.example/"),
        Redirect(status=301, url="http://b.example/"),
    )
    of = feed(moved_to="http://b.example/", moved_count=9)
    assert next_address(of, response(redirects=hops)).moved_count == 0


def failed(kind: FailureKind, *hosts: str) -> list[tuple[Feed, FetchError]]:
    return [
        (feed(fetch_url=f"http://{host}/f"), FetchError("m", url="u", kind=kind)) for host in hosts
    ]


@pytest.mark.parametrize(
    ("failures", "feeds", "cause"),
    [
        (failed(FailureKind.DNS, "a", "b", "c"), 3, "no network"),
        (failed(FailureKind.DNS, "a") + failed(FailureKind.CONNECT, "b"), 2, "no network"),
        (failed(FailureKind.DNS, "a", "b", "c"), 4, None),
        (failed(FailureKind.DNS, "a", "b") + failed(FailureKind.HTTP, "c"), 3, None),
        # One server that is down says nothing of the network.
        (failed(FailureKind.DNS, "a", "a"), 2, None),
        (failed(FailureKind.DNS, "a"), 1, None),
        ([], 0, None),
    ],
)
def test_one_cause_for_all(failures, feeds, cause):
    assert shared_cause(failures, feeds) == cause


@pytest.mark.parametrize(
    ("count", "hours", "excused"), [(0, 0, True), (9, 23, True), (1, 24, False)]
)
def test_after_an_outage_a_feed_is_asked_soon(count, hours, excused):
    held = Failure(
        kind=FailureKind.DNS, message="m", since=NOW - timedelta(hours=hours), count=count
    )
    for number in range(20):
        of = feed(identity=FeedIdentity(str(number)), failure=held if count else None)
        due = after_outage(of, NOW)
        assert (due is not None) == excused
        assert due is None or timedelta(minutes=5) <= due - NOW <= timedelta(minutes=15)
        assert due == after_outage(of, NOW)


def test_failures_of_one_cause_stand_together():
    one, *others = failed(FailureKind.DNS, "a", "b", "c")
    odd = (feed(), FetchError("another", url="u", kind=FailureKind.HTTP))
    groups = by_cause([one, odd, *others])
    assert [(error.what, len(feeds)) for error, feeds in groups] == [("m", 3), ("another", 1)]
