"""The lock of a PostgreSQL database by one connection: whose it is, and what becomes of it."""

from __future__ import annotations

import gc
import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from aggregator.archive.database import Database
from aggregator.model.errors import AlreadyRunning, ArchiveError
from aggregator.model.settings import ArchiveSettings


@pytest.fixture
def databases(postgres_url):
    made = []

    def one() -> Database:
        made.append(Database(ArchiveSettings(database=postgres_url)))
        return made[-1]

    yield one
    for database in made:
        database.close()


def names(database: Database) -> list[str]:
    """Who holds the lock."""
    with database.reading() as connection:
        question = (
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype ="
            " 'advisory' AND granted AND pg_locks.database = (SELECT oid FROM pg_database WHERE"
            " datname = current_database())"
        )
        return list(connection.exec_driver_sql(question).scalars())


def test_the_lock_of_a_connection_that_was_lost_is_taken_over(databases):
    ours = databases()
    ours.hold("a round")
    # It is gone on our side, and the server has not noticed.
    lost, ours._holding._held = ours._holding._held, None
    ours._holding.keep()
    (name,) = names(ours)
    assert name.startswith("a round (")
    lost.close()


def test_nobody_else_is_ended_though_the_server_gave_the_number_again(databases):
    ours, other = databases(), databases()
    ours.hold("a round")
    ours.close()
    other.hold("a restore")
    number, since, name = other._holding._ours
    ours._holding._purpose = "a round"
    for lost in (
        (number, f"{datetime(2026, 1, 1, tzinfo=UTC)}", name),
        (number, since, "a round (1 on a.example)"),
    ):
        ours._holding._ours = lost
        with pytest.raises(ArchiveError, match="writes this archive now: it took over"):
            ours._holding.keep()
    other._holding.keep()
    assert len(names(other)) == 1


def test_a_refusal_or_an_error_leaves_no_connection_behind(databases):
    ours, other = databases(), databases()
    other.hold("a restore")
    with pytest.raises(AlreadyRunning, match="a restore"):
        ours.hold("a round")
    assert ours.engine.pool.checkedout() == 0
    other.close()

    def fail(_connection, _cursor, statement, *_more):
        if "pg_try_advisory_lock" in statement:
            raise sa.exc.OperationalError(statement, {}, Exception("timeout expired"))

    sa.event.listen(ours.engine, "before_cursor_execute", fail)
    gc.disable()
    try:
        for _ in range(3):
            with pytest.raises(ArchiveError):
                ours.hold("a round")
            assert ours.engine.pool.checkedout() == 0
    finally:
        gc.enable()
    sa.event.remove(ours.engine, "before_cursor_execute", fail)
    ours.hold("a round")
    assert len(names(ours)) == 1


def test_who_closes_while_the_lock_is_taken_holds_nothing_afterwards(databases):
    ours, slowly = databases(), threading.Event()

    def wait(_connection, _cursor, statement, *_more):
        if "pg_try_advisory_lock" in statement:
            slowly.set()
            threading.Event().wait(0.5)

    sa.event.listen(ours.engine, "before_cursor_execute", wait)
    taking = threading.Thread(target=ours.hold, args=("a round",))
    taking.start()
    assert slowly.wait(10)
    ours.close()
    taking.join()
    other = databases()
    other.hold("a restore")
    assert [name.partition(" (")[0] for name in names(other)] == ["a restore"]
