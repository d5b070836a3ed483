"""An implementation of others on the far side: its subscriber with our hub, its hub with our
publisher and with our subscriber."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import flask_websub.subscriber
import pytest
from callbacks import until
from daemonprocess import Daemon
from feedserver import FeedServer
from flask import Flask
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.subscriber import (
    SQLite3SubscriberStorage,
    SQLite3TempSubscriberStorage,
    Subscriber,
    discover,
)
from hubdesk import HubDesk
from werkzeug.serving import make_server

from aggregator.model.settings import ServerSettings
from aggregator.web import serving


class Threads:
    """What its hub asks of Celery, in threads."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4)

    def task(self, *, bind: bool = False, **_options):
        def decorated(function):
            def delay(*given):
                self._pool.submit(function, *((None, *given) if bind else given))

            function.delay = delay
            return function

        return decorated


@pytest.fixture
def served(desk: HubDesk) -> Iterator[HubDesk]:
    """The desk's folder and hub on a server of ours."""
    found, ready = [], threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        async with serving(
            ServerSettings(port=0),
            desk.settings.publish.directory,
            links=lambda path: desk.site.link_header(path),
            ask=lambda fields: desk.forward(fields),
        ) as address:
            found.extend((asyncio.get_running_loop(), stop, address))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    desk.choose("built-in", base_url=found[2])
    desk.publish()
    yield desk
    found[0].call_soon_threadsafe(found[1].set)
    thread.join(20)


@pytest.fixture
def flask() -> Iterator[Flask]:
    """An application that is served on loopback, under the name it believes it has."""
    app = Flask("far side")
    server = make_server("127.0.0.1", 0, lambda *given: app(*given), threaded=True)
    app.config["SERVER_NAME"] = f"127.0.0.1:{server.port}"
    app.config["PUBLISH_SUPPORTED"] = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield app
    server.shutdown()
    thread.join(20)


def test_its_subscriber_with_our_hub(served, flask, tmp_path: Path, monkeypatch):
    # It sends secrets to hubs on HTTPS only; this one is on loopback.
    monkeypatch.setattr(flask_websub.subscriber, "is_secure", lambda _url: True)
    store = str(tmp_path / "subscriber.db")
    subscriber = Subscriber(SQLite3SubscriberStorage(store), SQLite3TempSubscriberStorage(store))
    flask.register_blueprint(subscriber.build_blueprint("/callbacks"))
    heard, settled = [], []
    subscriber.add_listener(lambda topic, _callback, body: heard.append((topic, body)))
    subscriber.add_success_handler(lambda _topic, _callback, mode: settled.append(mode))
    found = discover(served.url("rss"))
    assert found == {"hub_url": served.site.hubs[0], "topic_url": served.url("rss")}
    with served.telling(), flask.app_context():
        name = subscriber.subscribe(**found)
        until(lambda: served.subscriptions() == 1)
        served.bring()
        until(lambda: heard)
        # Its secret was in use: a body whose signature it cannot verify never gets here.
        assert subscriber.storage[name]["secret"]
        assert heard == [(served.url("rss"), served.document("rss"))]
        subscriber.renew(name)
        until(lambda: len(settled) == 2)
        subscriber.unsubscribe(name)
        until(lambda: served.subscriptions() == 0)
    assert settled == ["subscribe", "subscribe", "unsubscribe"]


def test_our_publisher_with_its_hub(served, flask, server, tmp_path: Path):
    hub = Hub(SQLite3HubStorage(str(tmp_path / "hub.db")), Threads())
    flask.register_blueprint(hub.build_blueprint("/hub"))
    served.choose(f"http://{flask.config['SERVER_NAME']}/hub", base_url=served.site.base_url)
    served.publish()
    callback = server.at("/push")
    with served.telling():
        until(lambda: served.health()["unpinged"] == 0)
        hub.storage[served.url("json"), callback.url] = {"lease_seconds": 600, "secret": None}
        served.bring()
        # A thread of the hub may still be at work on the first ping, and bring what was there.
        until(lambda: served.document("json") in [body for _, body in callback.brought])
        until(lambda: served.health()["unpinged"] == 0)
    assert served.counted["ping", "heard"] == 6


def feed(*titles: str) -> bytes:
    items = "".join(
        f"<item><guid>{title}</guid><title>Torres the coach on {title}</title>"
        f"<link>http://news.example/{title}</link>"
        f"<description>{' '.join(f'{title}{n}' for n in range(40))}</description></item>"
        for title in titles
    )
    return f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>".encode()


def test_its_hub_with_our_subscriber(flask, tmp_path: Path):
    hub = Hub(SQLite3HubStorage(str(tmp_path / "hub.db")), Threads())
    flask.register_blueprint(hub.build_blueprint("/hub"))
    address = f"http://{flask.config['SERVER_NAME']}/hub"
    daemon = Daemon(tmp_path / "config")
    settings = daemon.folder / "aggregator.toml"
    own = f'[publish]\nbase_url = "http://127.0.0.1:{daemon.port}"\n'
    settings.write_text(settings.read_text().replace("[publish]\n", own))
    with FeedServer() as server:
        topic = server.url("/a.xml")
        links = {"Link": f'<{address}>; rel="hub", <{topic}>; rel="self"'}
        server.serve("/a.xml", feed("One"), headers=links)
        daemon.subscribe(topic)
        daemon.start()
        try:
            daemon.wait_for(lambda: json.loads(daemon.answers("/health"))["push"]["subscribed"])
            # It signs with the secret that it was given.
            until(lambda: list(hub.storage.get_callbacks(topic)))
            ((_, secret),) = hub.storage.get_callbacks(topic)
            assert len(secret) == 64
            server.serve("/a.xml", feed("Two", "One"), headers=links)
            ping = urlencode({"hub.mode": "publish", "hub.topic": topic, "hub.url": topic}).encode()
            with urllib.request.urlopen(address, ping, timeout=10) as answer:
                assert answer.status == 202
            daemon.wait_for(lambda: b"Two" in (daemon.answers("/topics/torres.atom") or b""))
            # Besides its own, the server saw two requests of ours: one at the start, one at the news.
            ours = [
                one for one in server.asked("/a.xml") if "aggregator/" in one.headers["user-agent"]
            ]
            assert len(ours) == 2
            assert ours[1].headers["if-none-match"]
        finally:
            daemon.end()
