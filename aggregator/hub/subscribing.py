"""The built-in hub's ear: requests are checked, their intent is verified, then they count."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import Counter
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog

from aggregator.archive import Archive, Subscribers
from aggregator.collect import Answer, Courier
from aggregator.hub.asking import Fields, Reply, Wanted, read_request
from aggregator.hub.messages import confirmation_url, denial_url
from aggregator.hub.patience import Allowance
from aggregator.model.errors import ArchiveError
from aggregator.model.hub import Count, Subscriber
from aggregator.model.settings import HubSettings
from aggregator.model.time import now
from aggregator.publish import Site

_log: Any = structlog.get_logger()

# Questions to callbacks: under way at once, waiting in all, and waiting for one host.
_AT_ONCE, _WAITING, _WAITING_PER_HOST = 32, 1000, 50
_ACCEPTED = Reply(status=202, text="Accepted. The callback is asked now whether it meant it.")
_BUSY = Reply(status=503, text="Too many requests wait already.", retry_after=60)
_FULL = Reply(status=503, text="No more subscriptions are kept here.", retry_after=3600)


class Subscribing:
    """Takes requests and verifies them, each as soon as it came."""

    def __init__(
        self, archive: Archive, courier: Courier, site: Site, settings: HubSettings, count: Count
    ) -> None:
        self._archive = archive
        self._courier = courier
        self._site = site
        self._settings = settings
        self._count = count
        self._allowance = Allowance(settings.max_requests)
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._waiting = Counter[str]()
        self._latest: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, fields: Fields) -> Reply:
        """The answer to a request. Its verification begins now, and does not hold up the answer."""
        if not self._allowance.take(monotonic()):
            return Reply(status=429, text="Too many requests.", retry_after=60)
        wanted = read_request(fields, self._site, self._settings)
        if isinstance(wanted, Reply):
            return wanted
        if len(self._tasks) >= _WAITING or self._waiting[wanted.host] >= _WAITING_PER_HOST:
            return _BUSY
        try:
            refusal = await asyncio.to_thread(self._refusal, wanted)
        except ArchiveError as error:
            _log.error("subscription not looked at", why=error.on_one_line)
            return Reply(status=503, text="The archive cannot be asked now.", retry_after=60)
        if refusal is None:
            self._begin(wanted)
        return refusal or _ACCEPTED

    def stop(self) -> None:
        """Verify nothing more; who asked asks again."""
        for task in self._tasks:
            task.cancel()

    def _refusal(self, wanted: Wanted) -> Reply | None:
        if self._archive.published.document(wanted.path) is None:
            return Reply(status=404, text="hub.topic is no feed that is published here")
        if not wanted.subscribe:
            return None
        with self._archive.subscribers() as held:
            known = held.find(wanted.path, wanted.callback) is not None
            return None if known or self._has_room(held, wanted.host) else _FULL

    def _begin(self, wanted: Wanted) -> None:
        name = (wanted.path, wanted.callback)
        self._waiting[wanted.host] += 1
        task = asyncio.create_task(self._verify(wanted, self._latest.get(name)))
        self._latest[name] = task
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._waiting[wanted.host] -= 1
            self._waiting += Counter()  # drops hosts that nobody waits for
            if self._latest.get(name) is task:
                del self._latest[name]

        task.add_done_callback(ended)

    async def _verify(self, wanted: Wanted, before: asyncio.Task[None] | None) -> None:
        """Ask the callback (WebSub, section 5.3); what it confirms takes effect.

        After an earlier request for the same, so that the later one overrides it.
        """
        if before is not None:
            await asyncio.wait([before])
        challenge = secrets.token_urlsafe(32)
        async with self._places:
            asked_at = now()
            answer = await self._courier.get(confirmation_url(wanted, challenge))
        confirmed = (
            isinstance(answer, Answer)
            and answer.ok
            and hmac.compare_digest(answer.body, challenge.encode())
        )
        self._count("verification", "confirmed" if confirmed else "failed")
        if not confirmed:
            return
        try:
            kept = await asyncio.to_thread(self._settle, wanted, asked_at)
        except ArchiveError as error:
            _log.error("subscription not stored", host=wanted.host, why=error.on_one_line)
            return
        if not kept:
            reason = "no more subscriptions are kept, or the feed is published no more"
            await self._courier.get(denial_url(wanted.callback, wanted.topic, reason))

    def _settle(self, wanted: Wanted, asked_at: datetime) -> bool:
        """Store what was confirmed; False where it can no longer be."""
        version = self._archive.published.document(wanted.path)
        with self._archive.subscribers(write=True) as held:
            if not wanted.subscribe:
                held.remove(wanted.path, wanted.callback)
                return True
            before = held.find(wanted.path, wanted.callback)
            if version is None or (before is None and not self._has_room(held, wanted.host)):
                return False
            held.keep(
                Subscriber(
                    path=wanted.path,
                    callback=wanted.callback,
                    host=wanted.host,
                    secret=wanted.secret,
                    until=asked_at + timedelta(seconds=wanted.lease),
                    # Who subscribes anew has just read the feed; who renews may still wait.
                    settled=before.settled if before else version,
                )
            )
            return True

    def _has_room(self, held: Subscribers, host: str) -> bool:
        return (
            held.count() < self._settings.max_subscriptions
            and held.count(host=host) < self._settings.max_per_host
        )
