"""How long news take from their publisher's date to the archive."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from msgspec import Struct


class Delay(Struct, frozen=True, kw_only=True):
    """Of so many ``entries``: half were there within ``median`` seconds, 95 of 100 within ``p95``."""

    entries: int
    median: float
    p95: float


def delay_of(seconds: Iterable[float]) -> Delay | None:
    """The delay that these come to (by nearest rank); None of none."""
    ordered = sorted(seconds)
    if not ordered:
        return None

    def rank(share: float) -> float:
        return ordered[ceil(share * len(ordered)) - 1]

    return Delay(entries=len(ordered), median=rank(0.5), p95=rank(0.95))
