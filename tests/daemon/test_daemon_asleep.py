"""A machine that slept: what became due meanwhile comes back one after another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

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


def test_after_a_sleep_feeds_are_not_asked_all_at_once(tmp_path):
    with FeedServer() as server:
        folder = Daemon(tmp_path / "config")
        folder.subscribe(*(server.serve(f"/{n}.xml", rss(n)) for n in range(FEEDS)))
        asyncio.run(sleep(folder, server))


async def sleep(folder: Daemon, server: FeedServer) -> None:
    configuration = load(folder.folder)
    with (
        SimClock(BEGIN) as clock,
        open_archive(configuration.settings.archive, write=True, purpose="a test") as archive,
    ):
        service = _Service(configuration, archive, Watch(folder.folder), progress=False)
        async with (
            service._opened() as pipeline,
            service._collecting_with(pipeline, failed=asyncio.Event()) as collecting,
        ):
            await collecting.look()
            await collecting.rest()
            assert len(server.requests) == FEEDS
            clock.go_on(hours=9)
            await collecting.look()
            await collecting.rest()
            # The longest overdue, and no more.
            assert len(server.requests) == FEEDS + 1
            # All of them within ten minutes.
            for _ in range(120):
                clock.go_on(seconds=5)
                await collecting.look()
                await collecting.rest()
            assert len(server.requests) == 2 * FEEDS
            due = [feed.next_due for feed in archive.feeds()]
            assert min(due) > clock.at + timedelta(minutes=1)
