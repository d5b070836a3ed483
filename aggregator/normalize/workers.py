"""Worker processes that parse and clean: they cannot be stopped by a document, nor outlive us.

Forked from a server that has loaded what reads documents and nothing else, never from
this process (whose locks and threads they would inherit): what is loaded is loaded once,
and a worker that took another's place is there at once. Started when the first document
comes, if not before; each document has a limit of time and of memory. A worker that dies
costs the document it was at.

Where many documents wait, some are handed over together: what it takes to pass one to another
process and back is a fifth of what it takes to read it. If anything is wrong with those, each is
read again alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from itertools import chain
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from aggregator.model.entry import Document, Entry, Unfit
from aggregator.model.errors import FeedError, FetchError, NoWorkers
from aggregator.model.feed import FailureKind, Feed, Response
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import forking, worker

_ATTEMPTS = 3
_STARTING = 5.0
"""Seconds in which a worker is certainly up."""
# Handed over together: so many documents, bytes of them all, and seconds for them all: what a
# machine ten times slower than today's takes. One that takes longer is read alone, with all the
# time that a document has.
_TOGETHER, _TOGETHER_BYTES, _TOGETHER_SECONDS = 8, 1 << 19, 5.0
# Handed over beyond what the workers are at, so many times: whoever has read some finds the next
# there, however long the event loop is busy with what comes from the network meanwhile.
_AHEAD = 8
_RENEWED = 1000
# Codes of a worker that somebody else ended, such as who ends a whole group of processes, and of
# one that ended with its server, which alone knows the code.
_ENDED = {-signal.SIGTERM, 255}

# What a pool raises that cannot start its processes, or lost the server that forks them.
_UNSTARTED = (OSError, RuntimeError, EOFError)

_Answer = asyncio.Future[list[object]]


class _PoolBroke(Exception):
    """The pool is of no use any more; another is needed."""


class _Job(Struct, eq=False):
    """A document that somebody waits for. ``alone``: not to be handed over with others."""

    read: worker.Read
    body: bytes
    told: dict[str, Any]
    answer: asyncio.Future[Any]
    alone: bool = False

    def fail(self, error: Exception) -> None:
        """Tell whoever waits, if anybody still does."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Workers:
    """The pool, as an async context manager. Nothing is started until something is to be read, or
    :meth:`start` is called."""

    def __init__(self, settings: NormalizeSettings, max_entries: int) -> None:
        self._settings = settings
        self._max_entries = max_entries
        self._places = settings.workers or os.cpu_count() or 1
        self._pool: Any = None
        self._up: asyncio.Future[None] | None = None
        self._closed = False
        self._endings: set[asyncio.Future[None]] = set()
        self._waiting: deque[_Job] = deque()
        self._handed: dict[asyncio.Task[None], tuple[Any, list[_Job], _Answer]] = {}
        """What a pool has, by who waits for its answer."""
        self._last_answer = 0.0
        self._unstarted: Exception | None = None
        """Why the processes could not be started the last time, if so."""

    def start(self) -> None:
        """Start the processes now, so that they load while the caller does something else."""
        self._started()

    async def ready(self, *, anyway: bool = False) -> None:
        """Where the processes could not be started the last time (``anyway``: even if nobody tried),
        start them. Raises NoWorkers."""
        if self._unstarted is not None:
            self._end()
        if anyway or self._unstarted is not None:
            self._started()
            await self._loaded()
            self._refuse_unstarted()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the processes, now and for good; returns when they have. Again is allowed."""
        self._closed = True
        self._end()
        # Whoever else waits for the end is not to be left without it.
        while self._endings:
            await asyncio.wait(self._endings)

    def _end(self) -> None:
        """Begin to end the pool there is, whatever its workers are at; the next one may start meanwhile."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        handed = {waits: jobs for waits, (of, jobs, _) in self._handed.items() if of is pool}
        forgotten = [*self._waiting, *chain.from_iterable(handed.values())]
        self._waiting.clear()
        # A task of its own: nobody who gives up may keep the others from being told.
        ending = asyncio.ensure_future(self._stop(pool, self._up, tuple(handed), forgotten))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _stop(
        self,
        pool: Any,
        up: asyncio.Future[None] | None,
        handed: Iterable[asyncio.Task[None]],
        forgotten: Iterable[_Job],
    ) -> None:
        try:
            # Half started it could not be stopped.
            if up is not None:
                await asyncio.wait({up})
            for waits in handed:
                # A stopped pool answers nobody.
                waits.cancel()
            with contextlib.suppress(FutureTimeout, RuntimeError, OSError):
                pool.stop()
                await asyncio.to_thread(pool.join, 5)
        finally:
            for job in forgotten:
                if self._closed:
                    job.answer.cancel()
                else:
                    job.fail(_PoolBroke())

    async def read(self, feed: Feed, response: Response, *, now: datetime) -> Document | FeedError:
        """Response → Document, or why there is none (NotAFeed, or a limit that was reached).
        Raises NoWorkers."""
        # What the worker needs and no more: all of it crosses to another process.
        told = {
            "content_type": response.header("content-type") or "",
            "url": response.url,
            "feed": feed.identity,
            "seen": feed.seen,
            "now": now,
            "max_entries": self._max_entries,
            "lang": feed.lang,
            "learned": feed.learned,
            "learning": None if feed.entries else self._settings,
        }
        answer: Document | FeedError = await self._done(
            feed, worker.read_document, response.body, told
        )
        return answer

    async def read_page(
        self, feed: Feed, entry: Entry, response: Response
    ) -> Entry | Unfit | FeedError:
        """The entry with the whole text from the page it links to, or why that is not taken.
        Raises NoWorkers."""
        told = {
            "content_type": response.header("content-type") or "",
            "url": response.url,
            "entry": entry,
            "learned": feed.learned,
        }
        answer: Entry | Unfit | FeedError = await self._done(
            feed, worker.read_page, response.body, told
        )
        return answer

    async def _done(self, feed: Feed, read: worker.Read, body: bytes, told: dict[str, Any]) -> Any:
        """What one of the workers makes of a body."""
        for _ in range(_ATTEMPTS):
            pool = self._started()
            await self._loaded()
            if pool is not self._pool:
                continue
            job = _Job(read, body, told, asyncio.get_running_loop().create_future())
            self._waiting.append(job)
            self._hand_over()
            try:
                return await job.answer
            except _PoolBroke:
                # A worker that dies while it waits takes the whole pool with it; no document is to blame.
                continue
            except FutureTimeout:
                seconds = self._settings.document_seconds
                return _failed(feed, f"reading the document took longer than {seconds:g} s")
            except asyncio.CancelledError:
                self._give_up(job)
                raise
            except Exception as error:  # noqa: BLE001 - whatever a document does, it costs only itself
                return _failed(feed, _words(error))
        self._refuse_unstarted()
        return _failed(feed, "the processes that read documents keep dying")

    def _hand_over(self) -> None:
        """Give the pool what waits, as far as it has use for it."""
        if self._pool is None or (self._up is not None and not self._up.done()):
            return
        while self._waiting and len(self._handed) < self._places + _AHEAD:
            jobs = self._next()
            # At once, and not when the event loop comes to a task: that may be some documents later.
            answer = self._schedule(self._pool, jobs)
            waits = asyncio.create_task(self._wait_for(self._pool, jobs, answer))
            self._handed[waits] = self._pool, jobs, answer
            waits.add_done_callback(self._handed_back)

    def _schedule(self, pool: Any, jobs: list[_Job]) -> _Answer:
        """What a pool will answer. Raises nothing: that it takes no more is such an answer, too."""
        seconds = self._settings.document_seconds
        told = [(job.read, job.body, job.told) for job in jobs]
        try:
            future: Future[list[object]] = pool.schedule(
                worker.read_all,
                args=[told, self._settings.document_bytes],
                timeout=min(seconds, _TOGETHER_SECONDS) if len(jobs) > 1 else seconds,
            )
        except (OSError, RuntimeError) as error:
            future = Future()
            future.set_exception(error)
        return asyncio.wrap_future(future)

    def _handed_back(self, waits: asyncio.Task[None]) -> None:
        _, _, answer = self._handed.pop(waits)
        # Where nobody waits for it any more; else it is there.
        answer.cancel()
        self._hand_over()

    def _next(self) -> list[_Job]:
        """What is handed over next: one, or some, but no more than leave each worker as many."""
        most = min(_TOGETHER, len(self._waiting) // self._places)
        jobs = [self._waiting.popleft()]
        room = _TOGETHER_BYTES - len(jobs[0].body)
        while len(jobs) < most and not (jobs[0].alone or self._waiting[0].alone):
            room -= len(self._waiting[0].body)
            if room < 0:
                break
            jobs.append(self._waiting.popleft())
        return jobs

    async def _wait_for(self, pool: Any, jobs: list[_Job], answer: _Answer) -> None:
        """Pass on what comes back for some documents."""
        try:
            answers = await self._answered(answer)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            if isinstance(error, _PoolBroke | BrokenProcessPool) or not _is_up(pool):
                # Whoever ends it tells those whose documents it had.
                if self._pool is pool:
                    self._end()
            elif len(jobs) > 1:
                self._again_alone(jobs)
            elif getattr(error, "exitcode", None) in _ENDED:
                # No document is to blame.
                jobs[0].fail(_PoolBroke())
            else:
                jobs[0].fail(error)
            return
        for job, read in zip(jobs, answers, strict=True):
            if not job.answer.done():
                job.answer.set_result(read)

    def _again_alone(self, jobs: Iterable[_Job]) -> None:
        for job in reversed([job for job in jobs if not job.answer.done()]):
            job.alone = True
            self._waiting.appendleft(job)

    def _give_up(self, job: _Job) -> None:
        """Nobody waits for it any more."""
        if job in self._waiting:
            self._waiting.remove(job)
        for waits, (_, jobs, _) in self._handed.items():
            if job in jobs and all(one.answer.done() for one in jobs):
                waits.cancel()

    async def _answered(self, answer: _Answer) -> list[object]:
        """Wait for an answer. Raises _PoolBroke where none at all comes any more.

        Every document has its limit, so some answer must come within it. None does if
        a worker was killed while it held the lock that all of them take tasks under.
        """
        patience = 2 * self._settings.document_seconds + _STARTING
        while not answer.done():
            await asyncio.wait({answer}, timeout=patience)
            if not answer.done() and time.monotonic() - self._last_answer > patience:
                raise _PoolBroke
        self._last_answer = time.monotonic()
        return answer.result()

    def _started(self) -> Any:
        if self._closed:
            raise asyncio.CancelledError
        if self._pool is None:
            from pebble import ProcessPool

            self._last_answer = time.monotonic()
            self._pool = ProcessPool(
                max_workers=self._places,
                max_tasks=_RENEWED,
                initializer=worker.begin,
                initargs=[gc.get_threshold()],
                context=forking.context(),
            )
            # Pebble starts them when it is asked for the first time, and waits for the server to load.
            self._up = asyncio.get_running_loop().run_in_executor(None, self._activate, self._pool)
        return self._pool

    async def _loaded(self) -> None:
        """Wait until the processes of the pool are there."""
        if self._up is not None and not self._up.done():
            await asyncio.wait({self._up})

    def _activate(self, pool: Any) -> None:
        # What fails here is tried again, and told, when there is something to read.
        try:
            _ = pool.active
        except _UNSTARTED as error:
            self._unstarted = error
        else:
            self._unstarted = None

    def _refuse_unstarted(self) -> None:
        if self._unstarted is not None:
            raise NoWorkers(
                f"the processes that read documents cannot be started: {self._unstarted}",
                hint="look at the machine's limits, memory and /dev/shm; no feed is to blame, and what "
                "came is fetched again",
            )


def _is_up(pool: Any) -> bool:
    try:
        return bool(pool.active)
    except _UNSTARTED:
        return False


def _words(error: Exception) -> str:
    if type(error).__name__ == "ProcessExpired":
        return "the process that read the document died of it"
    what = f"the document could not be read: {type(error).__name__}: {error}"
    return " ".join(what.split())[:300]


def _failed(feed: Feed, what: str) -> FeedError:
    return FetchError(what, url=feed.url, kind=FailureKind.PARSE, hint=worker.HINT)
