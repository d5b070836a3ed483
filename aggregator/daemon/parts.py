"""What runs beside the rounds: the hub, publishing, backfills, lists. One that fails ends alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from time import monotonic
from typing import Any

import structlog

from aggregator.model.errors import AggregatorError

_log: Any = structlog.get_logger()

# How long after a part ended of a mistake of ours all parts are begun again; longer each time,
# since it may end each time, and ask a publisher before it does.
_AGAIN_SECONDS, _AGAIN_LATEST = 60.0, 3600.0


class Parts:
    """The parts of a daemon, and which of them ended. A part never stops the rounds."""

    def __init__(self) -> None:
        self._ended = dict[str, bool]()
        """Why parts ended, and whether they are begun again."""
        self._due = False
        self._wait, self._ended_at = _AGAIN_SECONDS, 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def ended(self) -> list[str]:
        """Why each of those ended that do not run now."""
        return list(self._ended)

    def begin(self) -> None:
        """All that can be begun again is about to be."""
        self._ended = {why: again for why, again in self._ended.items() if not again}
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due = False

    def take_due(self) -> bool:
        """Whether it is time to begin again; true once."""
        due, self._due = self._due, False
        return due

    @contextlib.asynccontextmanager
    async def beside(
        self, work: Coroutine[Any, Any, None], *, again: bool = True
    ) -> AsyncIterator[None]:
        """Run ``work`` while the context lasts; its failure is told and ends only itself, until all
        is begun ``again``."""
        task = asyncio.create_task(work)
        task.add_done_callback(partial(self._note_end, again=again))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _note_end(self, task: asyncio.Task[None], *, again: bool) -> None:
        if task.cancelled() or not (error := task.exception()):
            return
        why = error.on_one_line if isinstance(error, AggregatorError) else repr(error)
        self._ended[why] = again and self._ended.get(why, True)
        hint = "it is begun again soon; please report it" if again else "start the daemon again"
        _log.error("a part of the daemon ended", why=why, hint=hint)
        if again and self._timer is None:
            if monotonic() - self._ended_at > 2 * _AGAIN_LATEST:
                # All went well for long: this is no part that ends each time.
                self._wait = _AGAIN_SECONDS
            self._ended_at = monotonic()
            self._timer = asyncio.get_running_loop().call_later(self._wait, self._set_due)
            self._wait = min(2 * self._wait, _AGAIN_LATEST)

    def _set_due(self) -> None:
        self._due = True
