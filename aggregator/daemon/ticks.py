"""The timetable: APScheduler jobs, each of which only sets an event of the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger
from msgspec import Struct, field

from aggregator.model.time import now

# How often the due times in the archive are looked at. A look is one indexed read.
_LOOK_SECONDS = 5
_PUBLISH_SECONDS = 60
# Upkeep is done once a day, at the first look a day after the last.
_UPKEEP_SECONDS = 3600


class Ticks(Struct, frozen=True):
    """Events that wake the service; the one who acts on an event clears it."""

    collect: asyncio.Event = field(default_factory=asyncio.Event)
    publish: asyncio.Event = field(default_factory=asyncio.Event)
    upkeep: asyncio.Event = field(default_factory=asyncio.Event)


class _Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """So long after the tick before. APScheduler's own interval counts every tick from the first on,
    and would list millions of them after a clock was set from 1970 to today."""

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return now + self._interval


@asynccontextmanager
async def ticking() -> AsyncIterator[Ticks]:
    """Run the timetable while the context lasts.

    Coalesced and never twice at once; a tick missed (a suspended laptop, a
    stepped clock) is made up for by the next one, since due times live in the
    archive and not in the scheduler.
    """
    ticks = Ticks()
    scheduler = AsyncIOScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    timetable = {
        "collect": (ticks.collect, _LOOK_SECONDS),
        "publish": (ticks.publish, _PUBLISH_SECONDS),
        "upkeep": (ticks.upkeep, _UPKEEP_SECONDS),
    }
    for name, (event, seconds) in timetable.items():
        scheduler.add_job(_set, _Every(seconds), args=[event], id=name)
    scheduler.start()
    watching = asyncio.create_task(_mind_the_clock(scheduler))
    try:
        yield ticks
    finally:
        watching.cancel()
        scheduler.shutdown(wait=False)


async def _mind_the_clock(scheduler: BaseScheduler) -> None:
    """Make every tick due when the clock was set back: the scheduler would wait for the times that it
    wrote down, be they a year away."""
    before = now()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if now() < before:
            for job in scheduler.get_jobs():
                job.modify(next_run_time=now())
        before = now()


async def _set(event: asyncio.Event) -> None:
    """A coroutine, so that the scheduler runs it in the loop and not in a thread."""
    event.set()
