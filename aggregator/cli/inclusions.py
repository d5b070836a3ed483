"""Included lists that fail: told by ``status`` and ``feeds check``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.cli.output import Column, plural, print_table, say, when

if TYPE_CHECKING:
    from aggregator.model.inclusion import FeedList

_SHOWN = 10


def list_trouble(one: FeedList) -> str:
    """Why a list fails, how often it did, and what holds meanwhile; "" where all is well."""
    if not one.failure:
        return ""
    kept = "what it named last is collected" if one.last_success else "it never named a feed"
    return f"{one.failure} ({plural(one.failures, 'time')}): {kept}"


def print_failing_lists(lists: Sequence[FeedList]) -> None:
    """A table of included lists that fail; nothing where there is none."""
    if not lists:
        return
    say()
    columns = (
        Column("list failing", cut=True), Column("last answer"), Column("why", wide=True),
    )  # fmt: skip
    rows = [(one.url, when(one.last_success) or "never", list_trouble(one)) for one in lists]
    print_table(columns, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN} more: aggregator feeds check")


def list_json(one: FeedList) -> dict[str, object]:
    """A list that fails, for ``status --json``."""
    from aggregator.model.time import iso

    return {
        "url": one.url,
        "message": one.failure,
        "count": one.failures,
        "last_success": iso(one.last_success),
        "next_due": iso(one.next_due),
    }
