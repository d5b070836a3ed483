"""The sample of an entry's text, by which near copies find one another: its compact form."""

from __future__ import annotations

HASH_BYTES = 6

LEAST_SHARED = 2
"""Hashes that a text must share with another to be compared with it."""

CROWDED = 32
"""A run of words that more stories carry is a phrase of the trade, and tells none of them."""


def hashes(sample: bytes) -> list[int]:
    """The hashes of a sample, as numbers below 2**48."""
    return [
        int.from_bytes(sample[at : at + HASH_BYTES], "big")
        for at in range(0, len(sample), HASH_BYTES)
    ]
