"""The timetable: APScheduler jobs, each of which only sets an event of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Struct, field

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


@contextmanager
def ticking() -> Iterator[Ticks]:
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
        "collect": (ticks.collect, IntervalTrigger(seconds=_LOOK_SECONDS)),
        "publish": (ticks.publish, IntervalTrigger(seconds=_PUBLISH_SECONDS)),
        "upkeep": (ticks.upkeep, IntervalTrigger(seconds=_UPKEEP_SECONDS)),
    }
    for name, (event, trigger) in timetable.items():
        scheduler.add_job(_set, trigger, args=[event], id=name)
    scheduler.start()
    try:
        yield ticks
    finally:
        scheduler.shutdown(wait=False)


async def _set(event: asyncio.Event) -> None:
    """A coroutine, so that the scheduler runs it in the loop and not in a thread."""
    event.set()
