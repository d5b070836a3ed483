"""Memory for answers: the bound holds, whatever comes, and everything comes through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from feedserver import FeedServer
from hypothesis import given
from hypothesis import strategies as st
from publishers import Publishers, Reply

from aggregator.archive import open_archive
from aggregator.collect import Collector, Load
from aggregator.collect.room import SMALL, Room
from aggregator.model.feed import Feed, FeedIdentity, FeedKey, Response, Subscription
from aggregator.model.interests import Interests
from aggregator.model.settings import ArchiveSettings, CollectSettings, NormalizeSettings, Settings
from aggregator.model.topic import Mute
from aggregator.pipeline import open_pipeline, prepare
from aggregator.rounds import Round, collect_round

NOW = datetime(2026, 11, 2, tzinfo=UTC)
MIB = 2**20
OPEN = CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=0, max_bytes=4 * MIB)


class Watched(Room):
    """Remembers the most that was ever held."""

    most = 0

    def count(self, load: Load, more: int) -> None:
        super().count(load, more)
        self.most = max(self.most, self.held)


@given(
    size=st.integers(0, 10 * SMALL),
    answers=st.lists(st.lists(st.integers(0, 5 * SMALL), min_size=1, max_size=4), max_size=12),
)
def test_whatever_comes_all_of_it_comes_through_and_only_one_goes_beyond(size, answers):
    room = Watched(size)

    async def bring(parts: list[int]) -> int:
        with room.load() as load:
            for at in range(len(parts)):
                await load.hold(sum(parts[: at + 1]))
                await asyncio.sleep(0)
            load.keep(sum(parts) // 2)
            await asyncio.sleep(0)
        return sum(parts)

    async def go() -> list[int]:
        return await asyncio.gather(*map(bring, answers))

    largest = max((sum(parts) for parts in answers), default=0)
    assert asyncio.run(go()) == [sum(parts) for parts in answers]
    assert room.most <= size + max(largest - SMALL, 0)
    assert room.held == 0


def test_small_answers_never_wait():
    room = Room(0)

    async def go() -> None:
        full = room.load()
        await full.hold(10 * SMALL)
        for _ in range(300):
            await room.load().hold(SMALL)

    asyncio.run(go())


def test_who_waits_came_first_is_served_first():
    room, served = Room(SMALL), list[int]()

    async def bring(number: int) -> None:
        with room.load() as load:
            await load.hold(3 * SMALL)
            served.append(number)
            await asyncio.sleep(0)

    async def go() -> None:
        await asyncio.gather(*map(bring, range(6)))

    asyncio.run(go())
    assert served == list(range(6))


def test_one_that_is_given_up_while_it_waits_leaves_nothing_behind():
    room = Room(SMALL)

    async def bring() -> None:
        with room.load() as load:
            await load.hold(9 * SMALL)
            await asyncio.Event().wait()

    async def go() -> None:
        waiting = [asyncio.create_task(bring()) for _ in range(4)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        with room.load() as load:
            await load.hold(2 * SMALL)

    asyncio.run(go())
    assert room.held == 0


def test_a_time_limit_rests_while_room_is_waited_for():
    room = Room(0)

    async def go() -> None:
        full, other = room.load(), room.load()
        await full.hold(2 * SMALL)
        async with other.within(0.3):
            asyncio.get_running_loop().call_later(0.4, full.give_back)
            await other.hold(2 * SMALL)
        with pytest.raises(TimeoutError):
            async with other.within(0.05):
                await other.hold(4 * SMALL)
                await asyncio.Event().wait()

    asyncio.run(go())


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def body_of(number: int) -> bytes:
    """More than a mebibyte, and not twice the same."""
    return b"".join(b"<item>%d of %d</item>" % (n, number) for n in range(60_000))


@pytest.mark.parametrize("how", [{}, {"chunked": True}, {"gzipped": True}], ids=str)
def test_what_nobody_has_read_yet_keeps_others_out(server, how):
    """Ten answers, of which none is given back until nothing moves any more: so few came."""
    urls = [server.serve(f"/{n}.xml", body_of(n), **how) for n in range(10)]
    room, size = Watched(4 * MIB), len(body_of(0))
    came, held = dict[str, bytes](), list[Load]()

    async def bring(collector: Collector, url: str) -> None:
        load = collector.room.load()
        feed = Feed(key=FeedKey(1), identity=FeedIdentity(url), url=url, fetch_url=url)
        answer = await collector.fetch(feed, now=NOW, load=load)
        assert isinstance(answer, Response), answer
        came[url] = answer.body
        held.append(load)

    async def go() -> None:
        async with Collector(replace(OPEN, concurrency=10), "1") as collector:
            collector.room = room
            tasks = {asyncio.create_task(bring(collector, url)) for url in urls}
            while tasks:
                done, tasks = await asyncio.wait(tasks, timeout=0.3)
                for task in done:
                    task.result()
                if not done:
                    assert 0 < len(held) * (size - SMALL) <= 4 * MIB + size
                    while held:
                        held.pop().give_back()

    asyncio.run(go())
    assert [came[url] for url in urls] == [body_of(n) for n in range(10)]
    # Of one that does not say how long it is, the most it may be is held while it comes.
    assert room.most <= 4 * MIB + (size if not how else size + OPEN.max_bytes)


def feed_of(number: int) -> bytes:
    item = f"<item><guid>{number}</guid><title>Of feed {number}</title></item>"
    padding = "<!--" + "x" * 1_500_000 + "-->"
    return f"<rss version='2.0'><channel><title>T</title>{padding}{item}</channel></rss>".encode()


@pytest.mark.parametrize("size", [0, 3 * MIB])
def test_a_round_holds_no_more_than_there_is_room_for_and_collects_all(tmp_path, size):
    """Also where one answer alone is more than the room."""
    of = Settings(
        archive=ArchiveSettings(directory=tmp_path, free_space=0),
        collect=OPEN,
        normalize=NormalizeSettings(workers=1),
    )
    room = Watched(size)
    with (
        Publishers(8) as there,
        open_archive(of.archive, write=True, purpose="a test") as archive,
    ):
        urls = [there.url(f"127.0.0.{n}", "/f") for n in range(1, 9)]
        for n in range(1, 7):
            there.scripts[f"127.0.0.{n}", "/f"] = [Reply(body=feed_of(n))]
        there.scripts["127.0.0.7", "/f"] = [Reply(body=b"x" * (5 * MIB))]
        there.scripts["127.0.0.8", "/f"] = [Reply(body=b"x" * MIB)]
        nothing = Interests(topics=(), people=(), mute=Mute())
        matcher = prepare(archive, of, [Subscription(url=url) for url in urls], nothing)

        async def go() -> Round:
            async with open_pipeline(archive, of, matcher) as pipeline:
                pipeline.collector.room = room
                return await collect_round(pipeline)

        done = asyncio.run(go())
    assert (done.counts.feeds, done.counts.new) == (8, 6)
    assert sorted(str(error.kind) for _, error in done.failures) == ["not-a-feed", "size"]
    assert 0 < room.most <= size + len(feed_of(1)) - SMALL
    assert room.held == 0
