"""Whether what has a name in common with an older item is its next edition: another item.

A column has one page that is filled anew each day, or one headline and teaser over a new
page each day. Hours lie between two editions, while what is only edited keeps something.
"""

from __future__ import annotations

from collections.abc import Sequence

HALF_A_DAY = 12 * 3600
"""Seconds: editions of a daily column are a day apart, more or less."""

_TELLING = {"title", "published", "content", "summary"}

Parts = Sequence[tuple[str, bytes]]
"""(field, hash) as in ``Entry.parts``."""


def agree(one: Parts, other: Parts) -> bool:
    """Whether the headline, the date or the text of two items is the same."""
    before = dict(other)
    return any(hashed and before.get(name) == hashed for name, hashed in one if name in _TELLING)


def is_half_a_day_apart(one: Parts, other: Parts) -> bool:
    """Whether half a day or more lies between the dates of two items; not where one has none."""
    # As numbers these bytes count seconds.
    first, second = dict(one).get("published"), dict(other).get("published")
    if not first or not second:
        return False
    return abs(int.from_bytes(first) - int.from_bytes(second)) >= HALF_A_DAY


def is_next_edition(one: Parts, other: Parts) -> bool:
    """Whether nothing that two items say is the same, and their dates are half a day apart."""
    return not agree(one, other) and is_half_a_day_apart(one, other)
