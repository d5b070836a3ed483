"""TLS, and a proxy that a person named: what it is told, what the server is, what stays guarded."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tunnel import HOST, proxy, tls_server

from aggregator.collect import Collector
from aggregator.model.address import canonical_url
from aggregator.model.errors import FeedError
from aggregator.model.feed import Access, Feed, FeedIdentity, FeedKey, Response
from aggregator.model.settings import CollectSettings

NOW = datetime(2026, 11, 2, tzinfo=UTC)
BODY = b"<rss/>"
REFUSES = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


def direct(pem: Path, at: str) -> tuple[Response | FeedError, list[str]]:
    """A feed fetched from a server at this address: what came, and what the server was asked."""
    asked = list[str]()

    async def go() -> Response | FeedError:
        async with tls_server(pem, BODY, asked, at=at) as port:
            return await fetch(f"https://{at}:{port}/a", "", "127.0.0.0/8")

    return asyncio.run(go()), asked


def test_a_server_that_is_vouched_for_is_asked(trusted):
    found, asked = direct(trusted, "127.0.0.1")
    assert isinstance(found, Response), found
    assert (found.body, len(asked)) == (BODY, 1)


def test_a_certificate_nobody_vouches_for_is_refused(pem):
    failed, asked = direct(pem, "127.0.0.1")
    assert (str(failed.kind), asked) == ("tls", [])
    assert failed.what.startswith("no safe connection")


def test_a_certificate_of_another_host_is_refused(trusted):
    failed, asked = direct(trusted, "127.0.0.2")
    assert (str(failed.kind), asked) == ("tls", [])


async def fetch(url: str, through: str, *networks: str, **more: str) -> Response | FeedError:
    access = {canonical_url(url): Access(proxy=through, **more)}
    settings = CollectSettings(allow_networks=networks, host_spacing=0, timeout=5)
    feed = Feed(key=FeedKey(1), identity=FeedIdentity("x"), url=url, fetch_url=url)
    async with Collector(settings, "1", access=access) as collector:
        return await collector.fetch(feed, now=NOW)


def tunnelled(pem: Path, login: str = "", **more: str) -> tuple[Response | FeedError, str, str]:
    """A feed fetched over TLS through a proxy: what came, what the proxy was asked, what the server."""
    of_proxy, of_server = list[str](), list[str]()

    async def go() -> Response | FeedError:
        async with (
            tls_server(pem, BODY, of_server) as port,
            proxy(of_proxy, to=port) as gate,
        ):
            return await fetch(f"https://{HOST}/a?b=c", f"http://{login}127.0.0.1:{gate}", **more)

    return asyncio.run(go()), "".join(of_proxy), "".join(of_server)


@pytest.mark.parametrize(
    ("login", "given"), [("", None), ("ann:p%40ss@", "ann:p@ss"), ("ann@", "ann:")]
)
def test_a_safe_feed_goes_through_a_tunnel(trusted, login, given):
    found, of_proxy, of_server = tunnelled(trusted, login, username="me", password="of-the-feed")
    assert isinstance(found, Response), found
    assert (found.status, found.body, found.url) == (200, BODY, f"https://{HOST}/a?b=c")
    assert of_proxy.startswith(f"CONNECT {HOST}:443 ")
    assert of_server.startswith("GET /a?b=c ")
    # To each what is its own.
    basic = given and b64encode(given.encode()).decode()
    assert ("Proxy-Authorization: Basic" in of_proxy) == (basic is not None)
    assert basic is None or f"Proxy-Authorization: Basic {basic}\r\n" in of_proxy
    assert "\r\nAuthorization" not in of_proxy
    assert f"\r\nAuthorization: Basic {b64encode(b'me:of-the-feed').decode()}\r\n" in of_server
    assert "Proxy-Authorization" not in of_server


def test_a_tunnel_lets_nobody_else_speak_for_the_server(pem):
    failed, _, of_server = tunnelled(pem)
    assert (str(failed.kind), of_server) == ("tls", "")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("login", ["", "ann:hush@"])
def test_a_proxy_that_wants_another_log_in_is_named_and_the_log_in_is_not(scheme, login):
    async def go() -> Response | FeedError:
        async with proxy([], says=REFUSES) as gate:
            return await fetch(f"{scheme}://{HOST}/", f"http://{login}127.0.0.1:{gate}")

    failed = asyncio.run(go())
    assert "proxy" in failed.what
    assert "log-in (407)" in failed.what
    assert "hush" not in str(failed)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_told_from_a_server_that_is_not(scheme):
    failed = asyncio.run(fetch(f"{scheme}://{HOST}/", "http://127.0.0.1:9"))
    assert (str(failed.kind), failed.what) == ("connect", "the proxy cannot be reached")
    assert not failed.reached


INWARD = [
    "http://localhost/", "https://localhost/", "http://127.0.0.1/", "https://2130706433/",
    "http://127.1/", "https://[::1]/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/",
]  # fmt: skip


@pytest.mark.parametrize("inward", INWARD)
def test_no_proxy_leads_inward(inward):
    """Whatever it would do: it is not asked."""
    asked = list[str]()
    sends_on = f"HTTP/1.1 302 Found\r\nLocation: {inward}\r\nContent-Length: 0\r\n\r\n".encode()

    async def go() -> list[Response | FeedError]:
        async with proxy(asked, says=sends_on) as gate:
            through = f"http://127.0.0.1:{gate}"
            return [await fetch(url, through) for url in (inward, f"http://{HOST}/")]

    failures = asyncio.run(go())
    assert [str(one.kind) for one in failures] == ["refused", "refused"]
    assert [one.splitlines()[0] for one in asked] == [f"GET http://{HOST}/ HTTP/1.1"]


def test_a_proxy_leads_inward_where_a_person_allows_it():
    asked = list[str]()

    async def go() -> Response | FeedError:
        async with proxy(asked, says=b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>") as gate:
            through = f"http://127.0.0.1:{gate}"
            return await fetch("http://localhost/feed", through, "127.0.0.0/8", "::1/128")

    assert asyncio.run(go()).status == 200
    assert asked[0].startswith("GET http://localhost/feed ")
