"""What servers do to those who ask: each misbehaviour by its name, with what must come of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import brotli
from hostileserver import Exchange, Play

MOST_BYTES, MOST_ENTRIES, MOST_REDIRECTS = 1_000_000, 200, 5
"""The limits under which the outcomes below hold."""


def rss(items: str | bytes = "", *, head: str = "", prolog: str = "") -> bytes:
    """A feed with one good item, ``ok``, and what is given."""
    good = "<item><guid>ok</guid><title>Good news</title><description>All is well.</description></item>"
    more = items if isinstance(items, bytes) else items.encode()
    start = f"{prolog}<rss version='2.0'><channel><title>T</title>{head}{good}".encode()
    return start + more + b"</channel></rss>"


GOOD = rss()
LOCAL_FILE = "file:///etc/passwd"


def answer(body: bytes, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """A whole answer, whose length may be a lie."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    size = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {size}", *lines])
    return head.encode("latin-1") + b"\r\n\r\n" + body


def plain(data: bytes, *, close: bool = True) -> Play:
    async def play(to: Exchange) -> None:
        await to.send(data)
        if close:
            to.writer.close()

    return play


def redirected(target: str, status: str = "302 Found", body: bytes = b"", **headers: str) -> Play:
    """``target`` may name {host}, {port}, {canary} and {times} (how often it was asked)."""

    async def play(to: Exchange) -> None:
        place = target.format(host=to.host, port=to.port, canary=to.canary, times=to.times)
        await to.send(answer(body, status, Location=place, **headers))

    return play


def coded(coding: str, body: bytes) -> Play:
    return plain(answer(body, Content_Encoding=coding))


def dripping(head: bytes, rest: bytes) -> Play:
    async def play(to: Exchange) -> None:
        await to.send(head)
        await to.drip(rest)

    return play


def flooding(head: bytes, piece: bytes) -> Play:
    async def play(to: Exchange) -> None:
        await to.send(head)
        await to.flood(piece)

    return play


async def say_nothing(to: Exchange) -> None:
    await to.hang()


async def hang_up(to: Exchange) -> None:
    to.writer.close()


async def reset_at_once(to: Exchange) -> None:
    to.reset()


async def reset_midway(to: Exchange) -> None:
    await to.send(answer(GOOD, length=5 * len(GOOD)))
    to.reset()


async def stop_midway(to: Exchange) -> None:
    await to.send(answer(GOOD, length=5 * len(GOOD)))
    await to.hang()


async def two_answers(to: Exchange) -> None:
    await to.send(answer(GOOD) + answer(b"<html>the answer to what nobody asked</html>"))


async def upgrade(to: Exchange) -> None:
    await to.send(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
    await to.hang()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n"
ZEROS = b"\0" * 50_000_000


def zstd(data: bytes) -> bytes:
    try:
        from compression import zstd as library
    except ImportError:
        from backports import zstd as library
    return library.compress(data)


def members(count: int) -> bytes:
    """Many small gzip files, one after the other."""
    return gzip.compress(b"<" * 10_000, mtime=0) * count


def laughs(levels: int = 10) -> str:
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(levels)
    )
    return f"<!DOCTYPE rss [{entities}]>"


@dataclass(frozen=True)
class Row:
    """``kind`` of the failure, "" where there is none; ``entries`` archived; ``requests`` seen.

    ``kind`` None: either is right, as long as the entries are no more than these.
    """

    name: str
    play: Play
    kind: str | None = ""
    entries: int = 1
    requests: int = 1
    scheme: str = "http"


def _rows() -> Iterator[Row]:
    yield from _framing()
    yield from _statuses()
    yield from _codings()
    yield from _redirects()
    yield from _documents()


def failing(kind: str | None, play: Play, name: str, requests: int = 1, **more: str) -> Row:
    return Row(name, play, kind, 0, requests, **more)


def _framing() -> Iterator[Row]:
    yield failing("timeout", dripping(b"", answer(GOOD)), "slow headers")
    yield failing("timeout", dripping(answer(b"", length=900), GOOD), "slow body")
    yield failing("timeout", dripping(CHUNKED, b"1\r\nx\r\n" * 500), "slow chunks")
    yield failing("timeout", say_nothing, "never answers")
    yield failing("timeout", stop_midway, "stops midway")
    # The client takes it for a kept connection that had ended, and asks once more.
    yield failing("connect", hang_up, "hangs up", 2)
    yield failing("connect", reset_at_once, "resets the connection", 2)
    yield failing("connect", reset_midway, "resets midway")
    yield failing("connect", plain(answer(GOOD, length=9000)), "promises more than comes")
    yield failing("connect", plain(CHUNKED + b"5\r\n<rss>\r\n"), "chunks without an end")
    yield failing(
        "size", flooding(CHUNKED, b"4000\r\n" + b"x" * 0x4000 + b"\r\n"), "endless chunks"
    )
    yield failing("size", flooding(HEAD + b"\r\n", b"x" * 65536), "endless body without a length")
    yield failing("size", plain(answer(b"x" * 1_100_000)), "a body over the limit")
    yield failing("http", flooding(HEAD, b"X-A: " + b"y" * 900 + b"\r\n"), "endless headers")
    yield failing("http", flooding(HEAD + b"X-A: ", b"y" * 4096), "one endless header")
    yield failing("http", flooding(b"HTTP/1.1 200 ", b"O" * 4096), "an endless status line")
    yield failing("http", plain(HEAD + b"X: " + b"y" * 90_000 + b"\r\n\r\n"), "a header of 90 kB")
    yield failing(None, plain(HEAD + b"X-A: y\r\n" * 20_000 + b"\r\n" + GOOD), "20,000 headers")
    yield failing("http", plain(GOOD), "HTTP/0.9")
    yield failing("http", plain(b"ICY 200 OK\r\n\r\n" + GOOD), "another protocol's status line")
    yield failing("http", plain(b"HTTP/9.9 200 OK\r\n\r\n" + GOOD), "a version from the future")
    yield failing(
        "http", plain(b"\x15\x03\x01\0\x02\x02\x0a\r\n\r\n"), "speaks TLS where nobody asked"
    )
    yield failing("tls", say_nothing, "speaks no TLS where it should", 0, scheme="https")
    yield failing("timeout", flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "a storm of 100s")
    yield failing(
        "timeout", flooding(b"", b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"), "endless hints"
    )
    yield failing(None, upgrade, "another protocol from here on")
    hinted = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3
    yield Row("a few hints first", plain(hinted + answer(GOOD)))
    yield Row("more than the length says", plain(answer(GOOD + b"junk", length=len(GOOD))), None)
    yield Row("an answer that nobody asked for", two_answers)
    twice = f"HTTP/1.1 200 OK\r\nContent-Length: {len(GOOD)}\r\nContent-Length: 5\r\n\r\n".encode()
    yield failing("http", plain(twice + GOOD), "two lengths")
    yield failing("http", plain(answer(GOOD, length=-5)), "a negative length")
    yield failing("http", plain(answer(GOOD, length=10**30)), "a length beyond all numbers")
    yield failing("http", plain(CHUNKED + b"zz\r\n" + GOOD), "a chunk size that is no number")
    yield failing(
        None, plain(CHUNKED + b"f" * 40 + b"\r\n" + GOOD), "a chunk size beyond all numbers"
    )
    yield Row(
        "a chunk extension of 200 kB",
        plain(CHUNKED + b"6;" + b"x" * 200_000 + b"\r\n<rss/>\r\n0\r\n\r\n"),
        "",
        0,
    )
    both = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n")
    size = f"{len(GOOD):x}\r\n".encode()
    yield Row("length and chunks", plain(both + size + GOOD + b"\r\n0\r\n\r\n"), None)
    yield failing("http", plain(HEAD + b"X\0Y: z\r\n\r\n" + GOOD), "NUL in a header's name")
    yield failing("http", plain(HEAD + b"no colon\r\n\r\n" + GOOD), "a header without a colon")
    yield Row(
        "each header twice",
        plain(
            answer(GOOD, ETag='"a"', Etag='"b"', Content_Type="text/xml", content_type="image/png")
        ),
    )
    yield Row(
        "a cookie storm",
        plain(HEAD + b"Set-Cookie: a=b; Domain=.example\r\n" * 50 + b"\r\n" + GOOD),
        None,
    )


def _statuses() -> Iterator[Row]:
    yield failing(
        "http", plain(answer(b"", "304 Not Modified")), "unchanged, though nothing was named"
    )
    for status in (
        "204 No Content",
        "205 Reset",
        "206 Partial Content",
        "299 Odd",
        "418 Teapot",
        "600 Beyond",
    ):
        yield failing(
            "http",
            plain(answer(GOOD if status[1:] != "04 No Content" else b"", status)),
            f"status {status}",
        )
    for wait in ("9" * 400, "-1", "soon", "Thu, 99 Nov 99999 99:99:99 GMT"):
        yield failing(
            "http", plain(answer(b"", "503 Down", Retry_After=wait)), f"Retry-After: {wait[:12]}"
        )
    yield failing("not-a-feed", plain(answer(b"")), "an empty answer")
    yield failing("http", plain(answer(b"x" * 999, "404 No"), close=False), "an error with a page")
    yield failing(
        "http", flooding(b"HTTP/1.1 500 No\r\n\r\n", b"x" * 65536), "an error without an end"
    )


def _codings() -> Iterator[Row]:
    squeezed = gzip.compress(ZEROS, 9, mtime=0)
    yield failing("size", coded("gzip", squeezed), "a gzip bomb")
    yield failing(
        "size", coded("gzip, gzip", gzip.compress(squeezed, mtime=0)), "a gzip bomb in gzip"
    )
    yield failing("size", coded("br", brotli.compress(ZEROS, quality=5)), "a brotli bomb")
    yield failing("size", coded("zstd", zstd(ZEROS)), "a zstd bomb")
    yield failing("size", coded("deflate", zlib.compress(ZEROS)), "a deflate bomb")
    yield failing("size", coded("gzip", members(500)), "a bomb in many pieces")
    yield failing(
        "not-a-feed",
        plain(answer(gzip.compress(ZEROS[:900_000], mtime=0))),
        "an unnamed gzip file of nothing",
    )
    yield failing(
        "encoding", coded("gzip", gzip.compress(GOOD, mtime=0)[:-20]), "gzip that ends midway"
    )
    yield failing("encoding", coded("br", brotli.compress(GOOD)[:-9]), "brotli that ends midway")
    yield failing("encoding", coded("zstd", zstd(GOOD)[:-9]), "zstd that ends midway")
    yield failing("encoding", coded("gzip", GOOD), "says gzip, is none")
    yield failing("encoding", coded("br", gzip.compress(GOOD, mtime=0)), "says brotli, is gzip")
    yield failing("encoding", coded("rot13", GOOD), "a coding of its own")
    yield failing("encoding", coded("gzip, gzip, gzip, gzip", b"x"), "four codings")
    yield failing("encoding", coded(", ".join(["gzip"] * 2000), b"x"), "two thousand codings")
    yield Row("gzip, and does not say so", plain(answer(gzip.compress(GOOD, mtime=0))))
    two = gzip.compress(GOOD[:40], mtime=0) + gzip.compress(GOOD[40:], mtime=0)
    yield Row("gzip in two pieces", coded("gzip", two))
    yield Row("junk after gzip", coded("gzip", gzip.compress(GOOD, mtime=0) + b"junk"))
    yield Row("says identity", coded("identity", GOOD))


def _redirects() -> Iterator[Row]:
    here = "http://{host}:{port}/"
    yield failing("redirect", redirected("/feed"), "redirects to itself")
    yield failing(
        "redirect", redirected("/{times}"), "redirects without an end", MOST_REDIRECTS + 1
    )
    yield failing("redirect", redirected(here + "feed#x"), "redirects to itself with a fragment")
    for target in (
        LOCAL_FILE, "javascript:alert(1)", "data:text/xml,<rss/>", "ftp://{host}/", "gopher://{canary}/",
        "http://{canary}/", "http://2130706433:{port}/", "http://0x7f.1:{port}/", "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/", "http://localhost:{port}/", "http://169.254.169.254/latest/",
        "http://user:pw@{canary}/", "//{canary}/", "http://0.0.0.0:{port}/", "http://[::]:{port}/",
        "http://①②⑦.⓪.⓪.①:{port}/".encode().decode("latin-1"),
    ):  # fmt: skip
        yield failing("refused", redirected(target), f"redirects to {target[:40]}")
    yield failing(None, redirected("http://["), "redirects to no address")
    yield failing(None, redirected("http://{host}:99999/"), "redirects to no port")
    yield failing("http", plain(answer(b"", "302 Found")), "redirects nowhere")
    yield failing("http", redirected("/" + "x" * 90_000), "redirects to 90 kB")
    yield failing("http", redirected("/later", Retry_After="3600"), "redirects, and asks to wait")

    async def on_and_on(to: Exchange) -> None:
        if to.path == "/feed":
            await to.send(b"HTTP/1.1 302 On\r\nLocation: /next\r\n\r\n")
            await to.flood(b"x" * 65536)
        await to.send(answer(GOOD))

    yield Row("redirects with a body without end", on_and_on, requests=2)


def _documents() -> Iterator[Row]:
    for name, body in {
        "a web page": b"<!doctype html><html><body>Sorry</body></html>",
        "an image": b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
        "the path of a file": b"/etc/passwd",
        "an address": b"http://127.0.0.1/feed.xml",
        "white space": b" \r\n\t" * 9000,
        "NULs": b"\0" * 9000,
        "random bytes": bytes(range(128, 256)) * 300,
        "JSON in JSON in JSON": b'{"version":"","items":' + b"[" * 100_000,
        "a number without an end": b'{"version":"https://jsonfeed.org/version/1.1","items":['
        + b"9" * 500_000,
        "declarations over its head": b"<!DOCTYPE rss ["
        + b"<!ENTITY a 'b'>" * 20_000
        + b"]>"
        + GOOD,
    }.items():
        yield failing("not-a-feed", plain(answer(body)), f"sends {name}")
    for name, body in {
        "a billion laughs": rss("<item><guid>&l9;</guid></item>", prolog=laughs()),
        "one entity a million times": rss("&a;" * 100_000, prolog=f'<!DOCTYPE rss [<!ENTITY a "{"b" * 900}">]>'),
        "a file as an entity": rss("<item><guid>&x;</guid><title>&x;</title></item>", prolog=f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{LOCAL_FILE}">]>'),
        "parameter entities": rss(prolog='<!DOCTYPE rss [<!ENTITY % a "<!ENTITY b SYSTEM \'file:///etc/passwd\'>"> %a;]>'),
        "30,000 elements in each other": rss("<a>" * 30_000),
        "elements in each other in an item": rss("<item><guid>x</guid><description>" + "&lt;div&gt;" * 50_000 + "</description></item>"),
        "40,000 attributes": rss("<item " + " ".join(f"a{n}='1'" for n in range(40_000)) + "><guid>x</guid></item>"),
        "CDATA without an end": rss("<item><guid>x</guid><title><![CDATA[" + "x" * 500_000),
        "a comment without an end": rss("<!--" + "x" * 500_000),
    }.items():  # fmt: skip
        yield Row(f"sends {name}", plain(answer(body)), None, 2)
    for name, body in {
        "a document type elsewhere": rss(
            prolog="<!DOCTYPE rss SYSTEM 'http://127.0.0.1/evil.dtd'>"
        ),
        "another charset than it says": rss(prolog="<?xml version='1.0' encoding='utf-16'?>"),
        "a charset that nobody knows": rss(prolog="<?xml version='1.0' encoding='x-martian'?>"),
        "bytes that are no text": rss(b"<!-- \xff\xfe\x80 -->"),
        "junk first": b"<b>Warning</b>: in /var/www on line 1\n" + GOOD,
        "junk last": GOOD + b"<script>track()</script>" * 200,
        "the document twice": GOOD,
        "a name space of 200 kB": rss(head=f"<a xmlns='{'n' * 200_000}'/>"),
    }.items():
        yield Row(f"sends {name}", plain(answer(body)))
    odd = "<item><guid>x</guid><title>Odd</title><pubDate>{}</pubDate></item>"
    for name, items, entries in (
        ("NUL in a title", "<item><guid>x</guid><title>a\0b</title></item>", 2),
        ("a date beyond time", odd.format("Mon, 01 Jan 99999 00:00:00 GMT"), 2),
        ("a date before time", odd.format("-4713-11-24T00:00:00Z"), 2),
        ("a title of 100 kB", f"<item><guid>x</guid><title>{'word ' * 20_000}</title></item>", 2),
        ("a guid of 400 kB", f"<item><guid>{'x' * 400_000}</guid><title>Long</title></item>", 2),
        (
            "escape sequences",
            "<item><guid>x</guid><title>\x1b]0;owned\x07 \x1b[2J</title></item>",
            2,
        ),
    ):
        yield Row(f"sends {name}", plain(answer(rss(items))), None, entries)
    many = "".join(f"<item><guid>{n}</guid><title>Item {n}</title></item>" for n in range(4000))
    yield Row("sends 4,000 items", plain(answer(rss(many))), "", MOST_ENTRIES)
    yield Row("sends 9,000 empty items", plain(answer(rss("<item/>" * 9000))), None, MOST_ENTRIES)


ROWS = tuple(_rows())
GOOD_FEEDS = tuple(f"good {n}" for n in range(10))
PLAYS = {row.name: row.play for row in ROWS} | {
    name: plain(answer(GOOD), close=False) for name in GOOD_FEEDS
}
"""Everything a server can play, by name."""
