"""Opening an archive: lock, schema, repair; every trouble in one clear message."""

from __future__ import annotations

import shutil

import sqlalchemy as sa

from aggregator.archive.captures import Captures
from aggregator.archive.database import SCHEMA_VERSION, Database, refuse_network_disk
from aggregator.archive.lock import WriterLock
from aggregator.archive.schema import captures
from aggregator.model.errors import ArchiveError
from aggregator.model.settings import ArchiveSettings


def open_for_writing(settings: ArchiveSettings, purpose: str) -> tuple[Database, WriterLock]:
    """Take the lock, make or migrate the schema, repair captures. Raises AlreadyRunning, ArchiveError."""
    directory = settings.directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(
            f"the folder cannot be made: {error.strerror}",
            where=str(directory),
            hint="make it, or set archive.directory in aggregator.toml",
        ) from None
    database = Database(settings)
    if database.sqlite:
        refuse_network_disk(directory)
    lock = WriterLock(directory, purpose)
    try:
        migrate(database)
        repair(database, Captures(directory))
    except BaseException:
        database.close()
        lock.release()
        raise
    return database, lock


def open_for_reading(settings: ArchiveSettings) -> Database:
    """Open what is there. Raises ArchiveError where there is no archive yet, or one of another version."""
    database = Database(settings)
    if database.file is not None and not database.file.exists():
        raise ArchiveError(
            "there is no archive yet",
            where=str(database.file),
            hint="aggregator run or aggregator collect makes it",
        )
    version = database.version()
    if version is None:
        raise ArchiveError(
            "there is no archive yet",
            where=database.location,
            hint="aggregator run or aggregator collect makes it",
        )
    if version != SCHEMA_VERSION:
        _refuse_newer(version, database)
        raise ArchiveError(
            f"the archive is of an older version ({version})",
            where=database.location,
            hint="aggregator archive migrate brings it up to date",
        )
    return database


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the schema to this program's version; returns (version before, version now).

    A file is copied before it is changed, after a look whether there is room.
    """
    before = database.version()
    if before == SCHEMA_VERSION:
        return before, before
    if before is None:
        database.create()
        return None, SCHEMA_VERSION
    _refuse_newer(before, database)
    if database.file is not None:
        _copy_first(database)
    # Alembic is loaded only where there is something to migrate.
    from aggregator.archive.migrating import upgrade

    upgrade(database, before)
    return before, SCHEMA_VERSION


def repair(database: Database, files: Captures) -> None:
    """Cut off what a crash left at the end of capture files: bytes that no row refers to."""
    with database.reading() as connection:

        def end_of(name: str) -> int:
            end = connection.scalar(
                sa.select(sa.func.max(captures.c.offset + captures.c.length)).where(
                    captures.c.file == name
                )
            )
            return end or 0

        files.repair(end_of)


def _refuse_newer(version: str, database: Database) -> None:
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
    if shutil.disk_usage(file.parent).free < 2 * needed:
        raise ArchiveError(
            f"a migration first copies the database, and {needed} bytes are not free",
            where=str(file),
            hint="free some disk",
        )
    with database.reading() as connection:
        copy = file.with_name(f"{file.name}.before-{SCHEMA_VERSION}")
        copy.unlink(missing_ok=True)
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        connection.exec_driver_sql("BEGIN")
