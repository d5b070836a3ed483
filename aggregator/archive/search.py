"""The index: what goes in, what is taken out, and candidates for a query, newest first.

The index only brings candidates, a superset; the one matcher decides. On
PostgreSQL the planner is never asked for ORDER BY … LIMIT over the index: its
guess for ORed words is wrong by orders of magnitude. It is asked in two fixed
ways instead: a walk over the newest keys, then GIN first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

import sqlalchemy as sa

from aggregator.archive.halves import look_up, look_up_in_halves
from aggregator.archive.lexemes import lexemes_of, tsquery
from aggregator.archive.match import has_sequences, match_text, spelled_out, without_beginnings
from aggregator.archive.schema import CURRENT, SEARCH_SQLITE, entries, revisions, shown
from aggregator.archive.statements import chunks
from aggregator.archive.words import beginning
from aggregator.model.entry import Indexed
from aggregator.query import Wanted, analyse, marks_of

# Keys walked on PostgreSQL before the index is asked: where common words meet often
# the walk ends the query, where they are rare the index is quick.
_WALK = 1000
_PORTION = 200
# The newest entries that SQLite brings unasked where too many words to name begin so.
_TRIED = 75
_LARGEST = 2**63 - 1
_MERGED_PAGES = 500

Row = tuple[int, Indexed, str]
"""What the index has of an entry: its key, its words, its marks."""

_INDEXED = (
    sa.select(
        entries.c.entry_key, entries.c.feed_key, entries.c.first_seen,
        revisions.c.title, revisions.c.lang, revisions.c.published,
        revisions.c.authors, revisions.c.categories,
        sa.func.coalesce(shown.c.text, revisions.c.text).label("text"),
        sa.func.coalesce(shown.c.summary, revisions.c.summary).label("summary"),
    )
    .join(revisions, CURRENT)
    .outerjoin(shown, shown.c.entry_key == entries.c.entry_key)
)  # fmt: skip


def read(connection: sa.Connection, keys: Sequence[int]) -> list[Row]:
    """What the index has, or should have, of these entries as the archive holds them now."""
    return [
        (
            row.entry_key,
            analyse(row.title, row.text or row.summary, row.lang),
            marks_of(
                feed=row.feed_key,
                lang=row.lang,
                moment=row.published or row.first_seen,
                authors=json.loads(row.authors),
                categories=json.loads(row.categories),
            ),
        )
        for chunk in chunks(keys)
        for row in connection.execute(_INDEXED.where(entries.c.entry_key.in_(chunk)))
    ]


def add(connection: sa.Connection, rows: Sequence[Row]) -> None:
    """Put entries into the index."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT INTO search(rowid, title, text, forms, marks) VALUES (?, ?, ?, ?, ?)",
            [(key, one.title, one.text, one.forms, marks) for key, one, marks in rows],
        )
    else:
        connection.exec_driver_sql(
            "INSERT INTO search(entry_key, words) VALUES (%s, array_to_tsvector(%s::text[]))",
            [(key, lexemes_of(one, marks)) for key, one, marks in rows],
        )


def remove(connection: sa.Connection, keys: Sequence[int]) -> None:
    """Take entries out of the index: before the archive holds them as anything else, since FTS5
    must be told the very words that went in."""
    if not keys:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT INTO search(search, rowid, title, text, forms, marks) "
            "VALUES ('delete', ?, ?, ?, ?, ?)",
            [
                (key, one.title, one.text, one.forms, marks)
                for key, one, marks in read(connection, keys)
            ],
        )
    else:
        connection.exec_driver_sql("DELETE FROM search WHERE entry_key = ANY(%s)", (list(keys),))


def rebuild(connection: sa.Connection) -> None:
    """Make the index anew from what is shown of the current revisions."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE IF EXISTS search")
        for statement in SEARCH_SQLITE:
            connection.exec_driver_sql(statement)
    else:
        connection.exec_driver_sql("TRUNCATE search")
    key = entries.c.entry_key
    query, last = sa.select(key).order_by(key).limit(_PORTION), 0
    while keys := connection.execute(query.where(key > last)).scalars().all():
        add(connection, read(connection, keys))
        last = keys[-1]


def merge(connection: sa.Connection) -> bool:
    """Join runs of the index that writes left side by side, some hundred pages of them: a look-up
    reads fewer then. Returns whether there is more to join; on SQLite alone there ever is."""
    if connection.dialect.name != "sqlite":
        return False
    # Two runs of about one size are joined: each word is written again as often as it doubles.
    connection.exec_driver_sql("INSERT INTO search(search, rank) VALUES ('usermerge', 2)")
    before = connection.exec_driver_sql("SELECT total_changes()").scalar() or 0
    connection.exec_driver_sql(
        "INSERT INTO search(search, rank) VALUES ('merge', ?)", (_MERGED_PAGES,)
    )
    after = connection.exec_driver_sql("SELECT total_changes()").scalar() or 0
    # By this the engine tells that it found something to do.
    return after - before >= 2


def candidates(connection: sa.Connection, wanted: Wanted | None) -> Iterator[int]:
    """Entry keys that may satisfy the query, newest first, without end until there are no more."""
    if wanted is None:
        yield from _all_keys(connection)
    elif connection.dialect.name == "sqlite":
        yield from _sqlite(connection, wanted)
    else:
        yield from _postgresql(connection, tsquery(wanted))


def ranked(connection: sa.Connection, wanted: Wanted, keys: Sequence[int]) -> list[int]:
    """The keys by the engine's own relevance, best first."""
    if not keys:
        return []
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT rowid FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ? "
            "ORDER BY bm25(search, 5.0, 1.0, 0.0, 0.0)",
            (match_text(wanted), min(keys), max(keys)),
        )
        kept = set(keys)
        return [row[0] for row in rows if row[0] in kept]
    rows = connection.exec_driver_sql(
        "SELECT entry_key FROM search WHERE entry_key = ANY(%s) "
        "ORDER BY ts_rank(words, CAST(%s AS tsquery)) DESC, entry_key DESC",
        (list(keys), tsquery(wanted)),
    )
    return [row[0] for row in rows]


def _all_keys(connection: sa.Connection) -> Iterator[int]:
    key, last = entries.c.entry_key, None
    query = sa.select(key).order_by(key.desc()).limit(_PORTION)
    while True:
        narrowed = query if last is None else query.where(key < last)
        found = list(connection.execute(narrowed).scalars())
        yield from found
        if len(found) < _PORTION:
            return
        last = found[-1]


def _sqlite(connection: sa.Connection, wanted: Wanted) -> Iterator[int]:
    """Where most words begin so the newest entries come whether or not they have one, before FTS5
    is asked for all that have."""
    wanted = spelled_out(wanted, partial(beginning, connection))
    simpler, below = without_beginnings(wanted), None
    if simpler != wanted:
        tried = 0
        for below in islice(candidates(connection, simpler), _TRIED):
            tried += 1
            yield below
        if tried < _TRIED:
            return
    match, last = match_text(wanted), _LARGEST if below is None else below
    # (What gathers all entries before it gives the first would do so in each half.)
    halved = has_sequences(wanted) and simpler == wanted
    yield from (look_up_in_halves if halved else look_up)(connection, match, last)


def _postgresql(connection: sa.Connection, query: str) -> Iterator[int]:
    newest = connection.exec_driver_sql("SELECT max(entry_key) FROM search").scalar() or 0
    floor = newest - _WALK
    # MATERIALIZED: else the planner would turn either into the other.
    walked = connection.exec_driver_sql(
        "WITH newest AS MATERIALIZED (SELECT entry_key, words FROM search WHERE entry_key > %s) "
        "SELECT entry_key FROM newest WHERE words @@ CAST(%s AS tsquery) ORDER BY entry_key DESC",
        (floor, query),
    )
    for row in walked:
        yield row[0]
    # By a cursor of the server: the driver would fetch every key before the first is seen.
    rest = connection.exec_driver_sql(
        "WITH found AS MATERIALIZED (SELECT entry_key FROM search WHERE words @@ CAST(%s AS tsquery)) "
        "SELECT entry_key FROM found WHERE entry_key <= %s ORDER BY entry_key DESC",
        (query, floor),
        execution_options={"stream_results": True, "max_row_buffer": _PORTION},
    )
    for row in rest:
        yield row[0]
