"""``/push/TOKEN``: where hubs ask whether we meant it (GET), and tell of news (POST)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from aggregator.model.errors import ArchiveError
from aggregator.push import Door

# A message carries a whole feed, of which nothing is kept.
_MOST_BYTES, _SECONDS = 32 * 1024 * 1024, 30
_MOST_FIELDS = 20


async def answer_push(request: Request, door: Callable[[], Door | None]) -> Response:
    """The answer to a hub. Whoever does not know the token learns nothing. Without a door, as between
    a start and its first round, a hub is to come again: any other answer may end what it has with us.

    A message that counts for nothing is answered like any other (WebSub, section 8): a forger
    learns nothing either. At an address where nothing is expected, 410 ends it.
    """
    try:
        token, held = request.path_params["token"], door()
        if held is None:
            return _not_now()
        if request.method == "POST":
            return await _hear(request, held, token)
        asked = parse_qs(request.url.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        challenge = await held.confirm(token, asked)
        return _text(404, "Not found.\n") if challenge is None else _text(200, challenge)
    except ArchiveError:
        return _not_now()
    except ValueError:
        return _text(400, "The query cannot be read.\n")


async def _hear(request: Request, door: Door, token: str) -> Response:
    message = await door.admit(token, request.headers.getlist("x-hub-signature"))
    if message is None:
        return _text(410, "Nothing is expected here.\n")
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > _MOST_BYTES:
                    return _text(413, f"A message has at most {_MOST_BYTES} bytes.\n")
                message.take(piece)
    except TimeoutError:
        return _text(408, "The message did not come in time.\n")
    except ClientDisconnect:
        return _text(400, "The message broke off.\n")
    await door.hear(message)
    return _text(202, "Heard.\n")


def _not_now() -> Response:
    return _text(503, "Not now.\n", {"Retry-After": "60"})


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(text, status, {"Cache-Control": "no-store", **(headers or {})})
