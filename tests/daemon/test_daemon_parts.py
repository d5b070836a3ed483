"""Parts of the daemon that end of a mistake of ours: told, alone, and begun again, later each time."""

import asyncio

import pytest

from aggregator.daemon import parts
from aggregator.daemon.parts import Parts


async def mistaken() -> None:
    raise RuntimeError("a mistake of ours")


async def lasting() -> None:
    await asyncio.Event().wait()


async def ended(of: Parts) -> list[str]:
    """What ended, once the parts had their turn."""
    for _ in range(3):
        await asyncio.sleep(0)
    return of.ended


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The seconds of each wait; none of them is waited."""
    noted: list[float] = []

    def call_later(self, seconds, work):
        noted.append(seconds)
        return self.call_soon(work)

    monkeypatch.setattr(asyncio.BaseEventLoop, "call_later", call_later)
    return noted


def test_a_part_that_ends_leaves_the_others_running():
    async def play() -> None:
        of = Parts()
        async with of.beside(lasting()), of.beside(mistaken()):
            assert await ended(of) == ["RuntimeError('a mistake of ours')"]
        # One that is cancelled with all did not end of itself.
        assert len(of.ended) == 1
        of.begin()
        assert of.ended == []

    asyncio.run(play())


def test_each_wait_is_longer_up_to_a_bound_and_short_again_after_a_good_while(waits, monkeypatch):
    clock = [1e6]
    monkeypatch.setattr(parts, "monotonic", lambda: clock[0])

    async def end_once(of: Parts) -> None:
        of.begin()
        assert not of.take_due()
        async with of.beside(mistaken()):
            await ended(of)
        assert (of.take_due(), of.take_due()) == (True, False)

    async def play() -> None:
        of = Parts()
        for _ in range(8):
            await end_once(of)
            clock[0] += 3600
        clock[0] += 3601
        await end_once(of)

    asyncio.run(play())
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 60]


def test_two_that_end_are_begun_again_once(waits):
    async def play() -> None:
        of = Parts()
        of.begin()
        async with of.beside(mistaken()), of.beside(mistaken()):
            await ended(of)

    asyncio.run(play())
    assert waits == [60]


def test_what_cannot_be_begun_again_stays_told(waits):
    async def play() -> None:
        of = Parts()
        async with of.beside(mistaken(), again=False):
            await ended(of)
        of.begin()
        assert of.ended == ["RuntimeError('a mistake of ours')"]
        assert not of.take_due()

    asyncio.run(play())
    assert waits == []
