"""What an answer brings, read to its end and unpacked: within its limits, and the room there is."""

from __future__ import annotations

import aiohttp

from aggregator.collect.failures import swelling, too_large
from aggregator.collect.room import SMALL, Load
from aggregator.model.decoding import Swells, TooLarge, Undecodable, decode, most_decoded
from aggregator.model.errors import FetchError
from aggregator.model.feed import FailureKind

_CHUNK = 64 * 1024
# Room for an answer that does not say how long it is: so much, then all that it may take.
_STEPS = (SMALL, 1024 * 1024)


async def read_body(
    answer: aiohttp.ClientResponse, load: Load, named: str, limit: int
) -> tuple[bytes, bytes]:
    """The payload as it came, and unpacked; each of at most ``limit`` bytes, held by ``load``.

    Raises FetchError; ``named`` is the address in it.
    """
    wire = await _read(answer, load, named, limit)
    coding = answer.headers.get("Content-Encoding", "")
    try:
        return wire, await _unpacked(wire, coding, load, limit)
    except Swells:
        raise swelling(named) from None
    except TooLarge:
        raise too_large(named, limit) from None
    except Undecodable as error:
        raise FetchError(
            f"the answer cannot be unpacked: {error}", url=named, kind=FailureKind.ENCODING
        ) from None


async def _read(answer: aiohttp.ClientResponse, load: Load, named: str, limit: int) -> bytes:
    length = answer.content_length
    if length is not None and length > limit:
        raise too_large(named, limit)
    # One piece of memory that grows: hundreds of small ones would leave gaps behind.
    wire = bytearray()
    async for piece in answer.content.iter_chunked(_CHUNK):
        size = len(wire) + len(piece)
        if size > limit:
            raise too_large(named, limit)
        # All that it will take at once: many with a part each would wait for each other.
        place = length or next((step for step in _STEPS if size <= step), limit)
        await load.hold(max(size, place))
        wire += piece
    load.keep(len(wire))
    return bytes(wire)


async def _unpacked(wire: bytes, coding: str, load: Load, limit: int) -> bytes:
    if not coding:
        return wire
    try:
        body = decode(wire, coding, min(SMALL, limit))
    except TooLarge:
        # How large it is shows when it is there.
        await load.hold(len(wire) + min(limit, most_decoded(len(wire))))
        body = decode(wire, coding, limit)
    size = len(wire) + (0 if body is wire else len(body))
    load.keep(size)
    await load.hold(size)
    return body
