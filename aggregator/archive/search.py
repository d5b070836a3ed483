"""The index: what goes in, what is taken out, and candidates for a query, newest first.

The index only brings candidates, a superset; the one matcher decides. On
PostgreSQL the planner is never asked for ORDER BY … LIMIT over the index: its
guess for ORed words is wrong by orders of magnitude. It is asked in two fixed
ways instead: a walk over the newest keys, then GIN first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from aggregator.archive.schema import SEARCH_SQLITE, entries, revisions, shown
from aggregator.model.entry import Indexed
from aggregator.query import All, Starts, Terms, Wanted, analyse
from aggregator.query import Any as AnyOf

# array_to_tsvector refuses words beyond 2,046 bytes, and beyond 1 MiB in all it silently
# loses words; each word costs some bytes besides itself.
_WORD_BYTES, _ALL_BYTES, _WORD_COST = 200, 1_000_000, 8
# Stands in for what had to be left out: such an entry is a candidate of every query.
_CUT = "=\x01"
# Keys walked on PostgreSQL before the index is asked: where common words meet often
# the walk ends the query, where they are rare the index is quick.
_WALK = 1000
_PORTION = 200


def add(connection: sa.Connection, rows: Sequence[tuple[int, Indexed]]) -> None:
    """Put analysed texts into the index, by entry key."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT INTO search(rowid, title, text, forms) VALUES (?, ?, ?, ?)",
            [(key, one.title, one.text, one.forms) for key, one in rows],
        )
    else:
        connection.exec_driver_sql(
            "INSERT INTO search(entry_key, words) VALUES (%s, array_to_tsvector(%s::text[]))",
            [(key, _lexemes(one)) for key, one in rows],
        )


def remove(connection: sa.Connection, rows: Sequence[tuple[int, Indexed]]) -> None:
    """Take texts out again; they must be given just as they were put in."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT INTO search(search, rowid, title, text, forms) VALUES ('delete', ?, ?, ?, ?)",
            [(key, one.title, one.text, one.forms) for key, one in rows],
        )
    else:
        connection.exec_driver_sql(
            "DELETE FROM search WHERE entry_key = %s", [(key,) for key, _ in rows]
        )


def rebuild(connection: sa.Connection) -> None:
    """Make the index anew from what is shown of the current revisions."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE IF EXISTS search")
        for statement in SEARCH_SQLITE:
            connection.exec_driver_sql(statement)
    else:
        connection.exec_driver_sql("TRUNCATE search")
    query = (
        sa.select(
            revisions.c.entry_key, revisions.c.title, revisions.c.lang,
            sa.func.coalesce(shown.c.text, revisions.c.text).label("text"),
            sa.func.coalesce(shown.c.summary, revisions.c.summary).label("summary"),
        )
        .join(
            entries,
            sa.and_(
                entries.c.entry_key == revisions.c.entry_key,
                entries.c.revision == revisions.c.number,
            ),
        )
        .outerjoin(shown, shown.c.entry_key == entries.c.entry_key)
        .order_by(revisions.c.entry_key)
        .limit(_PORTION)
    )  # fmt: skip
    last = 0
    while rows := connection.execute(query.where(revisions.c.entry_key > last)).all():
        add(
            connection,
            [
                (row.entry_key, analyse(row.title, row.text or row.summary, row.lang))
                for row in rows
            ],
        )
        last = rows[-1].entry_key


def candidates(connection: sa.Connection, wanted: Wanted | None) -> Iterator[int]:
    """Entry keys that may satisfy the query, newest first, without end until there are no more."""
    if wanted is None:
        yield from _all_keys(connection)
    elif connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC", (_match(wanted),)
        )
        for row in rows:
            yield row[0]
    else:
        yield from _postgresql(connection, _tsquery(wanted))


def ranked(connection: sa.Connection, wanted: Wanted, keys: Sequence[int]) -> list[int]:
    """The keys by the engine's own relevance, best first."""
    if not keys:
        return []
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT rowid FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ? ORDER BY bm25(search, 5.0, 1.0, 0.0)",
            (_match(wanted), min(keys), max(keys)),
        )
        kept = set(keys)
        return [row[0] for row in rows if row[0] in kept]
    rows = connection.exec_driver_sql(
        "SELECT entry_key FROM search WHERE entry_key = ANY(%s) "
        "ORDER BY ts_rank(words, CAST(%s AS tsquery)) DESC, entry_key DESC",
        (list(keys), _tsquery(wanted)),
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
    rest = connection.exec_driver_sql(
        "WITH found AS MATERIALIZED (SELECT entry_key FROM search WHERE words @@ CAST(%s AS tsquery)) "
        "SELECT entry_key FROM found WHERE entry_key <= %s ORDER BY entry_key DESC",
        (query, floor),
    )
    for row in rest:
        yield row[0]


def _match(wanted: Wanted) -> str:
    """The query in FTS5's words (sqlite.org/fts5.html, section 3)."""
    match wanted:
        case Terms(fields=fields, sequences=sequences, near=near):
            columns = f"{{{' '.join(fields)}}}: "
            return "(" + " OR ".join(columns + _sequence(one, near) for one in sequences) + ")"
        case Starts(fields=fields, stems=stems, form=form):
            columns = f"{{{' '.join(fields)}}}: "
            each = [f"{columns}{_quoted(stem)} *" for stem in stems]
            return "(" + " OR ".join([f"{{forms}}: {_quoted(form)} *", *each]) + ")"
        case All(parts=parts):
            return "(" + " AND ".join(map(_match, parts)) + ")"
        case AnyOf(parts=parts):
            return "(" + " OR ".join(map(_match, parts)) + ")"


def _sequence(words: Sequence[str], near: int | None) -> str:
    if near is None or len(words) == 1:
        return " + ".join(map(_quoted, words))
    # FTS5 counts all words between the first and the last, the sought ones too.
    return f"NEAR({' '.join(map(_quoted, words))}, {near + len(words) - 2})"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _tsquery(wanted: Wanted) -> str:
    """The query in PostgreSQL's words, with entries whose words had to be cut."""
    return f"({_terms(wanted)} | {_lexeme(_CUT)})"


def _terms(wanted: Wanted) -> str:
    match wanted:
        case Terms(fields=fields, sequences=sequences):
            # Positions are not indexed here: a phrase brings entries with all its words.
            each = [
                "(" + " & ".join(_in_fields(word, fields) for word in dict.fromkeys(one)) + ")"
                for one in sequences
            ]
            return "(" + " | ".join(each) + ")"
        case Starts(fields=fields, stems=stems, form=form):
            each = [_lexeme("=" + form) + ":*", *(_in_fields(stem, fields, ":*") for stem in stems)]
            return "(" + " | ".join(each) + ")"
        case All(parts=parts):
            return "(" + " & ".join(map(_terms, parts)) + ")"
        case AnyOf(parts=parts):
            return "(" + " | ".join(map(_terms, parts)) + ")"


def _in_fields(word: str, fields: Sequence[str], suffix: str = "") -> str:
    marked = {"title": "^", "text": ""}
    return "(" + " | ".join(_lexeme(marked[field] + word) + suffix for field in fields) + ")"


def _lexeme(word: str) -> str:
    return "'" + _cut(word).replace("\\", "\\\\").replace("'", "''") + "'"


def _lexemes(one: Indexed) -> list[str]:
    found = [f"^{word}" for word in one.title.split(" ") if word]
    found += [f"={word}" for word in one.forms.split(" ") if word]
    found += [word for word in one.text.split(" ") if word]
    distinct = list(dict.fromkeys(map(_cut, found)))
    # At four bytes a character it fits in any case: then nothing need be counted.
    if (sum(map(len, distinct)) * 4 + _WORD_COST * len(distinct)) <= _ALL_BYTES:
        return distinct
    kept, left = [_CUT], _ALL_BYTES
    for word in distinct:
        left -= len(word.encode()) + _WORD_COST
        if left < 0:
            return kept
        kept.append(word)
    return distinct


def _cut(word: str) -> str:
    if len(word) * 4 <= _WORD_BYTES:
        return word
    return word.encode()[:_WORD_BYTES].decode("utf-8", "ignore")
