"""How much a topic catches a week, as figures and as bars."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from aggregator.cli.output import on_terminal

_BLOCKS = "▁▂▃▄▅▆▇█"
_LONGEST = 30
_WEEK = timedelta(days=7)


def weekly_counts(days: Sequence[date]) -> list[tuple[date, int]]:
    """(Monday, how many of the days) of each week from the first to the last, empty ones too."""
    counted = Counter(day - timedelta(days=day.weekday()) for day in days)
    if not counted:
        return []
    first, last = min(counted), max(counted)
    weeks = (first + _WEEK * number for number in range((last - first) // _WEEK + 1))
    return [(week, counted[week]) for week in weeks]


def chart(counts: Sequence[int]) -> str:
    """The counts as one block each on a terminal, as figures in a pipe."""
    if not on_terminal(sys.stderr):
        return " ".join(map(str, counts))
    most = max(counts, default=0) or 1
    return "".join(_BLOCKS[round(count / most * (len(_BLOCKS) - 1))] for count in counts)


def barred(
    weeks: Sequence[tuple[date, int]],
) -> Iterator[tuple[tuple[date, int], str]]:
    """Each week with its bar; without one in a pipe."""
    most = max((count for _, count in weeks), default=0) or 1
    drawn = on_terminal(sys.stdout)
    for week, count in weeks:
        yield (week, count), "█" * -(-count * _LONGEST // most) if drawn else ""
