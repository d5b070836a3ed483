"""The hub that the settings ask for: the built-in one, an outside one that is told, or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from msgspec.structs import asdict

from aggregator import __version__
from aggregator.archive import Archive
from aggregator.collect import Courier
from aggregator.hub.asking import Fields, Reply
from aggregator.hub.deliveries import Deliveries
from aggregator.hub.pinging import Pinger
from aggregator.hub.subscribing import Subscribing
from aggregator.model.hub import Count
from aggregator.model.settings import BUILT_IN_HUB, HubSettings, Settings
from aggregator.model.time import now
from aggregator.publish import Folder, Site

# The most that one message may take; a third of it without progress ends it too.
_SECONDS = 15.0
_NONE_HERE = Reply(status=404, text="There is no hub here.")


class Teller(Protocol):
    """Who tells others of what was published."""

    async def run(self) -> None:
        """Tell until cancelled."""

    def wake(self) -> None:
        """Something was published."""

    async def ask(self, fields: Fields) -> Reply:
        """The answer to a form that was sent to ``/hub``."""

    def health(self) -> dict[str, object] | None:
        """What ``/health`` says; None where nobody is told. Blocks. Raises ArchiveError."""


class Silent:
    """Tells nobody, and answers all who ask alike."""

    def __init__(self, reply: Reply = _NONE_HERE) -> None:
        self._reply = reply

    async def run(self) -> None:
        """Nothing to do."""

    def wake(self) -> None:
        """Nobody is told."""

    async def ask(self, fields: Fields) -> Reply:
        return self._reply

    def health(self) -> None:
        return None


class Hub:
    """The built-in hub."""

    def __init__(self, archive: Archive, subscribing: Subscribing, deliveries: Deliveries) -> None:
        self._archive = archive
        self._subscribing = subscribing
        self._deliveries = deliveries

    async def run(self) -> None:
        try:
            await self._deliveries.run()
        finally:
            self._subscribing.stop()

    def wake(self) -> None:
        self._deliveries.wake()

    async def ask(self, fields: Fields) -> Reply:
        return await self._subscribing.ask(fields)

    def health(self) -> dict[str, object]:
        return standing(self._archive, BUILT_IN_HUB)


class Outside:
    """A hub elsewhere."""

    def __init__(self, archive: Archive, address: str, pinger: Pinger) -> None:
        self._archive = archive
        self._address = address
        self._pinger = pinger

    async def run(self) -> None:
        await self._pinger.run()

    def wake(self) -> None:
        self._pinger.wake()

    async def ask(self, fields: Fields) -> Reply:
        return _NONE_HERE

    def health(self) -> dict[str, object]:
        return {**standing(self._archive, self._address), "failure": self._pinger.failure}


def standing(archive: Archive, address: str) -> dict[str, object]:
    """How far telling has come, as JSON: for the built-in hub its subscriptions, for another one the
    documents that it was not told of. Raises ArchiveError."""
    if address != BUILT_IN_HUB:
        return {"address": address, "unpinged": len(archive.published.unpinged())}
    with archive.subscribers() as held:
        return {"address": address, **asdict(held.counts(now()))}


@asynccontextmanager
async def telling(
    archive: Archive, settings: Settings, site: Site, count: Count
) -> AsyncIterator[Teller]:
    """Who tells others, by ``publish.hub``, while the context lasts; it does so in its ``run``."""
    address = settings.publish.hub
    if not address:
        yield Silent()
        return
    # A hub elsewhere was chosen by who runs us, as feeds were; a callback names anybody.
    networks = settings.hub.allow_networks if address == BUILT_IN_HUB else None
    async with Courier(
        settings.collect, __version__, seconds=_SECONDS, allow_networks=networks
    ) as courier:
        if address != BUILT_IN_HUB:
            yield Outside(archive, address, Pinger(archive, courier, address, site, count))
            return
        folder = Folder(settings.publish.directory)
        yield Hub(
            archive,
            Subscribing(archive, courier, site, settings.hub, count),
            Deliveries(archive, courier, folder, site, count, longest_lease=_longest(settings.hub)),
        )


def _longest(settings: HubSettings) -> float:
    """Seconds of the longest lease that was granted, unless a person lowered a higher maximum since."""
    return float(max(settings.max_lease, HubSettings().max_lease))


async def ping_once(archive: Archive, settings: Settings, site: Site) -> str | None:
    """Tell an outside hub of what it has not heard of, one try each; returns why it did not hear.

    Does nothing where ``publish.hub`` names none. Raises ArchiveError.
    """
    address = settings.publish.hub
    if address in {"", BUILT_IN_HUB}:
        return None
    async with Courier(settings.collect, __version__, seconds=_SECONDS) as courier:
        pinger = Pinger(archive, courier, address, site, lambda _kind, _outcome: None)
        await pinger.ping()
        return pinger.failure
