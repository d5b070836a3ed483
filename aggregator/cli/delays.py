"""How long news take to get here, in words and as JSON."""

from __future__ import annotations

from datetime import timedelta

from aggregator.cli.output import duration, plural
from aggregator.model.delay import Delay

WEEK = timedelta(days=7)
"""What came in so long is what is told of."""


def delay_words(delay: Delay) -> str:
    """``median 12 min, 95 in 100 within 1 h (37 entries of 7 days)``."""
    within = f"median {duration(delay.median)}, 95 in 100 within {duration(delay.p95)}"
    return f"{within} ({plural(delay.entries, 'entry', 'entries')} of {WEEK.days} days)"


def delay_json(delay: Delay | None) -> dict[str, float] | None:
    """Seconds, and of how many entries."""
    if delay is None:
        return None
    return {"entries": delay.entries, "median": delay.median, "p95": delay.p95}
