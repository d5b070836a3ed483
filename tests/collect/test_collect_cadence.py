"""When a feed is next due: never earlier than allowed, never later than the maximum, always with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.collect import (
    after_outage,
    after_pause,
    by_cause,
    next_address,
    next_poll,
    unreached,
)
from aggregator.collect.caching import LONGEST, freshness, http_date, retry_after
from aggregator.collect.rhythm import skipped
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


WORDS = st.none() | st.floats(0, 10**7)
HOURS, DAYS = st.frozensets(st.integers(0, 23)), st.frozensets(st.integers(0, 6))


@given(
    words=st.tuples(WORDS, WORDS, WORDS), etag=st.booleans(), unchanged=st.booleans(),
    before=WORDS, gap=WORDS, silence=st.floats(0, 10**7), new=st.integers(0, 40),
    listed=st.integers(0, 40), missed=st.booleans(), interval=st.none() | st.integers(60, 10**6),
    bounds=st.lists(st.integers(60, 5 * DAY), min_size=3, max_size=3).map(sorted),
    hours=HOURS, days=DAYS,
    minute=st.integers(0, 86400),
)  # fmt: skip
def test_never_earlier_than_allowed_and_never_later_than_the_maximum(
    words, etag, unchanged, before, gap, silence, new, listed, missed, interval, bounds, hours, days, minute,
):  # fmt: skip
    now = NOW + timedelta(seconds=minute)
    least, first, most = bounds
    settings = CollectSettings(min_interval=least, default_interval=first, max_interval=most)
    fresh, ttl, period = words
    rhythm = {"interval": before, "gap": gap, "news": now.timestamp() - silence}
    of = feed(interval=interval, rhythm={key: value for key, value in rhythm.items() if value})
    headers = [("Cache-Control", f"max-age={int(fresh)}")] if fresh is not None else []
    answer = response(*headers, *(ETAG if etag else ()), status=304 if unchanged else 200)
    document = Document(
        version="rss20", ttl=ttl, update_period=period, skip_hours=hours, skip_days=days
    )
    fetched = Fetched(feed=of, at=now, response=answer, document=None if unchanged else document)
    poll = next_poll(fetched, new=new, listed=listed, missed=missed, settings=settings)
    said = [fresh and int(fresh), *(() if unchanged else (ttl, period))]
    allowed = interval or _allowed([one for one in said if one], etag or unchanged, settings)
    seconds, longest = (poll.due - now).total_seconds(), max(most, interval or 0)
    assert seconds >= min(allowed, longest) - 0.001
    # Where the least is the most, who must be spread out is spread out after it.
    assert seconds <= (longest if allowed < longest else longest + 16 * 60)
    assert poll.due.second >= 2 or min(allowed, longest) > longest - 60
    assert poll.reason


def _allowed(said: list[float], conditional: bool, settings: CollectSettings) -> float:
    """The least wait, as the promise says it: an hour or a day, unless the publisher or a person
    allows less; the publisher's longest word."""
    floor = HOUR if conditional else DAY
    if settings.min_interval < HOUR:
        floor = settings.min_interval
    if said:
        return max(said) if settings.min_interval == HOUR else max(*said, settings.min_interval)
    return max(floor, settings.min_interval)


# A back-off that is a little longer than what was asked for is spread, but not below that.
@example(FailureKind.DNS, None, False, 10, 218_583.0, 231_384, frozenset(), frozenset(), 0)
@given(
    st.sampled_from(list(FailureKind)), st.sampled_from([None, 401, 404, 429, 500, 503]),
    st.booleans(), st.integers(0, 10**6), st.none() | st.floats(0, 30 * DAY),
    st.integers(60, 5 * DAY), HOURS, DAYS, st.integers(0, DAY),
)  # fmt: skip
def test_back_off_ends_at_the_maximum_and_obeys_retry_after_and_hours_to_skip(
    kind, status, reached, count, asked, most, hours, days, since
):
    now = NOW + timedelta(seconds=since)
    held = Failure(kind=kind, message="m", since=NOW, count=count) if count else None
    error = FetchError("m", url="u", kind=kind, status=status, reached=reached, retry_after=asked)
    settings = CollectSettings(max_interval=most, min_interval=60, default_interval=60)
    rhythm = {"hours": _bits(hours), "days": _bits(days)}
    plain, poll = (
        next_poll(
            Fetched(feed=feed(failure=held, rhythm=skips), at=now, failure=error),
            new=0, listed=0, settings=settings,
        )
        for skips in ({}, rhythm)
    )  # fmt: skip
    seconds = (plain.due - now).total_seconds()
    assert seconds >= (asked or 0)
    assert seconds >= 59
    assert seconds <= max(most + 16 * 60, (asked or 0) + HOUR + 1)
    if kind is FailureKind.DNS or not reached:
        assert poll.due == plain.due
    latest = max(plain.due, now + timedelta(seconds=(asked or 0) + most))
    assert plain.due <= poll.due <= latest
    moved = skipped(rhythm, plain.due) and poll.due < latest - timedelta(hours=1)
    assert not (moved and skipped(rhythm, poll.due)) or kind is FailureKind.DNS or not reached
    assert (poll.reason == plain.reason) == (poll.due == plain.due)
    assert poll.retry_after == plain.retry_after


def _bits(numbers: frozenset[int]) -> float:
    return float(sum(1 << number for number in numbers))


def written(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


@given(st.integers(0, 10**12), st.sampled_from(["", " ", "\t"]))
def test_retry_after_in_seconds_is_its_number(number, space):
    headers = {"Retry-After": f"{space}{number}{space}", "Date": written(NOW - timedelta(days=9))}
    assert retry_after(headers, NOW) == min(number, 30 * DAY)


@given(st.integers(-(10**8), 10**8))
def test_retry_after_as_a_date_is_the_time_until_then(seconds):
    headers = {"Retry-After": written(NOW + timedelta(seconds=seconds))}
    assert retry_after(headers, NOW) == min(max(seconds, 0), 30 * DAY)


@given(st.integers(-(10**8), 10**8), st.integers(-30 * DAY, 30 * DAY), st.integers(0, 10**6))
def test_retry_after_as_a_date_counts_by_the_servers_clock(seconds, ahead, age):
    """Also of an answer that was in a cache for so long."""
    theirs = NOW + timedelta(seconds=ahead)
    headers = {
        "Retry-After": written(theirs + timedelta(seconds=seconds)),
        "Date": written(theirs - timedelta(seconds=age)),
        "Age": str(age),
    }
    assert retry_after(headers, NOW) == min(max(seconds, 0), 30 * DAY)


@given(st.integers(-(10**8), 10**8), st.integers(30 * DAY + 1, 10**9), st.sampled_from([-1, 1]))
def test_a_date_that_is_a_month_off_is_no_clock(seconds, off, side):
    headers = {
        "Retry-After": written(NOW + timedelta(seconds=seconds)),
        "Date": written(NOW + side * timedelta(seconds=off)),
    }
    assert retry_after(headers, NOW) == min(max(seconds, 0), 30 * DAY)


@given(st.integers(-(10**8), 10**8), st.text(max_size=30).filter(lambda text: not http_date(text)))
def test_a_date_that_is_none_is_no_clock(seconds, date):
    headers = {"Retry-After": written(NOW + timedelta(seconds=seconds)), "Date": date}
    assert retry_after(headers, NOW) == min(max(seconds, 0), 30 * DAY)


@given(
    st.integers(0, 10**9),
    st.lists(st.sampled_from(["public", "no-transform", "s-maxage=5", 'x="max-age=1"', "immutable"])),
    st.sampled_from(["max-age=%d", "Max-Age = %d", 'max-age="%d"']),
)  # fmt: skip
def test_max_age_is_found_among_others(number, others, form):
    # A quoted value that looks like one is not worth a parser: whoever reads it so waits longer.
    others = [one for one in others if "=1" not in one]
    text = ", ".join([*others, form % number])
    assert freshness(text, "Mon, 02 Nov 2020 10:00:00 GMT", None, NOW) == min(number, LONGEST)


@pytest.mark.parametrize(
    ("rhythm", "answer", "new", "least", "most"),
    [
        # A daily feed is asked four times a day, reached by steps.
        ({"interval": 5 * HOUR, "gap": DAY}, response(*ETAG, status=304), 0, 5.5, 6.6),
        ({"interval": 2 * HOUR, "gap": DAY}, response(*ETAG, status=304), 0, 2.7, 3.3),
        # One that wakes up is asked at once more often.
        ({"interval": DAY, "gap": 4 * HOUR}, response(*ETAG), 1, 1, 1.1),
        # One that fell silent is asked less often.
        ({"interval": 20 * HOUR, "gap": HOUR, "silence": 4 * DAY}, response(*ETAG, status=304), 0, 22, 24),
    ],
)  # fmt: skip
def test_a_feeds_own_rhythm(rhythm, answer, new, least, most):
    silence = rhythm.pop("silence", 0)
    of = feed(rhythm=rhythm | {"news": NOW.timestamp() - silence})
    document = None if answer.status == 304 else RSS
    assert least * HOUR <= wait(of, answer, document=document, new=new) <= most * HOUR


def test_a_wait_that_a_setting_asked_for_is_told_as_the_setting_is_written():
    fetched = Fetched(feed=feed(), at=NOW, response=response(*ETAG), document=RSS)
    asked = CollectSettings(default_interval=3 * HOUR)
    assert (
        "collect.default_interval (3h)"
        in next_poll(fetched, new=3, listed=30, settings=asked).reason
    )
    least = CollectSettings(min_interval=6 * HOUR, default_interval=3 * HOUR)
    assert (
        "collect.min_interval (6h)" in next_poll(fetched, new=3, listed=30, settings=least).reason
    )


def test_feeds_that_were_told_one_moment_do_not_come_at_one_moment():
    until = NOW + timedelta(hours=4)
    error = FetchError("m", url="u", kind=FailureKind.HTTP, status=429, retry_after=4 * HOUR)
    of = [feed(identity=FeedIdentity(str(number))) for number in range(50)]
    told = [
        next_poll(Fetched(feed=one, at=NOW, failure=error), new=0, listed=0, settings=SHIPPED).due
        for one in of
    ]
    back = [after_pause(one, until, SHIPPED) for one in of]
    for due in (told, back):
        assert min(due) >= until
        assert max(due) <= until + timedelta(hours=1.1)
        assert len({one.replace(second=0, microsecond=0) for one in due}) > 15


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120), ("0", 0), (" 5 ", 5), ("99999999999999999999", 30 * DAY), ("Fri, 31 Dec 9999 23:59:59 GMT", 30 * DAY), ("-1", None), ("soon", None), ("", None),
        (None, None), ("Mon, 02 Nov 2026 10:31:17 GMT", 60), ("Mon, 02 Nov 2020 10:31:17 GMT", 0), ("1e3", None),
    ],
)  # fmt: skip
def test_retry_after(text, seconds):
    assert retry_after({} if text is None else {"Retry-After": text}, NOW) == seconds


@given(st.text(max_size=60), st.text(max_size=60))
def test_headers_of_any_kind_are_a_number_or_nothing(first, second):
    headers = {"Retry-After": first, "Date": second}
    for found in (retry_after(headers, NOW), freshness(first, second, None, NOW)):
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


HOME = (
    "http://192.168.1.7:1200/bridge",
    "file:///srv/own.xml",
    "http://rss-bridge.local/",
    "http://nas/f",
)


DOWN = failed(FailureKind.CONNECT, "127.0.0.1:1200")
LOST = failed(FailureKind.DNS, "a.org", "b.org")


@pytest.mark.parametrize(
    ("failures", "answered", "lost"),
    [
        (failed(FailureKind.DNS, "a.org", "b.org", "c.org"), (), 3),
        (failed(FailureKind.DNS, "a.org") + failed(FailureKind.CONNECT, "b.org"), (), 2),
        (failed(FailureKind.DNS, "a.org", "b.org", "c.org"), ("http://d.org/f",), 0),
        (LOST + failed(FailureKind.HTTP, "c.org"), (), 0),
        # One server that is down says nothing of the network.
        (failed(FailureKind.DNS, "a.org", "a.org"), (), 0),
        (failed(FailureKind.DNS, "a.org"), (), 0),
        ([], (), 0),
        # What is at home needs no network, and is down by itself.
        (LOST, HOME, 2),
        (LOST + DOWN, HOME, 2),
        (LOST + DOWN + failed(FailureKind.HTTP, "nas"), (), 2),
        (LOST + DOWN, (), 3),
        (DOWN + failed(FailureKind.CONNECT, "127.0.0.1:1201"), HOME, 0),
        (DOWN + failed(FailureKind.CONNECT, "127.0.0.1:1201"), (), 2),
        (DOWN + failed(FailureKind.CONNECT, "a.org"), HOME, 0),
        (LOST, (*HOME, "http://8.8.8.8/f"), 0),
    ],
)
def test_one_cause_for_all(failures, answered, lost):
    found = unreached(failures, [feed(fetch_url=url) for url in answered])
    assert found == failures[:lost]


@pytest.mark.parametrize(
    ("count", "hours", "excused"), [(0, 0, True), (9, 23, True), (1, 24, False)]
)
def test_after_an_outage_a_feed_is_asked_soon(count, hours, excused):
    held = Failure(
        kind=FailureKind.DNS, message="m", since=NOW - timedelta(hours=hours), count=count
    )
    for number in range(20):
        # No server noticed: whatever hours it wants skipped.
        rhythm = {"hours": float(2**24 - 1)} if number % 2 else {}
        of = feed(
            identity=FeedIdentity(str(number)), failure=held if count else None, rhythm=rhythm
        )
        due = after_outage(of, NOW)
        assert (due is not None) == excused
        assert due is None or timedelta(minutes=5) <= due - NOW <= timedelta(minutes=15)
        assert due == after_outage(of, NOW)


def test_failures_of_one_cause_stand_together():
    one, *others = failed(FailureKind.DNS, "a", "b", "c")
    odd = (feed(), FetchError("another", url="u", kind=FailureKind.HTTP))
    groups = by_cause([one, odd, *others])
    assert [(error.what, len(feeds)) for error, feeds in groups] == [("m", 3), ("another", 1)]
