"""Normalize: bytes → Document (parse, identify, clean), and Entry* + Known → Change* (decide)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.normalize.boilerplate import sayings_of, without_again
    from aggregator.normalize.changes import decide
    from aggregator.normalize.forking import start_server
    from aggregator.normalize.learning import counts, enough, learn
    from aggregator.normalize.reading import read
    from aggregator.normalize.workers import Workers

# Each is loaded where it is first asked for: workers need no decisions, and a round
# that brings nothing reads and cleans nothing.
_FILES = {
    "Workers": "workers",
    "counts": "learning",
    "decide": "changes",
    "enough": "learning",
    "learn": "learning",
    "read": "reading",
    "start_server": "forking",
    "sayings_of": "boilerplate",
    "without_again": "boilerplate",
}


def __getattr__(name: str) -> object:
    if name not in _FILES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)


__all__ = [
    "Workers",
    "counts",
    "decide",
    "enough",
    "learn",
    "read",
    "sayings_of",
    "start_server",
    "without_again",
]
