"""Memory for what comes: bounded over all answers together, however many and however large.

Small answers never wait. Larger ones do while there is no room, and their time limits rest
meanwhile; but one at a time may go beyond it, so that each gets what it needs in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

SMALL = 256 * 1024
"""Bytes that an answer may hold without being counted: there are only so many feeds at a time."""


class Room:
    """So many bytes, for all that is held at once."""

    def __init__(self, size: int) -> None:
        self.held = 0
        """Bytes; of each answer those beyond SMALL."""
        self._size = size
        self._beyond: Load | None = None
        self._line = asyncio.Lock()
        self._freed = asyncio.Event()

    def load(self) -> Load:
        """An account for one answer, with nothing in it yet."""
        return Load(self)

    def fits(self, load: Load, more: int) -> bool:
        """Whether there is room for so many bytes more, or this is the one that may go beyond."""
        return self.held + more <= self._size or self._beyond is load

    async def wait(self, load: Load, more: int) -> None:
        """Until it fits, or none is beyond; first come, first served."""
        async with self._line:
            while not self.fits(load, more) and self._beyond is not None:
                self._freed.clear()
                await self._freed.wait()
            if not self.fits(load, more):
                self._beyond = load

    def count(self, load: Load, more: int) -> None:
        """So many bytes more are held, or fewer."""
        self.held += more
        if more < 0:
            if load is self._beyond and self.held <= self._size:
                self._beyond = None
            self._freed.set()

    def leave(self, load: Load) -> None:
        """It holds nothing any more."""
        if load is self._beyond:
            self._beyond = None
            self._freed.set()


class Load:
    """What one answer holds, from its first byte until it is archived; then give it back.

    Also a context manager, which gives it back.
    """

    __slots__ = ("_limit", "_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0
        self._limit: asyncio.Timeout | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.give_back()

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """A time limit for what runs inside, which rests while room is waited for.

        Raises TimeoutError.
        """
        async with asyncio.timeout(seconds) as self._limit:
            try:
                yield
            finally:
                self._limit = None

    async def hold(self, size: int) -> None:
        """Hold so many bytes in all, or what is held already; waits for room."""
        more = _counted(size) - _counted(self._size)
        if more > 0:
            if not self._room.fits(self, more):
                await self._wait(more)
            self._room.count(self, more)
        self._size = max(size, self._size)

    def keep(self, size: int) -> None:
        """Hold no more than so many bytes from now on."""
        if size < self._size:
            self._room.count(self, _counted(size) - _counted(self._size))
            self._size = size

    def give_back(self) -> None:
        """Hold nothing any more."""
        self.keep(0)
        self._room.leave(self)

    async def _wait(self, more: int) -> None:
        clock, limit = asyncio.get_running_loop().time, self._limit
        until = limit.when() if limit else None
        if limit is None or until is None:
            await self._room.wait(self, more)
            return
        left = until - clock()
        limit.reschedule(None)
        await self._room.wait(self, more)
        limit.reschedule(clock() + left)


def _counted(size: int) -> int:
    return max(size - SMALL, 0)
