"""The database below the archive: opening it, transactions, and its errors in our words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from aggregator.archive.schema import SEARCH_POSTGRESQL, SEARCH_SQLITE, meta, metadata
from aggregator.model.errors import ArchiveError
from aggregator.model.settings import ArchiveSettings
from aggregator.query import ANALYSIS_VERSION

SCHEMA_VERSION = "0001"
"""The newest migration this program knows."""

_BUSY_SECONDS = 15
# Any number will do, as long as it is the same for all who write one archive.
_WRITER_LOCK = 0x61676772
_NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.glusterfs",
}


class Database:
    """An engine with the transactions the archive needs: :meth:`reading` and :meth:`writing`."""

    def __init__(self, settings: ArchiveSettings) -> None:
        url = settings.database or f"sqlite:///{settings.directory / 'archive.db'}"
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise ArchiveError(
                "archive.database is no database URL",
                hint="sqlite:////path/archive.db or postgresql://user@host/name",
            ) from None
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise ArchiveError(
                f"{parsed.drivername} is not supported", hint="use sqlite or postgresql"
            )
        self.url = parsed
        self.dialect = parsed.get_backend_name()
        self.location = parsed.render_as_string(hide_password=True)
        if self.sqlite:
            self.location = parsed.database or ":memory:"
            self.engine = sa.create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS})
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = sa.create_engine(parsed, pool_pre_ping=True)

    @property
    def sqlite(self) -> bool:
        return self.dialect == "sqlite"

    @property
    def file(self) -> Path | None:
        """The database file, on SQLite."""
        return Path(self.url.database) if self.sqlite and self.url.database else None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view. Raises ArchiveError."""
        with self.told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One write transaction: committed at the end, undone on any error. Raises ArchiveError.

        Writers come one after another: BEGIN IMMEDIATE on SQLite (else the first
        SELECT would stand outside the transaction), an advisory lock on PostgreSQL.
        """
        with self.told(), self.engine.connect() as plain:
            connection = plain.execution_options(writing=True)
            with connection.begin():
                if not self.sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
                yield connection

    def version(self) -> str | None:
        """The schema version of what is there; None for an empty database."""
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("meta"):
                return None
            return connection.scalar(sa.select(meta.c.value).where(meta.c.name == "schema"))

    def create(self) -> None:
        """Make all tables in an empty database."""
        with self.writing() as connection:
            metadata.create_all(connection)
            for statement in (SEARCH_SQLITE,) if self.sqlite else SEARCH_POSTGRESQL:
                connection.exec_driver_sql(statement)
            connection.execute(
                sa.insert(meta),
                [
                    {"name": "schema", "value": SCHEMA_VERSION},
                    {"name": "analysis", "value": str(ANALYSIS_VERSION)},
                ],
            )

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors of the driver and the disk, in our words: the one place where that is done."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise ArchiveError(_words(str(error.orig)), where=self.location) from error
        except sa.exc.SQLAlchemyError as error:
            raise ArchiveError(
                f"the database refused: {error}"[:300], where=self.location
            ) from error
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise ArchiveError(
                    "the disk is full", where=self.location, hint="free some disk; nothing was lost"
                ) from error
            raise


def _words(text: str) -> str:
    """A driver's complaint in plain words, with what to do."""
    low = text.lower()
    for sign, what in (
        ("locked", "the database is locked by another program; close it, then try again"),
        ("not a database", "the file is not an SQLite database; move it away or restore a backup"),
        ("malformed", "the database file is damaged; restore a backup"),
        ("readonly", "the database is read-only; give its file and folder to the user that runs aggregator"),
        ("unable to open", "the database file cannot be opened; check archive.directory and its rights"),
        ("full", "the disk is full; free some, nothing was lost"),
        ("connection refused", "the database server does not answer; is it running?"),
        ("authentication failed", "the database server refused the log-in; check archive.database"),
        ("does not exist", "the database does not exist on the server; create it first"),
        ("connection", "the connection to the database failed"),
    ):  # fmt: skip
        if sign in low:
            return what
    return f"the database refused: {text}"[:300]


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions would leave SELECTs outside; ours begin in _begin_sqlite.
    connection.isolation_level = None
    for pragma in (
        # Set once, kept in the file; readers then never block the writer.
        "journal_mode=WAL",
        # FULL: a commit survives a power cut, not only a crash. One fsync a batch.
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        try:
            connection.execute(f"PRAGMA {pragma}").close()
        except Exception:
            if not pragma.startswith("journal_mode"):
                raise


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def refuse_network_disk(directory: Path) -> None:
    """SQLite's locks do not hold on network file systems: ArchiveError where the folder is on one."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    here = str(directory.resolve())
    best = ("", "")
    for mount in mounts:
        _, point, kind, *_ = mount.split(" ")
        inside = here == point or here.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, kind)
    if best[1] in _NETWORK:
        raise ArchiveError(
            f"the folder is on a network file system ({best[1]}), where SQLite can lose data",
            where=str(directory),
            hint="use a local folder, or PostgreSQL by archive.database",
        )


def free_bytes(directory: Path) -> int:
    """Bytes free for us on the disk that holds the folder."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize
