"""Troubles of feeds that answer: may have missed, silent, empty, cut off, too long; as lists and ``status`` tell them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.cli.output import Column, local, print_table, say

if TYPE_CHECKING:
    from aggregator.model.feed import Feed

_LATELY = timedelta(days=7)
_SHOWN = 10


def trouble_words(feed: Feed, now: datetime) -> str:
    """What stands with a feed besides failing, in a few words; "" where nothing does."""
    from aggregator.model.feed import Trouble

    words = []
    if missed_lately(feed, now):
        words.append(f"entries may have been missed ({local(feed.missed_at)})")
    if Trouble.STALE in feed.told:
        words.append(f"nothing new since {local(feed.news_at)}")
    if Trouble.EMPTY in feed.told:
        words.append("its document lists nothing any more")
    if Trouble.CUT in feed.told:
        words.append("its document breaks off")
    if Trouble.LONG in feed.told:
        words.append("it lists more than is read")
    return "; ".join(words)


def missed_lately(feed: Feed, now: datetime) -> bool:
    """Whether two polls of the last week had nothing in common, and that was not made good."""
    return feed.missed_at is not None and now - feed.missed_at <= _LATELY


def print_troubles(feeds: Sequence[Feed], now: datetime) -> None:
    """A table of the feeds that answer and are in trouble all the same; nothing where none is."""
    rows = [(feed.title, words) for feed in feeds if (words := trouble_words(feed, now))]
    if rows:
        say()
        print_table((Column("in trouble", cut=True), Column("what", wide=True)), rows[:_SHOWN])
        if len(rows) > _SHOWN:
            say(f"and {len(rows) - _SHOWN} more: aggregator feeds list")


def troubles_json(feeds: Sequence[Feed], now: datetime) -> dict[str, object]:
    """``missed``, ``stale``, ``empty``, ``cut`` and ``long`` of ``status --json``: the feeds, each with since when."""
    from aggregator.model.feed import Trouble
    from aggregator.model.time import iso

    return {
        "missed": [
            {"url": feed.url, "at": iso(feed.missed_at)}
            for feed in feeds
            if missed_lately(feed, now)
        ],
        "stale": [
            {"url": feed.url, "newest": iso(feed.news_at)}
            for feed in feeds
            if Trouble.STALE in feed.told
        ],
        "empty": [{"url": feed.url} for feed in feeds if Trouble.EMPTY in feed.told],
        "cut": [{"url": feed.url} for feed in feeds if Trouble.CUT in feed.told],
        "long": [{"url": feed.url} for feed in feeds if Trouble.LONG in feed.told],
    }
