"""Two daemons over loopback: one publishes with its own hub, the other has it tell of news."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemonprocess import Daemon
from feedserver import FeedServer


def told(*titles: str) -> bytes:
    """Entries whose texts have little in common, so that each is a story of its own."""
    items = "".join(
        f"<item><guid>{title}</guid><title>Torres the coach on {title}</title>"
        f"<link>http://news.example/{title}</link>"
        f"<description>{' '.join(f'{title}{n}' for n in range(40))}</description></item>"
        for title in titles
    )
    return f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>".encode()


def set_up(daemon: Daemon, **sections: str) -> None:
    file = daemon.folder / "aggregator.toml"
    text = file.read_text()
    for section, lines in sections.items():
        text = text.replace(f"[{section}]\n", f"[{section}]\n{lines}\n")
    file.write_text(text)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Daemon, Daemon, FeedServer]]:
    """Who publishes, who reads that, and where the news come from."""
    near, far = Daemon(tmp_path / "near"), Daemon(tmp_path / "far")
    with FeedServer() as server:
        yield far, near, server
        for one in (near, far):
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()


def push(daemon: Daemon) -> dict[str, int]:
    return json.loads(daemon.answers("/health"))["push"]


@pytest.mark.long
def test_news_come_by_push_and_polling_rests(two):
    far, near, server = two
    often = "min_interval = 1\ndefault_interval = 1\nmax_interval = 1"
    set_up(far, collect=often, publish='hub = "built-in"')
    far.subscribe(server.serve("/a.xml", told("One")))
    set_up(near, collect=f'push_address = "http://127.0.0.1:{near.port}"')
    near.subscribe(f"http://127.0.0.1:{far.port}/topics/torres.atom")
    far.start()
    far.wait_for(lambda: b"One" in (far.answers("/topics/torres.atom") or b""))
    near.start()
    near.wait_for(lambda: push(near)["subscribed"] == 1)
    far.wait_for(lambda: json.loads(far.answers("/health"))["hub"]["subscriptions"] == 1)
    assert push(near)["proven"] == 0
    server.serve("/a.xml", told("Two", "One"))
    # Its next poll is an hour away: only a message can have brought it.
    near.wait_for(lambda: b"Two" in (near.answers("/topics/torres.atom") or b""))
    near.wait_for(lambda: push(near)["proven"] == 1)
    heard = b'aggregator_hub_messages_total{kind="push",outcome="heard"} '
    near.wait_for(lambda: heard in near.answers("/metrics"))
    near.end()
    # A restart subscribes to nothing anew, and what comes meanwhile is not lost.
    near.start()
    near.wait_for(lambda: push(near)["proven"] == 1)
    server.serve("/a.xml", told("Three", "Two", "One"))
    near.wait_for(lambda: b"Three" in (near.answers("/topics/torres.atom") or b""))
    assert near.answers("/metrics").count(b'kind="subscription"') == 0
