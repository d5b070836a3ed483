"""A round over servers that misbehave in every way we could think of, and a few good feeds among them.

One round for all rows: what each costs is its own failure, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostileserver import CANARY, NETWORK, HostileServer
from misbehaviours import (
    GOOD_FEEDS,
    MOST_BYTES,
    MOST_ENTRIES,
    MOST_REDIRECTS,
    PLAYS,
    ROWS,
    Row,
)

from aggregator.archive import Archive, open_archive
from aggregator.model.feed import Feed, Subscription
from aggregator.model.interests import Interests
from aggregator.model.settings import ArchiveSettings, CollectSettings, NormalizeSettings, Settings
from aggregator.model.topic import Mute
from aggregator.pipeline import open_pipeline, prepare
from aggregator.rounds import Round, collect_round

NOTHING = Interests(topics=(), people=(), mute=Mute())
# What some of them ask for as an entity.
OF_THIS_MACHINE = Path("/etc/passwd").read_text().partition("\n")[0]


@dataclass
class After:
    """What was asked, and what is in the archive."""

    server: HostileServer
    archive: Archive
    done: Round
    asked: dict[str, list[tuple[str, dict[str, str]]]]

    def feed(self, name: str, scheme: str = "http") -> Feed:
        found = self.archive.feed(self.server.url(name, scheme=scheme))
        assert found is not None
        return found


@pytest.fixture
def after(tmp_path: Path) -> Iterator[After]:
    """One round over all of them."""
    of = Settings(
        archive=ArchiveSettings(directory=tmp_path / "archive", free_space=0),
        collect=CollectSettings(
            allow_networks=(NETWORK,),
            host_spacing=0,
            timeout=4,
            max_bytes=MOST_BYTES,
            max_entries=MOST_ENTRIES,
            max_redirects=MOST_REDIRECTS,
            concurrency=len(PLAYS),
        ),
        normalize=NormalizeSettings(workers=2, document_seconds=20),
    )
    with (
        HostileServer() as server,
        open_archive(of.archive, write=True, purpose="a test") as archive,
    ):
        schemes = {row.name: row.scheme for row in ROWS}
        urls = [server.url(name, scheme=schemes.get(name, "http")) for name in PLAYS]
        matcher = prepare(archive, of, [Subscription(url=url) for url in urls], NOTHING)

        async def go() -> Round:
            async with open_pipeline(archive, of, matcher) as pipeline:
                return await collect_round(pipeline, everything=True)

        done = asyncio.run(go())
        yield After(server, archive, done, server.asked())


def test_names_tell_the_rows_apart():
    assert len({row.name for row in ROWS}) == len(ROWS) >= 100


def test_each_costs_its_own_failure_and_nothing_else(after: After, subtests: pytest.Subtests):
    for row in ROWS:
        with subtests.test(row.name):
            look_at(after, row)
    for name in GOOD_FEEDS:
        with subtests.test(name):
            assert (after.feed(name).failure, after.feed(name).entries) == (None, 1)
    assert after.done.counts.feeds == len(PLAYS)
    # None led home, and nothing went out that a person did not give.
    assert after.asked[CANARY] == []
    sent = [headers for held in after.asked.values() for _, headers in held]
    assert not any({"cookie", "referer", "authorization"} & headers.keys() for headers in sent)
    # Nothing of this machine came in.
    texts = [entry.title + entry.text + entry.html for entry in after.archive.export()]
    assert texts
    assert not any(OF_THIS_MACHINE in text for text in texts)


def look_at(after: After, row: Row) -> None:
    """What one of them came to, in the server's log and in the archive."""
    feed = after.feed(row.name, row.scheme)
    failed = str(feed.failure.kind) if feed.failure else ""
    assert len(after.asked[row.name]) == row.requests
    if row.kind is None:
        assert feed.entries <= row.entries
        assert failed or feed.entries
    else:
        assert (failed, feed.entries) == (row.kind, row.entries), feed.failure
    if feed.failure:
        # A sentence for people, in which no library speaks.
        assert 10 < len(feed.failure.message) < 300
        assert "Error" not in feed.failure.message
        assert feed.failure.message.isprintable()
