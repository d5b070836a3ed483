"""Every document of whole runs is valid: the demo, our own feed documents, and the corpus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import feedrules
import pytest
from archivedesk import NOON
from publishing import Newsroom

from aggregator.cli.demo.stage import perform
from aggregator.model.entry import Document
from aggregator.model.errors import NotAFeed
from aggregator.model.feed import Subscription
from aggregator.model.topic import Collapse, Detail, Topic
from aggregator.normalize import read

OWN = Path(__file__).parents[1] / "documents"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
TOPICS = (
    Topic(slug="all", title="All", query="*"),
    Topic(slug="each", title="Each", query="*", collapse=Collapse.NONE, detail=Detail.SUMMARY),
    Topic(slug="mine", title="Mine", query="*", languages=("en",), private=True),
)
_MOST = 5


def read_all(folder: Path) -> Iterator[tuple[str, Document]]:
    """The documents that can be read, each as that of a feed of its own."""
    for path in sorted(folder.iterdir()):
        url = f"https://{path.stem.lower()}.example/feed"
        if path.suffix not in {".xml", ".json"}:
            continue
        try:
            document = read(
                path.read_bytes(), content_type="application/xml", url=url, feed=url,
                seen=frozenset(), now=NOON, max_entries=_MOST,
            )  # fmt: skip
        except NotAFeed:
            continue
        yield url, document


@pytest.mark.long
@pytest.mark.parametrize("folder", [OWN, CORPUS], ids=["own", "corpus"])
def test_what_is_made_of_feed_documents(tmp_path, folder):
    if not folder.exists():
        pytest.skip("the corpus is not here")
    found = dict(read_all(folder))
    with Newsroom(tmp_path, base_url="https://news.example/out") as room:
        room.archive.attach([Subscription(url=url) for url in found], now=NOON)
        room.follow(list(found), TOPICS)
        room.desk.write([room.desk.fetched(url, document=made) for url, made in found.items()])
        room.publish()
        documents = room.texts()
    assert len([path for path in documents if path.startswith("topics/all/")]) > 7
    assert feedrules.problems(documents) == []


def test_what_the_demo_publishes(tmp_path):
    assert asyncio.run(perform(tmp_path, stay=False)) is False
    public = next(tmp_path.rglob("topics.opml")).parent
    documents = {
        str(f.relative_to(public)): f.read_bytes() for f in public.rglob("*.*") if f.is_file()
    }
    assert len([path for path in documents if path.endswith((".atom", ".rss", ".json"))]) > 12
    assert feedrules.problems(documents) == []
