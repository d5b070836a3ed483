"""The program's clock, set by a test or a benchmark. Nothing else is ever faked."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from aggregator.model import time


class SimClock:
    """While the context lasts, ``aggregator.model.time.now`` says what ``at`` is."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._real: Any = None

    def __enter__(self) -> Self:
        clock = self

        class Stopped(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return clock.at.astimezone(tz)

        self._real, time.datetime = time.datetime, Stopped
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        time.datetime = self._real

    def go_on(self, **span: float) -> datetime:
        """Let so much time pass; returns what it is now."""
        self.at += timedelta(**span)
        return self.at
