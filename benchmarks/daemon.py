"""The daemon for a while, over feeds that change, fail and recover: its memory, and its counts.

`aggregator run` as it is, but for short intervals, against a loopback server that publishes entries,
has bad minutes (500, 503, 404, a page instead of a feed, connections cut before and within the
answer) and counts what it is asked and what it says. Each minute's memory is printed. In the end
the feeds are paused, and what the daemon and the archive count is held against the server's own.

    python benchmarks/daemon.py [--minutes 20] [--feeds 1000]

The aim: every count true, and no more memory in the second half than 5 % above the first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from aiohttp import web
from hostile import memory
from newsroom import WORDS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from daemonprocess import Daemon
from loopback import Loopback

HOSTS, LISTED = 100, 20
INTERVALS = "default_interval = 20\nmin_interval = 10\nmax_interval = 60\n"
FAILURES = ("500", "503", "404", "page", "reset", "cut")
FLAT = 1.05
_PAGE = (
    b"<!doctype html><html><head><title>Sorry</title></head><body><p>Soon back</p></body></html>"
)


@dataclass
class Publisher:
    """A feed: what it publishes when, when it is ill, and what it has said."""

    number: int
    said: Counter[str] = field(default_factory=Counter)
    entries: set[int] = field(default_factory=set)
    failing: bool = False
    sent: int = 0
    _last: bytes = b""

    def __post_init__(self) -> None:
        draw = random.Random(self.number)
        self._pause = draw.uniform(30, 300)
        self._cycle, self._ill, self._offset = (
            draw.uniform(150, 400), draw.uniform(40, 120), draw.uniform(0, 400)
        )  # fmt: skip
        self._failure = FAILURES[self.number % len(FAILURES)] if self.number % 3 == 0 else ""
        self._blind = self.number % 10 == 1

    def say(self, at: float, asked: str | None) -> tuple[str, bytes, dict[str, str]]:
        """What it answers, ``at`` seconds after the start: its kind, a body, headers."""
        if self._failure and (at + self._offset) % self._cycle < self._ill:
            self.said["failed"] += 1
            self.failing = True
            if self._failure == "page":
                self.sent += len(_PAGE)
            return self._failure, _PAGE, {"Content-Type": "text/html"}
        count = 5 + int(at / self._pause)
        etag, self.failing = f'"{self.number}-{count}"', False
        headers = {"Content-Type": "application/rss+xml"} | ({} if self._blind else {"ETag": etag})
        if asked == etag and not self._blind:
            self.said["not modified"] += 1
            self.said["unchanged"] += 1
            return "304", b"", headers
        listed = range(count - 1, max(count - 1 - LISTED, -1), -1)
        body = self._document(listed)
        # After a page that was no feed nothing conditional is asked, and the same may come again.
        self.said["unchanged" if body == self._last else "changed"] += 1
        self.entries.update(listed)
        self._last = body
        self.sent += len(body)
        return "200", body, headers

    def _document(self, listed: range) -> bytes:
        items = "".join(map(self._item, listed))
        return f"<rss version='2.0'><channel><title>Feed {self.number}</title>{items}</channel></rss>".encode()

    def _item(self, entry: int) -> str:
        draw = random.Random(self.number * 100_003 + entry)
        title, text = (" ".join(draw.choices(WORDS, k=k)) for k in (7, 120))
        return (
            f"<item><guid isPermaLink='false'>{self.number}-{entry}</guid><title>{title}</title>"
            f"<description>{text}</description></item>"
        )


class Publishers(Loopback):
    """All of them, on a hundred hosts."""

    _hosts = HOSTS

    def __init__(self, feeds: int) -> None:
        super().__init__()
        self.all = [Publisher(number) for number in range(feeds)]
        self.requests = 0
        self.last = self._began = monotonic()

    def url(self, number: int) -> str:
        return f"http://127.0.0.{number % HOSTS + 1}:{self.port}/{number}.xml"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests, self.last = self.requests + 1, monotonic()
        publisher = self.all[int(request.path[1:-4])]
        kind, body, headers = publisher.say(
            self.last - self._began, request.headers.get("If-None-Match")
        )
        if kind in {"reset", "cut"}:
            return await self._broken(request, kind)
        if kind == "503":
            headers["Retry-After"] = "20"
        status = 200 if kind == "page" else int(kind)
        return web.Response(status=status, headers=headers, body=body if status != 304 else None)

    async def _broken(self, request: web.Request, kind: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        if kind == "cut":
            await response.prepare(request)
            await response.write(b"<rss>")
        assert request.transport is not None
        request.transport.abort()
        return response

    def counts(self) -> dict[str, int]:
        said = sum((one.said for one in self.all), Counter())
        return {
            "requests": self.requests,
            "not modified (304)": said["not modified"],
            "fetches that failed": said["failed"],
            "fetches that brought nothing": said["unchanged"],
            "fetches that brought something": said["changed"],
            "bytes": sum(one.sent for one in self.all),
            "entries": sum(len(one.entries) for one in self.all),
            "feeds failing now": sum(one.failing for one in self.all),
        }


def set_up(daemon: Daemon, urls: list[str], *, paused: bool = False) -> None:
    """The feeds' file; written once more, it has the daemon load it again."""
    mark = ' aggregatorPaused="true"' if paused else ""
    lines = "".join(f'<outline type="rss" text="F" xmlUrl="{url}"{mark}/>\n' for url in urls)
    fresh = daemon.folder / "feeds.new"
    fresh.write_text(f'<opml version="2.0"><body>{lines}</body></opml>')
    fresh.rename(daemon.folder / "feeds.opml")


def by_metrics(daemon: Daemon) -> dict[str, int]:
    text = (daemon.answers("/metrics") or b"").decode()
    health = json.loads(daemon.answers("/health") or b"{}")

    def value(name: str) -> int:
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return int(float(found[1])) if found else 0

    return {
        "fetches that failed": value('aggregator_fetches_total{outcome="failed"}'),
        "fetches that brought nothing": value('aggregator_fetches_total{outcome="unchanged"}'),
        "fetches that brought something": value('aggregator_fetches_total{outcome="changed"}'),
        "entries": value('aggregator_entries_total{change="new"}'),
        "feeds failing now": health["failing"],
    }


def by_archive(folder: Path) -> dict[str, int]:
    """The same from the counts that the archive keeps for ever, a day and feed."""
    with sqlite3.connect(f"file:{folder}/archive/archive.db?mode=ro", uri=True) as db:
        days = db.execute(
            "select sum(requests), sum(not_modified), sum(failed), sum(unchanged), "
            "sum(fetches - failed - unchanged), sum(bytes), sum(new) from fetch_days"
        ).fetchone()
        (failing,) = db.execute(
            "select count(*) from feeds where failure_kind is not null"
        ).fetchone()
    names = (
        "requests", "not modified (304)", "fetches that failed", "fetches that brought nothing",
        "fetches that brought something", "bytes", "entries",
    )  # fmt: skip
    return {**dict(zip(names, days, strict=True)), "feeds failing now": failing}


def by_log(folder: Path) -> dict[str, int]:
    """The same from the log of fetches, and the entries themselves."""
    with sqlite3.connect(f"file:{folder}/archive/archive.db?mode=ro", uri=True) as db:
        outcomes = dict(db.execute("select outcome, count(*) from fetches group by outcome"))
        (same,) = db.execute("select count(*) from fetches where status = 304").fetchone()
        (entries,) = db.execute("select count(*) from entries").fetchone()
    return {
        "not modified (304)": same,
        "fetches that failed": outcomes.get("failed", 0),
        "fetches that brought nothing": outcomes.get("unchanged", 0),
        "fetches that brought something": outcomes.get("changed", 0),
        "entries": entries,
    }


def wrong_feeds(folder: Path, servers: Publishers) -> list[str]:
    """The feeds of which the archive has other entries, or another state, than was served."""
    listing = [sys.executable, "-m", "aggregator", "-C", str(folder), "feeds", "list", "--json"]
    done = subprocess.run(listing, check=True, capture_output=True)
    held = {
        one["url"]: (one["entries"], one["failure"] is not None) for one in json.loads(done.stdout)
    }
    served = {
        servers.url(one.number): (len(one.entries), one.failing) for one in servers.all if one.said
    }
    return [
        f"{url}: archive {held.get(url)}, server {one}"
        for url, one in served.items()
        if held.get(url) != one
    ]


class Watch:
    """The memory of the daemon and all below it, every few seconds; printed each minute."""

    def __init__(self, process: int, servers: Publishers) -> None:
        self.samples: list[int] = []
        self._process, self._servers = process, servers

    def run(self, minutes: float) -> None:
        began = monotonic()
        while monotonic() - began < 60 * minutes:
            sleep(5)
            self.samples.append(sum(memory(self._process).values()))
            if len(self.samples) % 12 == 0:
                print(self._line((monotonic() - began) / 60), flush=True)

    def _line(self, minutes: float) -> str:
        status = Path(f"/proc/{self._process}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024
        return (
            f"{minutes:5.1f} min   daemon {resident / 1e6:6.1f} MB, with its workers "
            f"{self.samples[-1] / 1e6:6.1f} MB   {self._servers.requests:,} requests"
        )

    def growth(self) -> float:
        """The second half's median over the first's."""
        half = len(self.samples) // 2
        return statistics.median(self.samples[half:]) / statistics.median(self.samples[:half])


def settle(servers: Publishers) -> None:
    """Wait until nobody has asked for a while."""
    while monotonic() - servers.last < 15:
        sleep(1)


def compare(server: dict[str, int], others: dict[str, dict[str, int]]) -> bool:
    """Prints the counts side by side; whether all are equal."""
    print(f"\n{'':32}{'server':>12}" + "".join(f"{name:>12}" for name in others))
    right = True
    for name, count in server.items():
        told = [one.get(name) for one in others.values()]
        wrong = any(one is not None and one != count for one in told)
        right &= not wrong
        cells = "".join(f"{'' if one is None else f'{one:,}':>12}" for one in told)
        print(f"{name:32}{count:>12,}{cells}{'   WRONG' if wrong else ''}")
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--feeds", type=int, default=1000)
    wanted = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with Publishers(wanted.feeds) as servers, tempfile.TemporaryDirectory() as scratch:
        daemon = Daemon(Path(scratch, "config"))
        urls = [servers.url(number) for number in range(wanted.feeds)]
        settings = daemon.folder / "aggregator.toml"
        settings.write_text(settings.read_text().replace("[collect]\n", f"[collect]\n{INTERVALS}"))
        set_up(daemon, urls)
        watch = Watch(daemon.start().pid, servers)
        watch.run(wanted.minutes)
        set_up(daemon, urls, paused=True)
        settle(servers)
        others = {
            "metrics": by_metrics(daemon),
            "archive": by_archive(daemon.folder),
            "fetch log": by_log(daemon.folder),
        }
        right = compare(servers.counts(), others)
        wrong = wrong_feeds(daemon.folder, servers)
        print("\n".join(wrong[:10]))
        print(f"feeds with other entries or another state: {len(wrong)} of {wanted.feeds}")
        code = daemon.end()
        troubles = [one for one in daemon.events() if one.get("level") == "error"]
    grown = watch.growth()
    print(f"memory, second half against the first: {grown:.3f} (at most {FLAT})")
    print(f"exit code {code}, {len(troubles)} errors in its log", *troubles[:3])
    if not right or wrong or code or troubles or grown > FLAT:
        sys.exit("the aim is not met")


if __name__ == "__main__":
    main()
