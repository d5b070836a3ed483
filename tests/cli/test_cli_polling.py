"""``feeds poll``: one feed at a person's word; a server's word and the pauses stand above that."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from daemonprocess import Daemon
from promises import RAIN, TIME, TORRES, parsed, rss
from simclock import SimClock

KEYS = ["url", "asked", "refused", "fetch", "next_due"]
FETCH = ["at", "outcome", "status", "message", "bytes", "seconds", "new", "revised"]


def later(minutes: float) -> SimClock:
    return SimClock(datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.fixture
def two(place, server):
    """Two feeds, collected."""
    place.subscribe(
        server.serve("/sport.xml", rss(TORRES)), server.serve("/other.xml", rss(TORRES))
    )
    place.topics('[all]\nquery = "rain OR torres"\n')
    assert place.run("collect").code == 0
    return place


def asked(server) -> tuple[int, int]:
    return len(server.asked("/sport.xml")), len(server.asked("/other.xml"))


def test_one_feed_is_asked_and_no_other_though_it_is_due(two, server):
    server.serve("/sport.xml", rss(TORRES, RAIN))
    with later(60 * 30):
        ran = two.run("feeds", "poll", "Feed 1")
        assert (ran.code, asked(server)) == (0, (2, 1)), ran.err
        assert ran.out.startswith("1 feed (0 unchanged, 0 failed): 1 new entry")
    published = json.loads((two.folder / "public" / "topics" / "all.json").read_bytes())
    assert RAIN[1] in {item["title"] for item in published["items"]}
    with later(60 * 30 + 2):
        again = parsed(two.run("feeds", "poll", "Feed 1", "--json"))
    assert (list(again), list(again["fetch"])) == (KEYS, FETCH)
    assert (again["fetch"]["outcome"], again["fetch"]["status"]) == ("unchanged", 304)
    assert (again["url"], again["asked"], again["refused"]) == (
        server.url("/sport.xml"),
        None,
        None,
    )
    assert TIME.fullmatch(again["next_due"])
    assert server.asked("/sport.xml")[-1].headers["if-none-match"]


def test_a_feed_that_was_never_asked_is(place, server):
    place.subscribe(server.serve("/sport.xml", rss(TORRES)), server.serve("/other.xml"))
    assert place.run("feeds", "poll", "Feed 1").code == 0
    assert asked(server) == (1, 0)


def test_what_fails_is_told_with_exit_code_1(two, server):
    server.serve("/sport.xml", b"", status=401)
    with later(5):
        ran = two.run("feeds", "poll", "Feed 1", "--json")
    assert (ran.code, "failed: " in ran.err) == (1, True)
    told = json.loads(ran.out)
    assert (told["fetch"]["status"], told["fetch"]["outcome"]) == (401, "failed")
    # Back-off holds no hand.
    server.serve("/sport.xml", rss(TORRES))
    with later(10):
        assert "well again" in two.run("feeds", "poll", "Feed 1").err


@pytest.mark.parametrize(
    ("answer", "minutes", "words"),
    [
        ({"status": 503, "headers": {"Retry-After": "7200"}}, 60, "left alone until 20"),
        ({"status": 429, "headers": {"Retry-After": "7200"}}, 60, "left alone until 20"),
        ({"status": 500}, 0.5, "once a minute"),
    ],
)
def test_who_may_not_be_asked_yet_is_not(two, server, answer, minutes, words):
    server.serve("/sport.xml", b"", **answer)
    with later(5):
        assert two.run("feeds", "poll", "Feed 1").code == 1
    assert asked(server) == (2, 1)
    with later(5 + minutes):
        ran = two.run("feeds", "poll", "Feed 1", "--json")
    assert (ran.code, asked(server)) == (1, (2, 1))
    assert words in ran.err
    told = json.loads(ran.out)
    assert words in told["refused"]
    assert (list(told), told["fetch"]) == (KEYS, None)
    if answer["status"] == 429:
        with later(20):
            assert "left alone" in two.run("feeds", "poll", "Feed 2").err
        assert asked(server) == (2, 1), "the same host"


def test_a_feed_that_rests_is_left_to_who_sent_it_there(two, server):
    server.serve("/sport.xml", b"", status=410)
    with later(5):
        assert two.run("feeds", "poll", "Feed 1").code == 1
    with later(10):
        stopped = two.run("feeds", "poll", "Feed 1")
    assert (stopped.code, "feeds add" in stopped.err) == (2, True)
    opml = two.folder / "feeds.opml"
    opml.write_text(opml.read_text().replace('type="rss"', 'type="rss" aggregatorPaused="true"'))
    paused = two.run("feeds", "poll", "Feed 2")
    assert (paused.code, "is paused" in paused.err) == (2, True)
    assert asked(server) == (2, 1)


def let_minutes_pass(daemon: Daemon, minutes: int) -> None:
    """Since the last fetch, as the archive has it."""
    with contextlib.closing(sqlite3.connect(daemon.folder / "archive" / "archive.db")) as opened:
        opened.execute("UPDATE feeds SET last_fetch = last_fetch - ?", (minutes * 60_000_000,))
        opened.commit()


def test_a_daemon_asks_and_what_came_is_printed(tmp_path, server):
    url = server.serve("/sport.xml", b"", status=401)
    daemon = Daemon(tmp_path / "config")
    daemon.subscribe(url)
    daemon.start()

    def poll(*more: str) -> subprocess.CompletedProcess:
        command = ["-m", "aggregator", "-C", daemon.folder, "feeds", "poll", "F", *more]
        return subprocess.run(
            [sys.executable, *command], capture_output=True, encoding="utf-8", timeout=90
        )

    try:
        daemon.wait_for(lambda: daemon.events("feed failed"))
        soon = poll()
        assert (soon.returncode, "once a minute" in soon.stderr) == (1, True)
        # A log-in that comes is tried at once; nobody need ask.
        server.serve("/sport.xml", rss(TORRES))
        (daemon.folder / "secrets.toml").write_text(f'["{url}"]\npassword = "hush"\n')
        daemon.wait_for(lambda: daemon.events("feed recovered"))
        let_minutes_pass(daemon, 2)
        server.serve("/sport.xml", rss(TORRES, RAIN))
        ran = poll("--json")
        assert ran.returncode == 0, ran.stderr
        told = json.loads(ran.stdout)
        assert re.fullmatch(r"aggregator run.*", told["asked"])
        assert (told["fetch"]["outcome"], told["fetch"]["new"]) == ("changed", 1)
        assert "asks it now" in ran.stderr
    finally:
        daemon.process.send_signal(signal.SIGTERM)
        daemon.process.wait(timeout=30)
