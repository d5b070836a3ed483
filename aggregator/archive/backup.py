"""Backup: one tar file with a database and the captures, equal whichever database it came from.

The database inside is always an SQLite file (``archive.db``): the very copy that
SQLite makes of itself, or the rows of PostgreSQL, table by table. Its digest stands
beside it, as ``sha256sum`` writes one; captures carry checksums of their own.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from aggregator.archive import search
from aggregator.archive.backupfile import CAPTURES, DATABASE, DIGEST, digest_line
from aggregator.archive.captures import Captures
from aggregator.archive.database import Database
from aggregator.archive.disk import make_private, new_private_file, sync_folder
from aggregator.archive.schema import captures, meta, metadata
from aggregator.archive.scratch import PART, remove_left, scratch_in
from aggregator.archive.soundness import Progress, check_captures
from aggregator.model.errors import ArchiveError, UsageError
from aggregator.model.settings import ArchiveSettings
from aggregator.query import ANALYSIS_VERSION

_PORTION = 1000
# What file systems without hard links answer (FAT, some of FUSE).
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
# Of what is written while a database is only read: the copy that is made.
_UNWRITTEN = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
}


def write_backup(
    database: Database, files: Captures, target: Path, progress: Progress = lambda *_: None
) -> tuple[str, ...]:
    """Write the backup to ``target`` (a new file); returns a line for each file of captures of which
    some cannot be read, from the backup no more than from the archive. Raises UsageError, ArchiveError.

    It is whole or not there, and never in the place of another file, also where two
    are written at once. The database is copied first: every capture that it refers to
    is in the files by then. What a killed backup left beside the target is removed.
    """
    with _scratch_beside(target) as scratch:
        remove_left(target.parent)
        copy, part = scratch / DATABASE, scratch / PART
        _copy_database(database, copy)
        with new_private_file(part) as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                _add_database(tar, copy)

                def add(path: Path) -> None:
                    tar.add(path, arcname=f"{CAPTURES}/{path.name}")

                # Each is read again as soon as it is copied: from memory, not from the disk.
                lost = check_captures(database, files, before=add, progress=progress)
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(part, target)
        sync_folder(target.parent)
    return lost


def check_backup(target: Path) -> None:
    """Refuse a target that :func:`write_backup` would refuse, and write nothing."""
    with _scratch_beside(target):
        pass


def missing_captures(database: Database, files: Captures) -> tuple[str, ...]:
    """What entries refer to and the capture files do not hold, a line for each file."""
    end = sa.func.max(captures.c.offset + captures.c.length)
    query = sa.select(captures.c.file, end, sa.func.count()).group_by(captures.c.file)
    with database.reading() as connection:
        wanted = connection.execute(query.order_by(captures.c.file)).all()
    sizes = {path.name: path.stat().st_size for path in files.files()}
    lines = []
    for name, needed, count in wanted:
        if name not in sizes:
            lines.append(f"{name} is not there; captures in it: {count}")
        elif sizes[name] < needed:
            lines.append(f"{name} is cut off: {sizes[name]} bytes, and captures go on to {needed}")
    return tuple(lines)


@contextmanager
def _scratch_beside(target: Path) -> Iterator[Path]:
    """A folder on the disk of the target, which must not be there. What the disk refuses is told."""
    if os.path.lexists(target):
        raise _exists(target)
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}", hint="make it, or give another")
    try:
        with scratch_in(target.parent) as scratch:
            yield scratch
    except OSError as error:
        raise ArchiveError(
            f"the backup cannot be written: {error.strerror or error}",
            where=str(target),
            hint="give another place, or free some disk",
        ) from None


def _exists(target: Path) -> UsageError:
    return UsageError(f"{target} exists already", hint="give another name, or move it away")


def _add_database(tar: tarfile.TarFile, copy: Path) -> None:
    with copy.open("rb") as file:
        line = digest_line(hashlib.file_digest(file, "sha256").hexdigest())
    tar.add(copy, arcname=DATABASE)
    beside = tarfile.TarInfo(DIGEST)
    beside.size, beside.mtime = len(line), int(copy.stat().st_mtime)
    tar.addfile(beside, io.BytesIO(line))


def _put_in_place(part: Path, target: Path) -> None:
    """Give the file its name, unless something has that name by now: a rename would replace it."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim_and_replace(part, target)


def _claim_and_replace(part: Path, target: Path) -> None:
    try:
        target.open("xb").close()
    except FileExistsError:
        raise _exists(target) from None
    try:
        part.replace(target)
    except OSError:
        target.unlink()
        raise


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
    """Raises OSError where the disk of the copy refuses it, ArchiveError where the archive does."""
    make_private(copy)
    try:
        _copy_into(database, copy)
    except ArchiveError as error:
        # SQLite's own way to copy blames the database, to which it writes nothing.
        code = getattr(getattr(error.__cause__, "orig", None), "sqlite_errorcode", 0)
        if code in _UNWRITTEN or error.where == str(copy):
            number = errno.ENOSPC if code == sqlite3.SQLITE_FULL else errno.EIO
            raise OSError(number, error.what) from error
        raise


def _copy_into(database: Database, copy: Path) -> None:
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
