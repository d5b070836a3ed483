"""Room in memory: who waits for it asks nobody, holds nothing, and is asked no sooner for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from feedserver import FeedServer
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.collect import Collector, Room
from aggregator.collect.hosts import Hosts, Unused
from aggregator.model.feed import Feed, FeedIdentity, FeedKey, Response
from aggregator.model.settings import CollectSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def answer(wire: bytes, body: bytes | None = None) -> Response:
    return Response(
        requested="http://a.example/",
        url="http://a.example/",
        status=200,
        headers=(),
        wire=wire,
        body=wire if body is None else body,
        started=NOON,
        seconds=0.1,
    )


def feed(url: str, key: int = 1) -> Feed:
    return Feed(key=FeedKey(key), identity=FeedIdentity(url), url=url, fetch_url=url)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 30)), max_size=30))
def test_there_is_room_as_long_as_less_than_the_most_is_held(taken):
    room, held = Room(40), dict[FeedKey, int]()
    for key, size in taken:
        if size:
            room.take(FeedKey(key), answer(b"x" * size))
            held[FeedKey(key)] = size
        else:
            room.give((FeedKey(key),))
            held.pop(FeedKey(key), None)
        assert room.free == (sum(held.values()) < 40)


def test_what_came_coded_is_held_twice():
    room = Room(40)
    room.take(FeedKey(1), answer(b"x" * 30))
    assert room.free
    room.take(FeedKey(1), answer(b"x" * 10, b"x" * 30))
    assert not room.free


@pytest.mark.parametrize("scarce", [False, True])
def test_a_dead_server_is_asked_no_more_often_where_room_is_scarce(scarce):
    asked = []

    async def play() -> None:
        hosts, room = Hosts(0.001, 64), Room(10)

        def look() -> None:
            if not room.free:
                raise Unused

        async def ask() -> None:
            while True:
                try:
                    async with hosts.turn("dead.example"):
                        look()
                        asked.append(1)
                        async with asyncio.timeout(0.01):
                            await asyncio.Event().wait()
                except Unused:
                    await room.wait()
                except TimeoutError:
                    return

        tasks = [asyncio.create_task(ask()) for _ in range(30)]
        while not all(task.done() for task in tasks):
            if scarce:
                room.take(FeedKey(1), answer(b"x" * 20))
            await asyncio.sleep(0.015)
            room.give((FeedKey(1),))
            await asyncio.sleep(0.015)

    asyncio.run(play())
    assert len(asked) == 3


def test_files_here_are_read_one_after_another_where_room_is_scarce(tmp_path):
    """Each takes its room before the next looks."""
    document = b"<rss version='2.0'><channel><title>T</title></channel></rss>" + b" " * 10_000
    urls = []
    for number in range(12):
        (tmp_path / f"{number}.xml").write_bytes(document)
        urls.append((tmp_path / f"{number}.xml").as_uri())
    most = [0]

    async def play() -> None:
        room, held = Room(1), set[FeedKey]()
        async with Collector(CollectSettings(allow_files=(tmp_path,)), "1") as collector:

            async def ask(number: int) -> None:
                of = feed(urls[number], number)
                got = await collector.fetch(of, now=NOON, room=room)
                assert isinstance(got, Response)
                room.take(of.key, got)
                held.add(of.key)
                most.append(len(held))
                await asyncio.sleep(0.01)
                held.discard(of.key)
                room.give((of.key,))

            await asyncio.gather(*map(ask, range(12)))

    asyncio.run(play())
    assert max(most) == 1


def test_a_request_counts_from_when_it_was_made():
    """Who waited for room, or for the turn at a host, was asked later than they came."""

    async def play(url: str) -> list[datetime]:
        settings = CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=2.2)
        async with Collector(settings, "1") as collector:
            both = (collector.fetch(replace(feed(url), key=FeedKey(n)), now=NOON) for n in (1, 2))
            return sorted(one.started for one in await asyncio.gather(*both))

    with FeedServer() as server:
        started = asyncio.run(play(server.serve("/a.xml", b"<rss/>")))
        first, second = (one.at for one in server.requests)
    apart = (started[1] - started[0]).total_seconds()
    assert apart >= 2
    # Whole seconds are counted.
    assert abs(apart - (second - first)) <= 1
