"""The uncleaned item, as its revision keeps it: a JSON object in one Zstandard frame (RFC 8878)."""

from __future__ import annotations

import json
import sys
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Kept, since to set one up costs more than to compress an item. For texts of this size level 3
# is as small as zlib's quickest, in two thirds of its time.
_COMPRESSOR = zstd.ZstdCompressor(level=3)


def pack_original(item: bytes) -> bytes:
    """An item, given as a JSON object in UTF-8, compressed."""
    return _COMPRESSOR.compress(item, zstd.ZstdCompressor.FLUSH_FRAME)


def unpack_original(packed: bytes) -> dict[str, Any]:
    """The fields of the item that :func:`pack_original` packed; none where nothing is kept."""
    item: dict[str, Any] = json.loads(zstd.decompress(packed)) if packed else {}
    return item
