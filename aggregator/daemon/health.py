"""How the daemon is: what ``/health``, ``/metrics`` and the line on a terminal tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog

from aggregator import __version__
from aggregator.archive import Archive, Stats
from aggregator.daemon.lately import Lately
from aggregator.daemon.metrics import Metrics
from aggregator.daemon.parts import Parts
from aggregator.daemon.reporting import ProgressLine, describe_wait
from aggregator.model.address import shown_feed
from aggregator.model.errors import ArchiveError, ServerAway
from aggregator.model.feed import FeedState
from aggregator.model.time import iso, now

_log: Any = structlog.get_logger()

# Delays are those of what came in so long, and are worked out so often.
_DELAYS_OF, _DELAYS_SECONDS = timedelta(days=7), 60.0
# Who has not looked at the due times for so long hangs, or has much to do: longer than the work
# between two looks takes, once all is filled.
_LATE_SECONDS = 900.0


class Health:
    """What was seen at the last look, and whether collecting is paused."""

    def __init__(
        self, archive: Archive, parts: Parts, metrics: Metrics, line: ProgressLine
    ) -> None:
        self._archive = archive
        self._parts = parts
        self._metrics = metrics
        self._line = line
        self._started = now()
        self._paused: str | None = None
        self._away = False
        self._told: set[str] = set()
        """Why collecting is paused, as far as it was told."""
        self._looked = monotonic()
        self._seen: dict[str, object] = {}
        self._delays_until = 0.0
        self._delays = Lately[dict[str, list[float]]]({})
        self._more = Lately[Mapping[str, object | None]]({})

    def note_look(self) -> None:
        """The due times are looked at now."""
        self._looked = monotonic()

    def close(self) -> None:
        """Nothing is asked any more."""
        self._delays.close()
        self._more.close()

    async def look(self) -> None:
        """See how the archive stands. Raises ArchiveError."""
        stats, states, due = await asyncio.to_thread(self._read)
        self._metrics.show_archive(states, stats.entries)
        self._seen = {
            "feeds": stats.feeds,
            "failing": stats.failing,
            "entries": stats.entries,
            "next_due": iso(due),
        }
        self._line.show(describe_wait(due, stats.feeds))

    def _read(self) -> tuple[Stats, Mapping[FeedState, int], datetime | None]:
        return self._archive.stats(), self._archive.feed_states(), self._archive.next_due()

    def pause(self, error: ArchiveError) -> None:
        """Collecting rests until the archive is well again; told once, and once more where a server
        that was away is there and refuses us."""
        away, self._away = self._away, isinstance(error, ServerAway)
        refused = away and not self._away and error.what not in self._told
        if self._paused is None or refused:
            self._told.add(error.what)
            _log.error("collecting is paused", why=error.what, where=error.where, hint=error.hint)
        self._paused = str(error)
        self._metrics.show_paused(True)

    def resume(self) -> None:
        """Collecting goes on; told where it was paused."""
        if self._paused is not None:
            _log.info("collecting goes on")
        self._paused = None
        self._told.clear()
        self._metrics.show_paused(False)

    def tell(self, read_more: Callable[[], Mapping[str, object | None]]) -> dict[str, object]:
        """The object of ``/health``, within seconds however the archive is; of what ``read_more``
        reads from that, what there is."""
        ended, more = self._parts.ended, self._more.ask(read_more)
        looked = monotonic() - self._looked
        late = "late" if looked > _LATE_SECONDS else "ok"
        return {
            "status": "paused" if self._paused else "broken" if ended else late,
            "paused": self._paused,
            "ended": ended,
            "version": __version__,
            "started": iso(self._started),
            "last_look_seconds": round(looked),
            **self._seen,
            **{name: one for name, one in more.items() if one is not None},
        }

    def metrics(self) -> bytes:
        """All metrics, within seconds however the archive is; the delays, which are read from it, a
        minute old as a rule."""
        if monotonic() >= self._delays_until:
            self._delays_until = monotonic() + _DELAYS_SECONDS
            self._metrics.show_delays(self._delays.ask(self._read_delays))
        return self._metrics.text()

    def _read_delays(self) -> dict[str, list[float]]:
        names = {feed.key: shown_feed(feed.url) for feed in self._archive.feeds()}
        found = self._archive.delays(since=now() - _DELAYS_OF)
        shown = dict[str, list[float]]()
        for key, held in found.items():
            # Two feeds may differ in what is not shown.
            shown.setdefault(names[key], []).extend(held)
        return shown
