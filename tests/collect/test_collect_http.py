"""Fetching over real sockets: what goes out, what comes back, and what a bad server costs."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import zlib
from datetime import UTC, datetime
from itertools import pairwise

import brotli
import pytest
from feedserver import FeedServer
from msgspec.structs import replace

from aggregator.collect import Collector, body_hash
from aggregator.collect.address import with_login
from aggregator.model.decoding import Swells, TooLarge, Undecodable, decode
from aggregator.model.errors import FeedError
from aggregator.model.feed import Feed, FeedIdentity, FeedKey, Response, Validators
from aggregator.model.settings import CollectSettings

NOW = datetime(2026, 11, 2, tzinfo=UTC)
OPEN = CollectSettings(
    allow_networks=("127.0.0.0/8",),
    host_spacing=0,
    timeout=3,
    max_bytes=100_000,
    contact="a@b.example",
)


def feed(url: str, **more: object) -> Feed:
    return Feed(key=FeedKey(1), identity=FeedIdentity("x"), url=url, fetch_url=url, **more)


def fetch(of: Feed, settings: CollectSettings = OPEN) -> Response | FeedError:
    async def go() -> Response | FeedError:
        async with Collector(settings, "9.9") as collector:
            return await collector.fetch(of, now=NOW)

    return asyncio.run(go())


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


def test_who_asks_and_what_is_never_sent(server):
    fetch(feed(server.serve("/a.xml", b"<rss/>", headers={"Set-Cookie": "a=b"})))
    (asked,) = server.requests
    assert asked.headers["user-agent"] == "aggregator/9.9 (+a@b.example)"
    assert "br" in asked.headers["accept-encoding"]
    assert not {"cookie", "referer", "if-none-match", "if-modified-since"} & asked.headers.keys()


def test_validators_go_back_byte_for_byte_and_to_their_address_only(server):
    url = server.serve(
        "/a.xml", b"<rss/>", etag='W/"é-1"', headers={"Last-Modified": "Someday, soon"}
    )
    first = fetch(feed(url))
    assert (first.validators.etag, first.validators.last_modified) == ('W/"é-1"', "Someday, soon")
    other = replace(first.validators, url="http://127.0.0.1:1/else")
    fetch(feed(url, validators=other))
    assert "if-none-match" not in server.requests[-1].headers
    second = fetch(
        feed(url, validators=Validators(url=url, etag='"x"', last_modified="Someday, soon"))
    )
    assert server.requests[-1].headers["if-none-match"] == '"x"'
    assert server.requests[-1].headers["if-modified-since"] == "Someday, soon"
    assert second.status == 200


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"status": 404}, "http", "no such address"),
        ({"status": 410}, "http", "ended"),
        ({"status": 500}, "http", "500"),
        ({"body": b"x" * 200_000}, "size", "larger"),
        ({"body": b"\0" * 5_000_000, "gzipped": True}, "size", "larger"),
        ({"body": b"no gzip", "headers": {"Content-Encoding": "gzip"}}, "encoding", "unpacked"),
        ({"body": b"x", "headers": {"Content-Encoding": "rot13"}}, "encoding", "nobody asked"),
        ({"body": b"<rss>", "cut": 50}, "connect", "broke off"),
        ({"body": b"x" * 100, "drip": 0.2}, "timeout", "in time"),
        ({"body": b"x", "delay": 9}, "timeout", "in time"),
        ({"status": 301, "headers": {"Location": "/a.xml"}}, "redirect", "circle"),
        ({"status": 301, "headers": {"Location": "file:///etc/passwd"}}, "refused", "file"),
        ({"status": 301, "headers": {"Location": "http://[::1]/"}}, "refused", "private"),
        ({"status": 301, "headers": {"Location": "http://0x0a.1/"}}, "refused", "private"),
    ],
)
def test_a_bad_server_costs_its_own_failure(server, answer, kind, words):
    answer = {"body": b"", **answer}
    failed = fetch(feed(server.serve("/a.xml", answer.pop("body"), **answer)))
    assert isinstance(failed, FeedError)
    assert (str(failed.kind), words in failed.what) == (kind, True), failed.what


def test_nothing_listens():
    failed = fetch(feed("http://127.0.0.1:9/feed"))
    assert str(failed.kind) == "connect"


def test_loopback_is_refused_unless_allowed(server):
    failed = fetch(feed(server.serve("/a.xml", b"<rss/>")), replace(OPEN, allow_networks=()))
    assert str(failed.kind) == "refused"
    assert not server.requests


@pytest.mark.parametrize(
    "host",
    ["①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127.1", "2130706433", "127.0.0.1.", "[::ffff:127.0.0.1]"],
)  # fmt: skip
def test_no_notation_leads_home(server, host):
    url = server.serve("/a.xml", b"<rss/>").replace("127.0.0.1", host)
    assert str(fetch(feed(url), replace(OPEN, allow_networks=())).kind) == "refused"
    assert not server.requests


@pytest.mark.parametrize("host", ["①②⑦.⓪.⓪.②", "127。0。0。2", "127.2", "127.0.0.2"])
def test_no_notation_leads_a_redirect_home(server, host):
    target = {"Location": f"http://{host}:{server.port}/b.xml"}
    url = server.serve("/a.xml", b"", status=302, headers=target)
    assert str(fetch(feed(url), replace(OPEN, allow_networks=("127.0.0.1/32",))).kind) == "refused"


def test_the_address_is_looked_at_again_at_connect(server, monkeypatch):
    # Whatever let it through before: the socket is made for admitted addresses only.
    monkeypatch.setattr("aggregator.collect.connecting._numeric", lambda _host: None)
    failed = fetch(feed(server.serve("/a.xml", b"<rss/>")), replace(OPEN, allow_networks=()))
    assert (str(failed.kind), failed.url) == ("refused", server.url("/a.xml"))
    assert not server.requests


def test_a_name_that_leads_home_is_refused(server):
    url = server.serve("/a.xml", b"<rss/>").replace("127.0.0.1", "localhost")
    assert str(fetch(feed(url), replace(OPEN, allow_networks=())).kind) == "refused"
    assert not server.requests


def test_redirects_are_followed_and_told(server):
    server.serve("/b.xml", b"<rss/>")
    found = fetch(feed(server.serve("/a.xml", b"", status=302, headers={"Location": "b.xml"})))
    assert found.url == server.url("/b.xml")
    assert [(hop.status, hop.url) for hop in found.redirects] == [(302, server.url("/b.xml"))]


def test_a_log_in_goes_to_its_own_server_and_nowhere_else(server):
    bare = server.serve("/a.xml", b"<rss/>")
    found = fetch(feed(bare.replace("http://", "http://ann:secret@")))
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert "secret" not in found.url


@pytest.mark.parametrize("tag", [b'"caf\xe9"', b'"\xff"'])
def test_a_validator_that_cannot_go_back_as_it_came_is_none(tag):
    async def go() -> Response | FeedError:
        async def answer(_asked: asyncio.StreamReader, said: asyncio.StreamWriter) -> None:
            said.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nETag: " + tag + b"\r\n\r\n<rss/>")
            await said.drain()
            said.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            async with Collector(OPEN, "1") as collector:
                return await collector.fetch(feed(f"http://127.0.0.1:{port}/"), now=NOW)

    assert asyncio.run(go()).validators is None


def test_waiting_for_a_host_is_no_failure(server):
    urls = [server.serve(f"/{n}.xml", b"<rss/>") for n in range(4)]
    patient = replace(OPEN, host_spacing=0.4, timeout=0.9, max_redirects=0)

    async def go() -> list[Response | FeedError]:
        async with Collector(patient, "1") as collector:
            return await asyncio.gather(*(collector.fetch(feed(url), now=NOW) for url in urls))

    assert [one.status for one in asyncio.run(go())] == [200] * 4


def test_a_server_that_never_answers_holds_nobody_up_for_long(server):
    urls = [server.serve(f"/{n}.xml", b"", delay=9) for n in range(6)]

    async def go() -> list[Response | FeedError]:
        async with Collector(replace(OPEN, timeout=0.6), "1") as collector:
            return await asyncio.gather(*(collector.fetch(feed(url), now=NOW) for url in urls))

    assert {str(one.kind) for one in asyncio.run(go())} == {"timeout"}
    assert len(server.requests) == 3


def test_files_are_read_from_allowed_folders_only(tmp_path):
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "feed.xml"
    path.write_bytes(b"<rss/>")
    (tmp_path / "out.xml").write_bytes(b"secret")
    (tmp_path / "in" / "link.xml").symlink_to(tmp_path / "out.xml")
    allowed = replace(OPEN, allow_files=(tmp_path / "in",))
    found = fetch(feed(path.as_uri()), allowed)
    assert found.body == b"<rss/>"
    assert fetch(feed(path.as_uri(), validators=found.validators), allowed).status == 304
    for closed in (tmp_path / "out.xml", tmp_path / "in" / "link.xml", tmp_path / "in"):
        assert str(fetch(feed(closed.as_uri()), allowed).kind) == "refused"


def test_one_request_at_a_time_to_a_host(server):
    urls = [server.serve(f"/{n}.xml", b"<rss/>", delay=0.1) for n in range(3)]

    async def go() -> None:
        async with Collector(replace(OPEN, host_spacing=0.2), "1") as collector:
            await asyncio.gather(*(collector.fetch(feed(url), now=NOW) for url in urls))

    asyncio.run(go())
    times = [one.at for one in server.requests]
    assert all(later - earlier >= 0.29 for earlier, later in pairwise(times))


def fetch_pages(of: Feed, *urls: str, now: datetime = NOW) -> list[Response | FeedError]:
    async def go() -> list[Response | FeedError]:
        async with Collector(OPEN, "9.9") as collector:
            return [await collector.fetch_page(of, url, now=now) for url in urls]

    return asyncio.run(go())


def test_a_page_is_asked_for_as_a_page_without_the_feeds_validators(server):
    url = server.serve("/a", b"<p>", content_type="text/html")
    held = Validators(url=url, etag='"x"')
    (found,) = fetch_pages(feed("http://127.0.0.1:9/feed", validators=held), url)
    assert (found.status, found.body, found.url) == (200, b"<p>", url)
    headers = server.requests[0].headers
    assert headers["accept"].startswith("text/html")
    assert not {"if-none-match", "authorization"} & headers.keys()


def test_what_is_no_page_is_not_read_to_its_end(server):
    url = server.serve("/a", b"x" * 99_000, content_type="audio/mpeg", drip=1)
    (failed,) = fetch_pages(feed(url), url)
    assert "audio/mpeg" in failed.what
    assert failed.url == url


def test_a_page_is_never_a_file(tmp_path):
    (failed,) = fetch_pages(feed("file:///feed.xml"), tmp_path.as_uri())
    assert str(failed.kind) == "refused"


def test_a_server_that_asks_to_wait_is_left_alone_so_long(server):
    url = server.serve("/a", b"", status=429, headers={"Retry-After": "60"})
    failures = fetch_pages(feed(url), url, url)
    assert [one.status for one in failures] == [429, 429]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "of", "asked"),
    [
        ("https://a.example/1", "https://ann:pw@a.example/feed", "https://ann:pw@a.example/1"),
        ("https://a.example:443/1", "https://ann:pw@a.example/", "https://ann:pw@a.example:443/1"),
        ("https://a.example/1", "https://a.example/feed", "https://a.example/1"),
        ("https://b.example/1", "https://ann:pw@a.example/feed", "https://b.example/1"),
        ("https://www.a.example/1", "https://ann:pw@a.example/feed", "https://www.a.example/1"),
        ("http://a.example/1", "https://ann:pw@a.example/feed", "http://a.example/1"),
        ("https://a.example:8443/1", "https://ann:pw@a.example/", "https://a.example:8443/1"),
        ("https://eve:x@b.example/1", "https://ann:pw@a.example/feed", "https://b.example/1"),
        ("https://eve:x@a.example/1", "https://ann:pw@a.example/", "https://ann:pw@a.example/1"),
        (
            "https://b.example@a.example/1",
            "https://ann:pw@a.example/",
            "https://ann:pw@a.example/1",
        ),
    ],
)
def test_where_a_log_in_may_go(url, of, asked):
    assert with_login(url, of) == asked


BODY = b"<rss>" + b"x" * 5000 + b"</rss>"


@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
        ("br", brotli.compress(BODY)),
        ("gzip, br", brotli.compress(gzip.compress(BODY, mtime=0))),
        ("", BODY),
        ("identity", BODY),
        ("gzip", gzip.compress(BODY[:100], mtime=0) + gzip.compress(BODY[100:], mtime=0)),
    ],
)
def test_codings(coding, wire):
    assert decode(wire, coding, 10_000) == BODY
    if coding not in {"", "identity"}:
        with pytest.raises(TooLarge):
            decode(wire, coding, 100)
        with pytest.raises((Undecodable, TooLarge)):
            decode(wire[: len(wire) // 2], coding, 10_000)


def test_the_hash_covers_what_changes_meaning_from_outside(server):
    one = fetch(feed(server.serve("/a.xml", b"<rss/>")))
    other = fetch(
        feed(server.serve("/a.xml", b"<rss/>", content_type="application/xml; charset=latin-1"))
    )
    assert body_hash(one) != body_hash(other)
    assert body_hash(one) == body_hash(fetch(feed(server.serve("/a.xml", b"<rss/>"))))


def test_what_swells_beyond_measure_is_cut_before_the_limit():
    most = 64 * 2**20
    for coding, pack in (
        ("gzip", gzip.compress),
        ("br", brotli.compress),
        ("deflate", zlib.compress),
    ):
        with pytest.raises(Swells):
            decode(pack(b"\0" * 10_000_000), coding, most)
        assert len(decode(pack(b"\0" * 2_000_000), coding, most)) == 2_000_000
    honest = b"".join(b"<item>%d</item>" % n for n in range(400_000))
    assert decode(gzip.compress(honest), "gzip", most) == honest


def test_many_large_answers_come_in_few_at_once(server):
    limits = replace(OPEN, max_bytes=4 * 2**20, timeout=20)
    urls = [server.serve(f"/{n}.xml", b"x" * (3 * 2**20)) for n in range(9)]

    async def go() -> list[Response | FeedError]:
        async with Collector(limits, "1") as collector:
            return await asyncio.gather(*(collector.fetch(feed(url), now=NOW) for url in urls))

    assert [len(one.body) for one in asyncio.run(go())] == [3 * 2**20] * 9


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * 200_000, {}),
        (gzip.compress(b" " * 200_000, mtime=0), {"Content-Encoding": "gzip"}),
        (b"no gzip at all", {"Content-Encoding": "gzip"}),
    ],
    ids=["too large", "too large unpacked", "not in its coding"],
)
def test_a_failure_does_not_hold_on_to_the_answer(body: bytes, headers: dict[str, str]) -> None:
    """Rounds keep failures to their end: with the frames they were raised in, all bodies too."""
    with FeedServer() as server:
        failure = fetch(feed(server.serve("/feed", body, headers=headers)))
    assert isinstance(failure, FeedError)
    assert (failure.__traceback__, failure.__context__, failure.__cause__) == (None, None, None)


def test_names_that_nobody_answers_for_hold_up_nothing_else(monkeypatch):
    """Without a name server each look-up takes seconds; the archive is written in threads, too."""
    answered, system = threading.Event(), socket.getaddrinfo

    def resolve(host, *args, **more):
        if host.endswith(".example"):
            answered.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return system(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    async def go():
        async with Collector(replace(OPEN, timeout=30), "9.9") as collector:
            wanted = [feed(f"http://host{n}.example/") for n in range(40)]
            asked = [asyncio.create_task(collector.fetch(one, now=NOW)) for one in wanted]
            await asyncio.sleep(0.1)
            try:
                async with asyncio.timeout(10):
                    assert await asyncio.to_thread(lambda: "written") == "written"
            finally:
                answered.set()
            return await asyncio.gather(*asked)

    told = asyncio.run(go())
    assert {one.kind.value for one in told} == {"dns"}
