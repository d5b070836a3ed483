"""What a server did wrong, as an error in our words. ``url`` is what was to be had there."""

from __future__ import annotations

import errno
import os
import ssl
from datetime import datetime
from typing import Any

import aiohttp

from aggregator.collect.caching import retry_after
from aggregator.model.errors import FeedError, FetchError, RefusedURL
from aggregator.model.feed import FailureKind


def check_status(
    url: str, answer: aiohttp.ClientResponse, now: datetime, *, conditional: bool
) -> None:
    """Raises FetchError for any status but 200; and 304, and 226 (RFC 3229: what is new alone),
    where that was asked for."""
    status = answer.status
    if status == 200 or (status == 304 and conditional):
        return
    if status == 226 and conditional and answer.headers.get("IM", "feed").strip().lower() == "feed":
        return
    wait = retry_after(answer.headers, now) if status in {429, 503} else None
    what = {
        226: "the server sends a part that nobody asked for (226)",
        304: "the server says unchanged, though nothing was named to compare with",
        401: "the server wants a log-in (401): give it in secrets.toml",
        403: "the server refuses us (403)",
        404: "the server knows no such address (404)",
        407: "the proxy wants a log-in (407): give it in secrets.toml",
        410: "the publisher has ended this feed (410)",
        429: "the server asks for fewer requests (429)",
        503: "the server is out of service for now (503)",
    }.get(status, f"the server answers {status} {answer.reason or ''}".rstrip())
    hint = "look for the feed's new address" if status in {404, 410} else ""
    raise FetchError(
        what, url=url, kind=FailureKind.HTTP, status=status, retry_after=wait, hint=hint
    )


def refuse_asked_wait(url: str, answer: aiohttp.ClientResponse, now: datetime) -> None:
    """Raises FetchError for a redirect that asks to be followed later."""
    wait = retry_after(answer.headers, now)
    if wait:
        raise FetchError(
            "the server redirects, and asks to wait first",
            url=url,
            kind=FailureKind.HTTP,
            status=answer.status,
            retry_after=wait,
        )


def asked_away(url: str) -> FetchError:
    """The server said for how long it wants nothing more asked for, and that is not over."""
    what = "the server asks for fewer requests"
    return FetchError(what, url=url, kind=FailureKind.HTTP, status=429, reached=False)


def refuse_other_than_page(url: str, answer: aiohttp.ClientResponse) -> None:
    """An answer that says it is no web page need not be read to its end."""
    kind = answer.headers.get("Content-Type", "")
    if kind and "html" not in kind.lower():
        raise FetchError(
            f"the link leads to no web page, but to {kind}"[:300],
            url=url,
            kind=FailureKind.OTHER,
        )


def too_large(url: str, limit: int) -> FetchError:
    """More than ``limit`` bytes came."""
    return FetchError(
        f"the document is larger than {limit // 2**20} MiB",
        url=url,
        kind=FailureKind.SIZE,
        hint="collect.max_bytes allows more",
    )


def swelling(url: str) -> FetchError:
    """What came was made to grow without measure."""
    return FetchError(
        "the answer unpacks to more than 200 times its size", url=url, kind=FailureKind.SIZE
    )


def refused(url: str, host: str) -> RefusedURL:
    """The guard does not let us reach the host."""
    return RefusedURL(
        f"{host} leads into a private network",
        url=url,
        hint="collect.allow_networks lists the networks that may be reached",
    )


def failure(url: str, error: Exception) -> FeedError:
    """A library's exception in our words."""
    cause: Any = error
    while cause is not None:
        if isinstance(cause, RefusedURL):
            return RefusedURL(cause.what, url=url, hint=cause.hint)
        cause = cause.__cause__ or getattr(cause, "os_error", None)
    kind, what = _kind(error)
    # A proxy that opens no way is not the publisher's server.
    reached = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientHttpProxyError)
    return FetchError(what[:300], url=url, kind=kind, reached=reached)


def _unreached(error: Any) -> str:
    """Why no connection came about, in plain words: a library names sockets and calls."""
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return "the server refuses connections"
    if number in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return "no way leads to the server"
    return "no connection to the server" + (f": {os.strerror(number)}" if number else "")


def _proxy_words(error: Any) -> str:
    status = getattr(error, "status", 0)
    return "it wants a log-in (407)" if status == 407 else f"it answers {status}"


def _first_line(error: Any) -> str:
    """What a library says of an answer, without the bytes that it quotes below."""
    return str(getattr(error, "message", "")).partition("\n")[0].rstrip(": ")


def _kind(error: Any) -> tuple[FailureKind, str]:
    tls = aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError
    closed = aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError
    for kinds, kind, what in (
        ((TimeoutError,), FailureKind.TIMEOUT, "the server did not answer in time"),
        ((aiohttp.ClientConnectorDNSError,), FailureKind.DNS, "the server's name is not found"),
        ((aiohttp.ClientProxyConnectionError,), FailureKind.CONNECT, "the proxy cannot be reached"),
        (tls, FailureKind.TLS, f"no safe connection: {getattr(error, 'certificate_error', error)}"),
        (
            (aiohttp.ClientConnectorError,),
            FailureKind.CONNECT,
            _unreached(error),
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
            (aiohttp.ClientHttpProxyError,),
            FailureKind.CONNECT,
            f"the proxy opens no way to the server: {_proxy_words(error)}",
        ),
        (
            (aiohttp.ClientResponseError,),
            FailureKind.HTTP,
            f"the answer is not valid HTTP: {_first_line(error)}",
        ),
    ):
        if isinstance(error, kinds):
            return kind, what
    return FailureKind.OTHER, f"{type(error).__name__}: {error}"
