"""What publishers did to entries after they had published them: revised, or taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

import sqlalchemy as sa

from aggregator.archive import records
from aggregator.archive.database import Database
from aggregator.archive.schema import entries, revisions
from aggregator.model.entry import ChangeRecord
from aggregator.query import Query

_PORTION = 200
# Written out, as in the indices that hold these alone: the databases use them for what says the same.
_REVISED = sa.text("revisions.number > 1")
_VANISHED = sa.text("entries.vanished IS NOT NULL")


def newest(
    database: Database, query: Query | None, since: datetime | None, now: datetime
) -> Iterator[ChangeRecord]:
    """Revisions after the first, and entries that are gone from their feeds, newest first; of
    entries that satisfy a query as they are now. Portions are read one by one."""
    revised = _rows(
        database,
        (revisions.c.seen, revisions.c.entry_key, revisions.c.number, revisions.c.changed),
        _REVISED,
        since,
    )
    vanished = _rows(
        database,
        (entries.c.vanished, entries.c.entry_key, entries.c.revision, sa.null()),
        _VANISHED,
        since,
    )
    rows = merge(revised, vanished, key=lambda row: row[:3], reverse=True)
    while portion := list(islice(rows, _PORTION)):
        with database.reading() as connection:
            found = records.read_records(connection, sorted({row[1] for row in portion}))
        held = {int(record.key): record for record in found}
        for at, key, number, changed in portion:
            record = held[key]
            if query is None or query.holds(records.subject_of(record), now=now):
                fields = None if changed is None else tuple(json.loads(changed))
                yield ChangeRecord(at=at, entry=record, number=number, changed=fields)


def _rows(
    database: Database, columns: tuple[Any, ...], condition: sa.TextClause, since: datetime | None
) -> Iterator[tuple[datetime, int, int, str | None]]:
    """(when, entry key, revision, changed fields), newest first, a portion a transaction."""
    place = columns[:3]
    query = sa.select(*columns).where(condition).limit(_PORTION)
    query = query.order_by(*(column.desc() for column in place))
    if since is not None:
        query = query.where(place[0] >= since)
    portion = query
    while True:
        with database.reading() as connection:
            found = [tuple(row) for row in connection.execute(portion)]
        yield from found
        if len(found) < _PORTION:
            return
        last = (sa.literal(at, column.type) for at, column in zip(found[-1], place, strict=False))
        portion = query.where(sa.tuple_(*place) < sa.tuple_(*last))
