"""Backup and restore: one tar file with a database and the captures, equal whichever database it came from.

The database inside is always an SQLite file (``archive.db``): the very copy that
SQLite makes of itself, or the rows of PostgreSQL, table by table.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from aggregator.archive import search
from aggregator.archive.captures import Captures
from aggregator.archive.database import Database
from aggregator.archive.disk import free_bytes, refuse_network_disk
from aggregator.archive.opening import migrate, take_lock
from aggregator.archive.schema import entries, meta, metadata, topics
from aggregator.archive.states import FOLDER
from aggregator.model.errors import ArchiveError, UsageError
from aggregator.model.settings import ArchiveSettings
from aggregator.query import ANALYSIS_VERSION

_DATABASE, _CAPTURES = "archive.db", "captures"
_A_CAPTURE = re.compile(rf"{_CAPTURES}/[^/]+\.warc\.gz")
_PORTION = 1000


def write_backup(database: Database, files: Captures, target: Path) -> int:
    """Write the backup to ``target`` (a new file); returns its bytes. Raises UsageError, ArchiveError.

    It is whole or not there. The database is copied first: every capture that it
    refers to is in the files by then.
    """
    if target.exists():
        raise UsageError(f"{target} exists already", hint="give another name, or move it away")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}", hint="make it, or give another")
    part = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            copy = Path(scratch) / _DATABASE
            _copy_database(database, copy)
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode="w") as tar:
                    tar.add(copy, arcname=_DATABASE)
                    for path in files.files():
                        tar.add(path, arcname=f"{_CAPTURES}/{path.name}")
                file.flush()
                os.fsync(file.fileno())
        part.rename(target)
    except OSError as error:
        raise ArchiveError(
            f"the backup cannot be written: {error.strerror or error}",
            where=str(target),
            hint="give another place, or free some disk",
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(source: Path, settings: ArchiveSettings) -> None:
    """Make the archive of ``settings`` from a backup. It must be empty.

    Raises UsageError where ``source`` is no backup, AlreadyRunning, ArchiveError.
    Nothing that is there already is overwritten.
    """
    if not source.is_file():
        raise UsageError(
            f"{source} is {'no file' if source.exists() else 'not there'}",
            hint="a .tar file that aggregator archive backup wrote is needed",
        )
    members = _members(source)
    database = Database(settings)
    lock = take_lock(settings, database, "aggregator archive restore")
    try:
        if database.file is not None:
            refuse_network_disk(database.file.parent)
        database.hold("aggregator archive restore")
        _refuse_filled(database)
        _refuse_crowded(source, settings.directory)
        with database.told(), tempfile.TemporaryDirectory(dir=settings.directory) as scratch:
            with _reading(source) as tar:
                tar.extractall(scratch, members=members, filter="data")
            _bring_back(Path(scratch), database, settings)
    finally:
        database.close()
        lock.release()


@contextmanager
def _reading(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise UsageError(
            f"{source} is no backup: {error}",
            hint="a .tar file that aggregator archive backup wrote is needed",
        ) from None


def _members(source: Path) -> list[tarfile.TarInfo]:
    """What is taken from the file: the database and the captures. Raises UsageError."""
    with _reading(source) as tar:
        found = [
            one
            for one in tar.getmembers()
            if one.isfile() and (one.name == _DATABASE or _A_CAPTURE.fullmatch(one.name))
        ]
        if _DATABASE not in [one.name for one in found]:
            raise tarfile.TarError(f"it holds no {_DATABASE}")
    return found


def _refuse_filled(database: Database) -> None:
    if database.version() is None:
        return
    with database.reading() as connection:
        if connection.scalar(sa.select(entries.c.entry_key).limit(1)) is not None:
            raise ArchiveError(
                "this archive is not empty",
                where=database.location,
                hint="restore into another archive.directory, or move this one away",
            )


def _refuse_crowded(source: Path, directory: Path) -> None:
    needed = 2 * source.stat().st_size
    if free_bytes(directory) < needed:
        raise ArchiveError(
            f"restoring needs {needed // 2**20} MiB, which are not free",
            where=str(directory),
            hint="free some disk",
        )


def _bring_back(scratch: Path, database: Database, settings: ArchiveSettings) -> None:
    copy = scratch / _DATABASE
    held = Database(ArchiveSettings(directory=scratch, database=f"sqlite:///{copy}"))
    try:
        with held.reading() as connection:
            if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
                raise ArchiveError("the database in the backup is damaged", where=str(copy.name))
        migrate(held)
        with held.writing() as connection:
            # What is published may be newer than the backup: every topic is written again.
            # One that was deleted is not, and stays known as one that was published.
            again = sa.update(topics).where(topics.c.deleted.is_(None))
            connection.execute(again.values(published_version=0, published_place=0))
            connection.execute(sa.delete(meta).where(meta.c.name == FOLDER))
        _bring_captures(scratch / _CAPTURES, settings.directory / _CAPTURES)
        if database.file is None:
            copy_rows(held, database)
    finally:
        held.close()
    if database.file is not None:
        database.close()
        for leftover in ("-wal", "-shm"):
            database.file.with_name(database.file.name + leftover).unlink(missing_ok=True)
        shutil.move(copy, database.file)


def _bring_captures(brought: Path, target: Path) -> None:
    """Put the capture files in place; one that is there already may only be longer, never another."""
    files = sorted(brought.glob("*.warc.gz"))
    for path in files:
        there = target / path.name
        if there.exists() and not _begins_with(there, path):
            raise ArchiveError(
                "a capture file is there already, and is another than the backup's",
                where=str(there),
                hint="move the folder of captures away, then restore again",
            )
    target.mkdir(exist_ok=True)
    for path in files:
        if not (target / path.name).exists():
            path.rename(target / path.name)


def _begins_with(longer: Path, shorter: Path) -> bool:
    size = shorter.stat().st_size
    if longer.stat().st_size == size:
        return filecmp.cmp(longer, shorter, shallow=False)
    with longer.open("rb") as one, shorter.open("rb") as other:
        while piece := other.read(1 << 20):
            if one.read(len(piece)) != piece:
                return False
    return True


def copy_rows(source: Database, target: Database, *, index: bool = True) -> None:
    """Every row of one archive into another that has no entries. Without ``index`` the search
    index is left out; it is made when the copy is first opened for writing."""
    if target.version() is None:
        target.create()
    with source.reading() as old, target.writing() as new:
        for table in reversed(metadata.sorted_tables):
            new.execute(sa.delete(table))
        for table in metadata.sorted_tables:
            rows = old.execution_options(yield_per=_PORTION).execute(
                sa.select(table).order_by(*table.primary_key.columns)
            )
            for portion in rows.partitions(_PORTION):
                new.execute(sa.insert(table), [dict(row._mapping) for row in portion])
        if index:
            search.rebuild(new)
        analysis = str(ANALYSIS_VERSION) if index else ""
        new.execute(sa.update(meta).where(meta.c.name == "analysis").values(value=analysis))


def _copy_database(database: Database, copy: Path) -> None:
    if database.sqlite:
        with database.outside() as connection:
            # SQLite's own way to a consistent copy of a database in use.
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        return
    target = Database(ArchiveSettings(directory=copy.parent, database=f"sqlite:///{copy}"))
    try:
        copy_rows(database, target, index=False)
    finally:
        target.close()
