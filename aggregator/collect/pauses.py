"""Which hosts want to be left alone, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from aggregator.model.errors import FetchError
from aggregator.model.feed import LONGEST_BELIEVED_WAIT, Postponed

PAUSE = 3600.0
"""Seconds without a request to a host that asks for fewer and names no time that is to come."""


class Pauses:
    """What hosts asked for, as answers tell it. A wait that our clock, since it was ahead, made
    longer than any that is obeyed does not hold."""

    def __init__(self, held: Sequence[Postponed]) -> None:
        self._away = {one.host: one.until for one in held if not one.pages}
        self._no_pages = {one.host: one.until for one in held if one.pages}
        """Until when a host is asked for no pages, though for feeds."""

    def running(self, now: datetime) -> tuple[Postponed, ...]:
        """The hosts that want to be left alone, and until when."""
        return tuple(
            Postponed(host=host, until=until, pages=kind is self._no_pages)
            for kind in (self._away, self._no_pages)
            for host, until in kind.items()
            if _holds(until, now)
        )

    def until(self, host: str, now: datetime, *, page: bool) -> datetime:
        """Until when a host is left alone: no later than now where it may be asked."""
        kinds = (self._away, self._no_pages) if page else (self._away,)
        waits = (kind[host] for kind in kinds if host in kind)
        return max((until for until in waits if _holds(until, now)), default=now)

    def note(self, host: str, error: FetchError, now: datetime, *, page: bool) -> None:
        """A host that asks for fewer requests (429) gets none for a while, from no feed; one that
        asks to wait for another reason gets none for pages, of which there are many."""
        wait = error.retry_after or (PAUSE if error.status == 429 else 0.0)
        if wait and (error.status == 429 or page):
            kind = self._away if error.status == 429 else self._no_pages
            held = kind.get(host, now)
            kind[host] = max(held if _holds(held, now) else now, now + timedelta(seconds=wait))


def _holds(until: datetime, now: datetime) -> bool:
    return now < until <= now + LONGEST_BELIEVED_WAIT
