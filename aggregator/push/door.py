"""The door that hubs come to: their questions are answered, their messages let in or not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import timedelta
from typing import Any, Protocol

import structlog
from msgspec.structs import asdict

from aggregator import __version__
from aggregator.archive import Archive
from aggregator.collect import Courier
from aggregator.model.hub import Count
from aggregator.model.push import Lease
from aggregator.model.settings import DAY, Settings
from aggregator.model.time import now
from aggregator.pipeline import Pipeline
from aggregator.push.callbacks import Asked, address_of, is_token, read_question, renewal
from aggregator.push.lane import Arrived, Lane
from aggregator.push.signatures import Message
from aggregator.push.subscribing import Subscriptions

_log: Any = structlog.get_logger()

# The most that a request to a hub may take.
_SECONDS = 15.0
# Until a hub that refused a subscription is asked again.
_REFUSED = timedelta(seconds=DAY)


class Door(Protocol):
    """What the server asks about a request to a callback's address."""

    async def run(self) -> None:
        """Keep the subscriptions that the door is for, until cancelled."""

    async def confirm(self, token: str, asked: Asked) -> str | None:
        """What a hub's question is answered with; None where we did not ask for it.
        Raises ArchiveError."""

    async def admit(self, token: str, signatures: Sequence[str]) -> Message | None:
        """The message that begins; None where nothing is expected there. Raises ArchiveError."""

    async def hear(self, message: Message) -> None:
        """A message is here whole. Raises ArchiveError."""


class Closed:
    """Expects nothing of anybody."""

    async def run(self) -> None:
        """Nothing to do."""

    async def confirm(self, token: str, asked: Asked) -> str | None:
        return None

    async def admit(self, token: str, signatures: Sequence[str]) -> Message | None:
        return None

    async def hear(self, message: Message) -> None:
        """Nothing was let in."""


class Listener:
    """Our subscriptions, and the door for what comes of them."""

    def __init__(
        self,
        archive: Archive,
        subscriptions: Subscriptions,
        lane: Lane,
        count: Count,
        methods: Collection[str],
    ) -> None:
        self._archive = archive
        self._subscriptions = subscriptions
        self._lane = lane
        self._count = count
        self._methods = methods

    async def run(self) -> None:
        await self._subscriptions.run()

    async def confirm(self, token: str, asked: Asked) -> str | None:
        return await asyncio.to_thread(self._confirm, token, asked)

    def _confirm(self, token: str, asked: Asked) -> str | None:
        one = self._find(token)
        question = read_question(asked, one) if one else None
        if one is None or question is None:
            self._count("subscription", "unasked")
            return None
        at = now()
        with self._archive.pushes(write=True) as held:
            if question.denied is not None:
                held.deny(one.feed, f"it refuses: {question.denied}".rstrip(": "), at + _REFUSED)
            else:
                renew = at + timedelta(seconds=renewal(question.lease))
                held.confirm(one.feed, at + timedelta(seconds=question.lease), renew)
        self._count("subscription", "confirmed" if question.denied is None else "denied")
        return question.challenge

    async def admit(self, token: str, signatures: Sequence[str]) -> Message | None:
        one = await asyncio.to_thread(self._find, token)
        return Message(one.feed, one.secret, signatures, self._methods) if one else None

    async def hear(self, message: Message) -> None:
        wrong = message.judge()
        self._count("push", "dropped" if wrong else "heard")
        if wrong:
            await asyncio.to_thread(self._complain, message.feed, wrong)
        else:
            self._lane.knock(message.feed)

    def _complain(self, feed: int, why: str) -> None:
        with self._archive.pushes(write=True) as held:
            held.complain(feed, why)

    def _find(self, token: str) -> Lease | None:
        if not is_token(token):
            return None
        with self._archive.pushes() as held:
            return held.find(token)


def standing(archive: Archive, address: str) -> dict[str, object] | None:
    """How far the hubs of feeds are of use, as JSON; None where they cannot reach us.
    Raises ArchiveError."""
    if not address:
        return None
    with archive.pushes() as held:
        return {"address": address, **asdict(held.counts(now()))}


@contextlib.asynccontextmanager
async def listening(
    pipeline: Pipeline, settings: Settings, count: Count, arrived: Arrived
) -> AsyncIterator[Door]:
    """The door for hubs while the context lasts; closed where hubs cannot reach us.

    ``arrived`` is called with what a hub's message led to, once it is stored.
    """
    address = address_of(settings)
    if not address:
        yield Closed()
        return
    lane = Lane(pipeline, arrived)
    async with Courier(settings.collect, __version__, seconds=_SECONDS) as courier:
        interval = float(settings.collect.default_interval)
        kept = Subscriptions(pipeline.archive, courier, address, interval, count)
        try:
            methods = settings.collect.push_signatures
            yield Listener(pipeline.archive, kept, lane, count, methods)
        finally:
            await lane.close()
