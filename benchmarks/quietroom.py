"""Feeds without news: a loopback server of many hosts that says 304 as fast as Python can.

Each host is an address of its own, all at one port. Run as a program it is the server: the first
line printed is the port; it serves until standard input ends. It reads no more of a request than
it must, so that the programs that are measured have the processor.

    GET /7.xml      a feed of one entry; 304 to whoever names its ETag
    GET /counts     {"requests": …, "conditional": …, "not_modified": …}; then zero
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys

_DATE = "Mon, 02 Mar 2026 06:00:11 GMT"


def host_of(feed: int, hosts: int) -> str:
    return f"127.1.{feed % hosts // 250}.{feed % hosts % 250 + 1}"


def url_of(feed: int, hosts: int, port: int) -> str:
    return f"http://{host_of(feed, hosts)}:{port}/{feed}.xml"


def validators_of(feed: str) -> dict[str, str]:
    """What the server says of a feed, and wants to hear again."""
    return {"ETag": f'"edition-{feed}"', "Last-Modified": _DATE}


def _answer(feed: str, *, unchanged: bool) -> bytes:
    body = b""
    if not unchanged:
        body = (
            f'<rss version="2.0"><channel><title>Feed {feed}</title><item><title>The only entry of '
            f'feed {feed}</title><guid isPermaLink="false">{feed}</guid></item></channel></rss>'
        ).encode()
    lines = (
        f"HTTP/1.1 {'304 Not Modified' if unchanged else '200 OK'}",
        f"Date: {_DATE}",
        "Server: quietroom",
        *(f"{name}: {value}" for name, value in validators_of(feed).items()),
        *(
            ()
            if unchanged
            else ("Content-Type: application/rss+xml", f"Content-Length: {len(body)}")
        ),
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Desk(asyncio.Protocol):
    """One connection, kept open."""

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts, self._held = counts, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while b"\r\n\r\n" in self._held:
            request, _, self._held = self._held.partition(b"\r\n\r\n")
            self._transport.write(self._said(request))

    def _said(self, request: bytes) -> bytes:
        path = request.split(b" ", 2)[1]
        if path == b"/counts":
            told = json.dumps(self._counts).encode()
            self._counts.update(dict.fromkeys(self._counts, 0))
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told)
        feed = path[1:-4].decode()
        etag = validators_of(feed)["ETag"].encode()
        conditional = b"\nif-none-match:" in request.lower()
        unchanged = conditional and etag in request
        self._counts["requests"] += 1
        self._counts["conditional"] += conditional
        self._counts["not_modified"] += unchanged
        return _answer(feed, unchanged=unchanged)


async def serve(hosts: int) -> None:
    """Serve until standard input ends."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    counts = {"requests": 0, "conditional": 0, "not_modified": 0}
    loop, port = asyncio.get_running_loop(), 0
    for number in range(hosts):
        made = await loop.create_server(
            lambda: _Desk(counts), host_of(number, hosts), port, backlog=64
        )
        port = made.sockets[0].getsockname()[1]
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=500)
    asyncio.run(serve(parser.parse_args().hosts))
