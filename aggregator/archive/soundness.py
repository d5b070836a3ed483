"""Whether what the archive holds can be read: its database, and every capture that it refers to.

The database is never read for longer than it takes to look one file's captures up, or one check to
run: beside a daemon its log could not be taken back into the file meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

import sqlalchemy as sa
from msgspec import Struct

from aggregator.archive.captures import Captures, is_whole
from aggregator.archive.database import Database, is_damage
from aggregator.archive.schema import captures, metadata
from aggregator.model.errors import ArchiveError, Passing

_AT_MOST_NAMED = 20


class Progress(Protocol):
    """Is told that so many more captures were read, and of which file."""

    def __call__(self, advance: int, message: str, /) -> None: ...


class Soundness(Struct, frozen=True):
    """What was found: a line for each fault of the database, and for each file of captures with one;
    ``read``: how many captures were to be read."""

    database: tuple[str, ...]
    captures: tuple[str, ...]
    read: int

    @property
    def whole(self) -> bool:
        return not (self.database or self.captures)


def examine(database: Database, files: Captures, progress: Progress) -> Soundness:
    """Read all of it: what is damaged or missing is a finding, and raises nothing. Raises ArchiveError
    where something else keeps from reading."""
    faults = _faults_of(database)
    try:
        lost = check_captures(database, files, progress=progress)
        read = count_captures(database)
    except ArchiveError as error:
        if not faults:
            raise
        return Soundness(tuple(dict.fromkeys((*faults, error.what))), (), 0)
    return Soundness(faults, lost, read)


def count_captures(database: Database) -> int:
    """How many captures entries refer to."""
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(captures)) or 0


def check_captures(
    database: Database,
    files: Captures,
    *,
    before: Callable[[Path], None] = lambda _: None,
    progress: Progress = lambda *_: None,
) -> tuple[str, ...]:
    """Read every capture that is referred to, and its checksum; returns a line for each file of which
    some cannot be read. ``before`` is called for each file that is there, before it is read."""
    lost = list[str]()
    with database.reading() as connection:
        counted = sa.select(captures.c.file, sa.func.count()).group_by(captures.c.file)
        missing = {str(name): int(count) for name, count in connection.execute(counted)}
    for path in files.files():
        before(path)
        if count := missing.pop(path.name, 0):
            lost += [line] if (line := _lost_in(path, database)) else []
            progress(count, path.name)
    for name, count in sorted(missing.items()):
        lost.append(f"{name} is not there; captures in it: {count}")
        progress(count, name)
    return tuple(lost)


def unreadable(
    name: str, places: Iterable[tuple[int, int]], file: BinaryIO, first: int, size: int
) -> str:
    """How many of the captures at these places cannot be read of a file, which begins at ``first``
    and has ``size`` bytes; "" where all can."""
    sound = [
        offset + length <= size and is_whole(file, first + offset, length)
        for offset, length in places
    ]
    if all(sound):
        return ""
    return f"{name}: {sound.count(False)} of {len(sound)} captures cannot be read"


def _lost_in(path: Path, database: Database) -> str:
    query = sa.select(captures.c.offset, captures.c.length).where(captures.c.file == path.name)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(captures.c.offset)).all()
    places = [(int(row.offset), int(row.length)) for row in rows]
    try:
        with path.open("rb") as file:
            return unreadable(path.name, places, file, 0, path.stat().st_size)
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror}; captures in it: {len(places)}"


def _faults_of(database: Database) -> tuple[str, ...]:
    try:
        return _sqlite_faults(database) if database.sqlite else _server_faults(database)
    except ArchiveError as error:
        if not is_damage(error):
            raise
        return (error.what,)


def _sqlite_faults(database: Database) -> tuple[str, ...]:
    """What SQLite finds: every page, row and index against each other, and every reference."""
    with database.reading() as connection:
        check = connection.exec_driver_sql(f"PRAGMA integrity_check({_AT_MOST_NAMED})")
        told = [" ".join(str(row[0]).split()) for row in check]
        if told != ["ok"]:
            return tuple(told)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_AT_MOST_NAMED)
        return tuple(
            f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there"
            for row in broken
        )


def _server_faults(database: Database) -> tuple[str, ...]:
    """A server keeps references itself: what is left to see is that it can read every value."""
    faults = list[str]()
    for name in (*(table.name for table in metadata.sorted_tables), "search"):
        whole = sa.text(f'SELECT sum(octet_length(one::text)) FROM "{name}" AS one')  # noqa: S608
        try:
            with database.reading() as connection:
                connection.scalar(whole)
        except Passing:
            raise
        except ArchiveError as error:
            faults.append(f"{name}: {error.what}")
    return tuple(faults)
