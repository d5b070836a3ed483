"""``/hub``: a form that a subscriber sends, handed on to the hub. The one thing that takes POST."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from aggregator.hub import Fields, Reply

Ask = Callable[[Fields], Awaitable[Reply]]

_FORM = "application/x-www-form-urlencoded"
# A callback and a topic, all their characters percent-encoded, and what a hub ignores.
_MOST_BYTES, _MOST_FIELDS = 16 * 1024, 50
_SECONDS = 10
# Browsers send one of these with every POST; servers, which are all a hub knows, do not.
_OF_BROWSERS = ("origin", "sec-fetch-site")


async def answer_hub(request: Request, ask: Ask) -> Response:
    """The hub's answer, as plain text (WebSub, section 5.1.2).

    A page in a browser on this machine reaches a server that nobody else does, and a form
    needs no permission to be sent: so whatever a browser sends is refused.
    """
    if any(name in request.headers for name in _OF_BROWSERS):
        return _text(403, "Subscribing is for servers, not for pages in a browser.")
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return _text(415, f"Content-Type must be {_FORM}.")
    try:
        async with asyncio.timeout(_SECONDS):
            body = await _read(request)
        if body is None:
            return _text(413, f"A request has at most {_MOST_BYTES} bytes.")
        fields = _parsed(body)
    except TimeoutError:
        return _text(408, "The request did not come in time.")
    except ClientDisconnect:
        return _text(400, "The request broke off.")
    except ValueError:
        return _text(400, "The form cannot be read as UTF-8, or has too many fields.")
    reply = await ask(fields)
    later = {} if reply.retry_after is None else {"Retry-After": str(reply.retry_after)}
    return _text(reply.status, reply.text, later)


async def _read(request: Request) -> bytes | None:
    """The body; None where it is larger than a request may be."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            return None
    return body


def _parsed(body: bytes) -> Fields:
    return parse_qs(
        body.decode("ascii"),
        keep_blank_values=True,
        encoding="utf-8",
        errors="strict",
        max_num_fields=_MOST_FIELDS,
    )


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, {"Cache-Control": "no-store", **(headers or {})})
