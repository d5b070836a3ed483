"""The fast lane: a feed whose hub told of news is asked at once, beside the rounds.

::

    knock ─► tell (archive: due now) ─► claim ─► fetch ─► write ─► published

The feed is due in the archive before anything else is tried, so that a crash delays it and
no more. One that a round holds just then is asked again after it, since the round may have
asked before the news were there.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any, TypeVar

import structlog

from aggregator.archive import Archive
from aggregator.model.feed import Feed, Postponed
from aggregator.model.time import now
from aggregator.pipeline import Pipeline, Written

_log: Any = structlog.get_logger()

_T = TypeVar("_T")

Arrived = Callable[[Written], Awaitable[None]]
"""Called after each write, with what it came to."""

# A hub must not make us a burden to its publisher: messages within a second are one, and a feed
# is asked so often in so many seconds, whatever comes. Live reports come in bursts.
_SPACING_SECONDS = 1.0
_BURST, _BURST_SECONDS = 5, 50.0
# For so long a feed that is held elsewhere is waited for.
_PATIENCE_SECONDS, _AGAIN_SECONDS, _LONGEST_AGAIN_SECONDS = 60.0, 0.5, 5.0
_LEASE = timedelta(hours=1)
_AT_ONCE = 16


class Lane:
    """Feeds to be asked at once."""

    def __init__(self, pipeline: Pipeline, arrived: Arrived) -> None:
        self._pipeline = pipeline
        self._arrived = arrived
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._knocked: set[int] = set()
        self._asked = defaultdict[int, deque[float]](lambda: deque(maxlen=_BURST))

    def knock(self, feed: int) -> None:
        """A hub told of news of this feed."""
        self._knocked.add(feed)
        if feed not in self._tasks:
            self._tasks[feed] = asyncio.create_task(self._serve(feed))

    async def close(self) -> None:
        """Ask nobody more; what is being written is written."""
        for task in (held := list(self._tasks.values())):
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def _serve(self, feed: int) -> None:
        """Ask as often as there were knocks, with a pause between."""
        try:
            while feed in self._knocked:
                await self._turn(feed)
        finally:
            # At once: a knock that comes later finds no task, and starts one.
            self._tasks.pop(feed, None)

    async def _turn(self, feed: int) -> None:
        await asyncio.sleep(_pause(self._asked[feed], monotonic()))
        self._knocked.discard(feed)
        self._asked[feed].append(monotonic())
        try:
            async with self._places:
                await self._bring(feed)
        except Exception as error:  # noqa: BLE001 - the feed is polled later; the next knock counts
            _log.error("news of a hub not collected", why=str(error) or type(error).__name__)

    async def _bring(self, key: int) -> None:
        archive, holder = self._pipeline.archive, f"{socket.gethostname()}:{os.getpid()}:{key}"
        feed = await asyncio.to_thread(_tell, archive, key, holder)
        if feed is None and (feed := await self._claimed(key, holder)) is None:
            return
        try:
            fetched = await self._pipeline.fetch(feed)
            if isinstance(fetched, Postponed):
                await asyncio.to_thread(self._pipeline.postpone, feed, fetched)
                return
            written = await _whole(asyncio.to_thread(self._pipeline.write, [fetched]))
        finally:
            await _whole(asyncio.to_thread(archive.release, holder))
        await self._arrived(written)

    async def _claimed(self, key: int, holder: str) -> Feed | None:
        """The feed, once nobody else holds it; None where it may not be asked now."""
        until = monotonic() + _PATIENCE_SECONDS
        feed, wait = None, _AGAIN_SECONDS
        while feed is None and monotonic() < until:
            await asyncio.sleep(wait)
            feed = await asyncio.to_thread(_claim, self._pipeline.archive, key, holder)
            wait = min(wait * 1.5, _LONGEST_AGAIN_SECONDS)
        return feed


def _pause(asked: Sequence[float], at: float) -> float:
    """Seconds until a feed may be asked again that was last asked at these times."""
    if not asked:
        return 0.0
    free = asked[0] + _BURST_SECONDS if len(asked) == _BURST else at
    return max(free - at, asked[-1] + _SPACING_SECONDS - at, 0.0)


async def _whole(work: Coroutine[Any, Any, _T]) -> _T:
    """What the work returns; a caller that is cancelled waits for its end all the same, since
    the archive may be closed next."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _tell(archive: Archive, key: int, holder: str) -> Feed | None:
    """Note the message, and claim the feed before a round does; None where it is held."""
    at = now()
    with archive.pushes(write=True) as held:
        held.tell(key, at)
        return held.claim(key, at, holder, _LEASE)


def _claim(archive: Archive, key: int, holder: str) -> Feed | None:
    with archive.pushes(write=True) as held:
        return held.claim(key, now(), holder, _LEASE)
