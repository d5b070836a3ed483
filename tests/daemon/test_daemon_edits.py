"""What a running daemon says of edited files: lines left out, an empty file, a topic taken down."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from archivedesk import NOON
from daemonprocess import Daemon
from feedserver import FeedServer
from promises import rss
from servicedesk import service_at

from aggregator.daemon.ticks import Ticks

GOOD, BAD, WORSE = "http://127.0.0.1:9/a.xml", "htp://one.example/a", "htp://two.example/b"


@pytest.fixture
def python():
    """How the daemon is started; as users do where empty."""
    return ()


@pytest.fixture
def daemon(tmp_path, python):
    running = Daemon(tmp_path / "config")
    running.subscribe(GOOD)
    running.start(*python)
    running.wait_for(lambda: running.events("topic filled"))
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def reloaded(daemon, times: int) -> None:
    daemon.wait_for(lambda: len(daemon.events("configuration reloaded")) >= times)


def status_of(daemon, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_line_that_an_edit_leaves_out_is_told_once(daemon):
    daemon.process.send_signal(signal.SIGHUP)
    reloaded(daemon, 1)
    assert not daemon.events("left out")
    daemon.subscribe(GOOD, BAD)
    daemon.wait_for(lambda: daemon.events("left out"))
    (told,) = daemon.events("left out")
    assert told["level"] == "warning"
    assert told["event"].startswith(f"{daemon.folder}/feeds.opml:1: {BAD} is no http")
    before = len(daemon.events("configuration reloaded"))
    daemon.process.send_signal(signal.SIGHUP)
    reloaded(daemon, before + 1)
    daemon.subscribe(GOOD, BAD, WORSE)
    daemon.wait_for(lambda: daemon.events(WORSE))
    assert len(daemon.events(BAD)) == 1


def test_an_empty_topics_file_takes_nothing_down(daemon):
    topics = daemon.folder / "topics.toml"
    right = topics.read_text()
    daemon.wait_for(lambda: daemon.answers("/topics/torres.atom"))
    topics.write_text("")
    daemon.wait_for(lambda: daemon.events("configuration kept"))
    assert "topics.toml: the file is empty" in daemon.events("configuration kept")[0]["why"]
    assert not daemon.events("topic taken down")
    assert status_of(daemon, "/topics/torres.atom") == 200
    # Who wants no topics says so.
    topics.write_text("# no topics\n")
    daemon.wait_for(lambda: status_of(daemon, "/topics/torres.atom") == 410)
    (told,) = daemon.events("topic taken down")
    assert (told["topic"], told["level"]) == ("torres", "warning")
    topics.write_text(right)


RAIN = '[rain]\nquery = "rain"\n'


def test_a_file_that_was_cut_off_takes_nothing_down(daemon):
    topics = daemon.folder / "topics.toml"
    right = topics.read_text() + RAIN
    topics.write_text(right)
    daemon.wait_for(lambda: daemon.answers("/topics/rain.atom"))
    # As a full disk leaves it, at the edge of a table.
    topics.write_text("# the first lines\n")
    daemon.wait_for(lambda: daemon.events("topics are missing"))
    (told,) = daemon.events("topics are missing")
    assert (told["topics"], told["level"]) == ("torres, rain", "warning")
    assert "aggregator topics revoke TOPIC" in told["hint"]
    assert not daemon.events("topic taken down")
    assert status_of(daemon, "/topics/torres.atom") == 200
    topics.write_text(right)
    reloaded(daemon, 3)
    assert status_of(daemon, "/topics/torres.atom") == 200
    assert not daemon.events("topic is back")
    assert not daemon.events("topic edited")


def test_a_topic_that_leaves_is_taken_down_by_its_name_while_the_daemon_runs(daemon):
    topics = daemon.folder / "topics.toml"
    right = topics.read_text() + RAIN
    topics.write_text(right)
    daemon.wait_for(lambda: daemon.answers("/topics/rain.atom"))
    topics.write_text("# no topics\n")
    daemon.wait_for(lambda: daemon.events("topics are missing"))
    ask(daemon, "topics", "revoke", "torres")
    # It would see by itself within a minute.
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: status_of(daemon, "/topics/torres.atom") == 410)
    (told,) = daemon.events("topic taken down")
    assert (told["topic"], told["level"]) == ("torres", "warning")
    assert "410 until its key stands in topics.toml again" in told["hint"]
    topics.write_text(right)
    daemon.wait_for(lambda: status_of(daemon, "/topics/torres.atom") == 200)
    (told,) = daemon.events("topic is back")
    assert (told["topic"], told["came"], told["unmatched"]) == ("torres", 0, 0)
    assert not daemon.events("topic edited")


def test_a_topic_that_is_missing_for_a_day_is_taken_down_at_a_tick(tmp_path):
    asyncio.run(missing_for_a_day(Daemon(tmp_path / "config"), Ticks()))


async def missing_for_a_day(folder: Daemon, ticks: Ticks) -> None:
    feed = folder.folder / "public/topics/torres.atom"
    with (folder.folder / "topics.toml").open("a") as file:
        file.write(RAIN)
    async with service_at(NOON, folder):
        assert feed.exists()
    (folder.folder / "topics.toml").write_text("# no topics\n")
    async with service_at(NOON, folder) as desk:
        serving = asyncio.create_task(desk.service._serve_rounds(desk.pipeline, ticks))
        desk.clock.go_on(hours=23)
        ticks.publish.set()
        assert not (await asyncio.wait([serving], timeout=1))[0]
        assert not ticks.publish.is_set(), "it was looked at"
        desk.clock.go_on(hours=1)
        ticks.publish.set()
        await asyncio.wait_for(serving, 20)
        assert feed.exists()
        async with desk.service._opened():
            assert not feed.exists()


def test_what_a_mute_table_leaves_in_a_topic_is_not_said_to_go(daemon):
    with FeedServer() as server:
        daemon.subscribe(server.serve("/a.xml", rss(("1", "A coach", "Torres is the coach now."))))
        daemon.wait_for(lambda: b"A coach" in (daemon.answers("/topics/torres.json") or b""))
        with (daemon.folder / "topics.toml").open("a") as file:
            file.write('[mute]\nwords = ["coach"]\n')
        daemon.wait_for(lambda: daemon.events("topic edited"))
        (told,) = daemon.events("topic edited")
        assert (told["came"], told["unmatched"], "went" in told) == (0, 1, False)
        assert b"A coach" in daemon.answers("/topics/torres.json")


def test_a_file_that_is_being_written_is_read_when_it_is_whole(daemon):
    """As a copy over a slow network writes it; its beginning would take a topic down."""
    text = '[new]\nquery = "rain"\n[torres]\ntitle = "Torres"\nquery = "torres coach"\n'
    with (daemon.folder / "topics.toml").open("w") as file:
        for line in text.splitlines(keepends=True):
            file.write(line)
            file.flush()
            time.sleep(0.3)
    daemon.wait_for(lambda: daemon.answers("/topics/new.atom"))
    assert len(daemon.events("configuration reloaded")) == 1
    assert not daemon.events("topic taken down")
    assert not daemon.events("configuration kept")


MISTAKEN = """
import sys
from aggregator.__main__ import main
from aggregator.daemon import service

real = service.load

def mistaken(folder):
    read = real(folder)
    if len(read.subscriptions) > 1:
        raise RuntimeError("a mistake of ours")
    return read

service.load = mistaken
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("python", [("-c", MISTAKEN)])
def test_a_mistake_of_ours_in_reading_a_file_ends_no_daemon(daemon):
    daemon.subscribe(GOOD, GOOD.replace("a.xml", "b.xml"))
    daemon.wait_for(lambda: daemon.events("configuration kept"))
    assert "a mistake of ours" in daemon.events("configuration kept")[0]["why"]
    (daemon.folder / "topics.toml").write_text('[new]\nquery = "rain"\n')
    daemon.subscribe(GOOD)
    daemon.wait_for(lambda: daemon.answers("/topics/new.atom"))


def test_empty_settings_leave_the_last_good_ones(daemon):
    settings = daemon.folder / "aggregator.toml"
    right = settings.read_text()
    settings.write_text("")
    daemon.wait_for(lambda: daemon.events("configuration kept"))
    assert "aggregator.toml: the file is empty" in daemon.events("configuration kept")[0]["why"]
    assert daemon.answers("/topics/torres.atom")
    settings.write_text(right)
    reloaded(daemon, 1)


def ask(daemon, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "aggregator", "-C", daemon.folder, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


def test_addresses_that_nobody_serves_before_a_restart_are_told(daemon):
    daemon.wait_for(lambda: daemon.answers("/topics/torres.atom"))
    # So long until all was published once.
    daemon.wait_for(lambda: daemon.answers("/index.html"))
    served = f"http://127.0.0.1:{daemon.port}"
    told = f"the daemon that runs publishes under {served}; an edit of [server] holds"
    same = json.loads(ask(daemon, "topics", "show", "torres", "--json").stdout)
    assert (same["served_under"], same["addresses"][0]) == (None, f"{served}/topics/torres")
    assert "daemon that runs" not in ask(daemon, "status").stdout

    settings = daemon.folder / "aggregator.toml"
    settings.write_text(settings.read_text().replace(f"port = {daemon.port}", "port = 1"))
    daemon.wait_for(lambda: daemon.events("take effect at the next start"))
    shown = ask(daemon, "topics", "show", "torres")
    assert "http://127.0.0.1:1/topics/torres.atom" in shown.stdout
    assert told in shown.stderr
    assert told in ask(daemon, "status").stdout
    for command in (("status",), ("topics", "show", "torres")):
        assert json.loads(ask(daemon, *command, "--json").stdout)["served_under"] == served
    # Whichever port is free when it starts: that is the one it has now.
    settings.write_text(settings.read_text().replace("port = 1", "port = 0"))
    shown = ask(daemon, "topics", "show", "torres")
    assert f"{served}/topics/torres.atom" in shown.stdout
    assert not shown.stderr

    assert daemon.end() == 0
    settings.write_text(settings.read_text().replace("port = 0", "port = 1"))
    assert not ask(daemon, "topics", "show", "torres").stderr
