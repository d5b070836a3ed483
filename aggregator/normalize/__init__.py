"""Normalize: bytes → Document (parse, identify, clean), and Entry* + Known → Change* (decide)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.normalize.changes import decide
from aggregator.normalize.workers import Workers

if TYPE_CHECKING:
    from aggregator.normalize.reading import read


def __getattr__(name: str) -> object:
    # feedparser and nh3 are loaded where documents are read: in the workers.
    if name == "read":
        from aggregator.normalize.reading import read

        return read
    raise AttributeError(name)


__all__ = ["Workers", "decide", "read"]
