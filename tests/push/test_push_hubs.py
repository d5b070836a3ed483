"""Asking hubs: over real HTTP, with the archive beside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from archivedesk import ONE, TWO, Desk
from callbacks import Callback, Callbacks, until
from offers import bring

from aggregator.collect import Courier
from aggregator.model.hub import Count
from aggregator.model.push import Offer
from aggregator.model.settings import DAY, HOUR, ArchiveSettings, CollectSettings
from aggregator.model.time import now
from aggregator.push import subscribing
from aggregator.push.door import Listener
from aggregator.push.subscribing import Subscriptions

pytestmark = pytest.mark.usefixtures("soon")


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(subscribing, "_LOOK_SECONDS", 0.05)


ADDRESS = "http://127.0.0.1:9"


@contextlib.asynccontextmanager
async def keeping(
    archive, address: str = ADDRESS, *, seconds: float = 15, count: Count = lambda *_: None
) -> AsyncIterator[None]:
    allowed = CollectSettings(allow_networks=("127.0.0.0/8",))
    async with Courier(allowed, "0", seconds=seconds) as courier:
        kept = Subscriptions(archive, courier, address, float(HOUR), count)
        task = asyncio.create_task(kept.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def came(callback: Callback) -> dict[str, list[str]]:
    """The form of the first request that comes to a hub."""
    await asyncio.to_thread(until, lambda: callback.brought)
    return parse_qs(callback.brought[0][1].decode())


def test_a_hub_that_does_not_answer_holds_up_nobody_else(archive):
    async def run(hubs: Callbacks) -> None:
        dead, alive = hubs.at("/dead", delay=14), hubs.at("/alive")
        bring(archive, Offer(hub=dead.url, topic=ONE))
        async with keeping(archive):
            await came(dead)
            bring(archive, Offer(hub=alive.url, topic=TWO), feed=TWO)
            form = await came(alive)
            assert dead.under_way == 1
            assert form["hub.topic"] == [TWO]

    with Callbacks() as hubs:
        asyncio.run(run(hubs))


@pytest.mark.parametrize(("other", "followed"), [("127.0.0.1", True), ("plain.example", False)])
def test_the_secret_goes_where_it_was_meant_to_go(archive, other, followed):
    """A hub on this machine may know it; one over plain http elsewhere is not even asked."""

    async def run(hubs: Callbacks) -> None:
        target = hubs.at("/there")
        elsewhere = target.url.replace("127.0.0.1", other)
        moved = hubs.at("/here", status=307, headers={"Location": elsewhere})
        bring(archive, Offer(hub=moved.url, topic=ONE))
        async with keeping(archive):
            assert "hub.secret" in await came(moved)
            if followed:
                assert "hub.secret" in await came(target)
            else:
                await asyncio.sleep(0.5)
                assert archive.feed(ONE).push.failure == "it answers 307"
                assert not target.brought

    with Callbacks() as hubs:
        asyncio.run(run(hubs))


def test_feeds_that_wait_for_their_hub_take_no_place_of_others(archive, monkeypatch):
    monkeypatch.setattr(subscribing, "_LIMIT", 1)
    monkeypatch.setattr(subscribing, "_PER_HUB", 1)
    three = "https://three.example/feed"
    Desk(archive, ArchiveSettings()).subscribe(ONE, TWO, three)

    async def run(hubs: Callbacks) -> None:
        dead, alive = hubs.at("/dead", delay=14), hubs.at("/alive")
        # Another host's: of one host so many are asked at once.
        other = alive.url.replace("127.0.0.1", "localhost")
        for feed in (ONE, TWO):
            bring(archive, Offer(hub=dead.url, topic=feed), feed=feed)
        bring(archive, Offer(hub=other, topic=three), feed=three)
        async with keeping(archive):
            assert (await came(alive))["hub.topic"] == [three]
            assert dead.under_way == 1
            assert len(dead.brought) == 1

    with Callbacks() as hubs:
        asyncio.run(run(hubs))


CONFIRMS = {
    "hub.mode": ["subscribe"],
    "hub.challenge": ["abc"],
    "hub.lease_seconds": [f"{10 * DAY}"],
}
DENIES = {"hub.mode": ["denied"], "hub.reason": ["full"]}
SERVER_ERROR, CLIENT_ERROR = {"status": 503}, {"status": 404}
MOVED = {"status": 307, "headers": {"Location": "/gone"}}
LATE = {"delay": 5}


@pytest.mark.parametrize(
    ("comes", "answers", "days", "failure"),
    [
        (CONFIRMS, SERVER_ERROR, 7, ""),
        (CONFIRMS, CLIENT_ERROR, 7, ""),
        (CONFIRMS, MOVED, 7, ""),
        (CONFIRMS, LATE, 7, ""),
        (DENIES, CLIENT_ERROR, 1, "it refuses: full"),
        (DENIES, LATE, 1, "it refuses: full"),
    ],
)
def test_what_a_hub_says_at_our_door_stands_whatever_it_answers_then(
    archive, monkeypatch, comes, answers, days, failure
):
    """It comes to the callback while our request is under way, and the request fails after that."""
    monkeypatch.setattr(subscribing, "_WAITS", (0.1,) * 5)
    came_to_door, counted = [], []
    door = Listener(archive, None, None, lambda *outcome: came_to_door.append(outcome), ())

    async def run(hubs: Callbacks) -> None:
        hub = hubs.at("/sub", ready=lambda: came_to_door, **answers)
        bring(archive, Offer(hub=hub.url, topic=ONE))
        async with keeping(archive, seconds=1.5, count=lambda *outcome: counted.append(outcome)):
            form = await came(hub)
            token = form["hub.callback"][0].rpartition("/")[2]
            await door.confirm(token, {"hub.topic": [ONE], **comes})
            await asyncio.to_thread(until, lambda: counted)
            # Long enough to be asked again, were it due.
            await asyncio.sleep(0.6)
        assert len(hub.brought) == 1

    with Callbacks() as hubs:
        asyncio.run(run(hubs))
    assert archive.feed(ONE).push.failure == failure
    with archive.pushes() as held:
        minute, then = timedelta(minutes=1), now() + timedelta(days=days)
        assert held.due(then - minute, ADDRESS, limit=9) == ()
        assert len(held.due(then + minute, ADDRESS, limit=9)) == 1
