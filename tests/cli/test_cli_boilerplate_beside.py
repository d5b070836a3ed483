"""``feeds boilerplate --pin`` beside a daemon: it does what a person decided."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from daemonprocess import Daemon
from feedserver import FeedServer
from planted import TEMPLATES, Planted

PAPER = Planted(0, TEMPLATES[0])


@pytest.fixture
def daemon(tmp_path):
    running = Daemon(tmp_path / "config")
    with FeedServer() as server:
        running.subscribe(server.serve("/owl.xml", PAPER.document(12)))
        (running.folder / "topics.toml").write_text('[all]\nquery = "*"\n')
        running.start()
        running.wait_for(lambda: running.events("collected"))
        yield running
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(timeout=30)


def test_a_daemon_shows_entries_as_a_person_decides(daemon):
    tail, promo = PAPER.template.tail, PAPER.template.promos[0]

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = ["-m", "aggregator", "-C", daemon.folder, *arguments]
        return subprocess.run(
            [sys.executable, *command], capture_output=True, encoding="utf-8", timeout=60
        )

    def listed() -> dict[str, dict[str, object]]:
        told = run("feeds", "boilerplate", "F", "--json").stdout
        return {one["text"]: one for one in json.loads(told)}

    daemon.wait_for(lambda: listed()[tail]["state"] == "learned")
    held = listed()
    wrong = run("feeds", "boilerplate", "F", "--pin", "ffffffffffff")
    assert (wrong.returncode, "no block of this feed" in wrong.stderr) == (2, True)
    for option, block in (("--pin", promo), ("--free", tail)):
        ran = run("feeds", "boilerplate", "F", option, held[block]["id"])
        assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
        assert "within seconds" in ran.stderr
    daemon.wait_for(lambda: listed()[promo]["state"] == "pinned")
    daemon.wait_for(lambda: listed()[tail]["state"] == "freed")
    shown = run("export").stdout
    assert promo not in shown
    assert tail in shown
    daemon.wait_for(lambda: tail.encode() in (daemon.answers("/topics/all.html") or b""))
    run("feeds", "boilerplate", "F", "--reset", held[tail]["id"])
    daemon.wait_for(lambda: listed()[tail]["state"] == "learned")
    assert tail not in run("export").stdout
