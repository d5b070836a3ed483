"""From a hub's message to our topic feed, and on to a subscriber of ours: seconds.

A daemon collects a feed whose hub this script plays: it asks whether the subscription is meant,
then tells of an entry, again and again with pauses between. Timed from the moment before the
message is sent: until the entry is in the topic feed that the daemon serves, and until the
daemon's own hub has brought it to each of its subscribers, one of which never answers.

    python benchmarks/push.py [--news 20] [--pause 11] [--subscribers 20]

The aim: in the feed in under 2 s, at all subscribers that answer in under 5 s.
"""

from __future__ import annotations

import argparse
import hmac
import statistics
import sys
import tempfile
import urllib.request
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from callbacks import Callback, Callbacks, until
from daemonprocess import Daemon
from feedserver import FeedServer

WAIT = 30.0


def feed(hub: str, url: str, count: int) -> bytes:
    """So many entries, each a story of its own."""
    items = "".join(
        f"<item><guid>n{n}</guid><title>Torres the coach, day {n}</title>"
        f"<description>{' '.join(f'word{n}x{m}' for m in range(40))}</description></item>"
        for n in range(count, 0, -1)
    )
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title>'
        f'<atom:link rel="hub" href="{hub}"/><atom:link rel="self" href="{url}"/>'
        f"{items}</channel></rss>"
    ).encode()


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
        answer.read()


def asked_for(hub: Callback) -> dict[str, str]:
    """What the daemon asked the hub for, once the hub has asked back."""
    until(lambda: hub.brought, WAIT)
    form = dict(pair.split("=", 1) for pair in hub.brought[0][1].decode().split("&"))
    form = {name: urllib.request.unquote(value) for name, value in form.items()}
    question = {
        "hub.mode": "subscribe",
        "hub.topic": form["hub.topic"],
        "hub.challenge": "meant",
        "hub.lease_seconds": "86400",
    }
    with urllib.request.urlopen(
        f"{form['hub.callback']}?{urlencode(question)}", timeout=10
    ) as said:
        assert said.read() == b"meant"
    return form


def subscribe(daemon: Daemon, callbacks: Callbacks, count: int) -> list[Callback]:
    """Subscribers of the topic feed, at its built-in hub; the last never answers."""
    made = [callbacks.at(f"/sub{n}") for n in range(count)] + [callbacks.at("/dead", delay=3600)]
    for one in made:
        form = {
            "hub.mode": "subscribe",
            "hub.topic": f"http://127.0.0.1:{daemon.port}/topics/torres.atom",
            "hub.callback": one.url,
        }
        post(f"http://127.0.0.1:{daemon.port}/hub", urlencode(form).encode(), {})
    until(lambda: all(one.asked for one in made), WAIT)
    return made[:-1]


def seen(daemon: Daemon, name: bytes) -> float:
    """When the topic feed has it."""
    until(lambda: name in (daemon.answers("/topics/torres.atom") or b""), WAIT)
    return monotonic()


def measure(options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """(seconds until each was in the feed, until the last subscriber had it)."""
    in_feed, at_all = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as scratch, FeedServer() as server, Callbacks() as callbacks:
        daemon, hub = Daemon(Path(scratch) / "ours"), callbacks.at("/hub")
        file = daemon.folder / "aggregator.toml"
        file.write_text(
            file.read_text()
            .replace("[collect]\n", f'[collect]\npush_address = "http://127.0.0.1:{daemon.port}"\n')
            .replace("[publish]\n", '[publish]\nhub = "built-in"\n')
        )
        url = server.url("/news.xml")
        server.serve("/news.xml", feed(hub.url, url, 1))
        daemon.subscribe(url)
        daemon.start()
        try:
            seen(daemon, b"day 1")
            form = asked_for(hub)
            subscribers = subscribe(daemon, callbacks, options.subscribers)
            for number in range(2, options.news + 2):
                body, name = feed(hub.url, url, number), f"day {number}".encode()
                server.serve("/news.xml", body)
                signed = hmac.new(form["hub.secret"].encode(), body, "sha256").hexdigest()
                began = monotonic()
                post(form["hub.callback"], body, {"X-Hub-Signature": f"sha256={signed}"})
                in_feed.append(seen(daemon, name) - began)
                until(
                    lambda name=name: all(
                        one.brought and name in one.brought[-1][1] for one in subscribers
                    ),
                    WAIT,
                )
                at_all.append(monotonic() - began)
                sleep(options.pause)
        finally:
            daemon.end()
    return in_feed, at_all


def show(what: str, took: list[float], bar: float) -> None:
    each = " ".join(f"{one:.2f}" for one in took)
    print(
        f"{what}: median {statistics.median(took):.2f} s, longest {max(took):.2f} s (aim {bar:g} s)"
    )
    print(f"  {each}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--news", type=int, default=20)
    parser.add_argument("--pause", type=float, default=11.0)
    parser.add_argument("--subscribers", type=int, default=20)
    options = parser.parse_args()
    in_feed, at_all = measure(options)
    show("in the topic feed", in_feed, 2)
    show(f"at all {options.subscribers} subscribers", at_all, 5)


if __name__ == "__main__":
    main()
