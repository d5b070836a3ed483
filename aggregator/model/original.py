"""The uncleaned item, as its revision keeps it: a JSON object in one Zstandard frame (RFC 8878)."""

from __future__ import annotations

import json
import sys
import zlib
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Kept, since to set one up costs more than to compress an item. For texts of this size level 1 is a
# hundredth larger than level 3, which is as small as zlib's quickest, in half of that one's time.
_COMPRESSOR = zstd.ZstdCompressor(level=1)
_ZLIB = 0x78


def pack_original(item: bytes) -> bytes:
    """An item, given as a JSON object in UTF-8, compressed."""
    return _COMPRESSOR.compress(item, zstd.ZstdCompressor.FLUSH_FRAME)


def unpack_original(packed: bytes) -> dict[str, Any]:
    """The fields of the item that :func:`pack_original` packed; none where nothing is kept."""
    if not packed:
        return {}
    # Archives of the first weeks hold zlib's form too, which begins otherwise (RFC 1950, 2.2).
    undo = zlib.decompress if packed[0] == _ZLIB else zstd.decompress
    item: dict[str, Any] = json.loads(undo(packed))
    return item
