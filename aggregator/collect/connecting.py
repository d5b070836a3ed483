"""Connections that the guard has admitted: the one way out, for whatever is asked or sent."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from aggregator.collect.failures import refused
from aggregator.collect.guard import Guard
from aggregator.model.errors import RefusedURL

_HEADER_BYTES = 32 * 1024
_LOOKUP_SECONDS = 5.0
_LOOKUPS = 64
# What an address is made of (RFC 3986): all else must be escaped first.
_PLAIN = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


def guarded_session(guard: Guard, seconds: float) -> aiohttp.ClientSession:
    """A session that connects only where the guard admits it, and gives one request ``seconds``.

    It follows no cookie, no proxy of the environment and no coding of an answer.
    """

    def opened(address: aiohttp.AddrInfoType) -> socket.socket:
        """The last word, where all names and notations have become an address: none that the
        guard does not admit is ever connected to."""
        family, kind, protocol, _, place = address
        if not guard.admits(str(place[0])):
            raise refused("", str(place[0]))
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        resolver=_GuardedResolver(guard),
        socket_factory=opened,
        limit=0,
        limit_per_host=0,
        ttl_dns_cache=300,
        keepalive_timeout=5,
    )
    return aiohttp.ClientSession(
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


def checked_host(guard: Guard, url: str, named: str) -> str:
    """The host that will be asked; ``named`` is what errors call it.

    Raises RefusedURL for what is never asked: other schemes, and numeric hosts the guard
    does not admit.
    """
    try:
        # The client's own reading of the address: "①②⑦.⓪.⓪.①" is 127.0.0.1 to it.
        parsed = URL(bare(url))
        host, _ = parsed.raw_host, parsed.port
    except ValueError:
        raise RefusedURL(f"{shown(url)} is no address", url=named) from None
    if parsed.scheme not in {"http", "https"} or not host:
        raise RefusedURL(
            f"{parsed.scheme or 'no scheme'}: is not fetched from a feed",
            url=named,
            hint="only http and https are",
        )
    numeric = _numeric(host)
    if numeric is not None and not guard.admits(numeric):
        raise refused(named, host)
    return host


async def refuse_inward(guard: Guard, host: str, named: str) -> None:
    """For a name that a proxy will resolve: raises RefusedURL where it leads inward from here.

    A proxy is often on our own machine or network, and would go there for anybody. What has no
    address here is the proxy's to find. Raises TimeoutError where that could not be told in time.
    """
    found: list[Any] = []
    async with asyncio.timeout(_LOOKUP_SECONDS):
        with contextlib.suppress(socket.gaierror):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, None, type=socket.SOCK_STREAM
            )
    # It may take any of them.
    if not all(guard.admits(str(place[0])) for *_, place in found):
        raise refused(named, host)


class _GuardedResolver(AbstractResolver):
    """Resolves names as the system does, and lets only admitted addresses through.

    In threads of its own: names that nobody answers for take seconds each, and would hold up all
    else that is done in the loop's few threads, the archive before all.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="lookup")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        look = partial(
            socket.getaddrinfo, host, port,
            family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG,
        )  # fmt: skip
        told = await asyncio.get_running_loop().run_in_executor(self._threads, look)
        found = [
            ResolveResult(
                hostname=host, host=str(place[0]), port=int(place[1]), family=kind, proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, place in told
        ]  # fmt: skip
        admitted = [one for one in found if self._guard.admits(one["host"])]
        if found and not admitted:
            raise refused("", host)
        return admitted

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def user_agent(version: str, contact: str) -> str:
    """Who asks, and how to reach the person behind it."""
    about = contact.removeprefix("mailto:")
    return f"aggregator/{version} (+{about})" if about else f"aggregator/{version}"


@lru_cache(maxsize=256)
def bare(url: str) -> str:
    """A URL without user name, password and fragment: what goes out."""
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))


def as_written(url: str) -> URL:
    """The address that goes out: every sign as the publisher wrote it, where it can go so.

    Servers tell ``%2F`` from ``/``, and compare signed addresses sign by sign.
    """
    text = bare(url)
    parts = urlsplit(text)
    if not _PLAIN.fullmatch(text) or not parts.path or "%" in parts.netloc:
        return URL(text)
    return URL(text, encoded=True)


def shown(url: str) -> str:
    """A URL as it may be stored, logged and published: without a password in it."""
    try:
        return bare(url)
    except ValueError:
        return url


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
