"""Room in memory for answers: no feed is asked while too much waits to be read and stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aggregator.model.feed import FeedKey, Response


class Room:
    """Counts the bytes of answers that were taken and not given back, up to ``most``.

    Who waits for room holds nothing that others could wait for: no turn at a host, no place
    among the requests. What is on its way when it gets scarce still comes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[FeedKey, int] = {}
        self._bytes = 0
        self._freed = asyncio.Event()
        self._freed.set()

    @property
    def free(self) -> bool:
        """Whether another feed may be asked."""
        return self._freed.is_set()

    @property
    def scarce(self) -> bool:
        """Whether more than half of it is taken."""
        return self._bytes > self._most // 2

    async def wait(self) -> None:
        """Until there is room. Others may have taken it by then: look again before you ask."""
        await self._freed.wait()

    def take(self, feed: FeedKey, answer: Response) -> None:
        """A feed's answer has come."""
        coded = answer.wire is not answer.body
        size = len(answer.body) + (len(answer.wire) if coded else 0)
        self._bytes += size - self._held.get(feed, 0)
        self._held[feed] = size
        self._look()

    def give(self, feeds: Iterable[FeedKey]) -> None:
        """The answers of these feeds are stored."""
        for feed in feeds:
            self._bytes -= self._held.pop(feed, 0)
        self._look()

    def _look(self) -> None:
        if self._bytes < self._most:
            self._freed.set()
        else:
            self._freed.clear()
