"""Telling an outside hub which documents changed: once a change, until it has heard."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from aggregator.archive import Archive
from aggregator.collect import Courier
from aggregator.hub.messages import FORM_TYPE, ping_form
from aggregator.hub.patience import wait_after
from aggregator.model.errors import ArchiveError, FeedError
from aggregator.model.hub import Count
from aggregator.publish import Site

_log: Any = structlog.get_logger()

_AT_ONCE = 8
# Answers that say "later"; any other refusal would be the same again.
_LATER = {408, 425, 429}


class Pinger:
    """Tells one hub. What it has not heard of stands in the archive, so a restart goes on."""

    def __init__(
        self, archive: Archive, courier: Courier, hub: str, site: Site, count: Count
    ) -> None:
        self._archive = archive
        self._courier = courier
        self._hub = hub
        self._site = site
        self._count = count
        self._news = asyncio.Event()
        self._failures = 0
        self.failure: str | None = None
        """Why the hub did not hear the last ping; None where it did."""

    def wake(self) -> None:
        """Something was published."""
        self._news.set()

    async def run(self) -> None:
        """Ping at news, and after a failure again and again, until cancelled."""
        while True:
            self._news.clear()
            try:
                asked = await self.ping()
            except ArchiveError as error:
                _log.error("hub not pinged", why=error.on_one_line)
                self._failures, asked = self._failures + 1, None
            if self._failures:
                # News do not shorten the pause: a hub that is down is left in peace.
                await asyncio.sleep(wait_after(self._failures, asked=asked).total_seconds())
            else:
                await self._news.wait()

    async def ping(self) -> float | None:
        """Tell the hub of all it has not heard of, once; returns the seconds it asks to wait.

        Stops at the first failure that may pass. Raises ArchiveError.
        """
        waiting = list((await asyncio.to_thread(self._archive.published.unpinged)).items())
        for start in range(0, len(waiting), _AT_ONCE):
            some = dict(waiting[start : start + _AT_ONCE])
            answers = await asyncio.gather(*(self._tell(path) for path in some))
            heard = {
                path: some[path]
                for path, answer in zip(some, answers, strict=True)
                if answer is None
            }
            await asyncio.to_thread(self._archive.published.mark_pinged, heard)
            if failed := [answer for answer in answers if answer is not None]:
                self._failures += 1
                return max(failed)
        self._failures, self.failure = 0, None
        return None

    async def _tell(self, path: str) -> float | None:
        """One ping: None where it needs no repeating, else the seconds to wait before (or 0)."""
        topic = self._site.url(path)
        answer = await self._courier.post(self._hub, ping_form(topic), {"Content-Type": FORM_TYPE})
        if isinstance(answer, FeedError):
            return self._fail(answer.what)
        if answer.ok:
            self._count("ping", "heard")
            return None
        if 400 <= answer.status < 500 and answer.status not in _LATER:
            self._count("ping", "refused")
            _log.warning("the hub refuses a ping", topic=topic, status=answer.status)
            return None
        return self._fail(f"it answers {answer.status}", answer.retry_after)

    def _fail(self, why: str, asked: float | None = None) -> float:
        self._count("ping", "failed")
        if self.failure is None:
            _log.warning("the hub does not hear", hub=self._hub, why=why)
        self.failure = why
        return asked or 0.0
