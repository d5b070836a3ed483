"""Quantities in words."""

from __future__ import annotations


def size(count: int) -> str:
    """Bytes in words, in the units that settings are written in: ``12 KiB``, ``3.4 MiB``."""
    value = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit in {"bytes", "KiB"} else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
