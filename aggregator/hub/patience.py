"""How long to wait, and how much to take: pure rules of time."""

from __future__ import annotations

from datetime import timedelta

from aggregator.model.hub import LONGEST_DELIVERY_WAIT

_WAITS = (10, 60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600)


def wait_after(failures: int, *, asked: float | None = None) -> timedelta:
    """The pause after so many failures in a row (1 or more): from 10 seconds to half a day.

    ``asked``: seconds that the other side wants, which count up to a day.
    """
    own = float(_WAITS[min(failures, len(_WAITS)) - 1])
    return timedelta(seconds=max(own, min(asked or 0.0, float(LONGEST_DELIVERY_WAIT))))


def gives_up(failures: int) -> bool:
    """Whether a version is not tried again after so many failures, over a day.

    The subscription goes on all the same, and so does the pause (WebSub, section 7).
    """
    return failures >= len(_WAITS)


class Allowance:
    """So many a minute, and no more at once; told the time in seconds."""

    def __init__(self, a_minute: int) -> None:
        self._most = float(a_minute)
        self._left = self._most
        self._at: float | None = None

    def take(self, at: float) -> bool:
        """Whether there was one left."""
        if self._at is not None:
            self._left = min(self._most, self._left + (at - self._at) * self._most / 60)
        self._at = at
        if self._left < 1:
            return False
        self._left -= 1
        return True
