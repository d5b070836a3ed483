"""A made newsroom: feeds of 30 entries that change by edition, and a loopback server for them.

Run as a program it is the server (its own process, so that it costs the
measured programs only the core it takes). Documents are made ahead and kept
gzipped; the server answers conditional requests with 304.

    GET /feed/7.xml         the feed, in the edition that is set
    GET /edition?n=2        set the edition of all feeds
    GET /counts             {"requests": …, "conditional": …, "not_modified": …}; then zero
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

HOSTS = 40
"""Feeds are spread over so many loopback addresses, each a host of its own."""

ENTRIES = 30
# Its newest entries are of today, as a newsroom's are: of old ones a reader has other things to say.
_START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=ENTRIES + 2)
_SYLLABLES = (
    "ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo ga ge go ha he hi ho ja jo ka ke ki "
    "la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te "
    "ti to tu va ve vi vo wa we wi za ze zo"
).split()
_COMMON = (
    "the a of to in and for on with at by from as was is that his her their after before match "
    "team goal coach season league club player win final first second half week said"
).split()


def vocabulary(size: int = 20_000) -> list[str]:
    """Made words, commonest first; the same list each time."""
    draw, words = random.Random(7), list(_COMMON)
    seen = set(words)
    while len(words) < size:
        word = "".join(draw.choices(_SYLLABLES, k=draw.choice((2, 2, 3, 3, 4))))
        if word not in seen:
            seen.add(word)
            words.append(word)
    return words


WORDS = vocabulary()
_WEIGHTS = [1 / (rank + 2.7) for rank in range(len(WORDS))]
CUMULATIVE: list[float] = []
_total = 0.0
for _weight in _WEIGHTS:
    _total += _weight
    CUMULATIVE.append(_total)


def article(feed: int, number: int) -> tuple[str, str]:
    """(title, HTML of 200 to 600 words) of an entry; the same for the same two numbers."""
    draw = random.Random(feed * 1_000_003 + number)

    def text(count: int) -> str:
        return " ".join(draw.choices(WORDS, cum_weights=CUMULATIVE, k=count))

    title = text(draw.randint(6, 12)).capitalize()
    paragraphs, left = [], draw.randint(200, 600)
    while left > 0:
        count = min(left, draw.randint(30, 70))
        left -= count
        body = text(count).capitalize()
        if draw.random() < 0.3:
            body += f' <a href="/page/{draw.randint(1, 999)}">{text(3)}</a>'
        if draw.random() < 0.2:
            body = f"<strong>{text(2)}</strong> {body}"
        paragraphs.append(f"<p>{body}.</p>")
    image = f'<figure><img src="/image/{feed}-{number}.jpg" alt="{text(3)}"/></figure>'
    return title, image + "\n".join(paragraphs)


def document(feed: int, edition: int, base: str) -> bytes:
    """The feed's document: entries ``edition`` … ``edition + 29``, newest first; even feeds RSS."""
    numbers = range(edition + ENTRIES - 1, edition - 1, -1)
    items = [
        _rss_item(feed, n, base) if feed % 2 == 0 else _atom_entry(feed, n, base) for n in numbers
    ]
    if feed % 2 == 0:
        text = (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            f"<title>Feed {feed}</title><link>{base}/</link><description>Made feed</description>"
            f"<language>en</language>{''.join(items)}</channel></rss>"
        )
    else:
        text = (
            '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
            f'xml:lang="en"><title>Feed {feed}</title><id>{base}/{feed}</id>'
            f'<link href="{base}/"/><updated>{_when(edition + 29).isoformat()}</updated>'
            f"{''.join(items)}</feed>"
        )
    return text.encode()


def _when(number: int) -> datetime:
    return _START + timedelta(hours=number)


def _rss_item(feed: int, number: int, base: str) -> str:
    title, html = article(feed, number)
    return (
        f"<item><title>{title}</title><link>{base}/story/{feed}-{number}</link>"
        f'<guid isPermaLink="false">{feed}-{number}</guid>'
        f"<pubDate>{format_datetime(_when(number))}</pubDate><category>Football</category>"
        f"<content:encoded><![CDATA[{html}]]></content:encoded></item>"
    )


def _atom_entry(feed: int, number: int, base: str) -> str:
    title, html = article(feed, number)
    escaped = html.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        f"<entry><title>{title}</title><id>tag:feed{feed},{number}</id>"
        f'<link href="{base}/story/{feed}-{number}"/><updated>{_when(number).isoformat()}</updated>'
        f"<published>{_when(number).isoformat()}</published><author><name>Desk {feed}</name></author>"
        f'<content type="html">{escaped}</content></entry>'
    )


def host_of(feed: int) -> str:
    return f"127.0.0.{1 + feed % HOSTS}"


def url_of(feed: int, port: int) -> str:
    return f"http://{host_of(feed)}:{port}/feed/{feed}.xml"


async def serve(feeds: int, editions: int) -> None:
    """Serve until standard input ends; the first line printed is the port."""
    from aiohttp import web

    made: dict[tuple[int, int], tuple[bytes, str]] = {}
    state = {"edition": 0}
    counts = {"requests": 0, "conditional": 0, "not_modified": 0}

    async def feed(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        body, etag = made[number, state["edition"]]
        counts["requests"] += 1
        asked = request.headers.get("If-None-Match")
        counts["conditional"] += asked is not None
        headers = {"ETag": etag, "Content-Type": "application/xml; charset=utf-8"}
        if asked == etag:
            counts["not_modified"] += 1
            return web.Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return web.Response(body=body, headers=headers)
        return web.Response(body=gzip.decompress(body), headers=headers)

    async def edition(request: web.Request) -> web.Response:
        state["edition"] = int(request.query["n"])
        return web.Response(text="ok")

    async def tell(_request: web.Request) -> web.Response:
        told = json.dumps(counts)
        counts.update(dict.fromkeys(counts, 0))
        return web.Response(text=told)

    app = web.Application()
    app.add_routes(
        [
            web.get("/feed/{number}.xml", feed),
            web.get("/edition", edition),
            web.get("/counts", tell),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    first = web.TCPSite(runner, "127.0.0.1", 0, backlog=512)
    await first.start()
    port = runner.addresses[0][1]
    for last in range(2, HOSTS + 1):
        await web.TCPSite(runner, f"127.0.0.{last}", port, backlog=512).start()
    for number in range(feeds):
        base = f"http://{host_of(number)}:{port}"
        for n in range(editions):
            body = document(number, n, base)
            etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
            made[number, n] = gzip.compress(body, 6, mtime=0), etag
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--editions", type=int, default=2)
    options = parser.parse_args()
    asyncio.run(serve(options.feeds, options.editions))
