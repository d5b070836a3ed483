"""The database below the archive: opening it, transactions, and its errors in our words."""

from __future__ import annotations

import errno
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from aggregator.archive.holding import Holding
from aggregator.archive.schema import (
    CONDITIONAL,
    SEARCH_POSTGRESQL,
    SEARCH_SQLITE,
    meta,
    metadata,
)
from aggregator.archive.unready import Unready
from aggregator.archive.words import WORDS_SQLITE
from aggregator.model.address import without_password
from aggregator.model.errors import ArchiveError, DiskFull, Passing, ServerAway
from aggregator.model.settings import ArchiveSettings
from aggregator.query import ANALYSIS_VERSION

SCHEMA_VERSION = "0004"
"""The newest migration this program knows."""

_BUSY_SECONDS = 15
# Any number will do, as long as it is the same for all who write one archive.
_WRITE_LOCK = 0x61676772


class Database:
    """An engine with the transactions the archive needs: :meth:`reading` and :meth:`writing`.

    ``unchanging`` reads a SQLite file as one that nobody writes: without a lock and
    without the files beside it (https://sqlite.org/uri.html#uriimmutable).
    """

    def __init__(self, settings: ArchiveSettings, *, unchanging: bool = False) -> None:
        self.url = _parsed(settings)
        self.dialect = self.url.get_backend_name()
        self._holding: Holding | None = None
        self._turn = Lock()
        self._unready: Unready | None = None
        if self.sqlite:
            self.location = self.url.database or ":memory:"
            busy = {} if "timeout" in self.url.query else {"timeout": _BUSY_SECONDS}
            url = _immutable(self.url) if unchanging else self.url
            self.engine = _engine(url, connect_args=busy)
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.location = without_password(self.url.render_as_string(hide_password=False))
            self.engine = _engine(self.url, pool_pre_ping=True)
            self._holding = Holding(self.engine, location=self.location, told=self.told)

    @property
    def sqlite(self) -> bool:
        return self.dialect == "sqlite"

    @property
    def file(self) -> Path | None:
        """The database file, on SQLite."""
        return Path(self.url.database) if self.sqlite and self.url.database else None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view, whatever is written meanwhile. Raises ArchiveError."""
        self._make_ready()
        with self.told(), self.engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One write transaction: committed at the end, undone on any error. Raises ArchiveError.

        Writers come one after another: BEGIN IMMEDIATE on SQLite (else the first
        SELECT would stand outside the transaction), an advisory lock on PostgreSQL. Our own
        threads wait for each other however long it takes, others for as long as these do.
        Who holds the database looks each time whether it still does.
        """
        self._make_ready()
        if self._holding is not None:
            self._holding.keep()
        with self._turn, self.told(), self.engine.connect() as plain:
            connection = plain.execution_options(writing=True)
            with connection.begin():
                if not self.sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITE_LOCK)))
                yield connection

    @contextmanager
    def outside(self) -> Iterator[sa.Connection]:
        """No transaction, for what must not stand in one (VACUUM, checkpoints). Raises ArchiveError."""
        self._make_ready()
        with self.told(), self.engine.connect() as plain:
            if self.sqlite:
                yield plain.execution_options(outside=True)
            else:
                yield plain.execution_options(isolation_level="AUTOCOMMIT")

    def ready_by(self, work: Callable[[], None], *, wait: bool) -> None:
        """Do what must be done before the database is used. Where what keeps from it passes and is
        to be waited for, whoever uses the database next begins with it. Raises AlreadyRunning,
        ArchiveError."""
        self._unready = Unready(work)
        try:
            self._make_ready()
        except Passing:
            if not wait:
                raise

    def _make_ready(self) -> None:
        if self._unready is not None and self._unready.is_settled():
            self._unready = None

    def hold(self, purpose: str) -> None:
        """On PostgreSQL: be the one who writes this database, until :meth:`close`. Raises
        AlreadyRunning, ArchiveError."""
        if self._holding is not None:
            self._holding.take(purpose)

    def version(self) -> str | None:
        """The schema version of what is there; None for an empty database. Raises ArchiveError."""
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("meta"):
                return None
            return connection.scalar(sa.select(meta.c.value).where(meta.c.name == "schema"))

    def create(self) -> None:
        """Make all tables in an empty database."""
        with self.writing() as connection:
            for statement in _making(self.url.drivername):
                connection.exec_driver_sql(statement)
            connection.execute(
                sa.insert(meta),
                [
                    {"name": "schema", "value": SCHEMA_VERSION},
                    {"name": "analysis", "value": str(ANALYSIS_VERSION)},
                ],
            )

    def close(self) -> None:
        if self._holding is not None:
            self._holding.close()
        self.engine.dispose()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors of the driver and the disk, in our words: the one place where that is done."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            here = getattr(error.orig, "sqlite_errorcode", None) in _OF_ROOM
            what, hint = _words("disk is full" if here else str(error.orig))
            kind = DiskFull if here else _KINDS.get(what, ArchiveError)
            raise kind(what, where=self.location, hint=hint) from error
        except sa.exc.SQLAlchemyError as error:
            what, hint = _words(str(error))
            raise ArchiveError(what, where=self.location, hint=hint) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            # The file can be read, and what stands in it is not what was written.
            what, hint = _words("malformed")
            raise ArchiveError(what, where=self.location, hint=hint) from error
        except OSError as error:
            where = str(error.filename or self.location)
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                full = "the disk is full"
                raise DiskFull(full, where=where, hint="free some; nothing was lost") from error
            what, hint = _words(error.strerror or str(error))
            raise ArchiveError(what, where=where, hint=hint) from error


def is_damage(error: ArchiveError) -> bool:
    """Whether SQLite finds a file damaged, or none of its own."""
    code = getattr(getattr(error.__cause__, "orig", None), "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _parsed(settings: ArchiveSettings) -> sa.URL:
    text = settings.database or f"sqlite:///{settings.directory / 'archive.db'}"
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise _no_url() from None
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise ArchiveError(f"{url.drivername} is not supported", hint="use sqlite or postgresql")
    return url


def _immutable(url: sa.URL) -> sa.URL:
    assert url.database is not None
    options = {**url.query, "immutable": "1", "uri": "true"}
    return url.set(database=Path(url.database).absolute().as_uri(), query=options)


@cache
def _making(driver: str) -> tuple[str, ...]:
    """The statements that make all tables and indices, in order: compiled once, however many
    archives a process makes."""
    statements, url = list[str](), sa.make_url(f"{driver}://")
    dialect = url.get_dialect()()
    keep = sa.create_mock_engine(
        url, lambda one, *_: statements.append(str(one.compile(dialect=dialect)))
    )
    metadata.create_all(keep, checkfirst=False)
    search = SEARCH_SQLITE if dialect.name == "sqlite" else SEARCH_POSTGRESQL
    return (*statements, *CONDITIONAL, *search)


def _engine(url: sa.URL, **more: Any) -> sa.Engine:
    """An engine; nothing is connected yet. Raises ArchiveError where the URL's options are wrong."""
    try:
        engine = sa.create_engine(url, **more)
    except (sa.exc.ArgumentError, ValueError, TypeError):
        raise _no_url() from None
    if engine.dialect.name != "sqlite":
        event.listen(engine, "do_connect", _connect_postgresql)
    return engine


def _no_url() -> ArchiveError:
    return ArchiveError(
        "archive.database is no database URL",
        hint="sqlite:////path/archive.db or postgresql://user@host/name",
    )


# https://sqlite.org/rescode.html: SHMSIZE is of the log's index, which needs room to read as well.
_OF_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_SERVER_FULL = "the disk of the database server is full"
_SILENT, _NO_FREE = (
    "the database server does not answer",
    "the database server has no connection free",
)
_REFUSED, _BROKE = "the database server refused the log-in", "the connection to the database failed"
_KINDS = {_SERVER_FULL: DiskFull, _SILENT: ServerAway, _NO_FREE: ServerAway}

_COMPLAINTS = (
    ("locked", "the database is locked by another program", "close that program; aggregator run tries again by itself"),
    ("not a database", "the file is no SQLite database", "move it away, then aggregator archive restore FILE"),
    ("malformed", "the database file is damaged", "move it away, then aggregator archive restore FILE"),
    ("readonly", "the database is read-only", "SQLite writes beside it to read as well: give its file and folder to the user that runs aggregator"),
    ("read-only transaction", "the database is read-only", "is the server a standby? aggregator run goes on by itself when it can write"),
    ("unable to open", "the database file cannot be opened", "check archive.directory and its rights"),
    ("disk is full", "the disk is full", "free some; nothing was lost"),
    ("no space left", _SERVER_FULL, "free some; nothing was lost"),
    ("disk i/o error", "the disk refuses to read or write", "is it full? else look at the system's log, and restore a backup onto a sound disk"),
    ("no such table", "the file is no archive", "check archive.database"),
    # Before the others: of a name with several addresses, one may refuse us and one be silent.
    ("authentication failed", _REFUSED, "check archive.database"),
    ("no password supplied", _REFUSED, "check archive.database"),
    ("permitted to log in", _REFUSED, "check archive.database"),
    ("pg_hba.conf", _REFUSED, "check archive.database"),
    ("connection refused", _SILENT, "is it running? check archive.database"),
    ("is the server running", _SILENT, "is it running? check archive.database"),
    ("starting up", _SILENT, "it starts or recovers: try again"),
    ("not yet accepting connections", _SILENT, "it starts or recovers: try again"),
    ("in recovery mode", _SILENT, "it starts or recovers: try again"),
    ("shutting down", _SILENT, "it was told to end: start it again"),
    ("timeout expired", _SILENT, "check archive.database"),
    ("terminating connection", _BROKE, "check archive.database; try again"),
    ("closed the connection unexpectedly", _SILENT, "does it start? check archive.database"),
    ("failed to resolve host", _SILENT, "its name is not known here: check archive.database"),
    ("too many clients", _NO_FREE, "end what holds them, or raise its max_connections"),
    ("too many connections", _NO_FREE, "end what holds them, or raise the limit"),
    ("no more connections", _NO_FREE, "end what holds them, or raise the limit"),
    ("connection reset", _SILENT, "does it run? check archive.database"),
    ("connection slots are reserved", _NO_FREE, "end what holds them, or raise its max_connections"),
    ("permission denied", "the database or its folder may not be used", "check its rights"),
    ("connection", _BROKE, "check archive.database; try again"),
)  # fmt: skip


def _words(complaint: str) -> tuple[str, str]:
    """A driver's complaint in plain words, and what to do."""
    low = complaint.lower()
    if re.search(r'database "[^"]*" does not exist', low):
        return "the database is not there", "create it on the server first; check archive.database"
    if re.search(r'role "[^"]*" does not exist', low):
        return _REFUSED, "create the role on the server first; check archive.database"
    if re.search(r'relation "[^"]*" does not exist', low):
        return (
            "the database holds no archive",
            "restore a backup; in one that is empty a start makes a new archive",
        )
    for sign, what, hint in _COMPLAINTS:
        if sign in low:
            return what, hint
    first = complaint.strip().partition("\n")[0]
    return f"the database refused: {first}"[:300], ""


def _connect_postgresql(
    _dialect: object, _record: object, place: list[Any], options: dict[str, Any]
) -> Any:
    from aggregator.archive.postgres import PATIENCE, Connection

    # What the URL says of it goes before.
    return Connection.connect(*place, **{**PATIENCE, **options})


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions would leave SELECTs outside; ours begin in _begin_sqlite.
    connection.isolation_level = None
    for pragma in (
        # Of a new file: an entry's texts fit in one page, and a commit writes fewer of them.
        "page_size=8192",
        # Set once, kept in the file; readers then never block the writer.
        "journal_mode=WAL",
        # FULL: a commit survives a power cut, not only a crash. One fsync a batch.
        "synchronous=FULL",
        "foreign_keys=ON",
        # 48 MiB: the samples by which a million entries' stories are found stay in it.
        "cache_size=-49152",
        "temp_store=MEMORY",
        # Pages; 32 MiB, as a rule: a page that many commits change goes from the log into the file once for several.
        "wal_autocheckpoint=4000",
    ):
        try:
            connection.execute(f"PRAGMA {pragma}").close()
        except Exception:
            # A reader without the right to write finds the journal as it is.
            if not pragma.startswith("journal_mode"):
                raise
    connection.execute(WORDS_SQLITE).close()


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("outside"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")
