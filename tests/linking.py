"""Rounds over feeds whose whole text is wanted, and what is archived of them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import webpages
from archivedesk import interests
from feedserver import FeedServer
from warcio.archiveiterator import ArchiveIterator

from aggregator.archive import open_archive
from aggregator.model.batch import Counts
from aggregator.model.entry import EntryRecord
from aggregator.model.feed import Subscription
from aggregator.model.settings import (
    ArchiveSettings,
    CollectSettings,
    NormalizeSettings,
    Settings,
)
from aggregator.model.topic import Topic
from aggregator.pipeline import open_pipeline, prepare
from aggregator.rounds import collect_round

CUT = webpages.TEASER[:70] + "…"


def settings(folder: Path, database: str = "", **collect: object) -> Settings:
    shipped = {"allow_networks": ("127.0.0.0/8",), "host_spacing": 0, "timeout": 2}
    return Settings(
        archive=ArchiveSettings(directory=folder / "archive", database=database, free_space=0),
        collect=CollectSettings(**(shipped | collect)),
        normalize=NormalizeSettings(workers=1),
    )


def item(link: str, name: str = "1", title: str = webpages.TITLE, summary: str = CUT) -> str:
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><title>{title}</title><link>{link}</link>"
        f"<description>{summary}</description></item>"
    )


def feed(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>Post</title><language>en</language>{''.join(items)}</channel></rss>".encode()


def collect(
    of: Settings,
    *urls: str,
    full_text: bool = True,
    then: Sequence[Callable[[], object]] = (),
    topics: Sequence[Topic] = (),
) -> list[Counts]:
    """What rounds over all these feeds come to: one, and one after each thing that happens then."""

    async def go() -> list[Counts]:
        with open_archive(of.archive, write=True, purpose="test") as archive:
            asked = [Subscription(url=url, full_text=full_text) for url in urls]
            matcher = prepare(archive, of, asked, interests(*topics))
            async with open_pipeline(archive, of, matcher) as pipeline:
                counts = [(await collect_round(pipeline, everything=True)).counts]
                for happens in then:
                    happens()
                    counts.append((await collect_round(pipeline, everything=True)).counts)
                return counts

    return asyncio.run(go())


def archived(of: Settings) -> list[EntryRecord]:
    with open_archive(of.archive) as archive:
        return list(archive.export())


def kept(of: Settings) -> list[tuple[str, bytes]]:
    """(address, body) of every response that was captured."""
    found = []
    for path in sorted((of.archive.directory / "captures").glob("*.warc.gz")):
        for record in ArchiveIterator(io.BytesIO(path.read_bytes())):
            if record.rec_type == "response":
                address = record.rec_headers.get_header("WARC-Target-URI")
                found.append((address, record.content_stream().read()))
    return found


def html(server: FeedServer, path: str, page: str | bytes, **answer: object) -> str:
    body = page.encode() if isinstance(page, str) else page
    return server.serve(path, body, **({"content_type": "text/html; charset=utf-8"} | answer))
