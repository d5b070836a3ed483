"""Collect: when to ask, and asking. Feed → Response; errors are values."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from aggregator.collect.address import next_address, with_login
from aggregator.collect.cadence import after_outage, after_pause, next_poll
from aggregator.collect.manners import Remark, remarks
from aggregator.collect.noticing import gap_closed, noted
from aggregator.collect.outages import NO_NETWORK, at_home, unreached, unreached_of
from aggregator.collect.push import hub_of, told_of_news
from aggregator.collect.rhythm import hides, still_no_feed
from aggregator.collect.room import Room
from aggregator.collect.stopping import unless
from aggregator.model.errors import FeedError
from aggregator.model.feed import Feed, Response

if TYPE_CHECKING:
    from aggregator.collect.courier import Answer, Courier
    from aggregator.collect.discovery import Where, stranger
    from aggregator.collect.exploring import Found, discover
    from aggregator.collect.http import Collector
    from aggregator.collect.local import may_read

# What takes a moment to load, for commands that only read: loaded where it is first asked for.
_FILES = {
    "Answer": "courier",
    "Collector": "http",
    "Courier": "courier",
    "Found": "exploring",
    "Where": "discovery",
    "discover": "exploring",
    "may_read": "local",
    "stranger": "discovery",
}


def __getattr__(name: str) -> object:
    if name not in _FILES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)


def body_hash(response: Response) -> bytes:
    """16 bytes that are equal when a document says the same: the body, and from outside it the
    declared type and charset, and the address its relative addresses stand on."""
    outside = f"{response.header('content-type') or ''}\0{response.url}\0".encode()
    # Of the hashes that nobody can make two bodies for, the one that processors know how to make.
    return hashlib.sha256(outside + response.body).digest()[:16]


def by_cause(failures: Sequence[tuple[Feed, FeedError]]) -> list[tuple[FeedError, list[Feed]]]:
    """The failures with equal words together, each with one of its errors; in order of the first."""
    groups: dict[str, tuple[FeedError, list[Feed]]] = {}
    for feed, error in failures:
        groups.setdefault(error.what, (error, []))[1].append(feed)
    return list(groups.values())


__all__ = [
    "NO_NETWORK",
    "Answer",
    "Collector",
    "Courier",
    "Found",
    "Remark",
    "Room",
    "Where",
    "after_outage",
    "after_pause",
    "at_home",
    "body_hash",
    "by_cause",
    "discover",
    "gap_closed",
    "hides",
    "hub_of",
    "may_read",
    "next_address",
    "next_poll",
    "noted",
    "remarks",
    "still_no_feed",
    "stranger",
    "told_of_news",
    "unless",
    "unreached",
    "unreached_of",
    "with_login",
]
