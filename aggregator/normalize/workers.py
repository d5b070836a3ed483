"""Worker processes that parse and clean: they cannot be stopped by a document, nor outlive us.

Spawned, never forked (a fork would inherit locks and threads); started when the
first document comes; each document has a time limit, each worker a memory limit.
A worker that dies costs the document it was at.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from aggregator.model.entry import Document
from aggregator.model.errors import FeedError, FetchError
from aggregator.model.feed import FailureKind, Feed, Response
from aggregator.model.settings import NormalizeSettings

_PARENT_LOOK = 1.0


class Workers:
    """The pool, as an async context manager. Nothing is started until something is to be read."""

    def __init__(self, settings: NormalizeSettings, max_entries: int) -> None:
        self._settings = settings
        self._max_entries = max_entries
        self._pool: Any = None

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
        """End the workers at once, whatever they are at. A later ``read`` starts others."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            with contextlib.suppress(FutureTimeout):
                await asyncio.to_thread(pool.join, 5)

    async def read(self, feed: Feed, response: Response, *, now: datetime) -> Document | FeedError:
        """Response → Document, or why there is none (NotAFeed, or a limit that was reached)."""
        future = self._started().schedule(
            _read,
            # What the worker needs and no more: all of it crosses to another process.
            args=[
                response.body,
                {
                    "content_type": response.header("content-type") or "",
                    "url": response.url,
                    "feed": feed.identity,
                    "seen": feed.seen,
                    "now": now,
                    "max_entries": self._max_entries,
                    "lang": feed.lang,
                },
            ],
            timeout=self._settings.document_seconds,
        )
        try:
            result: Document | FeedError = await asyncio.wrap_future(future)
        except FutureTimeout:
            seconds = self._settings.document_seconds
            return _failed(feed, f"reading the document took longer than {seconds:.0f} s")
        except asyncio.CancelledError:
            future.cancel()
            raise
        except MemoryError:
            return _failed(feed, "reading the document took too much memory")
        except Exception as error:  # noqa: BLE001 - whatever a document does, it costs only itself
            if type(error).__name__ == "ProcessExpired":
                return _failed(feed, "the process that read the document died of it")
            what = f"the document could not be read: {type(error).__name__}: {error}"
            return _failed(feed, " ".join(what.split())[:300])
        return result

    def _started(self) -> Any:
        if self._pool is None:
            from pebble import ProcessPool

            self._pool = ProcessPool(
                max_workers=self._settings.workers or os.cpu_count() or 1,
                max_tasks=2000,
                initializer=_begin,
                initargs=[os.getpid(), self._settings.document_bytes],
                context=multiprocessing.get_context("spawn"),
            )
        return self._pool


def _failed(feed: Feed, what: str) -> FeedError:
    return FetchError(
        what,
        url=feed.url,
        kind=FailureKind.PARSE,
        hint="the other feeds go on; it is tried again later",
    )


def _read(body: bytes, told: dict[str, Any]) -> Document | FeedError:
    """In the worker. A failure goes back as a value: to raise it would cost its trace as well."""
    from aggregator.model.errors import NotAFeed
    from aggregator.normalize.reading import read

    try:
        return read(body, **told)
    except NotAFeed as error:
        return error


def _begin(parent: int, memory: int) -> None:
    """In the worker, first: leave signals to the parent, end with it, keep to the memory limit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    with open("/proc/self/statm") if sys.platform == "linux" else open(os.devnull) as statm:  # noqa: PTH123
        pages = int((statm.read().split() or ["0"])[0])
    limit = pages * resource.getpagesize() + memory
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))


def _end_with(parent: int) -> None:
    """Where the kernel does not tell: look whether the parent is still ours."""
    while os.getppid() == parent:
        time.sleep(_PARENT_LOOK)
    os.kill(os.getpid(), signal.SIGKILL)
