"""A machine that slept: what became due meanwhile comes back one after another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from daemonprocess import Daemon
from feedserver import FeedServer
from simclock import SimClock

from aggregator.archive import open_archive
from aggregator.config import load
from aggregator.daemon.service import _Service
from aggregator.daemon.watching import Watch

FEEDS = 20
BEGIN = datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)


def rss(number: int) -> bytes:
    return (
        f"<rss version='2.0'><channel><title>Feed {number}</title><item><guid>{number}</guid>"
        f"<title>Story {number}</title></item></channel></rss>"
    ).encode()


@pytest.mark.parametrize(
    ("hours", "at_once"),
    [
        # Overdue for hours: the first of them, and no more.
        (9, 1),
        # It only was not due for longer than the daemon takes between two looks.
        (0.1, 0),
    ],
)
def test_after_a_sleep_feeds_are_not_asked_all_at_once(tmp_path, hours, at_once):
    with FeedServer() as server:
        folder = Daemon(tmp_path / "config")
        folder.subscribe(*(server.serve(f"/{n}.xml", rss(n)) for n in range(FEEDS)))
        asyncio.run(sleep(folder, server, hours, at_once))


async def sleep(folder: Daemon, server: FeedServer, hours: float, at_once: int) -> None:
    configuration = load(folder.folder)
    with (
        SimClock(BEGIN) as clock,
        open_archive(configuration.settings.archive, write=True, purpose="a test") as archive,
    ):
        service = _Service(configuration, archive, Watch(folder.folder), progress=False)
        async with service._opened() as pipeline:
            await service._collect(pipeline)
            assert len(server.requests) == FEEDS
            clock.go_on(hours=hours)
            await service._collect(pipeline)
            assert len(server.requests) - FEEDS == at_once
            # All of them within ten minutes.
            for _ in range(120):
                clock.go_on(seconds=5)
                await service._collect(pipeline)
            assert len(server.requests) - FEEDS == FEEDS * at_once
            due = [feed.next_due for feed in archive.feeds()]
            assert min(due) > clock.at + timedelta(minutes=1)
