"""A PostgreSQL server that hangs, or a process of it: noticed, and never taken for one at work."""

import os
import signal

import postgres
import psycopg
import pytest

from aggregator.archive import open_archive
from aggregator.archive import postgres as waiting
from aggregator.model.errors import ArchiveError
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


def test_what_the_url_says_of_waiting_goes_before(own_server, tmp_path):
    url = f"{own_server.make_database()}&connect_timeout=7&keepalives_idle=99"
    settings = ArchiveSettings(directory=tmp_path, database=url, free_space=0)
    with open_archive(settings, write=True) as archive, archive._database.reading() as connection:
        told = connection.connection.driver_connection.info.get_parameters()
    assert (told["connect_timeout"], told["keepalives_idle"]) == ("7", "99")
    assert told["tcp_user_timeout"] == "30000"
