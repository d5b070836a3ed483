"""Asking hubs: for what feeds offer, again before it ends, and less and less where they do not answer."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.collect import Answer, Courier
from aggregator.model.address import shown_url
from aggregator.model.errors import ArchiveError, FeedError
from aggregator.model.hub import Count
from aggregator.model.push import Lease
from aggregator.model.settings import DAY
from aggregator.model.time import now
from aggregator.push.callbacks import TOKEN_BYTES, can_reach, may_know_secret, request_form

_log: Any = structlog.get_logger()

# How often it is looked for what is to be asked, how much at once, and of one hub.
_LOOK_SECONDS, _LIMIT, _PER_HUB = 5.0, 100, 2
_REDIRECTS, _MOVED = 3, {307, 308}
# Seconds until the next request, after so many that nothing came of. The first is the time
# a hub has to ask back.
_WAITS = (60, 600, 3600, 6 * 3600, DAY)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Subscriptions:
    """Keeps the subscriptions with callbacks below one address. :meth:`run` until cancelled."""

    def __init__(
        self, archive: Archive, courier: Courier, address: str, interval: float, count: Count
    ) -> None:
        """``interval``: seconds between polls of a feed whose hub may not have told of everything."""
        self._archive = archive
        self._courier = courier
        self._address = address
        self._interval = interval
        self._count = count
        self._places = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_PER_HUB))

    async def run(self) -> None:
        """Ask and renew, until cancelled."""
        doubted = False
        asked: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                asked = {feed: task for feed, task in asked.items() if not task.done()}
                try:
                    if not doubted:
                        await asyncio.to_thread(self._doubt)
                        doubted = True
                    due = await asyncio.to_thread(self._look, len(asked))
                except ArchiveError as error:
                    _log.error("hubs not asked", why=error.on_one_line)
                    due = ()
                # A hub that does not answer holds up its own feeds and nobody else's.
                for one in due:
                    if one.feed not in asked:
                        asked[one.feed] = asyncio.create_task(self._ask(one))
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in asked.values():
                task.cancel()
            await asyncio.gather(*asked.values(), return_exceptions=True)

    def _doubt(self) -> None:
        with self._archive.pushes(write=True) as held:
            held.doubt(now(), self._interval)

    def _look(self, waiting: int) -> tuple[Lease, ...]:
        """What is due, beside so many that wait for their hub and are due still."""
        at = now()
        with self._archive.pushes() as held:
            over, due = held.over(at), held.due(at, self._address, limit=_LIMIT + waiting)
        if over:
            with self._archive.pushes(write=True) as held:
                held.lapse(at, self._interval)
        return due

    async def _ask(self, one: Lease) -> None:
        try:
            await self._ask_hub(one)
        except ArchiveError as error:
            _log.error("a hub not asked", hub=one.offer.hub, why=error.on_one_line)

    async def _ask_hub(self, one: Lease) -> None:
        """Ask once. That it was asked is stored before: the hub may ask back before it answers, and
        what came of that counts, whatever the answer is."""
        hub = one.offer.hub
        if not one.token:
            secret = secrets.token_hex(32).encode() if may_know_secret(hub) else b""
            one = replace(one, token=secrets.token_urlsafe(TOKEN_BYTES), secret=secret)
        async with self._places[urlsplit(hub).netloc]:
            asked = await asyncio.to_thread(self._note, one)
            if asked is None:
                return
            if not can_reach(self._address, hub):
                why = "it cannot reach this machine: collect.push_address is on loopback"
                await asyncio.to_thread(self._fail, asked, why, float(DAY))
                return
            answer = await self._post(hub, request_form(one, self._address))
        if isinstance(answer, Answer) and answer.ok:
            self._count("subscription", "asked")
            return
        refused = isinstance(answer, Answer)
        why = f"it answers {answer.status}" if isinstance(answer, Answer) else answer.what
        self._count("subscription", "refused" if refused else "failed")
        told = (answer.retry_after if isinstance(answer, Answer) else None) or 0.0
        stands = await asyncio.to_thread(self._fail, asked, why, max(_wait(one), min(told, DAY)))
        if stands and not one.failure:
            _log.warning("no subscription at a hub", hub=hub, feed=shown_url(one.url), why=why)

    async def _post(self, hub: str, form: bytes) -> Answer | FeedError:
        """The answer to a request, where the hub has moved to (WebSub, section 5.1)."""
        answer = await self._courier.post(hub, form, _FORM)
        for _ in range(_REDIRECTS):
            if isinstance(answer, FeedError) or answer.status not in _MOVED or not answer.location:
                break
            if may_know_secret(hub) and not may_know_secret(answer.location):
                # The secret is in the form, and was given to the hub alone.
                break
            answer = await self._courier.post(answer.location, form, _FORM)
        return answer

    def _note(self, one: Lease) -> Lease | None:
        with self._archive.pushes(write=True) as held:
            return held.ask(one, self._address, now() + timedelta(seconds=_wait(one)))

    def _fail(self, asked: Lease, why: str, wait: float) -> bool:
        with self._archive.pushes(write=True) as held:
            return held.fail(asked, why, now() + timedelta(seconds=wait))


def _wait(one: Lease) -> float:
    return float(_WAITS[min(one.failures, len(_WAITS) - 1)])
