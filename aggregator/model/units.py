"""Quantities in words."""

from __future__ import annotations

from collections.abc import Sequence


def size(count: int) -> str:
    """Bytes in words, in the units that settings are written in: ``12 KiB``, ``3.4 MiB``."""
    value = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit in {"bytes", "KiB"} else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def duration(seconds: float) -> str:
    """Seconds as settings are written: ``1h``, ``90m``, ``2d``."""
    return in_units(seconds, (("d", 86400), ("h", 3600), ("m", 60)), "s")


def in_units(number: float, units: Sequence[tuple[str, int]], least: str) -> str:
    """The number in the largest unit of which it is a whole count."""
    for unit, size in units:
        if number and number % size == 0:
            return f"{int(number // size)}{unit}"
    if isinstance(number, int):
        return f"{number}{least}"
    return f"{number:f}".rstrip("0").rstrip(".") + least
