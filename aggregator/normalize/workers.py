"""Worker processes that parse and clean: they cannot be stopped by a document, nor outlive us.

Forked from a server that has loaded what reads documents and nothing else, never from
this process (whose locks and threads they would inherit): what is loaded is loaded once,
and a worker that took another's place is there at once. Started when the first document
comes, if not before; each document has a limit of time and of memory. A worker that dies
costs the document it was at.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import gc
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import TracebackType
from typing import Any, Self, TypeVar

from aggregator.model.entry import Document, Entry, Unfit
from aggregator.model.errors import FeedError, FetchError
from aggregator.model.feed import FailureKind, Feed, Response
from aggregator.model.settings import NormalizeSettings

_LOADED = "aggregator.normalize.reading"
_SERVER = "aggregator.normalize.forkserver"
_ATTEMPTS = 3
_NICENESS = 5
_PIPE_BYTES = 1 << 20
_STARTING = 5.0
"""Seconds in which a worker is certainly up."""
_HINT = "the other feeds go on"

T = TypeVar("T")


class _PoolBroke(Exception):
    """The pool is of no use any more; another is needed."""


class _Process(ForkServerProcess):
    """Starts with interrupts held back, which the server of the first one inherits: one that comes
    before the worker ignores them would end it."""

    def start(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Context(ForkServerContext):
    Process = _Process

    def Pipe(self, duplex: bool = True) -> Any:  # noqa: N802
        """Pipes that hold what the next documents are: else a worker that has read one waits until
        the parent, which has other things to do, has handed it over piece by piece."""
        ends = super().Pipe(duplex)
        if sys.platform == "linux" and not duplex:
            # A user may have so many; then they hold what they hold.
            with contextlib.suppress(OSError):
                fcntl.fcntl(ends[1].fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return ends


class Workers:
    """The pool, as an async context manager. Nothing is started until something is to be read, or
    :meth:`start` is called."""

    def __init__(self, settings: NormalizeSettings, max_entries: int) -> None:
        self._settings = settings
        self._max_entries = max_entries
        self._pool: Any = None
        self._up: asyncio.Future[None] | None = None
        self._closed = False
        self._closing: asyncio.Future[None] | None = None
        self._awaited: set[asyncio.Future[Any]] = set()
        self._last_answer = 0.0

    def start(self) -> None:
        """Start the processes now, so that they load while the caller does something else."""
        self._started()

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
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._stop())
        # Whoever else waits for the end is not to be left without it.
        await asyncio.shield(self._closing)

    async def _stop(self) -> None:
        """End the workers at once, whatever they are at."""
        pool, self._pool = self._pool, None
        if pool is not None:
            # Half started it could not be stopped.
            await self._loaded()
            # Those who wait for this pool, and not for the next one, which may start meanwhile.
            forgotten = tuple(self._awaited)
            pool.stop()
            with contextlib.suppress(FutureTimeout):
                await asyncio.to_thread(pool.join, 5)
            # A stopped pool answers nobody.
            for answer in forgotten:
                answer.cancel()

    async def read(self, feed: Feed, response: Response, *, now: datetime) -> Document | FeedError:
        """Response → Document, or why there is none (NotAFeed, or a limit that was reached)."""
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
        return await self._done(feed, _read, response.body, told)

    async def read_page(
        self, feed: Feed, entry: Entry, response: Response
    ) -> Entry | Unfit | FeedError:
        """The entry with the whole text from the page it links to, or why that is not taken."""
        told = {
            "content_type": response.header("content-type") or "",
            "url": response.url,
            "entry": entry,
        }
        return await self._done(feed, _read_page, response.body, told)

    async def _done(
        self, feed: Feed, task: Callable[..., T | FeedError], body: bytes, told: dict[str, Any]
    ) -> T | FeedError:
        """What a task makes of a body in one of the workers."""
        for _ in range(_ATTEMPTS):
            pool = self._started()
            await self._loaded()
            try:
                return await self._try(pool, feed, task, body, told)
            except _PoolBroke:
                # A worker that dies while it waits takes the whole pool with it; no document is to blame.
                if self._pool is pool:
                    await self._stop()
        return _failed(feed, "the processes that read documents keep dying")

    async def _try(
        self,
        pool: Any,
        feed: Feed,
        task: Callable[..., T | FeedError],
        body: bytes,
        told: dict[str, Any],
    ) -> T | FeedError:
        seconds = self._settings.document_seconds
        future = None
        try:
            future = pool.schedule(
                task, args=[body, told, self._settings.document_bytes], timeout=seconds
            )
            answer: asyncio.Future[T | FeedError] = asyncio.wrap_future(future)
            return await self._answered(answer)
        except _PoolBroke:
            raise
        except FutureTimeout:
            return _failed(feed, f"reading the document took longer than {seconds:g} s")
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not self._closed and pool is not self._pool and current and not current.cancelling():
                # Nobody gave this document up: the pool broke at another one, and was closed.
                raise _PoolBroke from None
            if future is not None:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whatever a document does, it costs only itself
            return _told(feed, error, pool)

    async def _answered(self, answer: asyncio.Future[T]) -> T:
        """Wait for an answer. Raises _PoolBroke where none at all comes any more.

        Every document has its limit, so some answer must come within it. None does if
        a worker was killed while it held the lock that all of them take tasks under.
        """
        patience = 2 * self._settings.document_seconds + _STARTING
        self._awaited.add(answer)
        try:
            while not answer.done():
                await asyncio.wait({answer}, timeout=patience)
                if not answer.done() and time.monotonic() - self._last_answer > patience:
                    answer.cancel()
                    raise _PoolBroke
        finally:
            self._awaited.discard(answer)
        self._last_answer = time.monotonic()
        return answer.result()

    def _started(self) -> Any:
        if self._closed:
            raise asyncio.CancelledError
        if self._pool is None:
            from pebble import ProcessPool

            self._last_answer = time.monotonic()
            context = _Context()
            context.set_forkserver_preload([_SERVER])
            self._pool = ProcessPool(
                max_workers=self._settings.workers or os.cpu_count() or 1,
                max_tasks=2000,
                initializer=_begin,
                initargs=[gc.get_threshold()],
                context=context,
            )
            # Pebble starts them when it is asked for the first time, and waits for the server to load.
            self._up = asyncio.get_running_loop().run_in_executor(None, _activate, self._pool)
        return self._pool

    async def _loaded(self) -> None:
        """Wait until the processes of the pool are there."""
        if self._up is not None and not self._up.done():
            await asyncio.wait({self._up})


def _activate(pool: Any) -> None:
    # What fails here is tried again, and told, when there is something to read.
    with contextlib.suppress(OSError, RuntimeError):
        _ = pool.active


def _failed(feed: Feed, what: str) -> FeedError:
    return FetchError(
        what,
        url=feed.url,
        kind=FailureKind.PARSE,
        hint=_HINT,
    )


def _told(feed: Feed, error: Exception, pool: Any) -> FeedError:
    """The failure in words. Raises _PoolBroke where it is not the document's."""
    if type(error).__name__ == "ProcessExpired":
        return _failed(feed, "the process that read the document died of it")
    if isinstance(error, BrokenProcessPool) or not pool.active:
        raise _PoolBroke from error
    what = f"the document could not be read: {type(error).__name__}: {error}"
    return _failed(feed, " ".join(what.split())[:300])


def _read(body: bytes, told: dict[str, Any], memory: int) -> Document | FeedError:
    """In the worker. A failure goes back as a value: to raise it would cost its trace as well."""
    from aggregator.model.errors import NotAFeed
    from aggregator.normalize.reading import read

    try:
        # Only while it reads: a worker that cannot take its next task breaks the pool.
        with _limited(memory):
            return read(body, **told)
    except NotAFeed as error:
        return error
    except MemoryError:
        return _too_big(told["url"])


def _read_page(body: bytes, told: dict[str, Any], memory: int) -> Entry | Unfit | FeedError:
    """In the worker. What reads pages is loaded when the first one comes."""
    from aggregator.normalize.fulltext import with_full_text

    try:
        with _limited(memory):
            return with_full_text(body, **told)
    except MemoryError:
        return _too_big(told["url"])


def _too_big(url: str) -> FeedError:
    return FetchError(
        "reading the document took too much memory", url=url, kind=FailureKind.PARSE, hint=_HINT
    )


@contextlib.contextmanager
def _limited(memory: int) -> Iterator[None]:
    """Let this process take ``memory`` bytes of address space more than it has, and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        pages = int(os.pread(_sizes(), 40, 0).split()[0])
    except OSError:
        # No such file where the system is no Linux: the time limit has to do.
        yield
        return
    limit = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@cache
def _sizes() -> int:
    """The file in which Linux tells how large this process is, opened once: it is read for each
    document."""
    return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)


def _begin(litter: tuple[int, int, int]) -> None:
    """In the worker, first: leave signals to the parent, and end with it; look for garbage as
    seldom as it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "linux":
        # Also while a document keeps that thread from running: the server ends with the parent.
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    # Now, so that it does not count against the time limit of the first document.
    gc.disable()
    importlib.import_module(_LOADED)
    # What was loaded stays: nobody needs to look through it for garbage.
    gc.freeze()
    gc.enable()
    gc.set_threshold(*litter)
    # Who writes what was read, and answers readers, goes first; where that may not be said
    # (a sandbox), all are equal.
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
