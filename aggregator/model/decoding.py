"""Content codings undone piece by piece, so that no answer can swell beyond its limit."""

from __future__ import annotations

from typing import Any

try:
    # In less than half of zlib's time, with the same answers.
    from isal import isal_zlib as _zlib
except ImportError:
    import zlib as _zlib  # type: ignore[no-redef]

_PIECE = 256 * 1024
# No text of people packs so well. Below the second a document may, whatever it holds.
_MOST_RATIO, _SURE = 200, 2 * 1024 * 1024


class TooLarge(Exception):
    """More bytes than the limit."""


class Swells(TooLarge):
    """More than 200 times the bytes that came: not what they say, but what they are made for."""


class Undecodable(Exception):
    """A coding we do not know, or data that is not in the coding it claims."""


def decode(wire: bytes, coding: str, limit: int) -> bytes:
    """The bytes that ``wire`` stands for under Content-Encoding ``coding`` (RFC 9110, 8.4).

    Raises TooLarge beyond ``limit`` decoded bytes, Swells, Undecodable.
    """
    honest = max(_MOST_RATIO * len(wire), _SURE)
    try:
        return _undone(wire, coding, min(limit, honest))
    except TooLarge:
        if honest < limit:
            raise Swells from None
        raise


def _undone(wire: bytes, coding: str, limit: int) -> bytes:
    body = wire
    codings = [one.strip().lower() for one in coding.split(",") if one.strip()]
    if len(codings) > 3:
        raise Undecodable("more than three codings on top of each other")
    for one in reversed(codings):
        if one != "identity" and body:
            body = _undo(body, one, limit)
    if len(body) > limit:
        raise TooLarge
    return body


def _undo(data: bytes, coding: str, limit: int) -> bytes:
    try:
        if coding in {"gzip", "x-gzip"}:
            return _inflate(data, 31, limit)
        if coding == "deflate":
            # Said to be zlib (RFC 9110, 8.4.1.2), sent raw by some.
            zlib_wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            return _inflate(data, 15 if zlib_wrapped else -15, limit)
        if coding == "br":
            return _brotli(data, limit)
        if coding == "zstd":
            return _zstd(data, limit)
    except TooLarge:
        raise
    except Exception as error:
        raise Undecodable(f"it is not in the coding it claims ({coding})") from error
    raise Undecodable(f"it comes in a coding nobody asked for ({coding})")


def _inflate(data: bytes, bits: int, limit: int) -> bytes:
    pieces, size, rest = [], 0, data
    while rest:
        inflater = _zlib.decompressobj(bits)
        while not inflater.eof:
            piece = inflater.decompress(rest, min(_PIECE, limit - size + 1))
            rest = inflater.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise TooLarge
            pieces.append(piece)
            if not piece and not rest:
                break
        if not inflater.eof:
            raise Undecodable("it ends in the middle")
        rest = inflater.unused_data
        if bits != 31 or not rest.startswith(b"\x1f\x8b"):
            break
    return b"".join(pieces)


def _brotli(data: bytes, limit: int) -> bytes:
    import brotli

    decoder: Any = brotli.Decompressor()
    pieces, size, given = [], 0, data
    while True:
        piece = decoder.process(given, output_buffer_limit=_PIECE)
        given = b""
        size += len(piece)
        if size > limit:
            raise TooLarge
        pieces.append(piece)
        if decoder.is_finished():
            return b"".join(pieces)
        if not piece and decoder.can_accept_more_data():
            raise Undecodable("it ends in the middle")


def _zstd(data: bytes, limit: int) -> bytes:
    import sys

    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    pieces, size, rest = [], 0, data
    while rest:
        decoder = zstd.ZstdDecompressor()
        while not decoder.eof:
            piece = decoder.decompress(rest, max_length=_PIECE)
            rest = b""
            size += len(piece)
            if size > limit:
                raise TooLarge
            pieces.append(piece)
            if not piece and decoder.needs_input:
                raise Undecodable("it ends in the middle")
        rest = decoder.unused_data
    return b"".join(pieces)
