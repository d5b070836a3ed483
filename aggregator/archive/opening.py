"""Opening an archive: lock, schema, repair; every trouble in one clear message."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from aggregator.archive import search
from aggregator.archive.beginning import Elsewhere, holds_something, nothing, refuse_to_begin
from aggregator.archive.captures import Captures
from aggregator.archive.database import SCHEMA_VERSION, Database
from aggregator.archive.disk import folders_written, free_bytes, make_private, refuse_network_disk
from aggregator.archive.lock import WriterLock, refuse_held
from aggregator.archive.schema import captures, meta
from aggregator.model.errors import ArchiveError, NoArchiveYet
from aggregator.model.settings import ArchiveSettings
from aggregator.model.time import now
from aggregator.model.units import size
from aggregator.query import ANALYSIS_VERSION

_OF_THE_DISK = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


def take_lock(settings: ArchiveSettings, database: Database, purpose: str) -> WriterLock:
    """Make the folder if need be, and be the writer of it and of the database. Raises
    AlreadyRunning, ArchiveError."""
    directory = settings.directory
    refuse_file(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(
            f"the folder cannot be made: {error.strerror}",
            where=str(directory),
            hint="make it, or set archive.directory in aggregator.toml",
        ) from None
    return WriterLock(directory, purpose, database.file)


def open_for_writing(
    settings: ArchiveSettings,
    purpose: str,
    *,
    wait: bool = False,
    elsewhere: Elsewhere = nothing,
) -> tuple[Database, WriterLock]:
    """Take the lock, make or migrate the schema, repair captures; where what passes (a full disk, a
    server that is away) is to be waited for, all but the lock of the folder is done with the first
    use. A new archive is made only where nothing tells of an earlier one, here or ``elsewhere``.
    Raises AlreadyRunning, ArchiveError."""

    def make_ready() -> None:
        database.hold(purpose)
        if database.file is not None:
            # What SQLite puts beside it has the same rights.
            make_private(database.file.resolve())
        if database.version() is None:
            refuse_to_begin(settings, database, elsewhere)
        migrate(database)
        repair(database, Captures(settings.directory))

    database = Database(settings)
    if database.file is not None and not database.file.exists():
        # Before anything is made: the folder may be where a disk is to be mounted. A restore that
        # runs has brought the captures, and the database not yet.
        refuse_held(settings.directory, database.file)
        refuse_to_begin(settings, database, elsewhere)
    lock = take_lock(settings, database, purpose)
    try:
        if database.file is not None:
            refuse_network_disk(database.file.parent)
        database.ready_by(make_ready, wait=wait)
    except BaseException:
        database.close()
        lock.withdraw()
        raise
    return database, lock


def open_for_reading(settings: ArchiveSettings) -> Database:
    """Open what is there. Raises ArchiveError where there is no archive yet, or one of another version."""
    database = Database(settings)
    try:
        return _readable(database)
    except ArchiveError as error:
        if not _unwritable(database, error):
            raise
    return _readable(Database(settings, unchanging=True))


def refuse_lost(settings: ArchiveSettings, elsewhere: Elsewhere = nothing) -> None:
    """ArchiveError where opening to write would refuse to begin a new archive; makes nothing."""
    database = Database(settings)
    try:
        refuse_to_begin(settings, database, elsewhere)
    finally:
        database.close()


def disks(settings: ArchiveSettings) -> tuple[Path, ...]:
    """A folder on each of the disks that the archive of these settings is written on. Raises
    ArchiveError."""
    return folders_written(settings, Database(settings).file)


def versions(settings: ArchiveSettings) -> tuple[str, str]:
    """The version of the archive that is there, and the one that this program writes. Raises
    NoArchiveYet, ArchiveError."""
    database = Database(settings)
    try:
        _refuse_unreadable(database, older=True)
        return database.version() or "", SCHEMA_VERSION
    finally:
        database.close()


def _readable(database: Database) -> Database:
    try:
        _refuse_unreadable(database)
    except BaseException:
        database.close()
        raise
    return database


def _unwritable(database: Database, error: ArchiveError) -> bool:
    """Whether SQLite cannot write what it needs beside the file to read it (a disk that is full
    or read-only, a folder of somebody else), and all that was stored is in the file itself."""
    file = database.file
    # The low byte: https://sqlite.org/rescode.html#primary_result_codes_versus_extended_result_codes
    code = getattr(getattr(error.__cause__, "orig", None), "sqlite_errorcode", 0) & 0xFF
    if file is None or code not in _OF_THE_DISK:
        return False
    beside = [file.with_name(f"{file.name}-{name}") for name in ("wal", "journal")]
    return not any(map(holds_something, beside))


def _refuse_unreadable(database: Database, *, older: bool = False) -> None:
    """``older``: an archive of an older version is none that cannot be read."""
    begin = "aggregator run or aggregator collect makes it"
    if database.file is not None and not database.file.exists():
        refuse_file(database.file.parent)
        raise NoArchiveYet("there is no archive yet", where=str(database.file), hint=begin)
    version = database.version()
    if version is None:
        raise NoArchiveYet("there is no archive yet", where=database.location, hint=begin)
    if version != SCHEMA_VERSION:
        refuse_newer(version, database)
        if older:
            return
        raise ArchiveError(
            f"the archive is of an older version ({version})",
            where=database.location,
            hint="aggregator archive migrate brings it up to date",
        )


def refuse_file(folder: Path) -> None:
    """ArchiveError where a file stands in the place of the folder."""
    if folder.exists() and not folder.is_dir():
        raise ArchiveError(
            "this is a file, where a folder must be",
            where=str(folder),
            hint="move it away, or set archive.directory in aggregator.toml",
        )


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the schema to this program's version; returns (version before, version now).

    A file is copied before it is changed, after a look whether there is room.
    """
    before = database.version()
    if before is None:
        database.create()
    elif before != SCHEMA_VERSION:
        refuse_newer(before, database)
        if database.file is not None:
            _copy_first(database)
        # Alembic is loaded only where there is something to migrate.
        from aggregator.archive.migrating import upgrade

        upgrade(database, before)
    _follow_analysis(database)
    return before, SCHEMA_VERSION


def _follow_analysis(database: Database) -> None:
    """Make the index anew where the analysis of text is another than the one that filled it."""
    of_index = meta.c.name == "analysis"
    with database.reading() as connection:
        if connection.scalar(sa.select(meta.c.value).where(of_index)) == str(ANALYSIS_VERSION):
            return
    with database.writing() as connection:
        search.rebuild(connection)
        connection.execute(sa.update(meta).where(of_index).values(value=str(ANALYSIS_VERSION)))


def repair(database: Database, files: Captures) -> None:
    """Cut off records that a crash left torn at the end of capture files."""
    with database.reading() as connection:

        def end_of(name: str) -> int:
            end = connection.scalar(
                sa.select(captures.c.offset + captures.c.length)
                .where(captures.c.file == name)
                .order_by(captures.c.offset.desc())
                .limit(1)
            )
            return end or 0

        files.repair(end_of, now())


def refuse_newer(version: str, database: Database) -> None:
    """ArchiveError where the schema is one that this program does not know yet."""
    if version > SCHEMA_VERSION:
        raise ArchiveError(
            f"the archive was written by a newer aggregator (schema {version}, this one knows {SCHEMA_VERSION})",
            where=database.location,
            hint="upgrade aggregator",
        )


def _copy_first(database: Database) -> None:
    file = database.file
    assert file is not None
    needed = file.stat().st_size
    if free_bytes(file.parent) < 2 * needed:
        raise ArchiveError(
            f"a migration first copies the database, and {size(2 * needed)} are not free",
            where=str(file),
            hint="free some disk",
        )
    copy = file.with_name(f"{file.name}.before-{SCHEMA_VERSION}")
    with database.outside() as connection:
        copy.unlink(missing_ok=True)
        make_private(copy)
        connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
