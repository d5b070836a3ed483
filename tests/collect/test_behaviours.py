"""How servers behave, by name, and what each then sees of us: its request log, and the archive.

All rows live in one made day or month: each has a host of its own, and is asked at the
hours that it names, whether it is due then or not; a running Retry-After and a feed that
ended are left alone, as ever.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import brotli
import pytest
from aiohttp import web
from publishers import Publishers, Reply, Script
from simclock import SimClock

from aggregator.archive import Archive, open_archive
from aggregator.model.address import canonical_url
from aggregator.model.feed import Access, Feed, Postponed, Subscription
from aggregator.model.interests import Interests
from aggregator.model.settings import ArchiveSettings, CollectSettings, NormalizeSettings, Settings
from aggregator.model.topic import Mute
from aggregator.pipeline import Pipeline, open_pipeline, prepare

try:
    from compression import zstd
except ImportError:
    from backports import zstd

START = datetime(2026, 11, 2, 10, 30, 17, tzinfo=UTC)
DATE = "Mon, 02 Nov 2026 09:00:00 GMT"
ODD = "yesterday, about noon"
DAYS = 24


def rss(*names: str, head: str = "") -> bytes:
    items = "".join(
        f"<item><guid>{name}</guid><title>The {name}</title><link>http://x.example/{name}</link>"
        f"<description>What happened to the {name}.</description></item>"
        for name in names
    )
    space = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
    return f"<rss version='2.0' {space}><channel><title>T</title>{head}{items}</channel></rss>".encode()


BODY, NEWER = rss("ferry", "bridge"), rss("storm", "ferry", "bridge")
PAGE = b"<!doctype html><html><body>We are moving house</body></html>"


def ok(body: bytes = BODY, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(body=body, headers={"Content-Type": "application/rss+xml", "Date": DATE, **named})


def same(**headers: str) -> Reply:
    return Reply(status=304, headers={name.replace("_", "-"): v for name, v in headers.items()})


def says(status: int, **headers: str) -> Reply:
    return Reply(status=status, headers={name.replace("_", "-"): v for name, v in headers.items()})


def to(status: int, path: str, **headers: str) -> Reply:
    return says(status, Location=path, **headers)


def honest(request: web.Request) -> Reply:
    """304 to whoever names what is there."""
    named = request.headers.get("If-None-Match") == '"a"'
    return same(ETag='"a"') if named else ok(ETag='"a"')


def liar(request: web.Request) -> Reply:
    """304 for ever to whoever names anything, though there is news."""
    conditional = {"If-None-Match", "If-Modified-Since"} & request.headers.keys()
    return same() if conditional else ok(DATED, ETag='"a"')


def after(**span: float) -> str:
    """So long after the start, as servers write it."""
    return format_datetime(START + timedelta(**span), usegmt=True)


DATED = (
    b"<rss version='2.0'><channel><title>T</title>"
    + b"".join(
        f"<item><guid>{n}</guid><title>On day {n}</title><pubDate>"
        f"{format_datetime(START - timedelta(hours=6 * n))}</pubDate></item>".encode()
        for n in range(1, 9)
    )
    + b"</channel></rss>"
)


@dataclass(frozen=True)
class Row:
    """``pages`` by path, ``feeds`` among them; asked ``at`` these hours; ``sent`` is the log."""

    pages: dict[str, Script]
    sent: Sequence[str]
    at: Sequence[float] = (0, 1)
    feeds: Sequence[str] = ("/f",)
    archive: dict[str, object] = field(default_factory=dict)
    """Of the first feed, when all is over; it is well, where nothing else is said."""
    due: tuple[float, float] | None = None
    """Hours after the last fetch between which it is asked next."""
    doubted: float | None = None
    """The hour at which something else shows news."""
    interval: int | None = None


OK = {"state": "ok", "entries": 2}
FAILING = {"state": "failing", "entries": 0}
HTML = Reply(body=PAGE, headers={"Content-Type": "text/html", "ETag": '"page"'})
LONG = {f"/{n}": [to(302, f"/{n + 1}")] for n in range(9)}

ROWS: dict[str, Row] = {
    # Validators
    "a strong ETag comes back with its quotes": Row({"/f": honest}, ["/f", '/f "a"'], archive=OK),
    "a weak ETag comes back weak": Row({"/f": [ok(ETag='W/"é-1"'), same()]}, ["/f", '/f W/"é-1"'], archive=OK),
    "an ETag without quotes gets none": Row({"/f": [ok(ETag="bare"), same()]}, ["/f", "/f bare"], archive=OK),
    "a date comes back as it was written": Row({"/f": [ok(Last_Modified=ODD), same()]}, ["/f", f"/f {ODD}"], archive=OK),
    "both come back together": Row({"/f": [ok(ETag='"a"', Last_Modified=DATE), same()]}, ["/f", f'/f "a" | {DATE}'], archive=OK),
    "nothing is made up": Row({"/f": [ok()]}, ["/f", "/f"], archive=OK, due=(24, 24.3)),
    "a new ETag counts though the body is the same": Row({"/f": [ok(ETag='"a"'), ok(ETag='"b"'), same()]}, ["/f", '/f "a"', '/f "b"'], (0, 1, 2), archive=OK),
    "one of two that changed counts": Row({"/f": [ok(ETag='"a"', Last_Modified=DATE), ok(ETag='"a"', Last_Modified=ODD), same()]}, ["/f", f'/f "a" | {DATE}', f'/f "a" | {ODD}'], (0, 1, 2)),
    "a 304 may name a new ETag": Row({"/f": [ok(ETag='"a"'), same(ETag='"b"'), same()]}, ["/f", '/f "a"', '/f "b"'], (0, 1, 2), archive=OK),
    "a 304 may leave them out": Row({"/f": [ok(ETag='"a"', Last_Modified=DATE), same()]}, ["/f", *[f'/f "a" | {DATE}'] * 2], (0, 1, 2), archive=OK),
    "what the server sends no more is forgotten": Row({"/f": [ok(ETag='"a"'), ok(NEWER)]}, ["/f", '/f "a"', "/f"], (0, 1, 25), archive={"entries": 3}),
    "one that it sends no more is forgotten": Row({"/f": [ok(ETag='"a"', Last_Modified=DATE), ok(Last_Modified=DATE), same()]}, ["/f", f'/f "a" | {DATE}', f"/f {DATE}"], (0, 1, 2)),
    "a failure between forgets nothing": Row({"/f": [ok(ETag='"a"'), says(500), same()]}, ["/f", '/f "a"', '/f "a"'], (0, 1, 3), archive=OK),
    "an error page's ETag is none of ours": Row({"/f": [says(404, ETag='"no"'), ok()]}, ["/f", "/f"], (0, 3), archive=OK),
    "validators go to where they came from": Row({"/f": [to(302, "/g")], "/g": honest}, ["/f", "/g", "/f", '/g "a"'], archive=OK),
    "two addresses in turns have their own": Row({"/f": [to(302, "/g"), to(302, "/h")] * 3, "/g": honest, "/h": [ok(ETag='"h"'), same()]}, ["/f", "/g", "/f", "/h", "/f", '/g "a"', "/f", '/h "h"'], (0, 1, 2, 3), archive=OK),
    "a page that is no feed is named, too": Row({"/f": [HTML, same()]}, ["/f", '/f "page"'], archive=FAILING | {"kind": "not-a-feed", "count": 2}),
    "a feed that was a page for a while is back": Row({"/f": [ok(ETag='"a"'), HTML, ok(NEWER, ETag='"b"')]}, ["/f", '/f "a"', '/f "page"'], (0, 1, 3), archive={"state": "ok", "entries": 3}),
    "304 to who named nothing is a mistake": Row({"/f": [same()]}, ["/f", "/f"], archive=FAILING | {"kind": "http"}),
    "304 for ever is doubted once in 30 days": Row({"/f": liar}, ["/f", *['/f "a"'] * 2, "/f", *['/f "a"'] * 2, "/f", '/f "a"'], [day * DAYS for day in (0, 1, 3, 8, 20, 30, 39, 40)], archive={"state": "ok", "entries": 8}),
    "304 is doubted where something showed news": Row({"/f": liar}, ["/f", '/f "a"', "/f", '/f "a"'], (0, 1, 2, 3), doubted=1.5),
    # What is new alone
    "what is new alone will do (226)": Row({"/f": [ok(ETag='"a"'), Reply(rss("storm"), 226, {"IM": "feed", "ETag": '"b"', "Content-Type": "application/rss+xml"}), ok(NEWER, ETag='"c"'), same()]}, ["/f", '/f "a"', '/f "b"', '/f "c"'], (0, 1, 2, 3), archive={"entries": 3, "vanished": 0, "listed": 3}),
    "a part of another kind is refused": Row({"/f": [ok(ETag='"a"'), Reply(b"diff", 226, {"IM": "vcdiff"})]}, ["/f", '/f "a"'], archive={"state": "failing", "entries": 2}),
    "a part that nobody asked for is refused": Row({"/f": [Reply(BODY, 226, {"IM": "feed"})]}, ["/f"], (0,), archive=FAILING),
    # What never goes out
    "a query goes out as it was written": Row({"/f?b=2&a=1%2F2": honest}, ["/f?b=2&a=1%2F2", '/f?b=2&a=1%2F2 "a"'], feeds=("/f?b=2&a=1%2F2",)),
    "a cookie is never brought back": Row({"/f": [ok(Set_Cookie="id=7; Max-Age=99999")]}, ["/f", "/f"]),
    "a cookie of a redirect is not brought along": Row({"/f": [to(302, "/g", Set_Cookie="id=7")], "/g": honest}, ["/f", "/g"], (0,)),
    # Codings
    "gzip": Row({"/f": [ok(gzip.compress(BODY), Content_Encoding="gzip")]}, ["/f"], (0,), archive=OK),
    "brotli": Row({"/f": [ok(brotli.compress(BODY), Content_Encoding="br")]}, ["/f"], (0,), archive=OK),
    "zstd": Row({"/f": [ok(zstd.compress(BODY), Content_Encoding="zstd")]}, ["/f"], (0,), archive=OK),
    "deflate": Row({"/f": [ok(zlib.compress(BODY), Content_Encoding="deflate")]}, ["/f"], (0,), archive=OK),
    # Retry-After
    "429 with seconds is left alone so long": Row({"/f": [says(429, Retry_After="7200"), ok()]}, ["/f", "/f"], (0, 1, 1.9, 2.1), archive=OK),
    "429 with a date is left alone until then": Row({"/f": [says(429, Retry_After=after(hours=3), Date=after()), ok()]}, ["/f", "/f"], (0, 1, 2.9, 3.1), archive=OK),
    "429 with a date counts by the server's clock": Row({"/f": [says(429, Retry_After=after(days=-9, hours=3), Date=after(days=-9)), ok()]}, ["/f", "/f"], (0, 1, 2.9, 3.1), archive=OK),
    "429 with a date that is over is one without a word": Row({"/f": [says(429, Retry_After=after(days=-1), Date=after()), ok()]}, ["/f", "/f"], (0, 0.5, 1.1), archive=OK),
    "429 with no seconds is one without a word": Row({"/f": [says(429, Retry_After="0"), ok()]}, ["/f", "/f"], (0, 0.5, 1.1), archive=OK),
    "503 with a date counts by the server's clock": Row({"/f": [says(503, Retry_After=after(days=-9, hours=7), Date=after(days=-9)), ok()]}, ["/f", "/f"], (0, 1, 6.9, 7.1), archive=OK),
    "429 without a word is left alone for a while": Row({"/f": [says(429)]}, ["/f"], (0, 0.5), archive=FAILING, due=(2, 2.3)),
    "503 with seconds is left alone so long": Row({"/f": [says(503, Retry_After="7200"), ok()]}, ["/f", "/f"], (0, 1, 2.1), archive=OK),
    "503 with a date is left alone until then": Row({"/f": [says(503, Retry_After=after(days=9), Date=after())]}, ["/f"], (0, 30, 200), archive=FAILING, due=(9 * DAYS, 9 * DAYS + 1.1)),
    "a redirect that asks to wait is not followed": Row({"/f": [to(302, "/g", Retry_After="7200")], "/g": honest}, ["/f", "/f"], (0, 1, 2.1), archive=FAILING),
    "429 holds for all feeds of the host": Row({"/f": [says(429, Retry_After="7200"), ok()], "/g": [ok()]}, ["/f", "/f", "/g"], (0, 1, 2.1), ("/f", "/g")),
    "503 holds for its feed alone": Row({"/f": [says(503, Retry_After="7200")], "/g": [ok()]}, ["/f", "/g"], (0,), ("/f", "/g"), FAILING),
    "Retry-After for a hundred years is a month": Row({"/f": [says(429, Retry_After="3153600000")]}, ["/f"], (0, 29 * DAYS), archive=FAILING, due=(30 * DAYS, 30 * DAYS + 1.1)),
    # Moves
    "301 moves after three times": Row({"/f": [to(301, "/g")], "/g": honest}, ["/f", "/g", "/f", '/g "a"', "/f", '/g "a"', '/g "a"'], (0, 1, 2, 3), archive=OK | {"fetched": "/g", "url": "/f"}),
    "308 moves after three times": Row({"/f": [to(308, "/g")], "/g": honest}, ["/f", "/g", "/f", '/g "a"', "/f", '/g "a"', '/g "a"'], (0, 1, 2, 3), archive={"fetched": "/g"}),
    "301 twice and back moves nothing": Row({"/f": [to(301, "/g"), to(301, "/g"), ok()], "/g": honest}, ["/f", "/g", "/f", '/g "a"', "/f"], (0, 1, 2), archive={"fetched": "/f", "moves": 0}),
    "301 to two places in turns moves nothing": Row({"/f": [to(301, "/g"), to(301, "/h")] * 2, "/g": honest, "/h": honest}, ["/f", "/g", "/f", "/h", "/f", '/g "a"', "/f", '/h "a"'], (0, 1, 2, 3), archive={"fetched": "/f", "moves": 1}),
    "301 to a page moves nothing": Row({"/f": [to(301, "/g")], "/g": [HTML, same()]}, ["/f", "/g", *["/f", '/g "page"'] * 3], (0, 2, 5, 9), archive=FAILING | {"fetched": "/f", "moves": 0}),
    **{
        f"{status} never moves a feed": Row({"/f": [to(status, "/g")], "/g": honest}, ["/f", "/g", *["/f", '/g "a"'] * 3], (0, 1, 2, 3), archive={"fetched": "/f", "moves": 0})
        for status in (302, 303, 307)
    },
    "301 behind a 302 moves nothing": Row({"/f": [to(302, "/g")], "/g": [to(301, "/h")], "/h": honest}, ["/f", "/g", "/h", *["/f", "/g", '/h "a"'] * 3], (0, 1, 2, 3), archive={"fetched": "/f"}),
    "a 302 behind a 301 moves to the 301's target": Row({"/f": [to(301, "/g")], "/g": [to(302, "/h")], "/h": honest}, ["/f", "/g", "/h", *["/f", "/g", '/h "a"'] * 2, "/g", '/h "a"'], (0, 1, 2, 3), archive={"fetched": "/g"}),
    "a loop stops": Row({"/f": [to(302, "/g")], "/g": [to(302, "/f")]}, ["/f", "/g"], (0,), archive=FAILING | {"kind": "redirect"}),
    "a long chain stops": Row({"/f": [to(302, "/0")], **LONG}, ["/f", *[f"/{n}" for n in range(5)]], (0,), archive=FAILING | {"kind": "redirect"}),
    "a move that fails for days is looked for where it was": Row({"/f": [to(301, "/g")] * 3 + [ok(ETag='"f"')], "/g": [ok(ETag='"a"')] + [same()] * 2 + [says(404)]}, ["/f", "/g", *["/f", '/g "a"'] * 2, *['/g "a"'] * 5, "/f"], (0, 1, 2, 10, 20, 30, 40, 50, 60), archive=OK | {"fetched": "/f", "moves": 0}),
    "a redirect into a private network asks its server no sooner": Row({"/f": [to(302, "http://10.0.0.1/")]}, ["/f", "/f"], (0, 0.5, 1.5), archive=FAILING | {"kind": "refused"}),
    # Failures
    "410 stops the feed": Row({"/f": [ok(), says(410)]}, ["/f", "/f"], (0, 25, 50, 99), archive={"state": "stopped", "kind": "http", "entries": 2}),
    **{
        f"{status} backs off, and a feed that comes back is noticed": Row({"/f": [says(status), says(status), ok()]}, ["/f"] * 3, (0, 3, 8), archive=OK)
        for status in (401, 403, 404)
    },
    "404 backs off further each time": Row({"/f": [says(404)]}, ["/f"] * 3, (0, 3, 8), archive=FAILING | {"count": 3, "since": START}, due=(7, 9)),
    "500 backs off for an hour at first": Row({"/f": [says(500)]}, ["/f"], (0,), archive=FAILING | {"count": 1}, due=(1, 1.2)),
    "back-off ends at the longest interval": Row({"/f": [says(500)]}, ["/f"] * 9, [n * DAYS for n in range(9)], archive=FAILING | {"count": 9}, due=(22, 24)),
    # What publishers say about time
    "max-age is waited for": Row({"/f": [ok(ETag='"a"', Cache_Control="public, max-age=10800")]}, ["/f"], (0,), due=(3, 3.5)),
    "max-age of the answer before holds through a silent 304": Row({"/f": [ok(ETag='"a"', Cache_Control="max-age=10800"), same()]}, ["/f", '/f "a"'], (0, 4), due=(3, 4.9)),
    "Expires is waited for": Row({"/f": [ok(ETag='"a"', Expires="Mon, 02 Nov 2026 14:00:00 GMT")]}, ["/f"], (0,), due=(5, 5.6)),
    "ttl is waited for": Row({"/f": [ok(rss("a", head="<ttl>240</ttl>"), ETag='"a"')]}, ["/f"], (0,), due=(4, 4.5)),
    "sy:updatePeriod is waited for": Row({"/f": [ok(rss("a", head="<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"), ETag='"a"')]}, ["/f"], (0,), due=(6, 6.6)),
    "skipHours holds through a 304": Row({"/f": [ok(rss("a", head="<skipHours>" + "".join(f"<hour>{h}</hour>" for h in range(10, 20)) + "</skipHours>"), ETag='"a"'), same()]}, ["/f", '/f "a"'], (0, 1), due=(8.4, 10)),
    "max-age counts up to the longest interval": Row({"/f": [ok(ETag='"a"', Cache_Control="max-age=31536000")]}, ["/f"], (0,), due=(23.9, 24.3)),
    "no-store says nothing of how often": Row({"/f": [ok(ETag='"a"', Cache_Control="no-store, no-cache, max-age=0")]}, ["/f"], (0,), due=(1, 1.2)),
    "a person may ask more often": Row({"/f": [ok(Cache_Control="max-age=10800")]}, ["/f"], (0,), due=(0.25, 0.3), interval=900),
}  # fmt: skip

SETTINGS = Settings(
    collect=CollectSettings(
        allow_networks=("127.0.0.0/8",), host_spacing=0, contact="https://ours.example/"
    ),
    normalize=NormalizeSettings(workers=1),
)


def host_of(name: str) -> str:
    return f"127.0.0.{list(ROWS).index(name) + 1}"


class Month:
    """All rows played: what the servers were asked, and what the archive holds."""

    def __init__(self, folder) -> None:
        self.folder = ArchiveSettings(directory=folder, free_space=0)
        with Publishers(len(ROWS)) as self.publishers:
            for name, row in ROWS.items():
                for path, script in row.pages.items():
                    self.publishers.scripts[host_of(name), path] = script
            asyncio.run(self._play())
        with open_archive(self.folder) as archive:
            self.feeds = {feed.url: feed for feed in archive.feeds()}
            self.listed = {url: archive.feed(url).listing for url in self.feeds}
            self.vanished = [one for one in archive.export() if one.vanished]

    def urls(self, name: str) -> list[str]:
        return [self.publishers.url(host_of(name), path) for path in ROWS[name].feeds]

    async def _play(self) -> None:
        hours = sorted({hour for row in ROWS.values() for hour in row.at})
        subscriptions = [
            Subscription(url=url, interval=row.interval)
            for name, row in ROWS.items()
            for url in self.urls(name)
        ]
        clock = SimClock(START)
        with clock, open_archive(self.folder, write=True, purpose="test") as archive:
            matcher = prepare(
                archive, SETTINGS, subscriptions, Interests(topics=(), people=(), mute=Mute())
            )
            async with open_pipeline(archive, SETTINGS, matcher) as pipeline:
                for hour in hours:
                    clock.at = START + timedelta(hours=hour)
                    self._doubt(archive, hour)
                    await self._poll(pipeline, hour)

    def _doubt(self, archive: Archive, hour: float) -> None:
        for name, row in ROWS.items():
            if row.doubted is not None and row.doubted < hour <= row.doubted + 1:
                with archive.courtesy(write=True) as courtesy:
                    at = START + timedelta(hours=row.doubted)
                    courtesy.doubt(archive.feed(self.urls(name)[0]), at)

    async def _poll(self, pipeline: Pipeline, hour: float) -> None:
        now = START + timedelta(hours=hour)
        wanted = {url for name, row in ROWS.items() if hour in row.at for url in self.urls(name)}
        free = pipeline.archive.due(now, everything=True, max_interval=86400)
        asked = [pipeline.archive.feed(feed.url) for feed in free if feed.url in wanted]
        fetched = await asyncio.gather(*map(pipeline.fetch, asked))
        for feed, one in zip(asked, fetched, strict=True):
            if isinstance(one, Postponed):
                pipeline.postpone(feed, one)
        pipeline.write([one for one in fetched if not isinstance(one, Postponed)])


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Month:
    return Month(tmp_path_factory.mktemp("month"))


def held(feed: Feed, month: Month) -> dict[str, object]:
    """What the archive holds of a feed, in the words of the rows."""
    return {
        "state": feed.state.value,
        "entries": feed.entries,
        "kind": feed.failure.kind.value if feed.failure else None,
        "count": feed.failure.count if feed.failure else 0,
        "since": feed.failure.since if feed.failure else None,
        "url": feed.url.rpartition("/")[1] + feed.url.rpartition("/")[2],
        "fetched": "/" + feed.fetch_url.rpartition("/")[2],
        "moves": feed.moved_count,
        "listed": len(month.listed[feed.url]),
        "vanished": sum(entry.feed == feed.url for entry in month.vanished),
    }


@pytest.mark.parametrize("name", ROWS)
def test_behaviour(month, name):
    row, log = ROWS[name], month.publishers.asked(host_of(name))
    seen, sent = [str(one) for one in log], list(row.sent)
    # Feeds of one host come in any order.
    assert (seen == sent) if len(row.feeds) == 1 else (sorted(seen) == sorted(sent))
    feed = month.feeds[month.urls(name)[0]]
    wanted = {"state": "ok", **row.archive}
    assert {key: held(feed, month)[key] for key in wanted} == wanted
    if row.due is not None:
        least, most = (timedelta(hours=hours) for hours in row.due)
        assert least <= feed.next_due - feed.last_fetch <= most, feed.due_reason
    assert feed.due_reason


def test_what_goes_with_every_request(month):
    for asked in month.publishers.requests:
        assert not {"cookie", "referer", "authorization"} & asked.headers.keys()
        assert asked.headers["user-agent"].endswith("(+https://ours.example/)")
        assert asked.headers["accept-encoding"] == "gzip, br, zstd, deflate"
        assert (asked.headers.get("a-im") == "feed") == ("if-none-match" in asked.headers)


def fetch(publishers: Publishers, url: str, access: Access | None = None) -> None:
    from aggregator.collect import Collector
    from aggregator.model.feed import FeedIdentity, FeedKey

    async def go() -> None:
        given = {canonical_url(url): access} if access else {}
        async with Collector(SETTINGS.collect, "1", access=given) as collector:
            feed = Feed(key=FeedKey(1), identity=FeedIdentity("x"), url=url, fetch_url=url)
            await collector.fetch(feed, now=START)

    asyncio.run(go())


@pytest.mark.parametrize(
    "access",
    [
        Access(username="ann", password="pw"),
        Access(headers=(("Authorization", "Bearer x"), ("X-Key", "k"))),
    ],
)
def test_what_a_person_gave_goes_to_the_feeds_own_server_alone(access):
    with Publishers(2) as running:
        there = f"http://127.0.0.2:{running.port}/c"
        running.scripts["127.0.0.1", "/a"] = [to(302, "/b")]
        running.scripts["127.0.0.1", "/b"] = [to(302, there)]
        running.scripts["127.0.0.2", "/c"] = [ok()]
        fetch(running, running.url("127.0.0.1", "/a"), access)
    given = [one.headers.get("authorization") for one in running.requests]
    assert given[0] is not None
    assert given == [given[0], given[0], None]
    assert [one.headers.get("x-key") for one in running.requests[2:]] == [None]
    assert "pw" not in repr(access)
    assert "Bearer" not in repr(access)


def test_a_log_in_in_the_address_follows_a_redirect_on_its_server():
    with Publishers(2) as running:
        running.scripts["127.0.0.1", "/a"] = [to(301, "/b")]
        running.scripts["127.0.0.1", "/b"] = [to(302, f"http://eve:x@127.0.0.2:{running.port}/c")]
        fetch(running, running.url("127.0.0.1", "/a").replace("//", "//ann:pw@"))
    given = [one.headers.get("authorization", "") for one in running.requests]
    assert [one[:5] for one in given] == ["Basic", "Basic", ""]


def test_a_proxy_is_asked_instead_and_told_the_whole_address():
    with Publishers(1) as proxy:
        fetch(
            proxy,
            "http://feeds.example/a?b=c",
            Access(proxy=f"http://127.0.0.1:{proxy.port}"),
        )
        assert [one.path for one in proxy.requests] == ["http://feeds.example/a?b=c"]
