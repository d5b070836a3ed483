"""All HTTP that leaves the program: guarded, limited, conditional, truthful about who asks."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from aggregator.collect.address import with_login
from aggregator.collect.failures import (
    asked_away,
    check_status,
    failure,
    refuse_asked_wait,
    refuse_other_than_page,
    refused,
    too_large,
)
from aggregator.collect.guard import Guard
from aggregator.collect.hosts import Hosts
from aggregator.collect.local import read_local
from aggregator.model.decoding import TooLarge, Undecodable, decode
from aggregator.model.errors import FeedError, FetchError, RefusedURL
from aggregator.model.feed import FailureKind, Feed, Redirect, Response, Validators
from aggregator.model.settings import CollectSettings

_REDIRECTS = {301, 302, 303, 307, 308}
_FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_PAGES = "text/html, application/xhtml+xml, */*;q=0.1"
_CHUNK = 64 * 1024
_HEADER_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is to be had. ``url`` may hold a log-in, which goes there and nowhere else;
    ``named`` is what errors call it."""

    url: str
    named: str
    page: bool = False
    validators: Validators | None = None


class Collector:
    """Fetches feeds, and the pages they link to. An async context manager that owns the connections."""

    def __init__(self, settings: CollectSettings, version: str) -> None:
        self._settings = settings
        self._guard = Guard(settings.allow_networks)
        self._hosts = Hosts(settings.host_spacing, settings.concurrency)
        self._headers = {
            "User-Agent": user_agent(version, settings.contact),
            "Accept-Encoding": "gzip, br, zstd, deflate",
        }
        self._session: aiohttp.ClientSession | None = None
        self._away: dict[str | None, datetime] = {}

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=_GuardedResolver(self._guard),
            socket_factory=self._socket,
            limit=0,
            limit_per_host=0,
            ttl_dns_cache=300,
            keepalive_timeout=5,
        )
        seconds = self._settings.timeout
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=seconds, sock_connect=seconds / 2, sock_read=seconds / 3
            ),
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, feed: Feed, *, now: datetime) -> Response | FeedError:
        """One conditional request for the feed, over its redirects.

        A failure is the result, never raised: FetchError (its kind says which),
        RefusedURL. A 304 is a Response with an empty body.
        """
        if not feed.fetch_url.lower().startswith("file:"):
            wanted = _Wanted(url=feed.fetch_url, named=feed.url, validators=feed.validators)
            return await self._get(wanted, now)
        try:
            return read_local(feed, self._settings, now)
        except FeedError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a file is, it costs only its own feed
            return failure(feed.url, error)

    async def fetch_page(self, feed: Feed, url: str, *, now: datetime) -> Response | FeedError:
        """One request for a web page that an entry of the feed links to, over its redirects.

        Guarded, limited and spaced out as any other; what the feed's address holds of a
        log-in goes along where the page is on the feed's own server. A failure is the
        result, never raised; an answer that is no web page is one.
        """
        wanted = _Wanted(url=with_login(url, feed.fetch_url), named=_shown(url), page=True)
        host = urlsplit(url).hostname
        if now < self._away.get(host, now):
            return asked_away(wanted.named)
        response = await self._get(wanted, now)
        if isinstance(response, FetchError) and response.retry_after:
            self._away[host] = now + timedelta(seconds=response.retry_after)
        return response

    async def _get(self, wanted: _Wanted, now: datetime) -> Response | FeedError:
        url, began, hops = wanted.url, monotonic(), list[Redirect]()
        try:
            # Each request has its own time limit; none runs while waiting for a host's turn.
            while True:
                answer = await self._ask(wanted, url, now)
                if not isinstance(answer, str):
                    return _response(wanted, answer, now, monotonic() - began, tuple(hops))
                hops.append(Redirect(status=int(answer[:3]), url=_shown(answer[4:])))
                url = answer[4:]
                self._check_hops(wanted, hops)
        except FetchError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a server does, it costs only its own feed
            return failure(wanted.named, error)

    async def _ask(self, wanted: _Wanted, url: str, now: datetime) -> str | _Answer:
        """One request: an answer, or "301 URL" where it points elsewhere."""
        assert self._session is not None
        host = self._check(wanted, url)
        parts = urlsplit(url)
        headers = {**self._headers, "Accept": _PAGES if wanted.page else _FEEDS}
        held = wanted.validators
        if held is not None and held.url == _shown(url):
            if held.etag is not None:
                headers["If-None-Match"] = held.etag
            if held.last_modified is not None:
                headers["If-Modified-Since"] = held.last_modified
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        async with (
            self._hosts.turn(host),
            self._session.get(_bare(url), headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status in _REDIRECTS and "Location" in answer.headers:
                target = urljoin(_bare(url), answer.headers["Location"].strip())
                refuse_asked_wait(wanted.named, answer, now)
                return f"{answer.status} {target}"
            conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
            check_status(wanted.named, answer, now, conditional=conditional)
            if wanted.page:
                refuse_other_than_page(wanted.named, answer)
            wire = await self._body(wanted, answer)
            return _Answer(
                url=_shown(url),
                status=answer.status,
                headers=_headers(answer),
                wire=wire,
                body=self._decoded(wanted, answer, wire),
            )

    async def _body(self, wanted: _Wanted, answer: aiohttp.ClientResponse) -> bytes:
        limit, pieces, size = self._settings.max_bytes, list[bytes](), 0
        async for piece in answer.content.iter_chunked(_CHUNK):
            size += len(piece)
            if size > limit:
                raise too_large(wanted.named, limit)
            pieces.append(piece)
        return b"".join(pieces)

    def _decoded(self, wanted: _Wanted, answer: aiohttp.ClientResponse, wire: bytes) -> bytes:
        try:
            return decode(
                wire, answer.headers.get("Content-Encoding", ""), self._settings.max_bytes
            )
        except TooLarge:
            raise too_large(wanted.named, self._settings.max_bytes) from None
        except Undecodable as error:
            raise FetchError(
                f"the answer cannot be unpacked: {error}",
                url=wanted.named,
                kind=FailureKind.ENCODING,
            ) from None

    def _check(self, wanted: _Wanted, url: str) -> str:
        """The host that will be asked. Refuses what is never asked: other schemes, and numeric
        hosts the guard does not admit."""
        try:
            # The client's own reading of the address: "①②⑦.⓪.⓪.①" is 127.0.0.1 to it.
            parsed = URL(_bare(url))
            host, _ = parsed.raw_host, parsed.port
        except ValueError:
            raise RefusedURL(f"{_shown(url)} is no address", url=wanted.named) from None
        if parsed.scheme not in {"http", "https"} or not host:
            raise RefusedURL(
                f"{parsed.scheme or 'no scheme'}: is not fetched from a feed",
                url=wanted.named,
                hint="only http and https are",
            )
        numeric = _numeric(host)
        if numeric is not None and not self._guard.admits(numeric):
            raise refused(wanted.named, host)
        return host

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """The last word, where all names and notations have become an address: none that the
        guard does not admit is ever connected to."""
        family, kind, protocol, _, place = address
        if not self._guard.admits(str(place[0])):
            raise refused("", str(place[0]))
        return socket.socket(family, kind, protocol)

    def _check_hops(self, wanted: _Wanted, hops: Sequence[Redirect]) -> None:
        if len(hops) > self._settings.max_redirects:
            raise FetchError(
                f"more than {self._settings.max_redirects} redirects",
                url=wanted.named,
                kind=FailureKind.REDIRECT,
            )
        visited = [wanted.url, *(hop.url for hop in hops)]
        if len(set(visited)) < len(visited):
            raise FetchError(
                "the redirects go round in a circle", url=wanted.named, kind=FailureKind.REDIRECT
            )


class _Answer:
    """What one request brought, before it is a Response."""

    __slots__ = ("body", "headers", "status", "url", "wire")

    def __init__(
        self,
        *,
        url: str,
        status: int,
        headers: tuple[tuple[str, str], ...],
        wire: bytes,
        body: bytes,
    ) -> None:
        self.url, self.status, self.headers, self.wire, self.body = url, status, headers, wire, body


class _GuardedResolver(AbstractResolver):
    """Resolves names in threads, as the system does, and lets only admitted addresses through."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        admitted = [one for one in found if self._guard.admits(one["host"])]
        if found and not admitted:
            raise refused("", host)
        return admitted

    async def close(self) -> None:
        await self._resolver.close()


def user_agent(version: str, contact: str) -> str:
    """Who asks, and how to reach the person behind it."""
    about = contact.removeprefix("mailto:")
    return f"aggregator/{version} (+{about})" if about else f"aggregator/{version}"


def _response(
    wanted: _Wanted, answer: _Answer, now: datetime, seconds: float, hops: tuple[Redirect, ...]
) -> Response:
    return Response(
        requested=wanted.url,
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        wire=answer.wire,
        body=answer.body,
        started=now,
        seconds=seconds,
        redirects=hops,
    )


def _headers(answer: aiohttp.ClientResponse) -> tuple[tuple[str, str], ...]:
    """As text. What is not UTF-8 has U+FFFD in it, and then is no validator: the client could
    not send it back byte for byte."""
    return tuple(
        (name.decode("latin-1"), value.decode("utf-8", "replace"))
        for name, value in answer.raw_headers
    )


def _numeric(host: str) -> str | None:
    """A host that is a number in any notation (dotted, 0x7f.1, 2130706433), as an address; else None."""
    if ":" in host:
        return host
    host = host.rstrip(".")
    if host.replace(".", "").replace("x", "").isalnum() and host[:1].isdigit():
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            return None
    return None


def _bare(url: str) -> str:
    """A URL without user name, password and fragment: what goes out."""
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))


def _shown(url: str) -> str:
    """A URL as it may be stored, logged and published: without a password in it."""
    try:
        return _bare(url)
    except ValueError:
        return url
