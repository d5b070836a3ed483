"""A disk that is full as the daemon starts: it serves what is published, and waits for room."""

import json
import resource
import signal

import pytest
from daemonprocess import Daemon
from feedserver import FeedServer

# Files grow to no more than this, as on a disk that is nearly full: what SQLite puts beside its
# file takes more, the log less.
FULL = """
import resource, sys
from aggregator.__main__ import main

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
sys.exit(main(sys.argv[1:]))
"""


def rss(title: str) -> bytes:
    item = f"<item><guid>{title}</guid><title>Torres the coach on {title}</title></item>"
    return f"<rss version='2.0'><channel><title>News</title>{item}</channel></rss>".encode()


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
def daemon(tmp_path):
    running = Daemon(tmp_path / "config")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def test_a_start_on_a_full_disk_serves_and_waits_for_room(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("One")))
    topics = daemon.folder / "topics.toml"
    topics.write_text('[torres]\nquery = "torres coach"\nmust = ["Torres is the coach"]\n')
    daemon.start()
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
    daemon.end()
    daemon.log.unlink()
    topics.write_text('[torres]\nquery = "zebra"\nmust = ["Torres is the coach"]\n')
    daemon.subscribe(server.url("/a.xml"), server.serve("/b.xml", rss("Two")))

    process = daemon.start("-c", FULL)
    daemon.wait_for(lambda: daemon.events("collecting is paused"))
    health = json.loads(daemon.answers("/health"))
    assert (health["status"], "the disk is full" in health["paused"]) == ("paused", True)
    assert b"One" in daemon.answers("/topics/torres.atom")
    assert not server.asked("/b.xml")

    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: b"Two" in (daemon.answers("/topics/torres.atom") or b""))
    told = [one["event"] for one in daemon.events("collecting")]
    assert told == ["collecting is paused", "collecting goes on"]
    # What a start looks at, it looks at then.
    assert daemon.events("topic kept as it was")
    assert daemon.end() == 0


def test_a_first_start_on_a_full_disk_waits_too(daemon, server):
    daemon.subscribe(server.serve("/a.xml", rss("One")))
    process = daemon.start("-c", FULL)
    daemon.wait_for(lambda: daemon.events("collecting is paused"))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: b"One" in (daemon.answers("/topics/torres.atom") or b""))
    assert daemon.end() == 0
