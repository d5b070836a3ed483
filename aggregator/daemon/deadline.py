"""An end that waits for nobody too long: not for a database that hangs, either."""

from __future__ import annotations

import os
import sys
from threading import Timer
from typing import Any, Self

import structlog

_log: Any = structlog.get_logger()

# A batch under way ends in a part of it; and whoever stops a service waits a little longer.
_SECONDS = 10.0
SIGNALLED = 128
"""Added to a signal's number: the exit code of who ended by it, as shells have it."""


class Deadline:
    """Ends the process once it is passed; lifted where the context ends before."""

    def __init__(self) -> None:
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def begin(self, number: int) -> None:
        """The process was told to end by this signal."""
        self._timer = Timer(_SECONDS, _end, (number,))
        self._timer.daemon = True
        self._timer.start()


def _end(number: int) -> None:
    hint = "what was committed is safe, the rest is fetched again; the next start repairs"
    _log.error(f"ended after {_SECONDS:.0f} seconds, in the middle of its work", hint=hint)
    sys.stderr.flush()
    # A thread that waits for a database would be waited for by any other way out.
    os._exit(SIGNALLED + number)
