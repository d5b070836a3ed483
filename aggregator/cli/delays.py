"""How long news take to get here, in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.cli.output import Column, duration, plural, print_table, say
from aggregator.model.delay import Delay, delay_of

if TYPE_CHECKING:
    from aggregator.model.feed import Feed, FeedKey

WEEK = timedelta(days=7)
"""What came in so long is what is told of."""


_SHOWN = 10


def delays_of(
    feeds: Sequence[Feed], seconds: Mapping[FeedKey, Sequence[float]]
) -> list[tuple[Feed, Delay]]:
    """The delay of each feed of which any is known, the slowest first."""
    found = [(feed, delay_of(seconds.get(feed.key, ()))) for feed in feeds]
    known = [(feed, delay) for feed, delay in found if delay is not None]
    return sorted(known, key=lambda one: (-one[1].p95, one[0].url))


def print_delays(delays: Sequence[tuple[Feed, Delay]]) -> None:
    """The slowest feeds, as a table; nothing of none."""
    if not delays:
        return
    say()
    columns = (
        Column("slowest to arrive", cut=True),
        Column("median", right=True),
        Column("95 in 100", right=True),
        Column("entries", right=True),
    )
    cells = [
        (feed.title or feed.url, duration(one.median), duration(one.p95), str(one.entries))
        for feed, one in delays[:_SHOWN]
    ]
    print_table(columns, cells)


def delays_json(delays: Sequence[tuple[Feed, Delay]]) -> list[dict[str, object]]:
    """The same of all feeds, in seconds."""
    return [{"url": feed.url, **(delay_json(one) or {})} for feed, one in delays]


def delay_words(delay: Delay) -> str:
    """``median 12 min, 95 in 100 within 1 h (37 entries of 7 days)``."""
    within = f"median {duration(delay.median)}, 95 in 100 within {duration(delay.p95)}"
    return f"{within} ({plural(delay.entries, 'entry', 'entries')} of {WEEK.days} days)"


def delay_json(delay: Delay | None) -> dict[str, float] | None:
    """Seconds, and of how many entries."""
    if delay is None:
        return None
    return {"entries": delay.entries, "median": delay.median, "p95": delay.p95}
