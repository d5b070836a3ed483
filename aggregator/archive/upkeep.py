"""What the archive knows of itself, and what keeps it small and quick."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from aggregator.archive import samples, search
from aggregator.archive.captures import Captures
from aggregator.archive.database import Database
from aggregator.archive.disk import folders_written, free_bytes
from aggregator.archive.finding import first_since
from aggregator.archive.schema import (
    entries,
    feeds,
    fetches,
    hits,
    languages,
    meta,
    revisions,
    stories,
    topics,
)
from aggregator.model.settings import ArchiveSettings

_KEPT_FETCHES = 100
# Entries from which on it pays to join the runs of the index; and steps a day at the most, of about
# a twentieth of a second.
_LARGE_INDEX, _MERGES = 50_000, 300


class Stats(Struct, frozen=True, kw_only=True):
    """Counts over the whole archive; revisions, vanished and hits only in the full count. A hit is one
    take-up of a story by a topic, or of a correction of it."""

    feeds: int
    collected: int
    failing: int
    entries: int
    revisions: int
    stories: int
    vanished: int
    topics: int
    hits: int
    first: datetime | None
    newest: datetime | None
    languages: tuple[str, ...]


class ArchiveInfo(Struct, frozen=True, kw_only=True):
    """Where the archive is and how large; sizes in bytes. ``growth`` is bytes a year, None at first;
    ``free_bytes`` those of the disk that has fewest, where there are several."""

    location: str
    dialect: str
    schema: str
    entries: int
    database_bytes: int
    capture_bytes: int
    capture_files: int
    free_bytes: int
    growth: int | None


def read_stats(connection: sa.Connection) -> Stats:
    """Counts; cheap enough to ask after each write: what grows large is never counted row by row."""

    def largest(column: sa.Column[int]) -> int:
        # Keys are handed out one by one and nothing is deleted: the largest is the count.
        return connection.scalar(sa.select(sa.func.max(column))) or 0

    asked = feeds.c.subscribed
    numbers = connection.execute(
        sa.select(
            sa.func.count().filter(asked),
            sa.func.count().filter(asked, feeds.c.last_success.is_not(None)),
            sa.func.count().filter(asked, feeds.c.failure_kind.is_not(None)),
        ).select_from(feeds)
    ).one()
    return Stats(
        feeds=numbers[0],
        collected=numbers[1],
        failing=numbers[2],
        entries=largest(entries.c.entry_key),
        revisions=0,
        stories=largest(stories.c.story_key),
        vanished=0,
        topics=connection.scalar(
            sa.select(sa.func.count()).select_from(topics).where(topics.c.deleted.is_(None))
        )
        or 0,
        hits=0,
        first=None,
        newest=None,
        languages=tuple(sorted(connection.execute(sa.select(languages.c.lang)).scalars())),
    )


def read_full_stats(connection: sa.Connection) -> Stats:
    """The same with what must be counted row by row."""

    def count(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
        return (
            connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0
        )

    first, newest = connection.execute(
        sa.select(sa.func.min(entries.c.first_seen), sa.func.max(entries.c.first_seen))
    ).one()
    return replace(
        read_stats(connection),
        revisions=count(revisions),
        vanished=count(entries, entries.c.vanished.is_not(None)),
        hits=count(hits),
        first=first,
        newest=newest,
    )


def read_info(
    database: Database, settings: ArchiveSettings, schema: str, now: datetime
) -> ArchiveInfo:
    """Place and size of the archive."""
    files = Captures(settings.directory)
    with database.reading() as connection:
        count = connection.scalar(sa.select(sa.func.max(entries.c.entry_key))) or 0
        first = connection.scalar(
            sa.select(entries.c.first_seen).order_by(entries.c.entry_key).limit(1)
        )
        if database.sqlite:
            size = connection.exec_driver_sql(
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            ).scalar()
        else:
            size = connection.exec_driver_sql(
                "SELECT pg_database_size(current_database())"
            ).scalar()
    captured = files.size()
    age = (now - first).total_seconds() if first else 0.0
    total = int(size or 0) + captured
    return ArchiveInfo(
        location=database.location,
        dialect=database.dialect,
        schema=schema,
        entries=count,
        database_bytes=int(size or 0),
        capture_bytes=captured,
        capture_files=len(files.files()),
        free_bytes=min(map(free_bytes, folders_written(settings, database.file))),
        growth=int(total / age * 365 * 86400) if age > 86400 else None,
    )


def maintain(database: Database, now: datetime, story_window: timedelta) -> None:
    """Keep the last fetches of each feed, and what finds near copies for a window; let the
    database look after itself."""
    _prune_samples(database, now - story_window)
    with database.writing() as connection:
        keep = (
            sa.select(
                fetches.c.fetch_key,
                sa.func.row_number()
                .over(partition_by=fetches.c.feed_key, order_by=fetches.c.fetch_key.desc())
                .label("place"),
            )
        ).subquery()
        old = sa.select(keep.c.fetch_key).where(keep.c.place > _KEPT_FETCHES)
        connection.execute(sa.delete(fetches).where(fetches.c.fetch_key.in_(old)))
        connection.execute(sa.delete(meta).where(meta.c.name == "maintained"))
        connection.execute(sa.insert(meta), {"name": "maintained", "value": now.isoformat()})
    _merge_index(database)
    if database.sqlite:
        with database.outside() as connection:
            _optimize(connection)
    settle(database)


def settle(database: Database) -> None:
    """Bring what was committed from SQLite's log into its file, as far as nobody reads what is older."""
    if database.sqlite:
        with database.outside() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def _optimize(connection: sa.Connection) -> None:
    """Let SQLite renew its statistics; another time where somebody writes, for whom it does not
    wait here, as it does elsewhere."""
    try:
        connection.exec_driver_sql("PRAGMA optimize")
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
            raise


def _merge_index(database: Database) -> None:
    """Keep look-ups quick in a large index, step by step, so that no writer waits long; what is
    left after so many steps is for the next time."""
    with database.reading() as connection:
        newest = connection.scalar(sa.select(sa.func.max(entries.c.entry_key))) or 0
    if newest < _LARGE_INDEX:
        return
    for _ in range(_MERGES):
        with database.writing() as connection:
            if not search.merge(connection):
                return


def _prune_samples(database: Database, since: datetime) -> None:
    """Drop the samples of what was first seen before, in portions, so that no writer waits long."""
    with database.reading() as connection:
        before = first_since(connection, since)
    after: int | None = -1
    while after is not None:
        with database.writing() as connection:
            after = samples.prune(connection, before, after)


def maintained_lately(database: Database, now: datetime) -> bool:
    """Whether upkeep ran within a day; a time to come is a clock that was set back."""
    with database.reading() as connection:
        at = connection.scalar(sa.select(meta.c.value).where(meta.c.name == "maintained"))
    return at is not None and abs(now - datetime.fromisoformat(at)) < timedelta(days=1)
