"""A simulated month: what 200 publishers see of us, of a fixed poller, and of lemon24's reader.

Each feed has a host of its own, headers of one kind and a rhythm of one kind. Time is
simulated, sockets are real. Ours asks when its archive says a feed is due; the fixed
poller asks every feed every 30 minutes, with validators; reader is asked to update every
30 minutes, and does what its defaults say.

    python benchmarks/month.py [--feeds 200] [--days 30] [--who reader,ours,fixed] [--csv FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import random
import re
import statistics
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import aiohttp
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from loopback import Loopback
from simclock import SimClock

START = datetime(2026, 3, 2, 6, 0, 11, tzinfo=UTC)
# Entries a day, and how many a document lists; the last kind is asleep.
RHYTHMS = {48.0: 30, 12.0: 15, 3.0: 10, 1.0: 10, 0.15: 10}
HOUR, DAY = 3600, 86400
SHARES = 2
"""Each program's feeds are given to so many processes: no feed knows of another here."""
TICK = timedelta(minutes=4)
"""Ours looks whether a feed is due so often (the daemon: every 5 seconds, which takes long here)."""


@dataclass(frozen=True)
class Kind:
    """What a server says, and the seconds between two polls that it allows by it."""

    name: str
    least: float = HOUR
    etag: bool = True
    modified: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    head: str = ""


BLIND = "no validators"
KINDS = (
    Kind("ETag and Last-Modified"),
    Kind("ETag alone", modified=False),
    Kind("Last-Modified alone", etag=False),
    Kind(BLIND, etag=False, modified=False),
    Kind("max-age of 2 hours", 2 * HOUR, headers={"Cache-Control": "max-age=7200"}),
    Kind("max-age of 15 minutes", 900, headers={"Cache-Control": "public, max-age=900"}),
    Kind("Expires in 3 hours", 3 * HOUR, headers={"Expires": "+10800"}),
    Kind("ttl of 90 minutes", 90 * 60, head="<ttl>90</ttl>"),
    Kind(
        "sy: twice a day",
        12 * HOUR,
        head="<sy:updatePeriod xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>daily"
        "</sy:updatePeriod><sy:updateFrequency xmlns:sy='http://purl.org/rss/1.0/modules/"
        "syndication/'>2</sy:updateFrequency>",
    ),
    Kind("429 now and then, Retry-After 4 h"),
    Kind("503 now and then, Retry-After a date"),
    Kind("500 now and then"),
    Kind("302 to another path"),
    Kind("301 after ten days"),
)


@dataclass
class Asked:
    """One request: seconds since the start, its path, what it named, and what it got."""

    at: float
    path: str
    etag: str | None
    modified: str | None
    status: int
    strange: int
    wait: float = 0.0


class Feed:
    """A publisher: what it has published when, and what it was asked."""

    def __init__(self, number: int, days: int) -> None:
        self.number = number
        self.kind = KINDS[number % len(KINDS)]
        self.rhythm, self.listed = [*RHYTHMS.items()][number // len(KINDS) % len(RHYTHMS)]
        draw, at = random.Random(number), -40 * DAY / min(self.rhythm, 1.0)
        self.times: list[float] = []
        while at < days * DAY:
            self.times.append(at)
            at += draw.expovariate(self.rhythm / DAY)
        self.log: list[Asked] = []
        self.away_until = 0.0
        self._draw = random.Random(-number - 1)

    def answer(self, at: float, request: web.Request) -> web.Response:
        """What it says now; noted in the log."""
        path, headers = request.path, request.headers
        asked = Asked(
            at=at,
            path=request.raw_path,
            etag=headers.get("If-None-Match"),
            modified=headers.get("If-Modified-Since"),
            status=200,
            strange=sum(name in headers for name in ("Cookie", "Referer"))
            + ("?" in request.raw_path),
        )
        self.log.append(asked)
        said = self._trouble(at, asked) or self._moved(at, path) or self._document(at, asked)
        asked.status = said.status
        return said

    def _trouble(self, at: float, asked: Asked) -> web.Response | None:
        name = self.kind.name
        if at < self.away_until:
            asked.wait = self.away_until - at
            return web.Response(status=429, headers={"Retry-After": str(int(asked.wait))})
        if "now and then" not in name or self._draw.random() > 0.03:
            return None
        if name.startswith("429"):
            asked.wait = 4.0 * HOUR
            self.away_until = at + asked.wait
            return web.Response(status=429, headers={"Retry-After": "14400"})
        if name.startswith("503"):
            asked.wait = 3.0 * HOUR
            begun = START + timedelta(seconds=at)
            until = begun + timedelta(seconds=asked.wait)
            times = {"Date": begun, "Retry-After": until}
            told = {name: format_datetime(one, usegmt=True) for name, one in times.items()}
            return web.Response(status=503, headers=told)
        return web.Response(status=500)

    def _moved(self, at: float, path: str) -> web.Response | None:
        if path != "/feed":
            return None
        if self.kind.name.startswith("302"):
            return web.Response(status=302, headers={"Location": "/real"})
        if self.kind.name.startswith("301") and at > 10 * DAY:
            return web.Response(status=301, headers={"Location": "/new"})
        return None

    def _document(self, at: float, asked: Asked) -> web.Response:
        count = bisect_right(self.times, at)
        headers = {"Content-Type": "application/rss+xml", **self.kind.headers}
        headers["Date"] = format_datetime(START + timedelta(seconds=at), usegmt=True)
        if headers.get("Expires", "").startswith("+"):
            ends = START + timedelta(seconds=at + float(headers["Expires"]))
            headers["Expires"] = format_datetime(ends, usegmt=True)
        etag, modified = f'"{self.number}-{count}"', self._date(count - 1)
        if self.kind.etag:
            headers["ETag"] = etag
        if self.kind.modified:
            headers["Last-Modified"] = modified
        named = asked.etag == etag if asked.etag else asked.modified == modified
        if named and (self.kind.etag or self.kind.modified):
            return web.Response(status=304, headers=headers)
        items = "".join(
            self._item(at) for at in range(count - 1, max(count - 1 - self.listed, -1), -1)
        )
        text = f"<rss version='2.0'><channel><title>{self.number}</title>{self.kind.head}{items}</channel></rss>"
        return web.Response(status=200, headers=headers, body=text.encode())

    def _date(self, entry: int) -> str:
        return format_datetime(START + timedelta(seconds=self.times[entry]), usegmt=True)

    def _item(self, entry: int) -> str:
        return (
            f"<item><guid isPermaLink='false'>{self.number}-{entry}</guid><title>Entry {entry} of feed "
            f"{self.number}</title><link>http://news{self.number}.example/{entry}</link>"
            f"<pubDate>{self._date(entry)}</pubDate></item>"
        )


class Servers(Loopback):
    """All publishers, each on an address of its own."""

    def __init__(self, feeds: list[Feed], clock: SimClock) -> None:
        super().__init__()
        self._hosts = len(feeds) + 1
        self._feeds = {f"127.0.0.{n + 1}": feed for n, feed in enumerate(feeds)}
        self._clock = clock

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        feed = self._feeds[request.host.rpartition(":")[0]]
        return feed.answer((self._clock.at - START).total_seconds(), request)

    def urls(self) -> list[str]:
        return [f"http://{host}:{self.port}/feed" for host in self._feeds]


Got = dict[str, float]
"""When each entry ("feed-entry") was archived, in seconds since the start."""


async def ours(urls: list[str], days: int, clock: SimClock, folder: Path) -> Got:
    """The program as it is shipped, but for spacing between requests to one host."""
    from aggregator.archive import open_archive
    from aggregator.model.feed import Subscription
    from aggregator.model.interests import Interests
    from aggregator.model.settings import ArchiveSettings, Captures, CollectSettings, Settings
    from aggregator.model.topic import Mute
    from aggregator.pipeline import open_pipeline, prepare
    from aggregator.rounds import collect_round

    settings = Settings(
        archive=ArchiveSettings(directory=folder, free_space=0, captures=Captures.OFF),
        collect=CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=0),
    )
    with open_archive(settings.archive, write=True, purpose="month") as archive:
        matcher = prepare(
            archive,
            settings,
            [Subscription(url=url) for url in urls],
            Interests(topics=(), people=(), mute=Mute()),
        )
        async with open_pipeline(archive, settings, matcher) as pipeline:
            while clock.at < START + timedelta(days=days):
                await collect_round(pipeline)
                due = archive.next_due() or clock.at
                clock.at = max(due, clock.at + TICK)
        return {
            (one.url or "").removeprefix("http://news").replace(".example/", "-"): seconds(
                one.first_seen
            )
            for one in archive.export()
        }


async def fixed(urls: list[str], days: int, clock: SimClock, _: Path) -> Got:
    """A loop over all feeds every 30 minutes that keeps the latest validators."""
    got: Got = {}
    held: dict[str, dict[str, str]] = {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def poll(url: str) -> None:
            async with session.get(url, headers=held.get(url, {})) as answer:
                text = await answer.text()
                if answer.status != 200:
                    return
                names = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
                held[url] = {to: answer.headers[of] for of, to in names if of in answer.headers}
                for guid in re.findall(r"<guid[^>]*>([^<]+)", text):
                    got.setdefault(guid, seconds(clock.at))

        for _step in range(days * 48):
            for begin in range(0, len(urls), 50):
                await asyncio.gather(*map(poll, urls[begin : begin + 50]))
            clock.go_on(minutes=30)
    return got


async def reader(urls: list[str], days: int, clock: SimClock, folder: Path) -> Got:
    """lemon24's reader as it comes, asked for an update every 30 minutes."""
    from reader import core, make_reader

    core.Reader._now = staticmethod(lambda: clock.at)

    def run() -> Got:
        library = make_reader(str(folder / "reader.db"))
        for url in urls:
            library.add_feed(url)
        for _step in range(days * 48):
            library.update_feeds()
            clock.go_on(minutes=30)
        return {one.id: seconds(one.added) for one in library.get_entries()}

    return await asyncio.to_thread(run)


PROGRAMS: dict[str, Callable[..., object]] = {"ours": ours, "fixed": fixed, "reader": reader}


def seconds(at: datetime) -> float:
    return (at - START).total_seconds()


@dataclass
class Bill:
    """What one feed's publisher saw, and what became of its entries."""

    program: str
    kind: str
    rhythm: float
    requests: int = 0
    unconditional: int = 0
    made_up: int = 0
    strange: int = 0
    early: int = 0
    new: int = 0
    missed: int = 0
    delays: list[float] = field(default_factory=list)


def bill(program: str, feed: Feed, got: Got, days: int) -> Bill:
    told = Bill(program, feed.kind.name, feed.rhythm, requests=len(feed.log))
    given: dict[str, set[str | None]] = {}
    last: Asked | None = None
    for asked in feed.log:
        told.strange += asked.strange
        named = {one for one in (asked.etag, asked.modified) if one}
        known = given.get(asked.path)
        if asked.status in {200, 304}:
            told.unconditional += not named
            count = bisect_right(feed.times, asked.at)
            given[asked.path] = {f'"{feed.number}-{count}"', feed._date(count - 1)}
        told.made_up += bool(named) and not (known and named <= known)
        # The second request of a redirect belongs to the first.
        if last is not None and asked.at - last.at > 1:
            least = (
                max(last.wait, feed.kind.least)
                if last.status in {200, 304}
                else max(last.wait, HOUR)
            )
            told.early += asked.at - last.at < least - 1
        if last is None or asked.at - last.at > 1 or asked.status in {200, 304}:
            last = asked
    # What is published in the last day may wait; what was there at the start is backlog.
    for entry, at in enumerate(feed.times):
        if not 0 < at < (days - 1) * DAY:
            continue
        came = got.get(f"{feed.number}-{entry}")
        told.new += 1
        if came is None:
            told.missed += 1
        else:
            told.delays.append(came - at)
    return told


def line(name: str, bills: list[Bill]) -> str:
    delays = sorted(one for each in bills for one in each.delays)
    new = sum(one.new for one in bills)
    middle = statistics.median(delays) / 60 if delays else 0
    late = delays[int(len(delays) * 0.95)] / 60 if delays else 0
    counted = [one.unconditional for one in bills if one.kind != BLIND]
    cells = (
        name, sum(one.requests for one in bills),
        max(counted, default="any"),
        sum(one.made_up for one in bills), sum(one.strange for one in bills),
        sum(one.early for one in bills), f"{sum(one.requests for one in bills) / max(new, 1):.2f}",
        f"{middle:.0f}", f"{late:.0f}", f"{sum(one.missed for one in bills)} of {new}",
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = (
    "| {} | requests | unconditional, most of a feed | made up | cookies, referrers, parameters "
    "| too early | requests a new entry | median delay, min | p95, min | missed |"
)


def table(program: str, bills: list[Bill]) -> str:
    lines = [HEAD.format(program), "|" + " --- |" * 10]
    for group in (lambda one: one.kind, lambda one: f"{one.rhythm:g} entries a day"):
        for name in dict.fromkeys(group(one) for one in bills):
            of_this = [one for one in bills if group(one) == name]
            lines += [line(name, of_this)]
    lines.append(line("all", bills))
    return "\n".join(lines)


def run(program: str, numbers: range, days: int) -> tuple[list[Bill], float]:
    feeds = [Feed(number, days) for number in numbers]
    began = perf_counter()
    with (
        SimClock(START) as clock,
        Servers(feeds, clock) as servers,
        tempfile.TemporaryDirectory() as folder,
    ):
        got = asyncio.run(PROGRAMS[program](servers.urls(), days, clock, Path(folder)))
    return [bill(program, feed, got, days) for feed in feeds], perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--who", default="reader,ours,fixed")
    parser.add_argument("--csv", type=Path)
    chosen = parser.parse_args()
    programs, bills = chosen.who.split(","), list[Bill]()
    numbers, began = range(chosen.feeds), perf_counter()
    # Each share in a process of its own, with servers of its own.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        runs = [
            [pool.submit(run, one, numbers[share::SHARES], chosen.days) for share in range(SHARES)]
            for one in programs
        ]
        for program, running in zip(programs, runs, strict=True):
            shares = [one.result() for one in running]
            told = [one for bills_of, _ in shares for one in bills_of]
            took = sum(seconds for _, seconds in shares)
            print(f"{table(program, told)}\n\n{took:.0f} s of one process\n", flush=True)
            bills += told
    print(f"{(perf_counter() - began) / 60:.1f} min in all")
    if chosen.csv:
        with chosen.csv.open("w", newline="") as file:
            rows = [
                {**asdict(one), "delays": " ".join(f"{d:.0f}" for d in one.delays)} for one in bills
            ]
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
