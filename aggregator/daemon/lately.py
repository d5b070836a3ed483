"""What is read from the archive for somebody who cannot wait until it answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from aggregator.model.errors import ArchiveError

T = TypeVar("T")

# Less than a probe waits that looks whether the daemon lives.
_SECONDS = 2.0


class Lately(Generic[T]):
    """The last that was read. One reading goes on at a time, in a thread of its own; whoever asks
    waits for it a moment, and has what there is."""

    def __init__(self, first: T) -> None:
        self._last = first
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lately")
        self._reading: Future[None] | None = None
        self._lock = Lock()

    def ask(self, read: Callable[[], T]) -> T:
        """What ``read`` gives now, or gave last where it fails (ArchiveError) or takes long."""
        with self._lock:
            if self._reading is None or self._reading.done():
                self._reading = self._reader.submit(self._read, read)
            reading = self._reading
        wait([reading], _SECONDS)
        return self._last

    def close(self) -> None:
        """End the thread, as soon as it can be."""
        self._reader.shutdown(cancel_futures=True)

    def _read(self, read: Callable[[], T]) -> None:
        with suppress(ArchiveError):
            self._last = read()
