"""Rounds while the daemon runs. One begins whenever something is due, though others still wait for
slow hosts: a server that takes half a minute for each of its feeds holds up nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import structlog

from aggregator.daemon.health import Health
from aggregator.daemon.metrics import Metrics
from aggregator.daemon.reporting import ProgressLine, report_round
from aggregator.model.batch import Counts
from aggregator.model.errors import ArchiveError
from aggregator.model.time import iso, now
from aggregator.pipeline import Pipeline
from aggregator.rounds import Round, collect_round, sharing

_log: Any = structlog.get_logger()

# Whoever has not looked for so long was asleep, as a laptop is when it is closed.
_ASLEEP = timedelta(minutes=10)
# Seconds that rounds have to end by themselves before a new configuration is taken up; what has not
# answered by then is asked again.
_GRACE = 5.0
_MOST_ROUNDS = 100


class Collecting:
    """The rounds of one pipeline. An async context manager; after it none runs."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        health: Health,
        metrics: Metrics,
        line: ProgressLine,
        changed: asyncio.Event,
        failed: asyncio.Event,
        resume: Callable[[], None],
        reclean: Callable[[], Awaitable[None]],
    ) -> None:
        """``changed`` is set where something is to be published, ``failed`` where :meth:`look` would
        raise what ended a round; ``resume`` is called whenever the archive took something, and
        ``reclean`` after each round."""
        self.stop = asyncio.Event()
        """Ends all rounds, each with the batch under way."""
        self._pipeline = pipeline
        self._archive = pipeline.archive
        self._health = health
        self._metrics = metrics
        self._line = line
        self._changed = changed
        self._failed = failed
        self._resume = resume
        self._reclean = reclean
        self._stack = ExitStack()
        self._rounds = set[asyncio.Task[None]]()
        self._claiming: asyncio.Task[None] | None = None
        """The round that may take more feeds yet: nothing is left to another."""
        self._errors: list[BaseException] = []
        self._looked = now()

    async def __aenter__(self) -> Self:
        self._shared = self._stack.enter_context(sharing())
        await asyncio.to_thread(self._return_slowly)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if self._rounds and error is None and not self.stop.is_set():
                await asyncio.wait(self._rounds, timeout=_GRACE)
            self.stop.set()
            await asyncio.gather(*self._rounds, return_exceptions=True)
        if error is None:
            self._raise_failed()

    async def look(self) -> None:
        """Begin a round if anything is due. Raises ArchiveError, also one that ended a round."""
        self._raise_failed()
        longest = self._pipeline.settings.collect.max_interval
        await asyncio.to_thread(self._archive.refuse_if_paused)
        if now() - self._looked > _ASLEEP:
            _log.info("back after a standstill", since=iso(self._looked))
            await asyncio.to_thread(self._return_slowly)
        self._looked = now()
        self._health.note_look()
        if self._claiming or len(self._rounds) >= _MOST_ROUNDS:
            return
        if await asyncio.to_thread(self._archive.is_due, now(), max_interval=longest):
            self._claiming = task = asyncio.create_task(self._round())
            self._rounds.add(task)
            task.add_done_callback(self._note_end)
        elif not self._rounds:
            self._resume()
            await self._health.look()

    def _all_claimed(self) -> None:
        self._claiming = None

    async def _round(self) -> None:
        done = await collect_round(
            self._pipeline,
            stop=self.stop,
            progress=self._show,
            all_claimed=self._all_claimed,
            shared=self._shared,
        )
        self._resume()
        await self._reclean()
        self._metrics.count_round(done.counts.seconds)
        report_round(done, next_due=await asyncio.to_thread(self._archive.next_due))
        if done.failures or done.recovered or done.notices:
            # The front page says how many feeds are failing, the status feed which, and why.
            self._changed.set()
        await self._health.look()

    def _show(self, done: Round, counts: Counts) -> None:
        """After each write: count, show, and have it published soon."""
        self._metrics.count_write(counts)
        self._resume()
        if counts.new or counts.revised or counts.vanished or counts.completed:
            self._changed.set()
        total = done.counts
        self._line.show(
            f"collecting · {total.feeds} of {done.claimed} feeds · {total.new} new entries"
        )

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._rounds.discard(task)
        if self._claiming is task:
            self._claiming = None
        if not task.cancelled() and (error := task.exception()):
            self._errors.append(error)
            self._failed.set()

    def _raise_failed(self) -> None:
        """What is no mistake of ours may hit several rounds at once; one is enough to tell."""
        errors, self._errors = self._errors, []
        for error in errors:
            if not isinstance(error, ArchiveError):
                raise error
        if errors:
            raise errors[0]

    def _return_slowly(self) -> None:
        with self._archive.courtesy(write=True) as courtesy:
            courtesy.return_slowly(now())
        self._looked = now()
