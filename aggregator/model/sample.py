"""The sample of an entry's text, by which near copies find one another: how much must be shared.

A sample is a tuple of hashes, numbers below 2**48, each of a run of words.
"""

from __future__ import annotations

LEAST_SHARED = 2
"""Hashes that a text must share with another to be compared with it."""

CROWDED = 32
"""A run of words that more stories carry is a phrase of the trade, and tells none of them."""
