"""Requests a second over connections that stay open: a topic feed that has not changed, beside a
bare server that answers the same requests with a constant.

Both are uvicorn in a process of its own; one client asks both, in turns, from another process.
The client and the servers share the machine's cores: quote the ratio.

    .venv/bin/python benchmarks/serving.py [--rounds 15] [--seconds 0.5] [--connections 8]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from aggregator.hub import Reply
from aggregator.model.entry import EntryId
from aggregator.model.settings import ServerSettings
from aggregator.model.topic import Page, PageEntry, Topic
from aggregator.publish import Folder, Site, documents
from aggregator.web import serving

PATH = "topics/torres.atom"
# As readers send them.
HEADERS = {
    "User-Agent": "reader/1.0 (+https://reader.example)",
    "Accept": "application/atom+xml, application/rss+xml;q=0.9, application/xml;q=0.8, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate, br",
}
WHEN = datetime(2026, 11, 2, 12, tzinfo=UTC)
STATIC = b"This is always the same.\n"


def feed(site: Site) -> dict[str, bytes]:
    """A subscription page of 50 stories of 400 words."""
    text = "Torres said on Monday that the reserves had trained well. " * 40
    entries = [
        PageEntry(
            id=f"urn:uuid:00000000-0000-5000-8000-{n:012}", entry=EntryId(f"e{n}"),
            url=f"https://one.example/{n}", title=f"Story {n}", summary=text[:200],
            html=f"<p>{text}</p>", text=text, authors=("Ida Morrow",), categories=("Football",),
            lang="en", published=WHEN - timedelta(hours=n), updated=WHEN - timedelta(hours=n),
            image=None, enclosures=(), origin_id=str(n), origin_title="One",
            origin_feed="https://one.example/rss", origin_home="https://one.example/", also_in=(),
            reason="torres (title)", corrected=False, vanished=False,
        )
        for n in range(50)
    ]  # fmt: skip
    topic = Topic(slug="torres", title="Torres", query="torres")
    return documents(
        Page(topic=topic, number=None, entries=tuple(entries), updated=WHEN, previous=3), site
    )


async def serve_ours(folder: Path) -> None:
    """The built-in server as the daemon starts it, with a hub."""

    async def ask(_fields: object) -> Reply:
        return Reply(status=202, text="")

    site = Site(base_url="http://127.0.0.1:8080", hubs=("http://127.0.0.1:8080/hub",))
    Folder(folder).write(feed(site))
    given = {"health": dict, "metrics": bytes, "links": site.link_header, "ask": ask}
    async with serving(ServerSettings(port=0), folder, **given) as address:
        print(address.rpartition(":")[2], flush=True)
        await asyncio.Event().wait()


async def serve_bare(_folder: Path) -> None:
    """A server that has one constant answer."""

    async def answer(_request: object) -> Response:
        return Response(STATIC, media_type="text/plain")

    app = Starlette(routes=[Route(f"/{PATH}", answer)])
    config = uvicorn.Config(
        app, port=0, access_log=False, lifespan="off", log_config=None, server_header=False, ws="none"
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await task


class Server:
    """A server in a process of its own."""

    def __init__(self, kind: str, folder: Path) -> None:
        command = [sys.executable, __file__, "--serve", kind, str(folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait()

    def cpu(self) -> float:
        """Processor seconds it has taken so far."""
        on_cpu = Path(f"/proc/{self._process.pid}/schedstat").read_text().split()[0]
        return int(on_cpu) / 1e9


class _Connection(asyncio.Protocol):
    """Asks again as soon as it has a whole answer; all answers are as long as the first."""

    def __init__(self, request: bytes, size: int) -> None:
        self._request, self._size = request, size
        self._missing = size
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._missing -= len(data)
        if self._missing == 0:
            self.answers += 1
            self._missing = self._size
            self._transport.write(self._request)
        assert self._missing > 0, "an answer of another length"


def request(port: int, **more: str) -> bytes:
    fields = {"Host": f"127.0.0.1:{port}", **HEADERS, **more}
    lines = [f"GET /{PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def size_of(port: int, asked: bytes, status: int) -> int:
    """Bytes of a whole answer, head included, which is also checked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    await reader.readexactly(length)
    writer.close()
    return len(head) + length


async def rate(server: Server, asked: bytes, status: int, options: argparse.Namespace):
    """Answers a second, and the server's processor time for each in microseconds."""
    size = await size_of(server.port, asked, status)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(asked, size), "127.0.0.1", server.port)
        for _ in range(options.connections)
    ]
    await asyncio.sleep(0.2)
    before, cpu, began = sum(one.answers for _, one in opened), server.cpu(), time.perf_counter()
    await asyncio.sleep(options.seconds)
    count = sum(one.answers for _, one in opened) - before
    seconds, spent = time.perf_counter() - began, server.cpu() - cpu
    for transport, _ in opened:
        transport.abort()
    return count / seconds, spent / count * 1e6


def measure(options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bare, ours = (stack.enter_context(Server(kind, folder)) for kind in ("bare", "ours"))
        with urlopen(Request(f"http://127.0.0.1:{ours.port}/{PATH}", headers=HEADERS)) as answer:
            etag, modified = answer.headers["ETag"], answer.headers["Last-Modified"]
        held = {"If-None-Match": etag, "If-Modified-Since": modified}
        asked = {
            "bare server, constant": (bare, request(bare.port, **held), 200),
            "unchanged topic feed, 304": (ours, request(ours.port, **held), 304),
            "topic feed of 50 stories, br": (ours, request(ours.port), 200),
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
        for _ in range(options.rounds):
            for name, what in asked.items():
                found[name].append(asyncio.run(rate(*what, options)))
    tell(found)


def tell(found: dict[str, list[tuple[float, float]]]) -> None:
    """Medians; those of ratios are of what was measured one after the other."""
    bare = next(iter(found.values()))
    print("| | answers/s | of the bare server's | server CPU µs each | of the bare server's |")
    print("| --- | --- | --- | --- | --- |")
    for name, rows in found.items():
        each, cpu = (statistics.median(column) for column in zip(*rows, strict=True))
        rates, costs = (
            statistics.median(ours[n] / floor[n] for ours, floor in zip(rows, bare, strict=True))
            for n in (0, 1)
        )
        print(f"| {name} | {each:,.0f} | {rates:.0%} | {cpu:.0f} | {costs:.2f} |")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--seconds", type=float, default=0.5)
    options.add_argument("--connections", type=int, default=8)
    options.add_argument("--serve", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        kind, folder = given.serve
        asyncio.run({"ours": serve_ours, "bare": serve_bare}[kind](Path(folder)))
    else:
        measure(given)


if __name__ == "__main__":
    main()
