"""PostgreSQL fails who writes: connections are lost, the right to write with them, or the server hangs."""

import os
import signal

import postgres
import psycopg
import pytest
from archivedesk import NOON, ONE, Desk, item
from msgspec.structs import replace

from aggregator.archive import open_archive
from aggregator.archive import postgres as waiting
from aggregator.model.errors import AlreadyRunning, ArchiveError
from aggregator.model.feed import Subscription
from aggregator.model.settings import ArchiveSettings


@pytest.fixture(scope="module")
def own_server():
    with postgres.own_server() as running:
        yield running


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(waiting, "_SILENCE_SECONDS", 0.3)


def test_a_server_that_hangs_is_told_and_found_again(own_server, tmp_path, monkeypatch):
    monkeypatch.setattr(waiting, "_CONNECT_SECONDS", 2)
    monkeypatch.setitem(waiting.PATIENCE, "connect_timeout", 2)
    url = own_server.make_database()
    settings = ArchiveSettings(directory=tmp_path, database=url, free_space=0)
    with open_archive(settings, write=True) as archive:
        with own_server.hanging():
            for use in (archive.stats, archive.free_dead_claims):
                with pytest.raises(ArchiveError, match="the database server does not answer"):
                    use()
        archive.free_dead_claims()
        assert archive.stats().feeds == 0


def test_a_process_of_the_server_that_takes_nothing_up_is_left(own_server):
    with waiting.Connection.connect(own_server.url, autocommit=True) as connection:
        pid = connection.info.backend_pid
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(psycopg.OperationalError, match="no answer"):
                connection.execute("SELECT 1")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert connection.closed


def test_a_statement_at_which_the_server_works_takes_its_time(own_server, monkeypatch):
    looks = []
    look = waiting.Connection._is_at_work
    monkeypatch.setattr(
        waiting.Connection, "_is_at_work", lambda self: looks.append(look(self)) or looks[-1]
    )
    with waiting.Connection.connect(own_server.url, autocommit=True) as connection:
        assert connection.execute("SELECT pg_sleep(2.5), 7").fetchone()[1] == 7
    # Later each time.
    assert looks == [True, True, True]


def test_a_server_that_is_slow_to_let_another_in_is_not_given_up(own_server, monkeypatch):
    monkeypatch.setattr(waiting, "_CONNECT_SECONDS", 2)
    looks = []
    look = waiting.Connection._is_at_work

    def looked(self):
        looks.append(look(self))
        own_server.run("ALTER SYSTEM RESET pre_auth_delay", "SELECT pg_reload_conf()")
        return looks[-1]

    monkeypatch.setattr(waiting.Connection, "_is_at_work", looked)
    with waiting.Connection.connect(own_server.url, autocommit=True) as connection:
        own_server.run("ALTER SYSTEM SET pre_auth_delay = 4", "SELECT pg_reload_conf()")
        assert connection.execute("SELECT pg_sleep(8), 7").fetchone()[1] == 7
    assert looks[:2] == [False, True]


def test_what_the_url_says_of_waiting_goes_before(own_server, tmp_path):
    url = f"{own_server.make_database()}&connect_timeout=7&keepalives_idle=99"
    settings = ArchiveSettings(directory=tmp_path, database=url, free_space=0)
    with open_archive(settings, write=True) as archive, archive._database.reading() as connection:
        told = connection.connection.driver_connection.info.get_parameters()
    assert (told["connect_timeout"], told["keepalives_idle"]) == ("7", "99")
    assert told["tcp_user_timeout"] == "30000"


def lose_connections(database):
    with database.outside() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_who_lost_the_right_to_write_does_not_write(postgres_url, tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "one", database=postgres_url, free_space=0)
    with open_archive(settings, write=True) as archive:
        lose_connections(archive._database)
        with open_archive(replace(settings, directory=tmp_path / "two"), write=True, purpose="it"):
            for write in (
                lambda: archive.attach([Subscription(url=ONE)], now=NOON),
                lambda: archive.published.mark("all", 1),
                lambda: archive.claim_due(
                    now=NOON, limit=1, holder="x", lease_seconds=1, max_interval=1
                ),
            ):
                with pytest.raises(
                    ArchiveError, match=r"^.*: it \(\d+ on .*\) writes this archive now"
                ):
                    write()
        # It ended: the right is taken again, by whatever is written next.
        archive.attach([Subscription(url=ONE)], now=NOON)


def test_a_server_that_restarts_does_not_end_the_right_to_write(postgres_url, tmp_path):
    settings = ArchiveSettings(directory=tmp_path, database=postgres_url, free_space=0)
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE)
        lose_connections(archive._database)
        assert desk.bring(ONE, item("a")).new == 1
        with pytest.raises(AlreadyRunning):
            open_archive(replace(settings, directory=tmp_path / "two"), write=True)
