"""Ticks go on whatever is done to the machine's clock."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import apscheduler.schedulers.base
import pytest

from aggregator.daemon import ticks
from aggregator.model import time


class Clock:
    """The machine's clock, for the program and for the scheduler: it runs, and can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()

    class Set(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + clock.ahead

    monkeypatch.setattr(time, "datetime", Set)
    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Set)
    return clock


@pytest.mark.parametrize(
    "step",
    [
        timedelta(hours=-1),
        timedelta(days=-365),
        timedelta(minutes=10),
        timedelta(days=365),
        # A machine without a battery begins in 1970.
        timedelta(days=20_000),
    ],
)
def test_ticks_go_on_after_the_clock_was_set(clock, monkeypatch, step):
    monkeypatch.setattr(ticks, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(ticks, "_PUBLISH_SECONDS", 0.05)

    async def tick() -> None:
        async with asyncio.timeout(10), ticks.ticking() as events:
            await events.collect.wait()
            clock.ahead += step
            for _ in range(3):
                for event in (events.collect, events.publish):
                    event.clear()
                    await event.wait()

    asyncio.run(tick())
    assert clock.ahead == step
