"""The daemon's rounds over a configuration folder, begun by hand, with the clock in the test's hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from daemonprocess import Daemon
from simclock import SimClock

from aggregator.archive import Archive, open_archive
from aggregator.config import load
from aggregator.daemon.collecting import Collecting
from aggregator.daemon.service import _Service
from aggregator.daemon.watching import Watch
from aggregator.pipeline import Pipeline


@dataclass
class ServiceDesk:
    """A service whose loop does not run: a test looks for it."""

    clock: SimClock
    archive: Archive
    collecting: Collecting
    service: _Service
    pipeline: Pipeline

    async def look(self) -> None:
        """Begin a round, should anything be due."""
        await self.collecting.look()

    async def rest(self) -> None:
        """Until no round runs. Raises what ended one."""
        while self.collecting._rounds:
            await asyncio.wait(self.collecting._rounds)
        self.collecting._raise_failed()


@asynccontextmanager
async def service_at(begin: datetime, folder: Daemon) -> AsyncIterator[ServiceDesk]:
    """While the context lasts, from that time on."""
    configuration = load(folder.folder)
    with (
        SimClock(begin) as clock,
        open_archive(configuration.settings.archive, write=True, purpose="a test") as archive,
    ):
        service = _Service(configuration, archive, Watch(folder.folder), progress=False)
        async with (
            service._opened() as pipeline,
            service._collecting_with(pipeline, failed=asyncio.Event()) as collecting,
        ):
            yield ServiceDesk(clock, archive, collecting, service, pipeline)
