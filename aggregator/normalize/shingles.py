"""A small sample of a text's words in order, by which copies find one another among millions.

Of all runs of five words a fixed share is kept, chosen by their hash: two texts that
share a run then both keep it or both drop it. Pure, quick, and the same on every
machine and release, since samples are stored and compared with those of other days.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from zlib import crc32

from aggregator.model.sample import HASH_BYTES

SAMPLE_VERSION = 1
"""Samples of different versions have nothing in common; those before it age out of the archive."""

MOST_WORDS = 2000
"""Words of one text that are looked at: enough to know a copy, and a bound on what is stored."""

MOST_SIGNS = 20_000
"""Characters that hold them."""

_RUN = 5
_SHARE = 2**32 // 16
_LEAST = 32
_BEGINNING, _FIRST = 24, 4
_bytes = str.encode
_VERSION = SAMPLE_VERSION.to_bytes(2, "big")


def sample(words: Sequence[str]) -> bytes:
    """The sample of a text given by its folded words: hashes of 6 bytes, one after another.

    One of 16 runs, but 32 at least, or all there are. A text of fewer than five words is one run.
    """
    words = words[:MOST_WORDS]
    if not words:
        return b""
    written = _runs(words)
    # The quick checksum only chooses: what is kept is hashed well.
    signs = list(map(crc32, written))
    found = dict(zip(signs, written, strict=True))
    chosen = {sign for sign in found if sign < _SHARE}
    if len(chosen) < _LEAST:
        chosen = set(sorted(found)[:_LEAST])
    # A summary cut off after forty words has little else in common with the whole.
    chosen.update(sorted(signs[:_BEGINNING])[:_FIRST])
    return b"".join(
        [blake2b(found[sign], digest_size=HASH_BYTES, salt=_VERSION).digest() for sign in chosen]
    )


def _runs(words: Sequence[str]) -> list[bytes]:
    """Five words in order by one space, from each word on; all words where they are fewer."""
    whole = " ".join(words).encode()
    if len(words) < _RUN:
        return [whole]
    # Cut out of the whole, which is quicker than to join each.
    sizes = map(
        len, words if len(whole) == sum(map(len, words), len(words) - 1) else map(_bytes, words)
    )
    begins = [0, *accumulate(size + 1 for size in sizes)]
    return [whole[begin : end - 1] for begin, end in zip(begins, begins[_RUN:], strict=False)]
