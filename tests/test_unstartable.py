"""A machine on which no process can be started: no feed is to blame, and nobody is asked in vain."""

from __future__ import annotations

import asyncio
import errno

import pytest
from archivedesk import interests
from feedserver import FeedServer
from pebble import ProcessPool

from aggregator.archive import open_archive
from aggregator.model.errors import NoWorkers
from aggregator.model.feed import Subscription
from aggregator.model.settings import ArchiveSettings, CollectSettings, Settings
from aggregator.pipeline import open_pipeline, prepare
from aggregator.rounds import collect_round

ITEM = "<item><guid>1</guid><title>The ferry sails</title></item>"
FEED = f"<rss version='2.0'><channel><title>Bay</title>{ITEM}</channel></rss>".encode()


@pytest.fixture
def full(monkeypatch):
    """Where no more processes can be started, until ``full.clear()``."""
    start, why = ProcessPool._start_pool, [OSError(errno.ENOSPC, "No space left on device")]

    def refuse(pool: ProcessPool) -> None:
        if why:
            raise why[0]
        start(pool)

    monkeypatch.setattr(ProcessPool, "_start_pool", refuse)
    return why


def test_feeds_are_not_failing_and_are_asked_once(tmp_path, full):
    settings = Settings(
        archive=ArchiveSettings(directory=tmp_path / "archive"),
        collect=CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=0),
    )

    async def walk(urls: list[str]) -> None:
        with open_archive(settings.archive, write=True, purpose="test") as archive:
            matcher = prepare(
                archive, settings, [Subscription(url=one) for one in urls], interests()
            )
            async with open_pipeline(archive, settings, matcher) as pipeline:
                for _ in range(3):
                    with pytest.raises(NoWorkers, match=r"cannot be started: .*No space left"):
                        await collect_round(pipeline, everything=True)
                    assert len(server.requests) == len(urls)
                assert [one.failure for one in archive.feeds()] == [None] * len(urls)
                full.clear()
                done = await collect_round(pipeline, everything=True)
                assert (done.counts.new, done.counts.failed) == (len(urls), 0)

    with FeedServer() as server:
        asyncio.run(walk([server.serve(f"/{number}.xml", FEED) for number in range(3)]))


def test_who_asks_before_anything_is_to_be_read_is_told(tmp_path, full):
    settings = Settings(archive=ArchiveSettings(directory=tmp_path / "archive"))

    async def walk() -> None:
        with open_archive(settings.archive, write=True, purpose="test") as archive:
            matcher = prepare(archive, settings, [], interests())
            async with open_pipeline(archive, settings, matcher) as pipeline:
                await pipeline.workers.ready()
                with pytest.raises(NoWorkers):
                    await pipeline.workers.ready(anyway=True)
                full.clear()
                await pipeline.workers.ready()

    asyncio.run(walk())
