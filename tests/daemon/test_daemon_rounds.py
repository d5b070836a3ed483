"""Rounds beside each other: who waits for a slow host holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import webpages
from daemonprocess import Daemon
from feedserver import FeedServer
from linking import feed, item
from servicedesk import service_at

from aggregator.archive import Archive

BEGIN = datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)


def rss(name: str) -> bytes:
    return (
        f"<rss version='2.0'><channel><title>{name}</title><item><guid>{name}</guid>"
        f"<title>Story of {name}</title></item></channel></rss>"
    ).encode()


def slow(server: FeedServer, seconds: float) -> str:
    """A feed of a host of its own that takes so long to answer."""
    url = server.serve("/slow.xml", rss("slow"), delay=seconds)
    return url.replace("127.0.0.1", "localhost")


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it is another process, or thread, that is waited for
            await asyncio.sleep(0.05)


def stored(archive: Archive) -> set[str]:
    return {feed.url.rpartition("/")[2] for feed in archive.feeds() if feed.last_fetch}


def test_a_feed_is_asked_again_while_another_round_waits_for_a_slow_host(tmp_path):
    with FeedServer() as server:
        folder = Daemon(tmp_path / "config")
        folder.subscribe(server.serve("/fast.xml", rss("fast")), slow(server, 6))
        asyncio.run(look_twice(folder, server))


async def look_twice(folder: Daemon, server: FeedServer) -> None:
    async with service_at(BEGIN, folder) as desk:
        await desk.look()
        await until(lambda: "fast.xml" in stored(desk.archive))
        desk.clock.go_on(hours=5)
        await desk.look()
        await until(lambda: len(server.asked("/fast.xml")) == 2)
        assert stored(desk.archive) == {"fast.xml"}
        # Nothing is left to a third.
        await desk.look()
        await desk.rest()
        assert stored(desk.archive) == {"fast.xml", "slow.xml"}
    assert (len(server.asked("/fast.xml")), len(server.asked("/slow.xml"))) == (2, 1)


def test_no_clock_that_is_set_makes_two_rounds_of_one_feed(tmp_path):
    with FeedServer() as server:
        folder = Daemon(tmp_path / "config")
        urls = [server.serve(f"/{n}.xml", rss(str(n)), delay=0.5) for n in range(6)]
        folder.subscribe(*urls)
        asyncio.run(jump(folder, server, days=800))
        assert [len(server.asked(f"/{n}.xml")) for n in range(6)] == [1] * 6


async def jump(folder: Daemon, server: FeedServer, *, days: int) -> None:
    async with service_at(BEGIN, folder) as desk:
        await desk.look()
        await until(lambda: server.requests)
        desk.clock.go_on(days=days)
        await desk.look()
        await desk.look()
        await desk.rest()


def test_an_edit_throws_no_answer_away_though_its_pages_take_long(tmp_path):
    with FeedServer() as server:
        daemon = Daemon(tmp_path / "config")
        page = webpages.article().encode()
        how = {"delay": 2.0, "content_type": "text/html; charset=utf-8"}
        links = [server.serve(f"/p{n}", page, **how) for n in range(8)]
        items = [item(link, name=str(n)) for n, link in enumerate(links)]
        url = server.serve("/feed.xml", feed(*items))
        line = f'<outline type="rss" text="F" xmlUrl="{url}" aggregatorFullText="true"/>'
        (daemon.folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{line}</body></opml>')
        daemon.start()
        try:
            daemon.wait_for(lambda: len(server.requests) > 1)
            (daemon.folder / "topics.toml").write_text('[ferry]\nquery = "ferry"\n')
            daemon.wait_for(lambda: daemon.events("collected"))
            daemon.wait_for(lambda: daemon.events("configuration reloaded"))
            (told,) = daemon.events("collected")
            assert told["new"] == 8
            # What was not there in time is owed, and asked for some other time.
            asked = [len(server.asked(f"/p{n}")) for n in range(8)]
            assert max(asked) == 1
            assert sum(asked) < 8
            assert len(server.asked("/feed.xml")) == 1
        finally:
            daemon.process.kill()
            daemon.process.wait()


def test_an_edit_waits_for_no_slow_host(tmp_path):
    with FeedServer() as server:
        daemon = Daemon(tmp_path / "config")
        never = slow(server, 60)
        daemon.subscribe(never)
        daemon.start()
        try:
            daemon.wait_for(lambda: server.asked("/slow.xml"))
            daemon.subscribe(never, server.serve("/added.xml", rss("added")))
            # Its request may take half a minute, and is given up for the edit.
            daemon.wait_for(lambda: server.asked("/added.xml"), 20)
            assert not daemon.events("feed failed")
            daemon.wait_for(lambda: daemon.events("collected"))
        finally:
            daemon.process.kill()
            daemon.process.wait()


def test_what_was_asked_for_is_stored_before_an_edit_is_taken_up(tmp_path):
    with FeedServer() as server:
        daemon = Daemon(tmp_path / "config")
        daemon.subscribe(slow(server, 3))
        daemon.start()
        try:
            daemon.wait_for(lambda: server.asked("/slow.xml"))
            (daemon.folder / "topics.toml").write_text('[story]\nquery = "story"\n')
            daemon.wait_for(
                lambda: b"Story of slow" in (daemon.answers("/topics/story.atom") or b"")
            )
            assert len(server.asked("/slow.xml")) == 1
        finally:
            daemon.process.kill()
            daemon.process.wait()
