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
from aggregator.model.settings import ArchiveSettings, CollectSettings, NormalizeSettings, Settings
from aggregator.pipeline import open_pipeline, prepare
from aggregator.rounds import Round, collect_round


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


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[After]:
    """One round over all of them."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    of = Settings(
        archive=ArchiveSettings(directory=folder / "archive", free_space=0),
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
        matcher = prepare(archive, of, [Subscription(url=url) for url in urls], ())

        async def go() -> Round:
            async with open_pipeline(archive, of, matcher) as pipeline:
                return await collect_round(pipeline, everything=True)

        done = asyncio.run(go())
        yield After(server, archive, done, server.asked())


def test_names_tell_the_rows_apart():
    assert len({row.name for row in ROWS}) == len(ROWS) >= 100


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_it_costs_its_own_failure(after: After, row: Row):
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


@pytest.mark.parametrize("name", GOOD_FEEDS)
def test_the_others_feel_nothing(after: After, name: str):
    assert (after.feed(name).failure, after.feed(name).entries) == (None, 1)


def test_all_were_asked_and_none_led_home(after: After):
    assert after.done.counts.feeds == len(PLAYS)
    assert after.asked[CANARY] == []
    sent = [headers for held in after.asked.values() for _, headers in held]
    assert not any({"cookie", "referer", "authorization"} & headers.keys() for headers in sent)


def test_nothing_of_this_machine_came_in(after: After):
    name = Path("/etc/hostname").read_text().strip() if Path("/etc/hostname").exists() else "-"
    texts = [entry.title + entry.text + entry.html for entry in after.archive.export()]
    assert texts
    assert not any(name and name in text and len(name) > 4 for text in texts)
