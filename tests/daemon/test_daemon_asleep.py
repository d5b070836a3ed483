"""A machine that slept: what became due meanwhile comes back one after another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from daemonprocess import Daemon
from feedserver import FeedServer
from servicedesk import service_at

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
    async with service_at(BEGIN, folder) as desk:
        await desk.look()
        await desk.rest()
        assert len(server.requests) == FEEDS
        desk.clock.go_on(hours=9)
        await desk.look()
        await desk.rest()
        # The longest overdue, and no more.
        assert len(server.requests) == FEEDS + 1
        # All of them within ten minutes.
        for _ in range(120):
            desk.clock.go_on(seconds=5)
            await desk.look()
            await desk.rest()
        assert len(server.requests) == 2 * FEEDS
        due = [feed.next_due for feed in desk.archive.feeds()]
        assert min(due) > desk.clock.at + timedelta(minutes=1)
