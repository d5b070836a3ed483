"""Planted boilerplate in five languages: gone from all that is read, and no true text with it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest
from archivedesk import interests
from feedserver import FeedServer
from planted import ENTRIES, Planted, feeds

from aggregator.archive import Archive, open_archive
from aggregator.model.entry import EntryRecord
from aggregator.model.feed import Subscription
from aggregator.model.settings import (
    ArchiveSettings,
    CollectSettings,
    NormalizeSettings,
    PublishSettings,
    Settings,
)
from aggregator.model.topic import Topic
from aggregator.pipeline import open_pipeline, prepare
from aggregator.publish import site_of
from aggregator.publishing import publish_behind
from aggregator.recleaning import reclean
from aggregator.rounds import collect_round

TOPICS = interests(Topic(slug="all", title="All", query="*"))


@pytest.fixture
def of(archive_url: str, tmp_path: Path) -> Settings:
    return Settings(
        archive=ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0),
        collect=CollectSettings(allow_networks=("127.0.0.0/8",), host_spacing=0),
        normalize=NormalizeSettings(workers=1),
        publish=PublishSettings(directory=tmp_path / "public", page_size=1000),
    )


@pytest.fixture(scope="module")
def server():
    with FeedServer() as running:
        yield running


@dataclass(frozen=True)
class Reports:
    """Reports of matches: facts in a form, some of which come often, above a line of the site's."""

    number: int

    def facts(self, n: int) -> tuple[str, str, str]:
        half = "0-0" if n < 5 or n % 4 == 0 else f"{n % 5 + 1}-{n % 3}"
        return (
            f"Half-time: {half}",
            f"Man of the match: {'Okafor' if n % 4 == 1 else f'Player{n}'}",
            f"Red cards: {'none' if n % 3 else f'Captain{n}'}",
        )

    def document(self, upto: int) -> bytes:
        items = "".join(self._item(n) for n in range(upto - 1, -1, -1))
        return f'<rss version="2.0"><channel><title>Reports</title>{items}</channel></rss>'.encode()

    def _item(self, n: int) -> str:
        said = (f"In round {n} the game of owl{n} and gull{n} was one to remember.", *self.facts(n))
        text = "".join(f"<p>{one}</p>" for one in (*said, "Follow us: @owls"))
        return (
            f"<item><title>Owl{n} meet gull{n}</title><link>https://reports.example/{n}</link>"
            f"<guid>{n}</guid><description>{escape(text)}</description></item>"
        )


def collect(
    of: Settings, server: FeedServer, planted: Sequence[Planted | Reports], upto: int
) -> None:
    """One round as the command does it, over the feeds with their entries below ``upto``."""
    urls = [server.serve(f"/{one.number}.xml", one.document(upto)) for one in planted]

    async def go() -> None:
        with open_archive(of.archive, write=True, purpose="test") as archive:
            matcher = prepare(archive, of, [Subscription(url=url) for url in urls], TOPICS)
            async with open_pipeline(archive, of, matcher) as pipeline:
                await collect_round(pipeline, everything=True)
            reclean(archive, of.normalize)
            publish_behind(archive, of, site_of(of))

    asyncio.run(go())


def of_feed(archive: Archive, one: Planted | Reports) -> list[EntryRecord]:
    return [record for record in archive.export() if record.feed.endswith(f"/{one.number}.xml")]


def folded(text: str) -> str:
    return text.replace("’", "'")


def test_planted_boilerplate_goes_and_every_true_paragraph_stays(of, server):
    for upto in (8, 14, ENTRIES):
        collect(of, server, feeds(), upto)
    with open_archive(of.archive) as archive:
        for one in feeds():
            records = of_feed(archive, one)
            assert len(records) == ENTRIES
            for record in records:
                n = int(record.title.rsplit("-", 1)[1])
                for line in one.template.lines():
                    assert folded(line) not in folded(record.html + record.text + record.summary)
                assert "owl.png" not in record.html
                assert record.image == f"https://paper{one.number}.example/{n}.jpg"
                assert f"/{n}/0" not in record.html, "a link of the related list"
                expected = (*one.paragraphs(n), one.caption(n))
                assert sorted(record.text.split("\n\n")) == sorted(expected)
                assert record.html.count(one.caption(n)) == 1
                assert record.summary == one.paragraphs(n)[0]
                assert record.revisions == 1
    # Earlier states of a page that still fills ("4-217.atom") stay as they were read.
    pages = (of.publish.directory / "topics").rglob("*.atom")
    now = [page for page in pages if not re.fullmatch(r"\d+-\d+", page.stem)]
    published = folded("".join(page.read_text() for page in now))
    for one in feeds():
        assert folded(one.paragraphs(3)[3]) in published
        for line in (*one.template.lines(), "owl.png"):
            assert folded(line) not in published


@pytest.mark.parametrize("rounds", [(20,), (5, 6, 20)])
def test_the_facts_of_match_reports_stay_however_often_they_come(of, server, rounds):
    for upto in rounds:
        collect(of, server, [Reports(1)], upto)
    with open_archive(of.archive) as archive:
        records = of_feed(archive, Reports(1))
        assert len(records) == 20
        for record in records:
            n = int(record.title.rsplit("gull", 1)[1])
            assert tuple(record.text.split("\n\n")[1:]) == Reports(1).facts(n)
            assert record.revisions == 1
