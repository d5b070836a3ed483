"""``aggregator run`` as a process of its own, over a configuration folder of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Daemon:
    """A configuration folder, and ``aggregator run`` over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir()
        (folder / "aggregator.toml").write_text(
            f'[archive]\ndirectory = "{folder}/archive"\n'
            f'[publish]\ndirectory = "{folder}/public"\n'
            '[collect]\nallow_networks = ["127.0.0.0/8"]\nhost_spacing = 0\n'
            '[hub]\nallow_networks = ["127.0.0.0/8"]\n'
            f"[server]\nport = {self.port}\n"
        )
        (folder / "topics.toml").write_text('[torres]\ntitle = "Torres"\nquery = "torres coach"\n')
        self.subscribe()
        self.log = folder / "log"

    def subscribe(self, *urls: str) -> None:
        lines = "".join(f'<outline type="rss" text="F" xmlUrl="{url}"/>' for url in urls)
        (self.folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{lines}</body></opml>')

    def start(self, *python: str) -> subprocess.Popen:
        """Start it, as ``python -m aggregator`` or by another way in; returns when it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(python or ("-m", "aggregator")), "-C", self.folder, "run"],
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.wait_for(lambda: self.answers("/health"))
        return self.process

    def answers(self, path: str) -> bytes | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.read()
        except OSError:
            return None

    def events(self, name: str = "") -> list[dict]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [event for line in lines if name in (event := json.loads(line))["event"]]

    def wait_for(self, condition, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text() if self.log.exists() else ""
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)
