"""All HTTP that leaves the program: guarded, limited, conditional, truthful about who asks."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp
from msgspec import Struct

from aggregator.collect.address import same_server, with_login
from aggregator.collect.connecting import (
    as_written,
    bare,
    checked_host,
    guarded_session,
    refuse_inward,
    shown,
    user_agent,
)
from aggregator.collect.failures import (
    asked_away,
    check_status,
    failure,
    refuse_asked_wait,
    refuse_other_than_page,
    swelling,
    too_large,
)
from aggregator.collect.guard import Guard
from aggregator.collect.hosts import Hosts, Unused
from aggregator.collect.local import read_local
from aggregator.collect.pauses import Pauses
from aggregator.collect.rhythm import awaits_end, doubt
from aggregator.collect.room import Room
from aggregator.model.address import canonical_url
from aggregator.model.decoding import Swells, TooLarge, Undecodable, decode
from aggregator.model.errors import FeedError, FetchError, RefusedURL
from aggregator.model.feed import Access, FailureKind, Feed, Postponed, Redirect, Response
from aggregator.model.settings import CollectSettings

_REDIRECTS = {301, 302, 303, 307, 308}
_FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_PAGES = "text/html, application/xhtml+xml, */*;q=0.1"
_CHUNK = 64 * 1024
# Answers beyond so many bytes come in few at once: together they must not fill the memory.
_LARGE, _LARGE_AT_ONCE = 2 * 1024 * 1024, 6
_NO_ACCESS = Access()


class _Wanted(Struct, frozen=True, kw_only=True):
    """What is to be had. ``url`` may hold a log-in, which goes there and nowhere else;
    ``named`` is what errors call it."""

    url: str
    named: str
    page: bool = False
    feed: Feed | None = None
    """Whose validators go back; None where nothing is to be compared."""
    access: Access = _NO_ACCESS
    home: str = ""
    """Where a person's log-in and headers may go: to the server of this address."""
    room: Room | None = None
    """What there must be in memory before it is asked for."""


class Collector:
    """Fetches feeds, and the pages they link to. An async context manager that owns the connections."""

    def __init__(
        self,
        settings: CollectSettings,
        version: str,
        *,
        access: Mapping[str, Access] | None = None,
        away: Sequence[Postponed] = (),
    ) -> None:
        """``access`` by canonical URL of a feed; ``away``: hosts that asked to be left alone."""
        self._settings = settings
        self._guard = Guard(settings.allow_networks)
        self._access = access or {}
        self._hosts = Hosts(settings.host_spacing, settings.concurrency)
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._headers = {
            "User-Agent": user_agent(version, settings.contact),
            "Accept-Encoding": "gzip, br, zstd, deflate",
        }
        self._session: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None
        self._pauses = Pauses(away)

    async def __aenter__(self) -> Self:
        self._session = guarded_session(self._guard, self._settings.timeout)
        # A proxy is where a person says it is, our own machine included; what is asked of it is
        # guarded before.
        self._proxied = guarded_session(Guard(("0.0.0.0/0", "::/0")), self._settings.timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in (self._session, self._proxied):
            if session is not None:
                await session.close()

    def away(self, now: datetime) -> tuple[Postponed, ...]:
        """The hosts that want to be left alone, and until when."""
        return self._pauses.running(now)

    async def fetch(
        self, feed: Feed, *, now: datetime, room: Room | None = None
    ) -> Response | FeedError | Postponed:
        """One conditional request for the feed, over its redirects; ``room``: when there is some.

        A failure is the result, never raised: FetchError (its kind says which),
        RefusedURL. A 304 is a Response with an empty body. Postponed: its host was not
        asked, because it wants to be left alone.
        """
        if not feed.fetch_url.lower().startswith("file:"):
            wanted = _Wanted(
                url=feed.fetch_url,
                named=feed.url,
                feed=None if doubt(feed, now) or awaits_end(feed) else feed,
                access=self._access_of(feed),
                home=feed.url,
                room=room,
            )
            return await self._get(wanted, now)
        # One after another: each takes its room before the next looks.
        while room is not None and not room.free:
            await room.wait()
        try:
            return read_local(feed, self._settings, now)
        except FeedError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a file is, it costs only its own feed
            return failure(feed.url, error)

    async def fetch_aside(self, feed: Feed, *, now: datetime) -> Response | FeedError:
        """As :meth:`fetch`, for what is no poll: a host that wants to be left alone is a failure."""
        response = await self.fetch(feed, now=now)
        return asked_away(shown(feed.fetch_url)) if isinstance(response, Postponed) else response

    async def fetch_page(self, feed: Feed, url: str, *, now: datetime) -> Response | FeedError:
        """One request for a web page that an entry of the feed links to, over its redirects.

        Guarded, limited and spaced out as any other; what the feed's address holds of a
        log-in goes along where the page is on the feed's own server. A failure is the
        result, never raised; an answer that is no web page is one.
        """
        wanted = _Wanted(
            url=with_login(url, feed.fetch_url),
            named=shown(url),
            page=True,
            access=self._access_of(feed),
            home=feed.url,
        )
        response = await self._get(wanted, now)
        return asked_away(wanted.named) if isinstance(response, Postponed) else response

    def _access_of(self, feed: Feed) -> Access:
        return self._access.get(canonical_url(feed.url), _NO_ACCESS) if self._access else _NO_ACCESS

    async def _get(self, wanted: _Wanted, now: datetime) -> Response | FeedError | Postponed:
        url, began, hops = wanted.url, monotonic(), list[Redirect]()
        try:
            # Each request has its own time limit; none runs while waiting for a host's turn.
            while True:
                try:
                    answer = await self._ask(wanted, url, now, began, first=not hops)
                except Unused:
                    # Outside of the turn, and of the place among all requests: those who make
                    # room may need them.
                    assert wanted.room is not None
                    await wanted.room.wait()
                    continue
                if isinstance(answer, Postponed):
                    return answer
                if not isinstance(answer, str):
                    return _response(wanted, answer, monotonic() - began, tuple(hops))
                hops.append(Redirect(status=int(answer[:3]), url=shown(answer[4:])))
                url = with_login(answer[4:], wanted.url)
                self._check_hops(wanted, hops)
        except FetchError as error:
            # Where it was raised is left out: it would keep the answer for as long as the error.
            error.__traceback__ = error.__context__ = None
            return error
        except Exception as error:  # noqa: BLE001 - whatever a server does, it costs only its own feed
            failed = failure(wanted.named, error)
            if isinstance(failed, RefusedURL):
                failed.reached = bool(hops)
            return failed

    async def _ask(
        self, wanted: _Wanted, url: str, now: datetime, began: float, *, first: bool
    ) -> str | _Answer | Postponed:
        """One request: an answer, or "301 URL" where it points elsewhere. Raises Unused where
        there is no room for the ``first``. ``began``: when it was ``now``, by the steady clock."""
        host = checked_host(self._guard, url, wanted.named)
        headers = self._headers_for(wanted, url)
        session = self._proxied if wanted.access.proxy else self._session
        assert session is not None
        async with self._hosts.turn(host):
            if first and wanted.room is not None and not wanted.room.free:
                raise Unused
            # What counts from the request counts from here: the turn may have been long in coming.
            now += timedelta(seconds=int(monotonic() - began))
            # Only now: who waited for the host's turn may have waited for its refusal.
            if now < (until := self._pauses.until(host, now, page=wanted.page)):
                return Postponed(host=host, until=until)
            if wanted.access.proxy:
                await refuse_inward(self._guard, host, wanted.named)
            async with session.get(
                as_written(url),
                headers=headers,
                allow_redirects=False,
                proxy=wanted.access.proxy or None,
            ) as answer:
                try:
                    return await self._taken(wanted, url, headers, answer, now)
                except FetchError as error:
                    self._pauses.note(host, error, now, page=wanted.page)
                    raise

    def _headers_for(self, wanted: _Wanted, url: str) -> dict[str, str]:
        headers = {**self._headers, "Accept": _PAGES if wanted.page else _FEEDS}
        held = wanted.feed.validators_of(shown(url)) if wanted.feed else None
        if held is not None:
            if held.etag is not None:
                headers["If-None-Match"] = held.etag
                # What is new alone will do, where a server can tell (RFC 3229).
                headers["A-IM"] = "feed"
            if held.last_modified is not None:
                headers["If-Modified-Since"] = held.last_modified
        parts, access = urlsplit(url), wanted.access
        if access != _NO_ACCESS and same_server(url, wanted.home):
            headers |= dict(access.headers)
            if access.username or access.password:
                headers["Authorization"] = _basic(access.username, access.password)
        if parts.username is not None:
            headers["Authorization"] = _basic(
                unquote(parts.username), unquote(parts.password or "")
            )
        return headers

    async def _taken(
        self,
        wanted: _Wanted,
        url: str,
        headers: Mapping[str, str],
        answer: aiohttp.ClientResponse,
        now: datetime,
    ) -> str | _Answer:
        """What came, read to its end. Raises FetchError."""
        if answer.status in _REDIRECTS and "Location" in answer.headers:
            target = urljoin(bare(url), answer.headers["Location"].strip())
            refuse_asked_wait(wanted.named, answer, now)
            return f"{answer.status} {target}"
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        check_status(wanted.named, answer, now, conditional=conditional)
        if wanted.page:
            refuse_other_than_page(wanted.named, answer)
        # A 304 has none (RFC 9110, 15.4.5).
        wire = b"" if answer.status == 304 else await self._body(wanted, answer)
        return _Answer(
            at=now,
            url=shown(url),
            status=answer.status,
            headers=_headers(answer),
            wire=wire,
            body=self._decoded(wanted, answer, wire),
        )

    async def _body(self, wanted: _Wanted, answer: aiohttp.ClientResponse) -> bytes:
        # One piece of memory that grows: hundreds of small ones would leave gaps behind.
        limit, wire = self._settings.max_bytes, bytearray()
        async with AsyncExitStack() as place:
            async for piece in answer.content.iter_chunked(_CHUNK):
                if len(wire) <= _LARGE < len(wire) + len(piece):
                    await place.enter_async_context(self._large)
                if len(wire) + len(piece) > limit:
                    raise too_large(wanted.named, limit)
                wire += piece
            return bytes(wire)

    def _decoded(self, wanted: _Wanted, answer: aiohttp.ClientResponse, wire: bytes) -> bytes:
        try:
            return decode(
                wire, answer.headers.get("Content-Encoding", ""), self._settings.max_bytes
            )
        except Swells:
            raise swelling(wanted.named) from None
        except TooLarge:
            raise too_large(wanted.named, self._settings.max_bytes) from None
        except Undecodable as error:
            raise FetchError(
                f"the answer cannot be unpacked: {error}",
                url=wanted.named,
                kind=FailureKind.ENCODING,
            ) from None

    def _check_hops(self, wanted: _Wanted, hops: Sequence[Redirect]) -> None:
        if len(hops) > self._settings.max_redirects:
            raise FetchError(
                f"more than {self._settings.max_redirects} redirects",
                url=wanted.named,
                kind=FailureKind.REDIRECT,
            )
        visited = [shown(wanted.url), *(hop.url for hop in hops)]
        if len(set(visited)) < len(visited):
            raise FetchError(
                "the redirects go round in a circle", url=wanted.named, kind=FailureKind.REDIRECT
            )


def _basic(username: str, password: str) -> str:
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


class _Answer:
    """What one request brought, before it is a Response."""

    __slots__ = ("at", "body", "headers", "status", "url", "wire")

    def __init__(
        self,
        *,
        at: datetime,
        url: str,
        status: int,
        headers: tuple[tuple[str, str], ...],
        wire: bytes,
        body: bytes,
    ) -> None:
        self.at, self.url, self.status, self.headers = at, url, status, headers
        self.wire, self.body = wire, body


def _response(
    wanted: _Wanted, answer: _Answer, seconds: float, hops: tuple[Redirect, ...]
) -> Response:
    return Response(
        requested=wanted.url,
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        wire=answer.wire,
        body=answer.body,
        started=answer.at,
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
