"""A configuration folder of one's own, and the commands run on it as a user would."""

import contextlib
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from environment import clean_environment
from feedserver import FeedServer
from promises import RAIN, TOPICS, TORRES, rss
from simclock import SimClock

from aggregator.__main__ import main
from aggregator.model.time import now

SETTINGS = """
[archive]
directory = "archive"
free_space = 0

[collect]
contact = "mailto:tests@example.org"
allow_networks = ["127.0.0.0/8"]
host_spacing = 0

[normalize]
workers = 1

[publish]
directory = "public"
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


class Place:
    """A configuration folder and the commands on it."""

    def __init__(self, folder: Path, capfd=None, environ=None) -> None:
        self.folder = folder
        self.environ = environ
        """Sets a variable of the environment, for this test."""
        self._capfd = capfd
        folder.mkdir(parents=True, exist_ok=True)
        self.settings("")
        self.subscribe()
        self.topics("# no topics\n")

    def settings(self, more: str) -> None:
        (self.folder / "aggregator.toml").write_text(SETTINGS + more, encoding="utf-8")

    def subscribe(self, *urls: str) -> None:
        lines = "".join(
            f'<outline text="Sport"><outline type="rss" text="Feed {n}" xmlUrl="{url}"/></outline>'
            for n, url in enumerate(urls, 1)
        )
        text = f'<opml version="2.0"><head><title>t</title></head><body>{lines}</body></opml>'
        (self.folder / "feeds.opml").write_text(text, encoding="utf-8")

    def topics(self, text: str) -> None:
        (self.folder / "topics.toml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> Ran:
        """Run a command in this process."""
        self._capfd.readouterr()
        code = main(["-C", str(self.folder), *arguments])
        told = self._capfd.readouterr()
        return Ran(code, told.out, told.err)

    @contextlib.contextmanager
    def later(self, **span: float) -> Iterator[None]:
        """While it lasts, commands that run in this process find that so much time has passed."""
        with SimClock(now() + timedelta(**span)):
            yield

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "aggregator", "-C", str(self.folder), *arguments]

    def spawn(self, *arguments: str, **more) -> Ran:
        """Run a command in a process of its own, as a script would."""
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            check=False,
            env=clean_environment(),
            **more,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def place(tmp_path, capfd, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AGGREGATOR_") and not name.startswith("AGGREGATOR_TEST"):
            monkeypatch.delenv(name)
    with contextlib.chdir(tmp_path):
        yield Place(tmp_path / "config", capfd, monkeypatch.setenv)


@pytest.fixture
def terminal(monkeypatch):
    """What ``show`` writes where standard output is a real terminal device of so many columns."""

    def written(show, width: int = 100) -> str:
        ours, theirs = pty.openpty()
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", str(width))
        with os.fdopen(theirs, "w") as device, monkeypatch.context() as here:
            here.setattr(sys, "stdout", device)
            show()
        shown = b""
        # The kernel hands over what was written piece by piece, then says that the other end is gone.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        return shown.decode()

    return written


@pytest.fixture(scope="session")
def address():
    """A server that keeps its address, so that what was collected from it once serves many tests."""
    with FeedServer() as running:
        yield running


@pytest.fixture
def server(address):
    """That server as new: it has nothing, and was never asked."""
    address.forget()
    return address


@pytest.fixture(scope="session")
def stock(address, tmp_path_factory):
    """The folder of :func:`collected`, and what its feed says: made once, since it takes seconds."""
    place, feed = Place(tmp_path_factory.mktemp("stock") / "config"), rss(TORRES, RAIN)
    address.forget()
    _serve_stock(address, feed)
    place.subscribe(address.url("/sport.xml"), address.url("/gone.xml"))
    place.topics(TOPICS)
    ran = place.spawn("collect", "--all", "--json")
    assert ran.code == 1, ran.err
    return place.folder, feed


def _serve_stock(server: FeedServer, feed: bytes) -> None:
    server.serve("/sport.xml", feed)
    server.serve("/gone.xml", b"no such feed", status=404)


@pytest.fixture
def collected(stock, place, server):
    """A place with two feeds, one of them failing, after one round."""
    folder, feed = stock
    shutil.copytree(folder, place.folder, dirs_exist_ok=True)
    _serve_stock(server, feed)
    return place
