"""The built-in server over real HTTP."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import socket
import threading
import time
from urllib.parse import urljoin

import pytest

from aggregator.model.errors import PublishError
from aggregator.model.settings import ServerSettings
from aggregator.web import serving

LONG_AGO = 1_700_000_000
FEED = b"<feed>" + b"x" * 3000 + b"</feed>"


@pytest.fixture
def port(tmp_path):
    (tmp_path / "topics").mkdir()
    for path, data in {
        "index.html": b"<h1>index</h1>", "topics.html": b"<h1>all</h1>", "topics.opml": b"<opml/>", "topics/a.atom": FEED, "topics/a.rss": b"<rss/>",
        "topics/a.json": b"{}", "topics/a.html": b"<p>page</p>", ".secret": b"no", "style.css": b"",
    }.items():  # fmt: skip
        (tmp_path / path).write_bytes(data)
        os.utime(tmp_path / path, (LONG_AGO, LONG_AGO))
    (tmp_path.parent / "outside.html").write_bytes(b"no")
    found, end, ready = [], [], threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        end.append((asyncio.get_running_loop(), stop))
        settings = ServerSettings(port=0)
        async with serving(
            settings, tmp_path, health=lambda: {"status": "ok"}, metrics=lambda: b"m 1\n"
        ) as address:
            found.append(int(address.rpartition(":")[2]))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    yield found[0]
    loop, stop = end[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)


def ask(port: int, path: str, method: str = "GET", **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(
        method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/", 200, "text/html"),
        ("/topics/a.atom", 200, "application/atom+xml"),
        ("/topics/a.rss", 200, "application/rss+xml"),
        ("/topics/a.json", 200, "application/feed+json"),
        ("/topics/a", 200, "text/html"),
        ("/topics/a.html", 200, "text/html"),
        ("/topics.html", 200, "text/html"),
        ("/topics", 200, "text/html"),
        ("/topics/", 308, ""),
        ("/topics.opml", 200, ""),
        ("/health", 200, "application/json"),
        ("/metrics", 200, "text/plain"),
        ("/topics/none.atom", 404, ""),
        ("/.secret", 404, ""),
        ("/../outside.html", 404, ""),
        ("/%2e%2e/outside.html", 404, ""),
        ("/topics/..%2f..%2foutside.html", 404, ""),
    ],
)
def test_addresses(port, path, status, kind):
    found, headers, _ = ask(port, path)
    assert found == status
    assert headers.get("content-type", "").startswith(kind)
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_the_list_of_topics_is_at_its_plain_address_too(port):
    assert ask(port, "/topics")[2] == b"<h1>all</h1>"
    location = ask(port, "/topics/")[1]["location"]
    assert urljoin("https://news.example/below/topics/", location).endswith("/below/topics")


@pytest.mark.parametrize("path", ["/none", "/topics/none", "/topics/none/3.atom", "/a%2Fb/c"])
def test_a_page_that_is_not_there_leads_back_wherever_a_proxy_serves_us(port, path):
    status, _, body = ask(port, path)
    links = re.findall(r'href="([^"]*)"', body.decode())
    site = "https://news.example/below"
    assert (status, [urljoin(site + path, link) for link in links]) == (
        404,
        [f"{site}/icon.svg", f"{site}/style.css", f"{site}/topics.html"],
    )


def test_two_changes_within_a_second_both_reach_who_asks_by_date(port, tmp_path):
    file, second = tmp_path / "topics/a.atom", int(time.time()) + 5

    def change(to: bytes, at: float) -> None:
        file.write_bytes(to)
        os.utime(file, (at, at))

    change(b"first", second + 0.2)
    _, first, _ = ask(port, "/topics/a.atom")
    change(b"other", second + 0.4)
    since = {"If_Modified_Since": first["last-modified"]}
    status, headers, body = ask(port, "/topics/a.atom", **since)
    assert (status, body) == (200, b"other")
    # Once nothing more can come in that second, its date tells.
    change(b"other", second - 60)
    _, headers, _ = ask(port, "/topics/a.atom")
    since = {"If_Modified_Since": headers["last-modified"]}
    assert ask(port, "/topics/a.atom", **since)[0] == 304


def test_unchanged_costs_nothing(port):
    _, headers, body = ask(port, "/topics/a.atom")
    assert body == FEED
    status, again, nothing = ask(port, "/topics/a.atom", If_None_Match=headers["etag"])
    assert (status, nothing, again["etag"]) == (304, b"", headers["etag"])
    assert ask(port, "/topics/a.atom", If_Modified_Since=headers["last-modified"])[0] == 304
    assert (
        ask(
            port,
            "/topics/a.atom",
            If_None_Match='"other"',
            If_Modified_Since=headers["last-modified"],
        )[0]
        == 200
    )
    status, _, nothing = ask(port, "/topics/a.atom", "HEAD")
    assert (status, nothing) == (200, b"")


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_codings(port, coding):
    _, headers, body = ask(port, "/topics/a.atom", Accept_Encoding=coding)
    assert headers["content-encoding"] == coding
    assert len(body) < len(FEED)
    assert "accept-encoding" in headers["vary"].lower()


@pytest.mark.parametrize("held", ["identity", "gzip", "br"])
@pytest.mark.parametrize("accepted", ["identity", "gzip", "br"])
def test_each_coding_has_an_etag_of_its_own_and_any_is_good_for_a_304(port, held, accepted):
    _, headers, _ = ask(port, "/topics/a.atom", Accept_Encoding=held)
    _, others, _ = ask(port, "/topics/a.atom", Accept_Encoding=accepted)
    assert (headers["etag"] == others["etag"]) is (held == accepted)
    assert not headers["etag"].startswith("W/")
    tags = f'"other", W/{headers["etag"]}'
    status, again, nothing = ask(
        port, "/topics/a.atom", If_None_Match=tags, Accept_Encoding=accepted
    )
    assert (status, nothing, again["etag"]) == (304, b"", headers["etag"])
    for name in ("vary", "cache-control", "last-modified"):
        assert again[name] == headers[name]
    assert {"content-type", "content-security-policy"}.isdisjoint(again)


@pytest.mark.parametrize("path", ["/", "/topics/a", "/topics/a.atom", "/topics/none", "/health"])
def test_head_tells_what_get_does(port, path):
    _, got, _ = ask(port, path, Accept_Encoding="gzip")
    _, told, nothing = ask(port, path, "HEAD", Accept_Encoding="gzip")
    assert nothing == b""
    assert told | {"date": ""} == got | {"date": ""}


def test_lines_of_one_header_are_one_list(port):
    _, headers, _ = ask(port, "/topics/a.atom")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(
            "GET /topics/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Accept: application/atom+xml\r\nAccept: text/html;q=0.5\r\n"
            f'If-None-Match: {headers["etag"]}\r\nIf-None-Match: "other"\r\n\r\n'.encode()
        )
        assert plain.recv(100).startswith(b"HTTP/1.1 304")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/atom+xml", "application/atom+xml"),
        ("application/rss+xml;q=0.5, application/feed+json", "application/feed+json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
    ],
)
def test_a_topics_address_answers_by_accept(port, accept, kind):
    _, headers, _ = ask(port, "/topics/a", Accept=accept)
    assert headers["content-type"].startswith(kind)
    assert "accept" in headers["vary"].lower()


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("*/*", False),
        ("", False),
        (
            "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.1",
            False,
        ),
        ("application/json, text/plain, */*", False),
        # Readers that take pages too, to find the feeds that these name.
        (
            "application/atom+xml, application/rss+xml, application/feed+json, text/html, */*;q=0.9",
            False,
        ),
    ],
)
def test_a_feeds_address_in_a_browser_is_a_page(port, extension, accept, page):
    status, headers, body = ask(port, f"/topics/a.{extension}", Accept=accept)
    assert status == 200
    assert headers["content-type"].startswith("text/html") is page
    assert (body == b"<p>page</p>") is page
    assert "accept" in headers["vary"].lower().split(", ")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_other_names_are_not_answered(port, host):
    assert ask(port, "/", Host=host)[0] in {400, 421}


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://127.0.0.1:{port}/topics/a.atom", "127.0.0.1", 200),
        ("HTTP://localhost/topics/a.atom?x=1", "evil.example", 200),
        ("http://localhost", "localhost", 200),
        ("https://localhost?x=1", "localhost", 200),
        ("http://localhost/topics/none.atom", "localhost", 404),
        ("http://localhost/%2e%2e/outside.html", "localhost", 404),
        ("http://evil.example/topics/a.atom", "localhost", 421),
        ("http://me@localhost/topics/a.atom", "localhost", 421),
        ("http:///topics/a.atom", "localhost", 421),
        ("ftp://localhost/topics/a.atom", "localhost", 404),
    ],
)
def test_an_address_may_be_asked_for_whole(port, target, host, status):
    """RFC 9112, section 3.2.2: the host that the target names counts."""
    assert ask(port, target.format(port=port), Host=host)[0] == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_is_changed_from_outside(port, method):
    status, headers, _ = ask(port, "/topics/a.atom", method)
    assert status == 405
    assert "GET" in headers["allow"]


def test_a_port_that_is_taken(tmp_path):
    async def serve(port: int) -> None:
        async with serving(ServerSettings(port=port), tmp_path, health=dict, metrics=bytes):
            pass

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PublishError) as caught:
            asyncio.run(serve(taken.getsockname()[1]))
    assert "server.port" in caught.value.hint
