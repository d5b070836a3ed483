"""Telling an outside hub: once a change, until it has heard."""

from __future__ import annotations

import time
from urllib.parse import parse_qs

import pytest
from callbacks import until

from aggregator.hub import patience


@pytest.fixture
def hub(desk, server):
    """A hub that hears, and is the one that is told."""
    callback = server.at("/hub")
    desk.choose(callback.url)
    desk.publish()
    return callback


def pinged(hub) -> list[str]:
    """The paths that were named to it, in order."""
    forms = [parse_qs(body.decode()) for body in hub.bodies()]
    assert all(form["hub.mode"] == ["publish"] and form["hub.url"] == form["hub.topic"] for form in forms)  # fmt: skip
    return [form["hub.url"][0].removeprefix("http://news.example/") for form in forms]


ALL = ["topics/torres.atom", "topics/torres.json", "topics/torres.rss"]


def test_each_change_is_told_once(desk, hub):
    with desk.telling():
        until(lambda: len(hub.brought) == 3)
        desk.publish()
        time.sleep(0.3)
        assert sorted(pinged(hub)) == ALL
        desk.bring()
        until(lambda: len(hub.brought) == 6)
        until(lambda: desk.health()["unpinged"] == 0)
    assert sorted(pinged(hub)[3:]) == ALL
    assert hub.brought[0][0]["content-type"] == "application/x-www-form-urlencoded"


def test_a_hub_that_is_down_is_told_later_and_after_a_restart(desk, hub, monkeypatch):
    monkeypatch.setattr(patience, "_WAITS", (0.1,))
    hub.status = 503
    with desk.telling():
        until(lambda: len(hub.brought) > 3)
        until(lambda: desk.health()["failure"] == "it answers 503")
        assert desk.health()["unpinged"] == 3
    before = len(hub.brought)
    hub.status = 204
    with desk.telling():
        until(lambda: desk.health()["unpinged"] == 0)
        assert desk.health()["failure"] is None
    assert sorted(pinged(hub)[before:]) == ALL
    with desk.telling():
        time.sleep(0.3)
    assert len(hub.brought) == before + 3


def test_a_hub_that_refuses_is_not_asked_again(desk, hub):
    hub.status = 400
    with desk.telling():
        until(lambda: desk.counted["ping", "refused"] == 3)
        until(lambda: desk.health()["unpinged"] == 0)


def test_documents_name_the_hub_and_archive_pages_do_not(desk, hub):
    for extension in ("atom", "rss"):
        assert f'href="{hub.url}"'.encode() in desk.document(extension)
        assert b'rel="self"' in desk.document(extension)
    assert f'"hubs":[{{"type":"WebSub","url":"{hub.url}"}}]'.encode() in desk.document("json")
    assert (
        hub.url.encode()
        not in (desk.settings.publish.directory / "topics/torres/1.atom").read_bytes()
    )
