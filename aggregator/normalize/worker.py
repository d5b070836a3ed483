"""What one worker process does: it reads documents that it is given, within a limit of memory each.

It leaves signals to its parent, and ends with it. The pool is :mod:`aggregator.normalize.workers`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from aggregator.model.entry import Document, Entry, Unfit
from aggregator.model.errors import FeedError, FetchError
from aggregator.model.feed import FailureKind

HINT = "the other feeds go on"
_LOADED = "aggregator.normalize.reading"
# What `nice` gives where it is not told otherwise.
_NICENESS = 10

Read = Callable[[bytes, dict[str, Any], int], object]
"""One of those below: what it makes of a body, with what it is told, in so many bytes of memory."""


def read_all(jobs: Sequence[tuple[Read, bytes, dict[str, Any]]], memory: int) -> list[object]:
    """What each of several is read as, in their order."""
    return [read(body, told, memory) for read, body, told in jobs]


def read_document(body: bytes, told: dict[str, Any], memory: int) -> Document | FeedError:
    """A failure goes back as a value: to raise it would cost its trace as well."""
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


def read_page(body: bytes, told: dict[str, Any], memory: int) -> Entry | Unfit | FeedError:
    """What reads pages is loaded when the first one comes."""
    from aggregator.normalize.fulltext import with_full_text

    try:
        with _limited(memory):
            return with_full_text(body, **told)
    except MemoryError:
        return _too_big(told["url"])


def _too_big(url: str) -> FeedError:
    return FetchError(
        "reading the document took too much memory", url=url, kind=FailureKind.PARSE, hint=HINT
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


def begin(litter: tuple[int, int, int]) -> None:
    """First of all: leave signals to the parent, and end with it; look for garbage as
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
