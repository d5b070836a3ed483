"""The built-in hub at work over loopback: subscribing, bringing, failing, restarting."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from callbacks import until
from hubdesk import TORRES
from msgspec.structs import replace

from aggregator.archive import open_archive, restore
from aggregator.hub import deliveries, patience
from aggregator.model.hub import Attempt
from aggregator.model.settings import ArchiveSettings
from aggregator.model.time import now


def subscribed(desk, callback, **fields) -> None:
    held = desk.subscriptions()
    assert desk.ask(callback.url, **fields).status == 202
    until(lambda: desk.subscriptions() > held)


@pytest.fixture
def hasty(monkeypatch):
    """Failed deliveries are tried again at once."""
    monkeypatch.setattr(patience, "_WAITS", (0,) * len(patience._WAITS))
    monkeypatch.setattr(deliveries, "_LOOK_SECONDS", 0.1)


@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
def test_a_subscriber_is_brought_what_is_new(desk, server, extension):
    callback = server.at("/push?id=7")
    with desk.telling():
        subscribed(desk, callback, topic=desk.url(extension), secret="sesame", lease_seconds="7200")
        assert callback.asked == [
            {
                "id": "7",
                "hub.mode": "subscribe",
                "hub.topic": desk.url(extension),
                "hub.challenge": callback.asked[0]["hub.challenge"],
                "hub.lease_seconds": "7200",
            }
        ]
        assert callback.brought == []
        desk.bring()
        until(lambda: callback.brought)
        headers, body = callback.brought[0]
        assert body == desk.document(extension)
        assert headers["content-type"].endswith("; charset=utf-8")
        assert f'<{desk.url(extension)}>; rel="self"' in headers["link"]
        assert '<http://news.example/hub>; rel="hub"' in headers["link"]
        assert callback.signed("sesame")
        assert not callback.signed("sesam")
        until(lambda: desk.health()["behind"] == 0)
        # Nothing changes: nothing is brought again.
        desk.publish()
        time.sleep(0.3)
        assert len(callback.brought) == 1


def test_no_secret_no_signature(desk, server):
    callback = server.at("/push")
    with desk.telling():
        subscribed(desk, callback)
        desk.bring()
        until(lambda: callback.brought)
        assert "x-hub-signature" not in callback.brought[0][0]


@pytest.mark.parametrize(
    "confirms",
    [
        lambda challenge: None,
        lambda challenge: "",
        lambda challenge: challenge[:-1],
        lambda challenge: challenge + "x",
        lambda challenge: challenge.swapcase(),
        lambda challenge: "x" * 100_000,
    ],
)
def test_who_does_not_confirm_is_not_subscribed(desk, server, confirms):
    callback = server.at("/push", confirms=confirms)
    with desk.telling():
        assert desk.ask(callback.url).status == 202
        until(lambda: desk.counted["verification", "failed"])
        assert desk.subscriptions() == 0


def test_a_challenge_is_never_used_twice(desk, server):
    earlier = []

    def replayed(challenge: str) -> str:
        earlier.append(challenge)
        return earlier[0]

    callback = server.at("/push", confirms=replayed)
    with desk.telling():
        subscribed(desk, callback)
        assert desk.ask(callback.url, "unsubscribe").status == 202
        until(lambda: desk.counted["verification", "failed"])
        assert desk.subscriptions() == 1


def test_a_renewal_takes_effect_once_it_is_confirmed(desk, server):
    callback = server.at("/push")
    with desk.telling():
        subscribed(desk, callback, secret="first", lease_seconds="7200")
        callback.confirms = lambda challenge: None
        desk.ask(callback.url, secret="forged")
        until(lambda: desk.counted["verification", "failed"])
        desk.bring()
        until(lambda: callback.brought)
        assert callback.signed("first")
        callback.confirms = lambda challenge: challenge
        desk.ask(callback.url, secret="second")
        until(lambda: desk.counted["verification", "confirmed"] == 2)
        desk.bring()
        until(lambda: len(callback.brought) == 2)
        assert callback.signed("second")
        assert desk.subscriptions() == 1


def test_the_later_of_two_requests_counts(desk, server):
    callback = server.at("/push")
    with desk.telling():
        for mode in ("subscribe", "unsubscribe", "subscribe", "unsubscribe"):
            assert desk.ask(callback.url, mode).status == 202
        until(lambda: desk.counted["verification", "confirmed"] == 4)
        until(lambda: desk.subscriptions() == 0)
    assert [one["hub.mode"] for one in callback.asked] == ["subscribe", "unsubscribe"] * 2


@pytest.mark.parametrize(
    "topic", ["http://news.example/topics/none.atom", "http://news.example/topics/torres.html", "http://other.example/x"]
)  # fmt: skip
def test_only_feeds_that_are_published_have_subscribers(desk, server, topic):
    with desk.telling():
        assert desk.ask(server.at("/push").url, topic=topic).status == 404


def test_limits(desk, server):
    desk.settings = replace(
        desk.settings, hub=replace(desk.settings.hub, max_subscriptions=2, max_requests=5)
    )
    with desk.telling():
        for path in ("/a", "/b"):
            subscribed(desk, server.at(path))
        full = desk.ask(server.at("/c").url)
        assert (full.status, full.retry_after) == (503, 3600)
        assert desk.ask(server.at("/a").url).status == 202
        assert desk.ask(server.at("/a").url, "unsubscribe").status == 202
        assert desk.ask(server.at("/a").url).status == 429


def test_a_host_has_a_limit_of_its_own(desk, server):
    desk.settings = replace(desk.settings, hub=replace(desk.settings.hub, max_per_host=1))
    with desk.telling():
        subscribed(desk, server.at("/a"))
        assert desk.ask(server.at("/b").url).status == 503
        assert desk.ask("http://localhost:1/b").status == 202


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
def test_callbacks_in_private_networks_are_not_reached(desk, server, host):
    """A number in any notation, or a name that resolves to one, when it is connected to."""
    callback = server.at("/push")
    url = callback.url.replace("127.0.0.1", host)
    desk.settings = replace(desk.settings, hub=replace(desk.settings.hub, allow_networks=()))
    with desk.telling():
        assert desk.ask(url).status == 202
        until(lambda: desk.counted["verification", "failed"])
    assert callback.asked == []


def test_a_name_that_turns_private_after_subscribing_is_not_reached(desk, server):
    callback = server.at("/push")
    with desk.telling():
        subscribed(desk, callback)
    desk.settings = replace(desk.settings, hub=replace(desk.settings.hub, allow_networks=()))
    with desk.telling():
        desk.bring()
        until(lambda: desk.counted["delivery", "failed"])
    assert callback.brought == []


def test_a_redirect_is_a_failure_and_not_followed(desk, server):
    elsewhere = server.at("/elsewhere")
    callback = server.at("/push", status=307, headers={"Location": elsewhere.url})
    with desk.telling():
        subscribed(desk, callback)
        desk.bring()
        until(lambda: desk.counted["delivery", "failed"])
        until(lambda: desk.health()["failing"] == 1)
    assert elsewhere.brought == []


def test_gone_ends_a_subscription(desk, server):
    callback = server.at("/push", status=410)
    with desk.telling():
        subscribed(desk, callback)
        desk.bring()
        until(lambda: desk.subscriptions() == 0)
    assert len(callback.brought) == 1


def test_a_failed_delivery_is_tried_again_with_what_is_newest(desk, server, hasty):
    callback = server.at("/push", status=500)
    with desk.telling():
        subscribed(desk, callback)
        desk.bring()
        until(lambda: len(callback.brought) >= 2)
        newest = desk.bring()
        until(lambda: callback.brought[-1][1] == newest)
        callback.status = 200
        until(lambda: desk.health() == {"address": "built-in", "subscriptions": 1, "behind": 0, "failing": 0})  # fmt: skip
    assert callback.brought[-1][1] == newest


def test_a_version_is_given_up_but_not_the_subscription(desk, server, hasty):
    callback = server.at("/push", status=500)
    with desk.telling():
        subscribed(desk, callback)
        desk.bring()
        until(lambda: desk.counted["delivery", "given up"])
        until(lambda: desk.health()["behind"] == 0)
        tries = len(callback.brought)
        time.sleep(0.3)
        assert (len(callback.brought), tries) == (tries, 7)
        callback.status = 200
        newest = desk.bring()
        until(lambda: callback.brought[-1][1] == newest)
        until(lambda: desk.health()["failing"] == 0)


def test_slow_and_dead_subscribers_delay_nobody(desk, server):
    slow = [server.at(f"/slow{n}", delay=5) for n in range(30)]
    quick = server.at("/quick")
    # Another host than that of the slow ones.
    quick.url = quick.url.replace("127.0.0.1", "localhost")
    with desk.telling():
        for one in (*slow, quick):
            subscribed(desk, one)
        with desk.archive.subscribers(write=True) as held:
            pattern = held.find("topics/torres.atom", slow[0].url)
            for n in range(30):
                dead = replace(pattern, callback=f"http://127.0.0.1:9/{n}", host=f"dead{n}")
                held.keep(dead)
        desk.bring()
        until(lambda: quick.brought)
        # The slow ones hold their requests still: the quick one did not wait for any to end.
        assert desk.counted["delivery", "delivered"] <= 1
        assert max(one.most_under_way for one in slow) == 1
        assert sum(one.under_way for one in slow) <= 8


def test_a_restart_brings_what_was_left_and_nothing_twice(desk, server):
    one, two = server.at("/one"), server.at("/two")
    with desk.telling():
        subscribed(desk, one)
        subscribed(desk, two)
        desk.bring()
        until(lambda: desk.health()["behind"] == 0)
    newest = desk.bring()  # while nobody tells
    with desk.telling():
        until(lambda: len(one.brought) == len(two.brought) == 2)
        until(lambda: desk.health()["behind"] == 0)
    assert one.brought[-1][1] == two.brought[-1][1] == newest
    with desk.telling():
        time.sleep(0.3)
    assert len(one.brought) == len(two.brought) == 2


def test_a_lease_ends(desk, server, monkeypatch):
    monkeypatch.setattr(deliveries, "_LAPSE_SECONDS", 0.1)
    callback = server.at("/push")
    with desk.telling():
        subscribed(desk, callback, lease_seconds="1")
        until(lambda: desk.subscriptions() == 0)
        desk.bring()
        time.sleep(0.3)
    assert callback.brought == []


def test_who_subscribed_to_what_is_gone_is_told(desk, server, monkeypatch):
    monkeypatch.setattr(deliveries, "_LAPSE_SECONDS", 0.1)
    callback = server.at("/push")
    with desk.telling():
        subscribed(desk, callback)
        desk.desk.topics()
        until(lambda: callback.asked[-1]["hub.mode"] == "denied")
        assert callback.asked[-1]["hub.topic"] == desk.url()
        assert desk.subscriptions() == 0
        assert desk.ask(callback.url).status == 404
        desk.desk.topics(TORRES)
        desk.publish()
        assert desk.ask(callback.url).status == 202


def test_attempts_of_a_subscription_that_ended_change_nothing(desk):
    with desk.archive.subscribers(write=True) as held:
        held.record([Attempt(path="topics/torres.atom", callback="http://none.example/")])
        assert held.count() == 0
        assert held.due(now() + timedelta(days=1)) == ()


def test_a_backup_holds_subscriptions(desk, server, tmp_path):
    callback = server.at(f"/push?token={quote('á b')}")
    with desk.telling():
        subscribed(desk, callback, secret="sesame")
    desk.archive.backup(tmp_path / "backup.tar")
    other = ArchiveSettings(directory=tmp_path / "other", free_space=0)
    other.directory.mkdir()
    restore(tmp_path / "backup.tar", other)
    with open_archive(other) as archive, archive.subscribers() as held:
        found = held.find("topics/torres.atom", callback.url)
        assert found.secret == b"sesame"
        assert found.settled == archive.published.document("topics/torres.atom")
