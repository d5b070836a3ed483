"""Normalize: bytes → Document (parse, identify, clean), and Entry* + Known → Change* (decide)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.normalize.changes import decide
from aggregator.normalize.learning import counts, enough, learn
from aggregator.normalize.workers import Workers

if TYPE_CHECKING:
    from aggregator.normalize.boilerplate import without_again, words_of
    from aggregator.normalize.reading import read


def __getattr__(name: str) -> object:
    # feedparser and nh3 are loaded where documents are read, or entries cleaned again.
    if name == "read":
        from aggregator.normalize.reading import read

        return read
    if name in {"without_again", "words_of"}:
        from aggregator.normalize import boilerplate

        return getattr(boilerplate, name)
    raise AttributeError(name)


__all__ = ["Workers", "counts", "decide", "enough", "learn", "read", "without_again", "words_of"]
