"""The fetch log: a line for each fetch of a feed, and counts for each of its days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from aggregator.archive.schema import fetch_days, fetches
from aggregator.archive.statements import insert, upsert
from aggregator.model.batch import Fetched, Settled
from aggregator.model.feed import FeedKey


class FetchRecord(Struct, frozen=True, kw_only=True):
    """One fetch of a feed. ``outcome`` is changed, unchanged or failed; ``bytes`` as they came."""

    at: datetime
    outcome: str
    status: int | None
    message: str
    bytes: int
    seconds: float
    new: int
    revised: int


def note(connection: sa.Connection, settled: Sequence[Settled]) -> None:
    """One line a fetch, and the counts of the day."""
    first = (connection.scalar(sa.select(sa.func.max(fetches.c.fetch_key))) or 0) + 1
    lines = [_line(one) for one in settled]
    if not lines:
        return
    insert(
        connection, fetches, [{"fetch_key": first + at, **line} for at, line in enumerate(lines)]
    )
    days = [
        {
            "feed_key": line["feed_key"], "day": line["at"].date().isoformat(),
            "requests": _requests(one), "fetches": 1,
            "unchanged": int(line["outcome"] == "unchanged"),
            "not_modified": int(line["status"] == 304),
            "failed": int(line["outcome"] == "failed"),
            "bytes": line["bytes"], "new": line["new"], "revised": line["revised"],
        }
        for one, line in zip(settled, lines, strict=True)
    ]  # fmt: skip
    counted = (
        "requests", "fetches", "unchanged", "not_modified", "failed", "bytes", "new", "revised",
    )  # fmt: skip
    upsert(connection, fetch_days, days, add=counted)


def last(connection: sa.Connection, key: FeedKey, limit: int) -> tuple[FetchRecord, ...]:
    """The last fetches of a feed, newest first."""
    rows = connection.execute(
        sa.select(fetches)
        .where(fetches.c.feed_key == key)
        .order_by(fetches.c.fetch_key.desc())
        .limit(limit)
    )
    return tuple(
        FetchRecord(
            at=row.at, outcome=row.outcome, status=row.status, message=row.message, bytes=row.bytes,
            seconds=row.seconds, new=row.new, revised=row.revised,
        )
        for row in rows
    )  # fmt: skip


def _line(one: Settled) -> dict[str, Any]:
    fetched = one.decision.fetched
    response, failure = fetched.response, fetched.failure
    outcome = "failed" if failure else "unchanged" if fetched.unchanged else "changed"
    return {
        "feed_key": fetched.feed.key, "at": fetched.at, "outcome": outcome,
        "status": response.status if response else getattr(failure, "status", None),
        "message": failure.what if failure else _remarks(fetched),
        "bytes": len(response.wire) if response else 0,
        "seconds": response.seconds if response else 0.0,
        "new": one.decision.new, "revised": one.decision.revised,
    }  # fmt: skip


def _requests(one: Settled) -> int:
    """How many requests a fetch took: one, and one more a redirect; none where none got out."""
    fetched = one.decision.fetched
    if fetched.response is not None:
        return 1 + len(fetched.response.redirects)
    return int(getattr(fetched.failure, "reached", False))


def _remarks(fetched: Fetched) -> str:
    """What is wrong with a document that could be read all the same, or special about it."""
    problems = fetched.document.problems if fetched.document else ()
    kind = ("an archive document",) if fetched.archived else ()
    return "; ".join((*kind, *problems))[:500]
