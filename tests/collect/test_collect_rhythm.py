"""What is remembered of a feed between polls, and when "unchanged" is not believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from aggregator.collect.manners import remarks
from aggregator.collect.rhythm import doubt, hides, remember
from aggregator.model.batch import Fetched
from aggregator.model.entry import Document, Entry, EntryId
from aggregator.model.errors import FetchError
from aggregator.model.feed import (
    Failure,
    FailureKind,
    Feed,
    FeedIdentity,
    FeedKey,
    Response,
    Totals,
    Validators,
)
from aggregator.model.push import Offer, Push
from aggregator.model.settings import DAY, HOUR

NOW = datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
URL = "http://x.example/f"
FEED = Feed(
    key=FeedKey(1), identity=FeedIdentity("x"), url=URL, fetch_url=URL,
    validators=Validators(url=URL, etag='"a"'), last_fetch=NOW - timedelta(hours=1),
)  # fmt: skip


def ago(**spans: float) -> dict[str, float]:
    """A rhythm of moments so many days ago; ``gap`` is in days, too."""
    at = NOW.timestamp()
    return {name: days * DAY if name == "gap" else at - days * DAY for name, days in spans.items()}


def told(hours: float) -> Push:
    at = NOW - timedelta(hours=hours)
    return Push(offer=Offer(hub="http://hub.example/", topic=URL), told=at)


@pytest.mark.parametrize(
    ("rhythm", "more", "doubted"),
    [
        (ago(told=20, news=20, gap=1), {}, "overdue"),
        (ago(told=20, news=20, gap=1), {"validators": None}, None),
        # It sent the same document since, not only "unchanged".
        (ago(told=1, news=20, gap=1), {}, None),
        # For one that writes once a month, 20 days are nothing.
        (ago(told=20, news=20, gap=30), {}, None),
        # A day without news is none for a busy one.
        (ago(told=1, news=1, gap=0.01), {}, None),
        (ago(told=40, news=40, gap=1, whole=29), {}, None),
        (ago(told=40, news=40, gap=1, whole=31), {}, "overdue"),
        ({}, {"doubted": NOW - timedelta(hours=2)}, "showed news"),
        (ago(whole=0.01), {"doubted": NOW - timedelta(hours=2)}, None),
        (ago(whole=29), {"doubted": NOW - timedelta(hours=2)}, None),
        (ago(whole=31), {"doubted": NOW - timedelta(days=40)}, None),
        # Its hub told of news; the poll after that was told "unchanged".
        (ago(told=1), {"push": told(2)}, "hub"),
        # The poll to come will be the first since.
        (ago(told=1), {"push": told(0.5)}, None),
        # The document came after the message.
        (ago(told=0.01), {"push": told(2)}, None),
        (ago(told=1), {"failure": Failure(kind=FailureKind.NOT_A_FEED, message="m", since=NOW, count=1)}, None),
        (ago(told=31), {"failure": Failure(kind=FailureKind.NOT_A_FEED, message="m", since=NOW, count=1)}, "no feed"),
    ],
)  # fmt: skip
def test_doubt(rhythm, more, doubted):
    found = doubt(replace(FEED, rhythm=rhythm, **more), NOW)
    assert (found is None) == (doubted is None), found
    assert doubted is None or doubted in found


@pytest.mark.parametrize(
    ("dated", "more", "hidden"),
    [
        (20, {}, True),
        # Listed then; after the last answer; so shortly before it that a cache may not have it yet.
        (50, {}, False),
        (0.5, {}, False),
        (1.5, {}, False),
        (None, {}, False),
        # A server that gives no validators never said "unchanged".
        (20, {"validators": None}, False),
        (20, {"rhythm": {}}, False),
        (20, {"last_success": None}, False),
        # What answered last was that document.
        (20, {"last_success": NOW - timedelta(hours=48)}, False),
    ],
)
def test_a_document_shows_what_unchanged_hid(dated, more, hidden):
    date = None if dated is None else NOW - timedelta(hours=dated)
    entry = Entry(id=EntryId("1"), identity="1", position=0, item_hash=b"", published=date)
    asked = {"rhythm": ago(told=2), "last_success": NOW - timedelta(hours=1)}
    whole = Document(version="rss20", entries=(entry,))
    assert hides(replace(FEED, **(asked | more)), whole) == hidden


def answered(status: int, *headers: tuple[str, str]) -> Response:
    return Response(
        requested=URL, url=URL, status=status, headers=headers, wire=b"", body=b"", started=NOW,
        seconds=0.1,
    )  # fmt: skip


def test_a_doubt_counts_once_a_server_has_heard_it_whatever_it_says():
    of = replace(FEED, rhythm=ago(told=20, news=20, gap=1))
    lost = FetchError("m", url=URL, kind=FailureKind.DNS, reached=False)
    for reached, fetched in (
        (True, Fetched(feed=of, at=NOW, response=answered(200))),
        (True, Fetched(feed=of, at=NOW, failure=FetchError("m", url=URL, kind=FailureKind.HTTP))),
        (False, Fetched(feed=of, at=NOW, failure=lost)),
    ):
        assert ("whole" in remember(fetched, 0)) == reached
    news = Fetched(feed=of, at=NOW, response=answered(200), document=Document(version="rss20"))
    assert "liar" in remember(news, 1)


def test_what_publishers_say_lasts_until_they_say_otherwise():
    first = Fetched(
        feed=FEED, at=NOW, response=answered(200, ("Cache-Control", "max-age=7200")),
        document=Document(version="rss20", ttl=HOUR, skip_hours=frozenset({1, 2})),
    )  # fmt: skip
    rhythm = remember(first, 0)
    assert (rhythm["fresh"], rhythm["ttl"], rhythm["hours"]) == (7200, HOUR, 6)
    silent = remember(
        replace(first, feed=replace(FEED, rhythm=rhythm), response=answered(304), document=None), 0
    )
    assert {**rhythm, "blind": 0.0} == silent
    other = Fetched(
        feed=replace(FEED, rhythm=rhythm), at=NOW, response=answered(200),
        document=Document(version="rss20"),
    )  # fmt: skip
    assert not {"fresh", "ttl", "hours"} & remember(other, 0).keys()


def test_two_headers_of_one_name_are_one_list():
    said = answered(200, ("Cache-Control", "public"), ("cache-control", "max-age=7200"))
    assert remember(Fetched(feed=FEED, at=NOW, response=said), 0)["fresh"] == 7200


@pytest.mark.parametrize(
    ("more", "totals", "words"),
    [
        ({"rhythm": {"blind": 1.0, "fresh": 1.0}}, Totals(), ["neither ETag"]),
        ({"rhythm": {"liar": 1.0, "ttl": 1.0}}, Totals(), ["hidden changes"]),
        ({}, Totals(repeated=5, kept=9), ["5 of the last 9"]),
        ({}, Totals(repeated=1, kept=9), []),
        ({"served": {"bytes": "9000", "content-type": "text/xml"}, "rhythm": {"fresh": 60.0}}, Totals(), ["unpacked"]),
        ({"served": {"bytes": "900", "content-type": "text/xml"}, "rhythm": {"fresh": 60.0}}, Totals(), []),
        ({"served": {"bytes": "9", "content-type": "text/xml"}}, Totals(), ["how often"]),
        ({"served": {"bytes": "9", "content-type": "text/plain"}, "rhythm": {"period": 60.0}}, Totals(), ["text/plain"]),
        ({"served": {"bytes": "9", "set-cookie": "", "content-type": "a/json"}, "rhythm": {"ttl": 60.0}}, Totals(), ["cookie"]),
        ({"validators": Validators(url="http://y.example/", etag="a")}, Totals(), ["redirects each request"]),
        ({"validators": Validators(url="http://y.example/", etag="a"), "moved_to": "http://y.example/"}, Totals(), []),
        ({"failure": Failure(kind=FailureKind.HTTP, message="refused", since=NOW, count=3)}, Totals(), ["refused, 3 times"]),
    ],
)  # fmt: skip
def test_what_a_server_does_wrong(more, totals, words):
    found = remarks(replace(FEED, **more), totals)
    assert [word in one.what for word, one in zip(words, found, strict=True)] == [True] * len(words)
    assert all(one.mend for one in found)
