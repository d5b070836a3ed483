"""What each step of reading costs an entry: ``python benchmarks/normalize.py``.

Processor time in microseconds an entry, the best of five runs over made documents
of 30 entries of 400 words in HTML (paragraphs, links, a figure), RSS. Steps are timed
alone on the same input, so they need not add up to the whole.
"""

from __future__ import annotations

import io
import pickle
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import feedparser
import nh3

from aggregator.model.entry import Document
from aggregator.normalize import document, reading
from aggregator.normalize.blocks import _CLEANER, read_blocks, write_blocks
from aggregator.normalize.characters import key
from aggregator.normalize.cleaning import clean
from aggregator.normalize.identity import identities
from aggregator.normalize.item import compressed, original
from aggregator.query import analyse

DOCUMENTS, ENTRIES, PARAGRAPHS, WORDS = 20, 30, 8, 50
NOW = datetime(2026, 11, 24, tzinfo=UTC)
_CHOICE = random.Random(7)
_VOCABULARY = [
    "".join(_CHOICE.choices("abcdefghilmnoprstu", k=_CHOICE.randint(2, 9))) for _ in range(5000)
]
_WEIGHTS = [1 / (rank + 3) for rank in range(5000)]


def _said(words: int) -> str:
    return " ".join(_CHOICE.choices(_VOCABULARY, weights=_WEIGHTS, k=words)).capitalize() + "."


def _item(number: int) -> str:
    paragraphs = "".join(
        f'<p>{_said(WORDS)} <a href="https://news.example/l/{number}">{_said(2)}</a> and it’s so.</p>'
        for _ in range(PARAGRAPHS)
    )
    figure = f'<figure><img src="/p/{number}.jpg"><figcaption>{_said(8)}</figcaption></figure>'
    return (
        f"<item><title>{_said(9)}</title><link>https://news.example/a/{number}?utm_source=f</link>"
        f'<guid isPermaLink="false">n{number}</guid><category>Football</category>'
        f"<pubDate>Mon, 23 Nov 2026 10:{number % 60:02}:00 GMT</pubDate>"
        f"<dc:creator>A. Writer</dc:creator><description>{_said(25)}</description>"
        f"<content:encoded><![CDATA[{figure}{paragraphs}]]></content:encoded></item>"
    )


def _document(first: int) -> bytes:
    items = "".join(_item(first + at) for at in range(ENTRIES))
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title>'
        f"<link>https://news.example/</link><language>en</language>{items}</channel></rss>"
    ).encode()


def _read(body: bytes) -> Document:
    return reading.read(
        body,
        content_type="application/xml",
        url="https://news.example/feed",
        feed="news.example/feed",
        seen=frozenset(),
        now=NOW,
        max_entries=5000,
    )


def _feedparser(body: bytes, **options: object) -> object:
    return feedparser.parse(io.BytesIO(body), **options)


def main() -> None:
    bodies = [_document(at * ENTRIES) for at in range(DOCUMENTS)]
    parsed = [
        document.parse(body, content_type="application/xml", url="https://news.example/feed")[1]
        for body in bodies
    ]
    items = [item for found in parsed for item in found]
    read = [_read(body) for body in bodies]
    entries = [entry for found in read for entry in found.entries]
    blocks = [read_blocks(item.content, item.base) for item in items]
    base = "https://news.example/feed"
    steps: dict[str, tuple[Callable[..., object], list[object]]] = {
        "feedparser, its defaults": (_feedparser, bodies),
        "parse (feedparser, buffered, bare)": (
            lambda body: document.parse(body, content_type="application/xml", url=base),
            bodies,
        ),
        "identities": (lambda found: identities([reading._named(one) for one in found]), parsed),
        "original: JSON and zlib": (lambda item: compressed(original(item)), items),
        "clean, all of it": (
            lambda item: clean(item.title, item.summary, item.content, base=item.base),
            items,
        ),
        "  nh3 alone": (lambda item: _CLEANER.clean(item.content), items),
        "  nh3, its defaults": (lambda item: nh3.clean(item.content), items),
        "  into blocks (nh3 included)": (lambda item: read_blocks(item.content, item.base), items),
        "  blocks to HTML": (write_blocks, blocks),
        "fold the text": (lambda entry: key(entry.text), entries),
        "analyse": (lambda entry: analyse(entry.title, entry.text, "en"), entries),
        "whole: bytes to Document": (_read, bodies),
        "hand over: pickle there and back": (lambda found: pickle.loads(pickle.dumps(found)), read),
    }
    print(f"{DOCUMENTS} documents of {ENTRIES} entries of {PARAGRAPHS * WORDS} words\n")
    for name, (step, given) in steps.items():
        best = min(_seconds(step, given) for _ in range(5))
        print(f"{name:36} {best / (DOCUMENTS * ENTRIES) * 1e6:8.0f} µs")


def _seconds(step: Callable[..., object], given: list[object]) -> float:
    start = time.process_time()
    for one in given:
        step(one)
    return time.process_time() - start


if __name__ == "__main__":
    main()
