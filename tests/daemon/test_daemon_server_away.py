"""A database server that is not there as the daemon starts: it serves what is published, and waits."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager

import postgres
import pytest
import sqlalchemy as sa
from daemonprocess import Daemon
from feedserver import FeedServer

# As aggregator run; but it rests for less.
RESTLESS = """
import sys
from aggregator.__main__ import main
from aggregator.daemon import service

service._FIRST_REST = service._LONGEST_REST = 0.5
sys.exit(main(sys.argv[1:]))
"""

AWAY = "the database server does not answer"
REFUSED = "the database server refused the log-in"


def rss(title: str) -> bytes:
    item = f"<item><guid>{title}</guid><title>Torres the coach on {title}</title></item>"
    return f"<rss version='2.0'><channel><title>News</title>{item}</channel></rss>".encode()


@pytest.fixture(scope="module")
def own_server():
    with postgres.own_server() as running:
        running.run("CREATE ROLE guest LOGIN")
        yield running


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
def daemon(own_server, tmp_path):
    """One that was not started yet, whose database is a guest's."""
    running = Daemon(tmp_path / "config")
    url = sa.make_url(own_server.make_database()).set(username="guest", password="wrong")
    running.name = url.database
    # A test server that is stopped forgets what was done just now.
    own_server.run(f'ALTER DATABASE "{url.database}" OWNER TO guest', "CHECKPOINT")
    name_database(running, url)
    running.process = None
    yield running
    if running.process and running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def name_database(daemon: Daemon, url: sa.URL) -> None:
    settings = daemon.folder / "aggregator.toml"
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("database")]
    line = f'database = "{url.render_as_string(hide_password=False)}"'
    settings.write_text("\n".join([kept[0], line, *kept[1:]]) + "\n")
    daemon.url = url


@contextmanager
def stopped(server):
    with server.stopped():
        yield


@contextmanager
def busy(server):
    server.run("ALTER ROLE guest CONNECTION LIMIT 0")
    yield
    server.run("ALTER ROLE guest CONNECTION LIMIT -1")


def health(daemon: Daemon) -> dict:
    return json.loads(daemon.answers("/health"))


@pytest.mark.parametrize(
    ("outage", "why"),
    [(stopped, AWAY), (busy, "the database server has no connection free")],
    ids=["stopped", "busy"],
)
def test_a_start_without_its_server_serves_and_begins_when_it_comes(
    daemon, server, own_server, outage, why
):
    daemon.subscribe(server.serve("/a.xml", rss("One")))
    published = daemon.folder / "public" / "topics"
    published.mkdir(parents=True)
    (published / "torres.atom").write_bytes(b"what stood there")
    with outage(own_server):
        daemon.start("-c", RESTLESS)
        daemon.wait_for(lambda: daemon.events("collecting is paused"))
        told = health(daemon)
        assert (told["status"], why in told["paused"]) == ("paused", True)
        assert daemon.answers("/topics/torres.atom") == b"what stood there"
        assert not server.asked("/a.xml")
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
    told = [one["event"] for one in daemon.events("collecting")]
    assert told == ["collecting is paused", "collecting goes on"]
    assert daemon.end() == 0


def test_a_server_that_comes_and_refuses_is_told(daemon, own_server):
    with own_server.with_password(daemon.name):
        with own_server.stopped():
            daemon.start("-c", RESTLESS)
            daemon.wait_for(lambda: daemon.events("collecting is paused"))
        daemon.wait_for(lambda: len(daemon.events("collecting is paused")) == 2)
        assert [one["why"] for one in daemon.events("collecting is paused")] == [AWAY, REFUSED]
    daemon.wait_for(lambda: daemon.events("collecting goes on"))
    assert daemon.end() == 0


def test_who_waited_writes_nothing_beside_another(daemon, own_server):
    from aggregator.archive.database import Database
    from aggregator.model.settings import ArchiveSettings

    with busy(own_server):
        daemon.start("-c", RESTLESS)
        daemon.wait_for(lambda: daemon.events("collecting is paused"))
        url = sa.make_url(own_server.url).set(database=daemon.name)
        other = Database(ArchiveSettings(database=url.render_as_string(hide_password=False)))
        other.hold("a restore")
    assert daemon.process.wait(30) == 4
    other.close()
    assert "a restore" in daemon.log.read_text().splitlines()[-1]


def run(daemon: Daemon, command: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "-C", daemon.folder, command, *("x",) * (command == "search")],
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["collect", "search"])
def test_a_command_does_not_wait(daemon, own_server, command):
    with own_server.stopped():
        code, told = run(daemon, command)
    assert (code, AWAY in told) == (3, True)


def test_what_does_not_pass_ends_a_start_at_once(daemon, own_server):
    url = daemon.url
    with own_server.with_password(daemon.name):
        assert REFUSED in run(daemon, "run")[1]
    for wrong, why in (
        (url.set(database="nowhere"), "the database is not there"),
        (url.set(username="nobody"), REFUSED),
    ):
        name_database(daemon, wrong)
        code, told = run(daemon, "run")
        assert (code, why in told) == (3, True), told
