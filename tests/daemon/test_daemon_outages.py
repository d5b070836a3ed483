"""A database that fails a daemon that is up: told once, and no end; it goes on by itself."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager

import postgres
import pytest
import sqlalchemy as sa
from daemonprocess import Daemon
from feedserver import FeedServer

from aggregator.archive.database import Database
from aggregator.model.settings import ArchiveSettings

# As aggregator run; but its patience is shorter, and so is its rest.
IMPATIENT = """
import sys
from aggregator.__main__ import main
from aggregator.archive import postgres
from aggregator.daemon import service

postgres._SILENCE_SECONDS = postgres._CONNECT_SECONDS = postgres.PATIENCE["connect_timeout"] = 2
service._FIRST_REST = service._LONGEST_REST = 1.0
sys.exit(main(sys.argv[1:]))
"""


def rss(title: str) -> bytes:
    item = f"<item><guid>{title}</guid><title>Torres the coach on {title}</title></item>"
    return f"<rss version='2.0'><channel><title>News</title>{item}</channel></rss>".encode()


@pytest.fixture(scope="module")
def own_server():
    with postgres.own_server() as running:
        yield running


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
def daemon(own_server, server, tmp_path):
    """One that has collected, on a database of its own."""
    running = Daemon(tmp_path / "config")
    running.database = own_server.make_database()
    settings = running.folder / "aggregator.toml"
    line = f'[archive]\ndatabase = "{running.database}"\n'
    settings.write_text(settings.read_text().replace("[archive]\n", line))
    running.subscribe(server.serve("/a.xml", rss("One")))
    running.start("-c", IMPATIENT)
    running.wait_for(lambda: running.events("collected"))
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


@contextmanager
def hanging(server, _name):
    with server.hanging():
        yield


@contextmanager
def stopped(server, _name):
    with server.stopped():
        yield


@contextmanager
def gone(server, name):
    server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    server.end_connections(name)
    server.run(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"')
    yield
    server.run(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"')
    server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextmanager
def empty(server, name):
    with gone(server, name):
        server.run(f'CREATE DATABASE "{name}"')
        yield
        server.run(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def read_only(server, name):
    setting = f'ALTER DATABASE "{name}" SET default_transaction_read_only ='
    server.run(f"{setting} on")
    server.end_connections(name)
    yield
    server.run(f"{setting} off")
    server.end_connections(name)


@contextmanager
def locked(server, name):
    with server.with_password(name):
        yield


@contextmanager
def taken(server, name):
    url = sa.make_url(server.url).set(database=name).render_as_string(hide_password=False)
    other = Database(ArchiveSettings(database=url))
    server.end_connections(name)
    other.hold("a restore")
    yield
    other.close()


OUTAGES = {
    hanging: "the database server does not answer",
    stopped: "the database server does not answer",
    gone: "the database is not there",
    empty: "the database holds no archive",
    read_only: "the database is read-only",
    locked: "the database server refused the log-in",
    taken: "writes this archive now",
}


def health(daemon):
    return json.loads(daemon.answers("/health"))


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__)
def test_an_outage_is_told_once_and_passes(daemon, server, own_server, outage):
    with outage(own_server, sa.make_url(daemon.database).database):
        # A new feed is due at once: what is stored needs the database.
        daemon.subscribe(server.url("/a.xml"), server.serve("/b.xml", rss("Two")))
        daemon.wait_for(lambda: OUTAGES[outage] in (health(daemon)["paused"] or ""), 60)
        assert health(daemon)["status"] == "paused"
        assert b"aggregator_paused 1.0" in daemon.answers("/metrics")
        assert daemon.answers("/topics/torres.atom")
    daemon.wait_for(lambda: b"Two" in (daemon.answers("/topics/torres.atom") or b""), 60)
    assert health(daemon)["status"] == "ok"
    told = [one["event"] for one in daemon.events("collecting")]
    assert told == ["collecting is paused", "collecting goes on"]
    assert daemon.end() == 0


def test_a_connection_of_ours_that_the_server_has_not_ended_is_no_other_program(
    daemon, server, own_server
):
    named = (
        "SELECT pid FROM pg_stat_activity WHERE starts_with(application_name, 'aggregator run (')"
    )
    (holder,) = own_server.ask(daemon.database, named)
    with own_server.hanging(only=holder):
        daemon.subscribe(server.url("/a.xml"), server.serve("/b.xml", rss("Two")))
        daemon.wait_for(lambda: "a connection of ours" in (health(daemon)["paused"] or ""), 60)
    daemon.wait_for(lambda: b"Two" in (daemon.answers("/topics/torres.atom") or b""), 60)
    told = [one["event"] for one in daemon.events("collecting")]
    assert told == ["collecting is paused", "collecting goes on"]
    (again,) = own_server.ask(daemon.database, named)
    assert again != holder
    assert daemon.end() == 0


def test_a_restart_in_the_middle_of_a_round(daemon, server, own_server):
    slow = server.serve("/slow.xml", rss("Two"), delay=3)
    daemon.subscribe(server.url("/a.xml"), slow)
    daemon.wait_for(lambda: server.asked("/slow.xml"))
    with own_server.stopped():
        daemon.wait_for(lambda: health(daemon)["status"] == "paused", 60)
    daemon.wait_for(lambda: b"Two" in (daemon.answers("/topics/torres.atom") or b""), 60)
    assert len(daemon.events("collecting is paused")) == 1
    assert daemon.end() == 0


def test_an_end_waits_for_no_database_that_hangs(daemon, own_server):
    daemon.end()
    # As patient as it is: nothing gives up before the end.
    daemon.start()
    daemon.wait_for(lambda: "feeds" in health(daemon))
    with own_server.hanging():
        # What this asks for waits for the server, in a thread.
        assert health(daemon)["feeds"] == 1
        assert daemon.end() == 128 + signal.SIGTERM
    assert daemon.events("ended after 10 seconds")
