"""What was noted while the machine's clock was ahead holds up nothing once it is right again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from archivedesk import interests
from feedserver import FeedServer
from simclock import SimClock
from structlog.testing import capture_logs

from aggregator.archive import open_archive
from aggregator.daemon.reporting import report_round
from aggregator.inclusions import follow_lists
from aggregator.model.feed import Subscription
from aggregator.model.inclusion import Inclusion
from aggregator.model.settings import (
    ArchiveSettings,
    CollectSettings,
    NormalizeSettings,
    PublishSettings,
    Settings,
)
from aggregator.pipeline import Pipeline, open_pipeline, prepare
from aggregator.rounds import Round, collect_round

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
YEAR, DAY, HOUR = timedelta(days=365), timedelta(days=1), timedelta(hours=1)
EMPTY = b"<rss version='2.0'><channel><title>T</title></channel></rss>"


@dataclass
class Desk:
    """Rounds over a few feeds of one host, at times that a test says."""

    settings: Settings
    server: FeedServer
    clock: SimClock

    def serve(self, numbers: range, **answer: object) -> list[str]:
        return [self.server.serve(f"/{n}", **answer) for n in numbers]

    @contextlib.asynccontextmanager
    async def opened(self, urls: Sequence[str]) -> AsyncIterator[Pipeline]:
        with open_archive(self.settings.archive, write=True, purpose="test") as archive:
            lines = [Subscription(url=url) for url in urls]
            matcher = prepare(archive, self.settings, lines, interests())
            async with open_pipeline(archive, self.settings, matcher) as pipeline:
                yield pipeline

    async def round(self, pipeline: Pipeline, at: datetime) -> Round:
        self.clock.at = at
        return await collect_round(pipeline)


@pytest.fixture
def desk(tmp_path):
    settings = Settings(
        archive=ArchiveSettings(directory=tmp_path / "archive", free_space=0),
        collect=CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=0),
        normalize=NormalizeSettings(workers=1),
        publish=PublishSettings(directory=tmp_path / "public"),
    )
    with FeedServer() as server, SimClock(NOON) as clock:
        yield Desk(settings, server, clock)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    ("ahead", "asked_at_noon"),
    [(timedelta(0), 0), (timedelta(minutes=5), 0), (40 * DAY, 3), (YEAR, 3)],
)
def test_a_host_is_left_alone_no_longer_than_any_wait_that_is_obeyed(
    desk, ahead, asked_at_noon, restarted
):
    """It asks for two hours while the clock is so far ahead; at noon the clock is right again."""

    async def misled(pipeline: Pipeline) -> None:
        done = await desk.round(pipeline, NOON + ahead)
        assert (done.counts.failed, len(done.postponed)) == (1, 2)
        desk.serve(range(3), body=EMPTY)
        desk.server.requests.clear()

    async def righted(pipeline: Pipeline) -> None:
        done = await desk.round(pipeline, NOON)
        assert (len(desk.server.requests), done.postponed) == (asked_at_noon, [])
        # Within the hour after the two all have come back.
        await desk.round(pipeline, NOON + 3.5 * HOUR)
        assert {one.path for one in desk.server.requests} == {"/0", "/1", "/2"}

    async def go() -> None:
        urls = desk.serve(range(3), status=429, headers={"Retry-After": "7200"})
        async with desk.opened(urls) as pipeline:
            await misled(pipeline)
            if not restarted:
                await righted(pipeline)
        if restarted:
            async with desk.opened(urls) as pipeline:
                await righted(pipeline)

    asyncio.run(go())


def test_that_a_host_is_left_alone_is_told_once(desk):
    urls = desk.serve(
        range(6), status=429, headers={"Retry-After": f"{10 * DAY.total_seconds():.0f}"}
    )

    async def go() -> list[list[str]]:
        told = []
        # Each time there are more feeds of it; the last time the wait is over, and another begins.
        for feeds, at in ((3, NOON), (4, NOON + HOUR), (5, NOON + DAY), (6, NOON + 11 * DAY)):
            async with desk.opened(urls[:feeds]) as pipeline:
                with capture_logs() as logged:
                    report_round(await desk.round(pipeline, at), next_due=None)
            told.append([one["host"] for one in logged if "left alone" in one["event"]])
        return told

    assert asyncio.run(go()) == [["127.0.0.1"], [], [], ["127.0.0.1"]]


LIST = (
    b"<opml version='2.0'><body><outline type='rss' xmlUrl='http://feed.example/'/></body></opml>"
)
UNWELL = {"status": 503, "headers": {"Retry-After": f"{20 * DAY.total_seconds():.0f}"}}


@pytest.mark.parametrize(
    ("answer", "interval", "ahead", "asked"),
    [
        ({"body": LIST}, None, timedelta(0), 1),
        # A clock that is put right by a little makes it come no sooner.
        ({"body": LIST}, None, HOUR, 1),
        ({"body": LIST}, None, 3 * HOUR, 2),
        ({"body": LIST}, 7 * DAY, 3 * HOUR, 1),
        ({"body": LIST}, 7 * DAY, DAY, 2),
        ({"body": LIST}, None, YEAR, 2),
        ({"status": 404}, None, YEAR, 2),
        # Its server asked for it.
        (UNWELL, None, timedelta(0), 1),
        (UNWELL, None, 20 * DAY, 2),
    ],
)
def test_an_included_list_is_asked_once_an_interval(desk, answer, interval, ahead, asked):
    """Looked at by a clock so far ahead, and again right after it was put right."""
    url = desk.server.serve("/list.opml", **answer)
    seconds = interval and int(interval.total_seconds())
    inclusions = [Inclusion(url=url, interval=seconds)]

    async def go() -> int:
        async with desk.opened([]) as pipeline:
            for at in (NOON + ahead, NOON, NOON + timedelta(minutes=1)):
                desk.clock.at = at
                await follow_lists(pipeline.archive, pipeline.collector, [], inclusions)
        return len(desk.server.requests)

    assert asyncio.run(go()) == asked
