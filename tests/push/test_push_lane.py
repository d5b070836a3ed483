"""The fast lane: no message is lost, whenever it comes, and no fault of one stops the next."""

import asyncio

import pytest

from aggregator.push import lane as fast
from aggregator.push.lane import Lane


class Counted(Lane):
    """A lane that notes what it would ask for, and is knocked at while it does."""

    def __init__(self, then):
        super().__init__(None, None)
        self.brought, self.then = [], then

    async def _bring(self, key):
        self.brought.append(key)
        if self.then:
            self.then.pop(0)(self, key)


async def served(lane):
    lane.knock(7)
    for _ in range(50):
        await asyncio.sleep(0)
    await lane.close()
    return lane.brought


@pytest.fixture(autouse=True)
def no_spacing(monkeypatch):
    monkeypatch.setattr(fast, "_SPACING_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        ([], 0),
        ([99.5], 0.5),
        ([90], 0),
        ([60, 70, 80, 98], 0),
        ([60, 70, 80, 98, 99.0], 10),
        ([40, 70, 80, 98, 99.8], 0.8),
    ],
)
def test_a_burst_is_followed_at_once_and_a_flood_is_not(asked, pause, monkeypatch):
    monkeypatch.setattr(fast, "_SPACING_SECONDS", 1.0)
    assert fast._pause(asked, 100.0) == pytest.approx(pause)


def as_it_ends(lane, key):
    """Just after the task has looked whether there was another knock."""
    asyncio.get_running_loop().call_soon(lane.knock, key)


def broken(lane, key):
    lane.knock(key)
    raise RuntimeError("something nobody thought of")


@pytest.mark.parametrize("then", [as_it_ends, Lane.knock, broken])
def test_a_message_that_comes_meanwhile_is_served_too(then):
    assert asyncio.run(served(Counted([then]))) == [7, 7]


def test_messages_that_come_together_are_one():
    assert asyncio.run(served(Counted([]))) == [7]
