"""The files that a person edits: whether they are others than were read."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aggregator.config import files

# A look at the files' times beside the watcher, which misses what was before it was up.
_LOOK_MILLISECONDS = 5000
# Files that were written less long ago may be half there: not every editor, and no copy over a
# network, puts the whole of a file in its place at once.
_SETTLED_SECONDS = 0.5


class Watch:
    """Over the configuration files of a folder, links followed. What is there when it is made
    counts as read, so it is made before they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = self._times()

    def reading(self) -> None:
        """The files are read now."""
        self._read = self._times()

    async def tell(self, changed: asyncio.Event) -> None:
        """Set ``changed`` whenever the files are others than were read and nobody writes them any
        more, until cancelled."""
        from watchfiles import awatch

        # Links lead to other folders, and what they lead to is what is edited.
        there = (path for path in files(self._folder) if path.exists())
        folders = {self._folder, *(path.resolve().parent for path in there)}
        looks = awatch(
            *folders, recursive=False, yield_on_timeout=True, rust_timeout=_LOOK_MILLISECONDS
        )
        async for _ in looks:
            if self._times() != self._read:
                await self._settled()
                changed.set()

    async def _settled(self) -> None:
        before = None
        while before != (times := self._times()):
            before = times
            await asyncio.sleep(_SETTLED_SECONDS)

    def _times(self) -> list[tuple[int, int, int] | None]:
        return [_time(path) for path in files(self._folder)]


def _time(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
