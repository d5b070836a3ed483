"""Walking back through a publisher's archive documents, on request and to close a gap."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from callbacks import until
from feedserver import FeedServer
from msgspec.structs import replace

from aggregator.archive import Archive, open_archive
from aggregator.backfill import GAP_DOCUMENTS, Walk, walk_back
from aggregator.daemon.errands import read_archives
from aggregator.model.feed import Feed, Subscription, Trouble
from aggregator.model.interests import Interests
from aggregator.model.settings import (
    ArchiveSettings,
    CollectSettings,
    NormalizeSettings,
    PublishSettings,
    Settings,
)
from aggregator.model.topic import Mute, Topic
from aggregator.pipeline import Pipeline, open_pipeline, prepare
from aggregator.publish import site_of
from aggregator.publishing import publish_behind
from aggregator.rounds import Round, collect_round

NOW = datetime.now(UTC)
INTERESTS = Interests(
    topics=(Topic(slug="all", title="All", query="story"),), people=(), mute=Mute()
)


def document(numbers: range, older: str = "", at: datetime = NOW) -> bytes:
    """An Atom document of these stories, dated a minute apart, the newest first."""
    entries = "".join(
        f"<entry><id>urn:x:{n}</id><title>Story {n}</title><link href='http://n.example/{n}'/>"
        f"<updated>{(at - timedelta(minutes=200 - n)).isoformat()}</updated>"
        f"<summary>What story {n} tells in full.</summary></entry>"
        for n in reversed(numbers)
    )
    link = f'<link rel="prev-archive" href="{older}"/>' if older else ""
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><id>urn:x</id>'
        f"<updated>{NOW.isoformat()}</updated>{link}{entries}</feed>"
    ).encode()


@dataclass
class Desk:
    """Rounds and walks over one feed of the server."""

    settings: Settings
    server: FeedServer
    archive: Archive
    url: str

    def collect(self, *, stop_at: str = "") -> Round:
        """A round, stopped when the server is asked for a path."""

        async def watch(stop: asyncio.Event) -> None:
            if stop_at:
                await asyncio.to_thread(until, lambda: self.server.asked(stop_at))
                stop.set()

        async def go() -> Round:
            stop = asyncio.Event()
            async with self.opened() as pipeline:
                collecting = collect_round(pipeline, everything=True, stop=stop)
                done, _ = await asyncio.gather(collecting, watch(stop))
                return done

        return asyncio.run(go())

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Pipeline]:
        matcher = prepare(self.archive, self.settings, [Subscription(url=self.url)], INTERESTS)
        async with open_pipeline(self.archive, self.settings, matcher) as pipeline:
            yield pipeline

    def walk(self, documents: int = 100) -> Walk:
        async def go() -> Walk:
            async with self.opened() as pipeline:
                return await walk_back(pipeline, self.feed, asyncio.to_thread, documents=documents)

        return asyncio.run(go())

    @property
    def feed(self) -> Feed:
        found = self.archive.feed(self.url)
        assert found is not None
        return found

    def titles(self) -> set[str]:
        return {one.title for one in self.archive.export()}

    def serve(self, path: str, numbers: range, older: str = "") -> None:
        self.server.serve(path, document(numbers, older))


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
def desk(tmp_path, server, archive_url):
    settings = Settings(
        archive=ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0),
        collect=CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=0),
        normalize=NormalizeSettings(workers=1),
        publish=PublishSettings(directory=tmp_path / "public"),
    )
    with open_archive(settings.archive, write=True, purpose="a test") as archive:
        yield Desk(settings, server, archive, server.url("/feed"))


def stories(*numbers: int) -> set[str]:
    return {f"Story {n}" for n in numbers}


def test_a_feed_is_walked_back_to_where_it_begins(desk, server, tmp_path):
    desk.serve("/feed", range(100, 110), "/2")
    desk.serve("/2", range(90, 102), "/1")
    desk.serve("/1", range(80, 90), "/2")
    assert desk.collect().counts.new == 10
    assert desk.feed.previous_archive == server.url("/2")
    publish_behind(desk.archive, desk.settings, site_of(desk.settings))
    before = desk.feed
    walk = desk.walk()
    assert (walk.documents, walk.counts.new, walk.ended) == (2, 20, True)
    assert desk.titles() == stories(*range(80, 110))
    assert [len(server.asked(path)) for path in ("/feed", "/2", "/1")] == [1, 1, 1]
    assert "if-none-match" not in server.asked("/2")[0].headers
    # Of the feed as it is now it changes only the count.
    assert desk.feed == replace(before, entries=30)
    (state,) = desk.archive.topics.states()
    assert (state.stories, state.announced) == (30, 10)
    shown = desk.archive.published.subscription_page("all", size=50)
    assert {one.title for one in shown.entries} == stories(*range(100, 110)), "backlog is no news"
    assert desk.collect().counts.new == 0
    again = desk.walk()
    assert (again.documents, again.counts.new, again.ended) == (2, 0, True)


def test_what_an_archive_document_says_is_no_correction(desk):
    desk.serve("/feed", range(100, 110), "/2")
    desk.collect()
    old = document(range(100, 102)).replace(b"Story 100", b"As it was once")
    desk.server.serve("/2", old)
    assert desk.walk().counts.revised == 0
    assert desk.titles() == stories(*range(100, 110))


def test_a_walk_has_a_bound_and_says_where_it_ended(desk, server):
    desk.serve("/feed", range(100, 110), "/3")
    for n in (3, 2, 1):
        desk.serve(f"/{n}", range(n * 10, n * 10 + 10), f"/{n - 1}")
    desk.collect()
    walk = desk.walk(documents=2)
    assert (walk.documents, walk.ended, walk.next) == (2, False, server.url("/1"))
    walk = desk.walk()
    assert (walk.documents, walk.ended, walk.next) == (3, False, server.url("/0"))
    assert walk.failure.what == "the server knows no such address (404)"
    assert desk.feed.failure is None


def test_an_archive_in_a_private_network_is_not_asked(desk):
    desk.serve("/feed", range(100, 110), "http://192.168.7.7/1")
    desk.collect()
    assert "private network" in desk.walk().failure.what


def test_a_gap_is_closed_from_the_archive(desk, server):
    desk.serve("/feed", range(60, 70), "/5")
    desk.serve("/5", range(50, 60))
    desk.collect()
    desk.serve("/feed", range(100, 110), "/9")
    for n in range(9, 5, -1):
        desk.serve(f"/{n}", range(n * 10, n * 10 + 10), f"/{n - 1}")
    done = desk.collect()
    assert [feed.url for feed in done.missed] == [desk.url]
    assert desk.titles() == stories(*range(60, 110))
    assert done.counts.new == 40
    assert not server.asked("/5"), "it ends where all is known"
    assert desk.feed.missed_at is None
    assert Trouble.MISSED not in desk.feed.told
    with desk.archive.notices() as notices:
        told = [(one.notice.trouble.value, one.notice.over) for one in notices.newest(10)]
    assert told == [("missed", False), ("missed", True)]


@pytest.mark.parametrize(
    ("slow", "stored"),
    [("/9", [*range(60, 70), *range(100, 110)]), ("/7", [*range(60, 70), *range(80, 110)])],
)
def test_a_stop_waits_for_no_archive_document(desk, server, slow, stored):
    """What came is stored, and the gap is closed by the daemon that runs next."""
    desk.serve("/feed", range(60, 70))
    desk.collect()
    desk.serve("/feed", range(100, 110), "/9")
    for n in range(9, 5, -1):
        desk.serve(f"/{n}", range(n * 10, n * 10 + 10), f"/{n - 1}" if n > 6 else "")
    number = int(slow[1:])
    body = document(range(number * 10, number * 10 + 10), f"/{number - 1}")
    server.serve(slow, body, delay=20)
    done = desk.collect(stop_at=slow)
    assert (desk.titles(), done.counts.new) == (stories(*stored), len(stored) - 10)
    assert desk.feed.missed_at is not None
    assert [(feed.url, many) for feed, many in desk.archive.asked_backfills()] == [
        (desk.url, GAP_DOCUMENTS)
    ]
    server.serve(slow, body)

    async def go() -> None:
        read = asyncio.Event()
        async with desk.opened() as pipeline:
            reading = asyncio.create_task(read_archives(pipeline, read))
            await read.wait()
            reading.cancel()

    asyncio.run(go())
    assert desk.titles() == stories(*range(60, 110))
    assert desk.feed.missed_at is None
    assert desk.archive.asked_backfills() == ()


def test_a_gap_without_an_archive_stands(desk):
    desk.serve("/feed", range(60, 70))
    desk.collect()
    before = desk.feed
    desk.serve("/feed", range(100, 110))
    desk.collect()
    assert desk.feed.missed_at is not None
    assert desk.feed.told == {Trouble.MISSED}
    assert desk.feed.rhythm["interval"] <= before.rhythm["interval"], "it is asked no later"
    with desk.archive.notices() as notices:
        (told,) = notices.newest(10)
    assert (told.feed, told.feed_title, told.notice.over) == (desk.url, "F", False)


def test_a_gap_that_is_too_wide_is_left_to_a_person(desk, server):
    desk.serve("/feed", range(20, 30))
    desk.collect()
    desk.serve("/feed", range(190, 200), "/a18")
    for n in range(18, 1, -1):
        desk.serve(f"/a{n}", range(n * 10, n * 10 + 10), f"/a{n - 1}")
    desk.collect()
    assert len(server.requests) == 12
    assert desk.feed.told == {Trouble.MISSED}
    assert desk.walk().counts.new == 60
    assert desk.feed.told == frozenset()


def test_a_feed_that_was_empty_for_a_while_missed_nothing(desk):
    desk.serve("/feed", range(60, 70))
    desk.collect()
    desk.serve("/feed", range(0))
    assert desk.collect().counts.vanished == 0
    assert desk.feed.told == {Trouble.EMPTY}
    desk.serve("/feed", range(61, 71))
    done = desk.collect()
    assert (done.counts.new, done.missed) == (1, [])
    assert desk.feed.told == frozenset()
    desk.serve("/feed", range(0))
    desk.collect()
    desk.serve("/feed", range(90, 99))
    assert [feed.url for feed in desk.collect().missed] == [desk.url]
