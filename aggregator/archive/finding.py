"""Finding entries: by query, by id, and all of them in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice, takewhile

import sqlalchemy as sa

from aggregator.archive import question, records, search
from aggregator.archive.database import Database
from aggregator.archive.schema import entries, revisions, stories
from aggregator.model.entry import EntryRecord
from aggregator.model.errors import UsageError
from aggregator.query import Query, Wanted

_FIRST, _PORTION = 25, 200
_RANKED = 1000
_ID = re.compile(r"(?:urn:uuid:)?([0-9a-f][0-9a-f-]{5,35})", re.IGNORECASE)


def candidates(database: Database, query: Query, now: datetime | None) -> Iterator[EntryRecord]:
    """Entries that may satisfy a query, newest first; the caller asks the matcher. Without ``now``
    times in the query do not narrow them."""
    with database.reading() as connection:
        keys = search.candidates(connection, question.wanted(connection, query, now))
        while portion := list(islice(keys, _PORTION)):
            yield from records.read_records(connection, portion)


def newest(
    connection: sa.Connection, query: Query, limit: int, now: datetime, first: int
) -> tuple[EntryRecord, ...]:
    """Entries of this key or a later one that satisfy a query, newest (by arrival) first."""
    asked = question.wanted(connection, query, now)
    keys = list(islice(_matching(connection, query, asked, now, first), limit))
    return tuple(records.read_records(connection, keys))


def best(
    connection: sa.Connection, query: Query, limit: int, now: datetime, first: int
) -> tuple[EntryRecord, ...]:
    """The same by the engine's relevance over the newest 1,000 matches."""
    asked = question.wanted(connection, query, now)
    matches = dict.fromkeys(islice(_matching(connection, query, asked, now, first), _RANKED))
    if asked is not None:
        # What only the matcher can see (a word of a summary, say) comes after what the index ranks.
        matches = dict.fromkeys(search.ranked(connection, asked, sorted(matches))) | matches
    return tuple(records.read_records(connection, list(islice(matches, limit))))


def _matching(
    connection: sa.Connection, query: Query, asked: Wanted | None, now: datetime, first: int
) -> Iterator[int]:
    """Keys of entries that satisfy a query, newest first. Portions grow, since most queries are
    content with few."""
    found = search.candidates(connection, asked)
    keys, portion = takewhile(lambda key: key >= first, found), _FIRST
    while taken := list(islice(keys, portion)):
        for key, subject in records.read_subjects(connection, taken):
            if query.holds(subject, now=now):
                yield key
        portion = min(2 * portion, _PORTION)


def entry(connection: sa.Connection, name: str) -> EntryRecord | None:
    """An entry by its id, or a story's lead by the story's: the urn, the bare UUID, or the first 6
    or more of its digits. Raises UsageError where several begin so, or the name is no id."""
    shape = _ID.fullmatch(name.strip())
    if not shape:
        if re.fullmatch(r"[0-9a-f-]{1,5}", name.strip().lower()):
            raise UsageError(
                f"{name} is too short for an id", hint="give its first 6 digits or more"
            )
        raise UsageError(f"{name} is no entry id", hint="ids are in `aggregator search`")
    digits = shape.group(1).lower()
    if "-" not in digits:
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        digits = "-".join(filter(None, parts))
    begin = f"urn:uuid:{digits}"
    end = begin + "g"
    own = sa.select(entries.c.entry_key).where(
        entries.c.entry_id >= begin, entries.c.entry_id < end
    )
    lead = sa.select(stories.c.lead).where(stories.c.story_id >= begin, stories.c.story_id < end)
    keys = list(connection.execute(own.union(lead).limit(2)).scalars())
    if len(keys) > 1:
        raise UsageError(f"several ids begin with {name}", hint="give more of its digits")
    found = records.read_records(connection, keys)
    return found[0] if found else None


def first_since(connection: sa.Connection, at: datetime) -> int:
    """The key of the first entry that was first seen at a time or later; one beyond all where none
    was. Keys grow with arrival, so that a few rows tell."""
    low, high = 1, (connection.scalar(sa.select(sa.func.max(entries.c.entry_key))) or 0) + 1
    seen = sa.select(entries.c.first_seen).order_by(entries.c.entry_key).limit(1)
    while low < high:
        middle = (low + high) // 2
        found = connection.scalar(seen.where(entries.c.entry_key >= middle))
        if found is None or found >= at:
            high = middle
        else:
            low = middle + 1
    return low


def export(
    database: Database,
    query: Query | None,
    since: datetime | None,
    now: datetime,
    *,
    until: datetime | None = None,
    changed: datetime | None = None,
) -> Iterator[EntryRecord]:
    """All entries, or those that satisfy a query, first seen ``since`` and before ``until``, or that
    came, were revised or completed, vanished or came back since ``changed``; oldest first, streaming.

    Portions are read one by one, so that a long export keeps no snapshot open.
    """
    last = 0
    while True:
        wanted = sa.select(entries.c.entry_key).where(entries.c.entry_key > last)
        if since is not None:
            wanted = wanted.where(entries.c.first_seen >= since)
        if until is not None:
            wanted = wanted.where(entries.c.first_seen < until)
        if changed is not None:
            wanted = wanted.where(_changed(changed))
        with database.reading() as connection:
            keys = list(
                connection.execute(wanted.order_by(entries.c.entry_key).limit(_PORTION)).scalars()
            )
            found = records.read_records(connection, keys)
        for record in found:
            if query is None or query.holds(records.subject_of(record), now=now):
                yield record
        if len(keys) < _PORTION:
            return
        last = keys[-1]


def _changed(since: datetime) -> sa.ColumnElement[bool]:
    revised = sa.select(revisions.c.entry_key).where(
        sa.text("revisions.number > 1"), revisions.c.seen >= since
    )
    completed = sa.select(revisions.c.entry_key).where(
        sa.text("revisions.page_at > revisions.seen"), revisions.c.page_at >= since
    )
    return sa.or_(
        entries.c.first_seen >= since,
        entries.c.vanished >= since,
        entries.c.returned >= since,
        entries.c.entry_key.in_(revised),
        entries.c.entry_key.in_(completed),
    )
