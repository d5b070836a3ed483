"""Bringing changed documents to those who subscribed: each on its own, none waiting for another.

::

    news ─► due (archive) ─► a task a subscriber ─► place of its host ─► lane ─► POST ─► Attempt ─► archive

What is due follows from the archive alone: a document whose version is not the one that a
subscription settled. So a restart delivers what was left, and what was delivered just before
a crash may come twice, never not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.collect import Answer, Courier
from aggregator.hub.messages import delivery_headers, denial_url
from aggregator.hub.patience import gives_up, wait_after
from aggregator.model.errors import ArchiveError, FeedError, PublishError
from aggregator.model.hub import Attempt, Count, Subscriber
from aggregator.model.time import now
from aggregator.publish import Folder, Site, fingerprint

_log: Any = structlog.get_logger()

# Deliveries under way at once: to those who took the last one, and to those who did not.
# The second never hold up the first.
_SOUND, _AILING, _PER_HOST = 200, 20, 8
# Without news, who waits is looked at this often; what is over, this often.
_LOOK_SECONDS, _LAPSE_SECONDS = 5.0, 60.0
# Outcomes of so long are one write.
_GATHER_SECONDS = 0.2
_GONE = 410


class _Host(Struct):
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PER_HOST))
    users: int = 0


class Deliveries:
    """The deliveries of one hub. :meth:`run` until it is cancelled; :meth:`wake` at news."""

    def __init__(
        self,
        archive: Archive,
        courier: Courier,
        folder: Folder,
        site: Site,
        count: Count,
        *,
        longest_lease: float,
    ) -> None:
        """``longest_lease``: seconds that a subscription may have been agreed on for."""
        self._archive = archive
        self._courier = courier
        self._folder = folder
        self._site = site
        self._count = count
        self._longest_lease = timedelta(seconds=longest_lease)
        self._news = asyncio.Event()
        self._generation = 0
        self._sound, self._ailing = asyncio.Semaphore(_SOUND), asyncio.Semaphore(_AILING)
        self._hosts: dict[str, _Host] = {}
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._look_again = False
        self._finished = asyncio.Event()
        self._attempts: list[Attempt] = []
        self._farewells: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Something was published."""
        self._generation += 1
        self._news.set()

    async def run(self) -> None:
        """Deliver until cancelled; then what was delivered is stored, and the rest left due."""
        try:
            await asyncio.gather(self._watch(), self._store(), self._bury())
        finally:
            for task in (*self._under_way.values(), *self._farewells):
                task.cancel()
            with contextlib.suppress(ArchiveError):
                self._record(self._attempts)

    async def _watch(self) -> None:
        while True:
            self._news.clear()
            # What is read may be older than an outcome that is being stored meanwhile.
            busy = set(self._under_way)
            try:
                due = await asyncio.to_thread(self._due)
            except ArchiveError as error:
                _log.error("subscribers not looked at", why=error.on_one_line)
                due = ()
            for one in due:
                name = (one.path, one.callback)
                if name in busy:
                    # Who is through, but not stored, is looked at again; the others see to it.
                    task = self._under_way.get(name)
                    self._look_again |= task is None or task.done()
                else:
                    self._under_way[name] = asyncio.create_task(self._serve(one))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _LOOK_SECONDS)

    def _due(self) -> tuple[Subscriber, ...]:
        with self._archive.subscribers() as held:
            return held.due(now())

    async def _serve(self, one: Subscriber) -> None:
        """Bring one subscriber what it waits for, newer versions that come meanwhile included."""
        attempt = Attempt(path=one.path, callback=one.callback, failures=one.failures)
        try:
            async with self._place(one):
                going_on = True
                while going_on:
                    generation = self._generation
                    one, attempt, delivered = await self._deliver(one, attempt)
                    going_on = delivered and generation != self._generation
        except PublishError as error:
            _log.error("document not read", why=error.on_one_line)
        finally:
            self._attempts.append(attempt)
            self._finished.set()

    @contextlib.asynccontextmanager
    async def _place(self, one: Subscriber) -> AsyncIterator[None]:
        host = self._hosts.setdefault(one.host, _Host())
        host.users += 1
        try:
            # The host's place first: who waits for a slow host takes none of a lane's.
            async with host.places, self._ailing if one.failures else self._sound:
                yield
        finally:
            host.users -= 1
            if not host.users:
                del self._hosts[one.host]

    async def _deliver(self, one: Subscriber, before: Attempt) -> tuple[Subscriber, Attempt, bool]:
        """One POST, if there is news: the subscriber and the attempt as they are then, and
        whether it took the document."""
        body = await asyncio.to_thread(self._folder.read, one.path)
        version = fingerprint(body) if body is not None else one.settled
        if body is None or version == one.settled or one.until <= now():
            return one, before, False
        headers = delivery_headers(one.path, self._site, body, one.secret)
        answer = await self._courier.post(one.callback, body, headers)
        attempt = judged(one, answer, version, now())
        self._count("delivery", _outcome(attempt))
        if attempt.failures and not one.failures:
            why = answer.what if isinstance(answer, FeedError) else f"it answers {answer.status}"
            _log.warning("subscriber failed", host=one.host, document=one.path, why=why)
        taken = not attempt.failures and not attempt.ended
        return replace(one, settled=version, failures=attempt.failures), attempt, taken

    async def _store(self) -> None:
        """Store outcomes, many in one write. A subscriber may be looked at again after that."""
        while True:
            await self._finished.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._finished.clear()
            attempts, self._attempts = self._attempts, []
            try:
                await asyncio.to_thread(self._record, attempts)
            except ArchiveError as error:
                _log.error("deliveries not stored", why=error.on_one_line)
                self._attempts = attempts + self._attempts
                self._finished.set()
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            for one in attempts:
                del self._under_way[one.path, one.callback]
            if self._look_again:
                self._look_again = False
                self._news.set()

    def _record(self, attempts: list[Attempt]) -> None:
        if attempts:
            with self._archive.subscribers(write=True) as held:
                held.record(attempts)

    async def _bury(self) -> None:
        """Drop what is over; tell those whose feed is published no more."""
        while True:
            try:
                bereft = await asyncio.to_thread(self._lapse)
            except ArchiveError as error:
                _log.error("subscriptions not looked through", why=error.on_one_line)
                bereft = ()
            for one in bereft:
                farewell = asyncio.create_task(self._deny(one))
                self._farewells.add(farewell)
                farewell.add_done_callback(self._farewells.discard)
            await asyncio.sleep(_LAPSE_SECONDS)

    def _lapse(self) -> tuple[Subscriber, ...]:
        with self._archive.subscribers(write=True) as held:
            return held.lapse(now(), self._longest_lease)

    async def _deny(self, one: Subscriber) -> None:
        url = denial_url(one.callback, self._site.url(one.path), "this feed is published no more")
        async with self._place(one):
            await self._courier.get(url)
        self._count("delivery", "denied")


def judged(one: Subscriber, answer: Answer | FeedError, version: bytes, at: datetime) -> Attempt:
    """What a delivery of this version came to at a time (WebSub, section 7). Pure."""
    if isinstance(answer, Answer) and answer.ok:
        return Attempt(path=one.path, callback=one.callback, settled=version)
    if isinstance(answer, Answer) and answer.status == _GONE:
        return Attempt(path=one.path, callback=one.callback, ended=True)
    failures = one.failures + 1
    asked = answer.retry_after if isinstance(answer, Answer) else None
    return Attempt(
        path=one.path,
        callback=one.callback,
        settled=version if gives_up(failures) else None,
        failures=failures,
        next_try=at + wait_after(failures, asked=asked),
    )


def _outcome(attempt: Attempt) -> str:
    if attempt.ended:
        return "ended"
    if not attempt.failures:
        return "delivered"
    return "given up" if attempt.settled is not None else "failed"
