"""What is told of a feed's troubles: each once when it begins, and once when it is over."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from aggregator.model.feed import Trouble
from aggregator.model.time import require_utc

REMOVED = "it is subscribed to no more, so it is not asked; what came from it stays archived"
"""What is said of a trouble that ended because its feed was removed. It stands in archives, and the
status feed knows such an end by it: it never changes."""


class Notice(Struct, frozen=True, kw_only=True):
    """A sentence on one feed, without its name. ``over``: the trouble has ended."""

    at: datetime
    trouble: Trouble
    message: str
    over: bool = False

    def __post_init__(self) -> None:
        require_utc(self.at, "at")


class Noted(Struct, frozen=True, kw_only=True):
    """What a fetch says of how a feed is: what is to be told now, and what stands from now on.

    ``news_at``, ``pause`` and ``missed_at`` as in ``Feed``.
    """

    notices: tuple[Notice, ...]
    told: frozenset[Trouble]
    news_at: datetime | None
    pause: float | None
    missed_at: datetime | None


class NoticeRecord(Struct, frozen=True, kw_only=True):
    """A notice as it was stored, with the feed it is of (addresses without a log-in)."""

    notice: Notice
    feed: str
    feed_title: str
    feed_home: str
