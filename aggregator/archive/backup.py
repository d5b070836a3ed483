"""Backup and restore: one tar file with a database and the captures, equal whichever database it came from."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import sqlalchemy as sa

from aggregator.archive import search
from aggregator.archive.captures import Captures
from aggregator.archive.database import Database
from aggregator.archive.schema import entries, meta, metadata, revisions
from aggregator.model.errors import ArchiveError, UsageError
from aggregator.model.settings import ArchiveSettings
from aggregator.query import analyse

_DATABASE = "archive.db"
_PORTION = 1000


def backup(database: Database, files: Captures, target: Path) -> int:
    """Write the backup to ``target`` (a new file); returns its bytes. Raises UsageError, ArchiveError."""
    if target.exists():
        raise UsageError(f"{target} exists already", hint="give another name, or move it away")
    part = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch, database.told():
            copy = Path(scratch) / _DATABASE
            _copy_database(database, copy)
            with tarfile.open(part, "w") as tar:
                tar.add(copy, arcname=_DATABASE)
                for path in files.files():
                    tar.add(path, arcname=f"captures/{path.name}")
        part.rename(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ArchiveError(
            f"the backup cannot be written: {error.strerror or error}",
            where=str(target),
            hint="is there room?",
        ) from None
    return target.stat().st_size


def restore(source: Path, settings: ArchiveSettings) -> None:
    """Make the archive of ``settings`` from a backup. It must be empty. Raises ArchiveError, UsageError."""
    try:
        tar = tarfile.open(source, "r:")  # noqa: SIM115 - closed below
    except (OSError, tarfile.TarError) as error:
        raise UsageError(f"{source} is no backup: {error}") from None
    database = Database(settings)
    with tar, tempfile.TemporaryDirectory(dir=settings.directory) as scratch:
        if database.version() is not None and not _is_empty(database):
            raise ArchiveError(
                "this archive is not empty",
                where=database.location,
                hint="restore into another archive.directory, or move this one away",
            )
        tar.extractall(scratch, filter="data")
        copy = Path(scratch) / _DATABASE
        if not copy.is_file():
            raise UsageError(f"{source} is no backup: it holds no {_DATABASE}")
        captures = settings.directory / "captures"
        captures.mkdir(exist_ok=True)
        for path in (Path(scratch) / "captures").glob("*.warc.gz"):
            path.rename(captures / path.name)
        held = Database(ArchiveSettings(directory=settings.directory, database=f"sqlite:///{copy}"))
        try:
            copy_rows(held, database)
        finally:
            held.close()
    database.close()


def copy_rows(source: Database, target: Database) -> None:
    """Every row of one archive into another that has none; the index is made anew."""
    if target.version() is None:
        target.create()
    with source.reading() as old, target.writing() as new:
        for table in metadata.sorted_tables:
            new.execute(sa.delete(table))
        for table in metadata.sorted_tables:
            order = list(table.primary_key.columns)
            rows = old.execution_options(yield_per=_PORTION).execute(
                sa.select(table).order_by(*order)
            )
            for portion in rows.partitions(_PORTION):
                new.execute(sa.insert(table), [dict(row._mapping) for row in portion])
        _index(new)


def _index(connection: sa.Connection) -> None:
    """Fill the index from the current revisions."""
    query = (
        sa.select(
            revisions.c.entry_key,
            revisions.c.title,
            revisions.c.text,
            revisions.c.summary,
            revisions.c.lang,
        )
        .join(
            entries,
            sa.and_(
                entries.c.entry_key == revisions.c.entry_key,
                entries.c.revision == revisions.c.number,
            ),
        )
        .order_by(revisions.c.entry_key)
    )
    last = 0
    while True:
        rows = connection.execute(query.where(revisions.c.entry_key > last).limit(_PORTION)).all()
        search.add(
            connection,
            [
                (row.entry_key, analyse(row.title, row.text or row.summary, row.lang))
                for row in rows
            ],
        )
        if len(rows) < _PORTION:
            return
        last = rows[-1].entry_key


def _copy_database(database: Database, copy: Path) -> None:
    if database.sqlite:
        with database.reading() as connection:
            connection.exec_driver_sql("COMMIT")
            # SQLite's own way to a consistent copy of a database in use.
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
            connection.exec_driver_sql("BEGIN")
        return
    target = Database(ArchiveSettings(directory=copy.parent, database=f"sqlite:///{copy}"))
    try:
        copy_rows(database, target)
    finally:
        target.close()


def _is_empty(database: Database) -> bool:
    with database.reading() as connection:
        return not connection.scalar(sa.select(sa.func.count()).select_from(entries)) and bool(
            connection.scalar(sa.select(sa.func.count()).select_from(meta))
        )
