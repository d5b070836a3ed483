"""The words of SQLite's index: which of them begin so.

FTS5 gathers the entries of all words that begin so before it gives the first one: 10 ms where one
of ten of a million entries has any, 200 ms where each has. An index of beginnings (``prefix=``)
would more than double what it costs to store an entry. To go from word to word in the index takes
50 microseconds each, and of words that are named FTS5 reads no more than it needs.
"""

from __future__ import annotations

import sqlalchemy as sa

_NAMED = 200
"""Words that are named at most in place of a beginning."""

# In the connection's own schema, so that whoever only reads may make it too; when it connects,
# since a transaction that is undone would take it along.
WORDS_SQLITE = "CREATE VIRTUAL TABLE temp.there USING fts5vocab(main, search, instance)"
# One look a word, however many entries have it: the next is after all that the last can be
# followed by, which no word contains.
_NEXT = """
    WITH RECURSIVE found(term) AS (
        SELECT (SELECT term FROM temp.there WHERE term >= :start LIMIT 1)
        UNION ALL
        SELECT (SELECT term FROM temp.there WHERE term >= found.term || char(1) LIMIT 1)
        FROM found WHERE found.term < :end
    )
    SELECT term FROM found WHERE term < :end LIMIT :limit
"""
# After all that a word may go on with.
_LAST = "\U0010ffff"


def beginning(connection: sa.Connection, start: str) -> tuple[str, ...] | None:
    """All words of the index that begin so, in whatever field; None where they are too many to
    name."""
    asked = {"start": start, "end": start + _LAST, "limit": _NAMED + 1}
    rows = connection.exec_driver_sql(_NEXT, asked).all()
    return tuple(row[0] for row in rows) if len(rows) <= _NAMED else None
