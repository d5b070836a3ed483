"""Finding near copies: the samples of what was brought lately, and who shares hashes with whom.

One row a hash and story, which names the entry that first brought it there. The table
keeps a window and is pruned by upkeep, so that a look-up costs the same for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from aggregator.archive.schema import samples
from aggregator.archive.statements import among
from aggregator.model.entry import Entry, EntryId
from aggregator.model.sample import CROWDED, LEAST_SHARED

_STORIES, _ENTRIES = 4, 2
"""An entry is compared with so many stories, those it shares most with, and entries of each."""
_PORTION = 20_000

Row = tuple[int, int, int]
"""hash, story key, entry key"""


def find(
    connection: sa.Connection, fresh: Sequence[Entry]
) -> tuple[dict[EntryId, list[int]], frozenset[int]]:
    """The entries to compare each new one with, by key; and the hashes that too many stories carry."""
    sampled = {entry.id: entry.sample for entry in fresh if entry.sample}
    carriers: dict[int, list[tuple[int, int]]] = {}
    for name, story, entry in _carriers(connection, {one for of in sampled.values() for one in of}):
        carriers.setdefault(name, []).append((story, entry))
    crowded = frozenset(name for name, found in carriers.items() if len(found) > CROWDED)
    alike = {}
    for identifier, names in sampled.items():
        wanted = _most_alike(
            [carriers[one] for one in names if one in carriers and one not in crowded]
        )
        if wanted:
            alike[identifier] = wanted
    return alike, crowded


def _most_alike(found: Sequence[Sequence[tuple[int, int]]]) -> list[int]:
    shared: dict[int, Counter[int]] = {}
    for carriers in found:
        for story, entry in carriers:
            shared.setdefault(story, Counter())[entry] += 1
    enough = [entries for entries in shared.values() if entries.total() >= LEAST_SHARED]
    enough.sort(key=Counter.total, reverse=True)
    return [key for entries in enough[:_STORIES] for key, _ in entries.most_common(_ENTRIES)]


def _carriers(connection: sa.Connection, names: set[int]) -> Iterator[Row]:
    """The rows of all these hashes: one statement, however many they are."""
    if not names:
        return
    query = sa.select(samples).where(among(connection, samples.c.hash, names))
    for row in connection.execute(query):
        yield row[0], row[1], row[2]


def add(connection: sa.Connection, rows: Iterable[Row], crowded: frozenset[int]) -> None:
    """Keep what new entries bring. A hash that is crowded tells nothing, and is not added to."""
    # In the table's own order: a batch then touches each of its pages once.
    wanted = sorted(row for row in rows if row[0] not in crowded)
    if not wanted:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO samples (hash, story_key, entry_key) VALUES (?, ?, ?)", wanted
        )
        return
    columns = [list(column) for column in zip(*wanted, strict=True)]
    connection.exec_driver_sql(
        "INSERT INTO samples (hash, story_key, entry_key) "
        "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING",
        tuple(columns),
    )


def prune(connection: sa.Connection, before: int, after: int = -1) -> int | None:
    """Drop what entries below a key brought, one portion of the table; returns where to go on
    (``after``), None at the end."""
    end = connection.scalar(
        sa.select(samples.c.hash)
        .where(samples.c.hash > after)
        .order_by(samples.c.hash)
        .offset(_PORTION)
        .limit(1)
    )
    portion = sa.delete(samples).where(samples.c.hash > after, samples.c.entry_key < before)
    if end is not None:
        portion = portion.where(samples.c.hash <= end)
    connection.execute(portion)
    return end
