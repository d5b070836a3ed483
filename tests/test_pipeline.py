"""Many feeds through the whole walk: what is stored, what is asked, what is published."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from archivedesk import interests
from feedserver import FeedServer
from msgspec.structs import replace

from aggregator import rounds
from aggregator.archive import open_archive
from aggregator.collect import Room
from aggregator.model.errors import ArchiveError
from aggregator.model.feed import FeedKey, Response, Subscription
from aggregator.model.settings import (
    ArchiveSettings,
    CollectSettings,
    NormalizeSettings,
    PublishSettings,
    ServerSettings,
    Settings,
)
from aggregator.model.time import now
from aggregator.model.topic import Topic
from aggregator.pipeline import open_pipeline, prepare
from aggregator.publish import site_of
from aggregator.publishing import publish_behind
from aggregator.query import parse
from aggregator.rounds import Round, collect_round

TOPICS = interests(Topic(slug="seven", title="Seven", query='"number seven"'))


_AT_ONCE = 3


class HostsServer(FeedServer):
    """A server at several addresses: several hosts, as the collector sees it."""

    _hosts = 20

    def serve_at(self, host: int, path: str, body: bytes) -> str:
        return self.serve(path, body).replace("127.0.0.1", f"127.0.0.{host + 1}")


def settings(folder: Path, **changes: object) -> Settings:
    return replace(
        Settings(
            archive=ArchiveSettings(directory=folder / "archive"),
            collect=CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=0),
            publish=PublishSettings(directory=folder / "public"),
        ),
        **changes,
    )


def document(feed: int, first: int, count: int = 30) -> bytes:
    names = {27: "number seven"}
    items = "".join(
        f"<item><guid>{feed}-{n}</guid><title>Story {n} of feed {feed}</title>"
        f"<link>http://news{feed}.example/{n}</link>"
        f"<description>&lt;p&gt;What feed {feed} tells in {names.get(n, n)}.&lt;/p&gt;</description></item>"
        for n in range(first + count - 1, first - 1, -1)
    )
    return f"<rss version='2.0'><channel><title>Feed {feed}</title><language>en</language>{items}</channel></rss>".encode()


def run(of: Settings, urls: list[str], **how: object) -> Round:
    """One round over the feeds, and publishing, as a command does it."""

    async def go() -> Round:
        with open_archive(of.archive, write=True, purpose="test") as archive:
            matcher = prepare(archive, of, [Subscription(url=url) for url in urls], TOPICS)
            async with open_pipeline(archive, of, matcher) as pipeline:
                done = await collect_round(pipeline, **how)
            publish_behind(archive, of, site_of(of))
            return done

    return asyncio.run(go())


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.mark.long
@pytest.mark.timeout(300)
def test_three_hundred_feeds_cold_unchanged_and_one_new(tmp_path, server):
    of, feeds = settings(tmp_path), range(300)
    urls = [server.serve(f"/{n}.xml", document(n, 0), gzipped=True) for n in feeds]
    assert run(of, urls, everything=True).counts.new == 9000
    server.requests.clear()
    quiet = run(of, urls, everything=True).counts
    assert (quiet.feeds, quiet.unchanged, quiet.new, quiet.revised) == (300, 300, 0, 0)
    assert len(server.requests) == 300
    assert all(one.status == 304 and "if-none-match" in one.headers for one in server.requests)
    for n in feeds:
        server.serve(f"/{n}.xml", document(n, 1), gzipped=True)
    fresh = run(of, urls, everything=True).counts
    assert (fresh.new, fresh.revised, fresh.vanished, fresh.failed) == (300, 0, 0, 0)
    with open_archive(of.archive) as archive:
        assert sum(1 for _ in archive.export()) == 9300


def test_what_waits_in_memory_is_bounded_by_bytes(tmp_path, monkeypatch):
    """Of answers of 1 MB no more than a few wait for the one process that reads them."""
    monkeypatch.setattr(rounds, "_HELD_BYTES", 2_000_000)
    most, take = [0], Room.take

    def noted(room: Room, feed: FeedKey, answer: Response) -> None:
        take(room, feed, answer)
        most.append(sum(room._held.values()))

    monkeypatch.setattr(Room, "take", noted)
    of = settings(
        tmp_path,
        collect=CollectSettings(
            allow_networks=("127.0.0.0/8",), host_spacing=0, concurrency=_AT_ONCE
        ),
        normalize=NormalizeSettings(workers=1),
    )
    with HostsServer() as server:
        padding = b"<!--" + b" " * 500_000 + b"-->"
        urls = [server.serve_at(n, f"/{n}.xml", document(n, 0, 60) + padding) for n in range(16)]
        assert run(of, urls).counts.new == 16 * 60
    assert len(most) == 17
    # Those that were under way when the last of the room was taken.
    assert max(most) < 2_000_000 + _AT_ONCE * 1_100_000


def test_what_is_not_due_is_not_asked(tmp_path, server):
    of, urls = settings(tmp_path), [server.serve("/a.xml", document(0, 0))]
    assert run(of, urls).counts.feeds == 1
    assert run(of, urls).counts.feeds == 0
    assert len(server.requests) == 1


def test_a_bad_feed_stops_no_other(tmp_path, server):
    urls = [
        server.serve("/good.xml", document(1, 0)),
        server.serve("/html.xml", b"<!doctype html><html><body>hello</body></html>"),
        server.serve("/empty.xml", b""),
        server.serve("/path.xml", str(tmp_path).encode()),
        server.serve("/missing.xml", b"", status=404),
        server.serve("/broken.xml", document(2, 0), cut=100),
        "http://192.168.7.7/feed.xml",
        "file:///etc/passwd",
    ]
    done = run(settings(tmp_path), urls)
    assert done.counts.new == 30
    kinds = {feed.url.rsplit("/", 1)[1]: str(error.kind) for feed, error in done.failures}
    assert kinds == {
        "html.xml": "not-a-feed",
        "empty.xml": "not-a-feed",
        "path.xml": "not-a-feed",
        "missing.xml": "http",
        "broken.xml": "connect",
        "feed.xml": "refused",
        "passwd": "refused",
    }


@pytest.mark.parametrize("everything", [False, True])
def test_a_round_asks_each_feed_once(tmp_path, server, everything):
    for_years = {"Retry-After": "315360000"}
    urls = [server.serve(f"/{n}.xml", b"", status=429, headers=for_years) for n in range(2)]
    first = run(settings(tmp_path), urls, everything=everything)
    # They share a host, and what it asks of one it asks of all.
    assert (first.counts.failed, len(first.postponed)) == (1, 1)
    assert run(settings(tmp_path), urls, everything=everything).counts.feeds == 0
    assert len(server.requests) == 1
    # Nor after a restart, nor for a feed that is new.
    again = run(settings(tmp_path), [*urls, server.url("/2.xml")], everything=everything)
    assert (again.counts.feeds, [feed.url for feed in again.postponed]) == (
        0,
        [server.url("/2.xml")],
    )
    assert len(server.requests) == 1


def test_a_round_says_when_all_is_read(tmp_path, server, monkeypatch):
    """Once, when nothing is fetched any more and the last of it is still to be written."""
    monkeypatch.setattr(rounds, "_LEAST_WAIT", 60.0)
    monkeypatch.setattr(rounds, "_MOST_WAIT", 60.0)
    urls = [server.serve(f"/{n}.xml", document(n, 0)) for n in range(5)]
    written: list[int] = []
    told: list[tuple[int, int]] = []
    run(
        settings(tmp_path), urls,
        progress=lambda done, _: written.append(done.counts.feeds),
        all_read=lambda: told.append((len(server.requests), sum(written))),
    )  # fmt: skip
    assert (told, written[-1]) == ([(5, 0)], 5)


def test_many_feeds_of_one_slow_host_keep_no_other_waiting(tmp_path, server):
    many = [server.serve(f"/{n}.xml", b"", status=404) for n in range(300)]
    other = server.serve("/other.xml", document(1, 0)).replace("127.0.0.1", "localhost")
    of = settings(tmp_path)
    of = replace(
        of,
        collect=replace(of.collect, host_spacing=0.02, allow_networks=("127.0.0.0/8", "::1/128")),
    )
    run(of, [*many, other])
    asked = [one.path for one in server.requests]
    # Claimed among the last, it did not wait until the first hundred had their turns.
    assert asked.index("/other.xml") < 100


def test_without_a_network_no_feed_is_at_fault(tmp_path):
    urls = [f"http://127.0.0.1:{port}/feed" for port in (9, 19)]
    for everything in (False, True, True):
        run(settings(tmp_path), urls, everything=everything)
        with open_archive(settings(tmp_path).archive) as archive:
            for feed in archive.feeds():
                assert feed.failure.count == 1
                assert feed.next_due - feed.last_fetch < timedelta(minutes=16)


@pytest.mark.parametrize("what", ["the floor of free space", "the captures"])
def test_what_cannot_be_kept_is_not_asked_for_twice(tmp_path, server, what):
    of, urls = settings(tmp_path), [server.serve("/0.xml", document(0, 0))]
    if what == "the captures":
        (tmp_path / "archive").mkdir()
        (tmp_path / "archive" / "captures").touch()
    else:
        of = replace(of, archive=replace(of.archive, free_space=1 << 62))
    with pytest.raises(ArchiveError):
        run(of, urls)
    assert len(server.requests) == (1 if what == "the captures" else 0)


def test_no_log_in_is_published(tmp_path, server):
    body = document(0, 0).replace(b"<title>Feed 0</title>", b"")
    url = server.serve("/0.xml", body).replace("//", "//me:secret@")
    run(settings(tmp_path), [url, server.serve("/1.xml", document(0, 0))])
    with open_archive(settings(tmp_path).archive) as archive:
        held = archive.feed(url)
        assert (held.url, "secret" in held.title) == (url, False)
        found = list(archive.export())
        assert {record.feed for record in found} > {url}
        assert not any("secret" in record.feed_title for record in found)
    published = [path for path in (tmp_path / "public").rglob("*") if path.is_file()]
    assert published
    for path in published:
        assert b"secret" not in path.read_bytes(), path


def test_a_copy_in_another_feed_is_one_story(tmp_path, server):
    item = (
        b"<item><guid>%d</guid><title>The same report everywhere</title>"
        b"<link>http://news.example/report?utm_source=%d</link><description>Word for word.</description></item>"
    )
    urls = [
        server.serve(
            f"/{n}.xml",
            b"<rss version='2.0'><channel><title>F</title>%s</channel></rss>" % (item % (n, n)),
        )
        for n in range(3)
    ]
    done = run(settings(tmp_path), urls)
    assert (done.counts.new, done.counts.new_stories) == (3, 1)
    with open_archive(settings(tmp_path).archive) as archive:
        (lead,) = [record for record in archive.export() if record.lead]
        assert len(archive.sightings(lead.story)) == 3


def ids(folder: Path) -> list[str]:
    return [
        one["id"] for one in json.loads((folder / "public/topics/seven.json").read_text())["items"]
    ]


def test_published_ids_survive_another_port_and_a_lost_folder(tmp_path, server):
    urls = [server.serve(f"/{n}.xml", document(n, 0)) for n in range(3)]
    of = settings(tmp_path)
    run(of, urls)
    before = ids(tmp_path)
    assert len(before) == 3
    for path in sorted((tmp_path / "public").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    moved = settings(tmp_path, server=ServerSettings(port=9999))
    run(moved, urls)
    assert ids(tmp_path) == before


def test_a_crash_between_store_and_publish_loses_nothing(tmp_path, server):
    of, urls = settings(tmp_path), [server.serve("/0.xml", document(0, 0))]

    async def without_publishing() -> None:
        with open_archive(of.archive, write=True) as archive:
            matcher = prepare(archive, of, [Subscription(url=url) for url in urls], TOPICS)
            async with open_pipeline(archive, of, matcher) as pipeline:
                await collect_round(pipeline)

    asyncio.run(without_publishing())
    assert not (tmp_path / "public").exists()
    run(of, urls)
    assert len(ids(tmp_path)) == 1


def test_what_is_taken_for_a_template_is_in_the_captures(tmp_path, server):
    """An advert of the day in all items, or the same news of all: no revision, but its bytes stay."""
    of = settings(tmp_path)

    def captured(line: bytes) -> int:
        body = document(0, 0, 12).replace(b".&lt;/p&gt;", b". %s&lt;/p&gt;" % line)
        url = server.serve("/0.xml", body)
        assert run(of, [url], everything=True).counts.revised == 0
        files = (tmp_path / "archive/captures").iterdir()
        return sum(
            gzip.decompress(file.read_bytes()).count(b"WARC-Type: response") for file in files
        )

    said = [b"Play at noon.", b"Play at noon.", b"All is postponed.", b"All is postponed."]
    assert list(map(captured, said)) == [1, 1, 2, 2]


def test_captures_hold_the_bytes_that_were_served(tmp_path, server):
    body = document(4, 0)
    of = settings(tmp_path)
    run(of, [server.serve("/4.xml", body, gzipped=True)])
    with open_archive(of.archive) as archive:
        (found,) = archive.search(parse('"number seven"'), now=archive.feeds()[0].last_fetch)
        assert archive.capture(archive.history(found.id)[0].capture) == body


@pytest.mark.parametrize(
    ("under_way", "seconds", "came", "scarce", "expected"),
    [
        # Much is on its way, and comes slowly: few writes serve many.
        (200, 10.0, 10, False, rounds._MOST_WAIT),
        # The rest is here in a moment.
        (20, 10.0, 200, False, rounds._LEAST_WAIT),
        (60, 10.0, 100, False, 0.375),
        # Nobody is asked before some of it is stored.
        (200, 10.0, 10, True, rounds._LEAST_WAIT),
    ],
)
def test_what_came_waits_by_what_is_under_way(under_way, seconds, came, scarce, expected):
    async def go() -> float:
        shared = rounds.Shared(None, Room(100))
        crew = rounds._Crew(None, False, asyncio.Event(), shared)
        if scarce:
            body = b"x" * 60
            told = {"requested": "u", "url": "u", "status": 200, "headers": ()}
            answer = Response(**told, wire=body, body=body, started=now(), seconds=0.0)
            crew._room.take(FeedKey(1), answer)
        crew._hosts["a.example"] = under_way
        crew._began -= seconds
        crew._came = came
        return crew._patience()

    assert asyncio.run(go()) == pytest.approx(expected, abs=0.01)
