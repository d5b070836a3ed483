"""All HTTP that leaves the program: guarded, limited, conditional, truthful about who asks."""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.collect.caching import retry_after
from aggregator.collect.decoding import TooLarge, Undecodable, decode
from aggregator.collect.guard import Guard
from aggregator.collect.hosts import Hosts
from aggregator.collect.local import read_local
from aggregator.model.errors import FeedError, FetchError, RefusedURL
from aggregator.model.feed import FailureKind, Feed, Redirect, Response
from aggregator.model.settings import CollectSettings

_REDIRECTS = {301, 302, 303, 307, 308}
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_CHUNK = 64 * 1024
_HEADER_BYTES = 32 * 1024


class Collector:
    """Fetches feeds. An async context manager that owns the connections."""

    def __init__(self, settings: CollectSettings, version: str) -> None:
        self._settings = settings
        self._guard = Guard(settings.allow_networks)
        self._hosts = Hosts(settings.host_spacing, settings.concurrency)
        self._headers = {
            "User-Agent": user_agent(version, settings.contact),
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip, br, zstd, deflate",
        }
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=_GuardedResolver(self._guard),
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
        url, began, hops = feed.fetch_url, monotonic(), list[Redirect]()
        try:
            if url.lower().startswith("file:"):
                return read_local(feed, self._settings, now)
            async with asyncio.timeout(self._settings.timeout * (1 + self._settings.max_redirects)):
                while True:
                    answer = await self._ask(feed, url, now)
                    if not isinstance(answer, str):
                        return _response(feed, answer, now, monotonic() - began, tuple(hops))
                    hops.append(Redirect(status=int(answer[:3]), url=_shown(answer[4:])))
                    url = answer[4:]
                    self._check_hops(feed, hops)
        except FeedError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a server does, it costs only its own feed
            return _failure(feed, error)

    async def _ask(self, feed: Feed, url: str, now: datetime) -> str | _Answer:
        """One request: an answer, or "301 URL" where it points elsewhere."""
        assert self._session is not None
        self._check(feed, url)
        parts = urlsplit(url)
        headers = dict(self._headers)
        held = feed.validators
        if held is not None and held.url == _shown(url):
            if held.etag is not None:
                headers["If-None-Match"] = held.etag
            if held.last_modified is not None:
                headers["If-Modified-Since"] = held.last_modified
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        async with (
            self._hosts.turn(parts.hostname or ""),
            self._session.get(_bare(url), headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status in _REDIRECTS and "Location" in answer.headers:
                target = urljoin(_bare(url), answer.headers["Location"].strip())
                _refuse_asked_wait(feed, answer, now)
                return f"{answer.status} {target}"
            conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
            _check_status(feed, answer, now, conditional=conditional)
            wire = await self._body(feed, answer)
            return _Answer(
                url=_shown(url),
                status=answer.status,
                headers=_headers(answer),
                wire=wire,
                body=self._decoded(feed, answer, wire),
            )

    async def _body(self, feed: Feed, answer: aiohttp.ClientResponse) -> bytes:
        limit, pieces, size = self._settings.max_bytes, list[bytes](), 0
        async for piece in answer.content.iter_chunked(_CHUNK):
            size += len(piece)
            if size > limit:
                raise _too_large(feed, limit)
            pieces.append(piece)
        return b"".join(pieces)

    def _decoded(self, feed: Feed, answer: aiohttp.ClientResponse, wire: bytes) -> bytes:
        try:
            return decode(
                wire, answer.headers.get("Content-Encoding", ""), self._settings.max_bytes
            )
        except TooLarge:
            raise _too_large(feed, self._settings.max_bytes) from None
        except Undecodable as error:
            raise FetchError(
                f"the answer cannot be unpacked: {error}", url=feed.url, kind=FailureKind.ENCODING
            ) from None

    def _check(self, feed: Feed, url: str) -> None:
        """Refuse what is never asked: other schemes, and numeric hosts the guard does not admit."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise RefusedURL(f"{_shown(url)} is no address", url=feed.url) from None
        if parts.scheme.lower() not in {"http", "https"} or not host:
            raise RefusedURL(
                f"{parts.scheme or 'no scheme'}: is not fetched from a feed",
                url=feed.url,
                hint="only http and https are",
            )
        numeric = _numeric(host)
        if numeric is not None and not self._guard.admits(numeric):
            raise _refused(feed.url, host)

    def _check_hops(self, feed: Feed, hops: Sequence[Redirect]) -> None:
        if len(hops) > self._settings.max_redirects:
            raise FetchError(
                f"more than {self._settings.max_redirects} redirects",
                url=feed.url,
                kind=FailureKind.REDIRECT,
            )
        visited = [feed.fetch_url, *(hop.url for hop in hops)]
        if len(set(visited)) < len(visited):
            raise FetchError(
                "the redirects go round in a circle", url=feed.url, kind=FailureKind.REDIRECT
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
            raise _refused("", host)
        return admitted

    async def close(self) -> None:
        await self._resolver.close()


def user_agent(version: str, contact: str) -> str:
    """Who asks, and how to reach the person behind it."""
    about = contact.removeprefix("mailto:")
    return f"aggregator/{version} (+{about})" if about else f"aggregator/{version}"


def _response(
    feed: Feed, answer: _Answer, now: datetime, seconds: float, hops: tuple[Redirect, ...]
) -> Response:
    return Response(
        requested=feed.fetch_url,
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
    """Byte for byte, so that a validator goes back as it came."""
    return tuple(
        (
            name.decode("latin-1"),
            value.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode("utf-8"),
        )
        for name, value in answer.raw_headers
    )


def _check_status(
    feed: Feed, answer: aiohttp.ClientResponse, now: datetime, *, conditional: bool
) -> None:
    status = answer.status
    if status == 200 or (status == 304 and conditional):
        return
    wait = retry_after(answer.headers.get("Retry-After"), now) if status in {429, 503} else None
    what = {
        304: "the server says unchanged, though nothing was named to compare with",
        401: "the server wants a log-in (401)",
        403: "the server refuses us (403)",
        404: "the server knows no such address (404)",
        410: "the publisher has ended this feed (410)",
        429: "the server asks for fewer requests (429)",
        503: "the server is out of service for now (503)",
    }.get(status, f"the server answers {status} {answer.reason or ''}".rstrip())
    hint = "look for the feed's new address" if status in {404, 410} else ""
    raise FetchError(
        what, url=feed.url, kind=FailureKind.HTTP, status=status, retry_after=wait, hint=hint
    )


def _refuse_asked_wait(feed: Feed, answer: aiohttp.ClientResponse, now: datetime) -> None:
    wait = retry_after(answer.headers.get("Retry-After"), now)
    if wait:
        raise FetchError(
            "the server redirects, and asks to wait first",
            url=feed.url,
            kind=FailureKind.HTTP,
            status=answer.status,
            retry_after=wait,
        )


def _too_large(feed: Feed, limit: int) -> FetchError:
    return FetchError(
        f"the document is larger than {limit // 2**20} MiB",
        url=feed.url,
        kind=FailureKind.SIZE,
        hint="collect.max_bytes allows more",
    )


def _refused(url: str, host: str) -> RefusedURL:
    return RefusedURL(
        f"{host} leads into a private network",
        url=url,
        hint="collect.allow_networks lists the networks that may be reached",
    )


def _failure(feed: Feed, error: Exception) -> FeedError:
    """A library's exception in our words."""
    cause: Any = error
    while cause is not None:
        if isinstance(cause, RefusedURL):
            return RefusedURL(cause.what, url=feed.url, hint=cause.hint)
        cause = cause.__cause__ or getattr(cause, "os_error", None)
    kind, what = _kind(error)
    return FetchError(what[:300], url=feed.url, kind=kind)


def _kind(error: Any) -> tuple[FailureKind, str]:
    tls = aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError
    closed = aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError
    for kinds, kind, what in (
        ((TimeoutError,), FailureKind.TIMEOUT, "the server did not answer in time"),
        ((aiohttp.ClientConnectorDNSError,), FailureKind.DNS, "the server's name is not found"),
        (tls, FailureKind.TLS, f"no safe connection: {getattr(error, 'certificate_error', error)}"),
        (
            (aiohttp.ClientConnectorError,),
            FailureKind.CONNECT,
            f"no connection to the server: {getattr(error, 'strerror', '') or error}",
        ),
        (closed, FailureKind.CONNECT, "the server closed the connection"),
        (
            (aiohttp.ClientPayloadError,),
            FailureKind.CONNECT,
            "the answer broke off in the middle",
        ),
        (
            (aiohttp.InvalidURL, ValueError),
            FailureKind.HTTP,
            "the address or the answer is not valid HTTP",
        ),
        (
            (aiohttp.ClientResponseError,),
            FailureKind.HTTP,
            f"the answer is not valid HTTP: {getattr(error, 'message', '')}",
        ),
    ):
        if isinstance(error, kinds):
            return kind, what
    return FailureKind.OTHER, f"{type(error).__name__}: {error}"


def _numeric(host: str) -> str | None:
    """A host that is a number in any notation (dotted, 0x7f.1, 2130706433), as an address; else None."""
    if ":" in host:
        return host
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
