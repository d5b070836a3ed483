"""What reading costs: ``python benchmarks/normalize.py [--documents 40]``.

Two tables, in processor time, over the made documents of ``newsroom.py`` (30 entries of
200 to 600 words, half RSS, half Atom):

* *Steady state*: documents in which one entry is new. Ours reads bytes to Document, what it
  saw before cut out; beside it the same documents handed whole to feedparser's defaults.
* *Cold*: what each step costs an entry that is new, nothing remembered from before. Steps
  are timed alone on the same input, so they need not add up to the whole.

Of each document or entry the best of five runs counts. What is remembered between documents
is forgotten before each run: the addresses, and in the second table the words.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import pickle
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import feedparser
from newsroom import ENTRIES
from newsroom import document as made

from aggregator.model.address import canonical_url
from aggregator.model.entry import Document
from aggregator.model.original import pack_original
from aggregator.normalize import document, links, reading
from aggregator.normalize.blocks import read_blocks, write_blocks
from aggregator.normalize.boilerplate import carried
from aggregator.normalize.cleaning import clean
from aggregator.normalize.cutting import cut
from aggregator.normalize.identity import identities
from aggregator.normalize.item import original
from aggregator.normalize.sanitizing import sanitized
from aggregator.normalize.shingles import sample
from aggregator.normalize.sniffing import sniff
from aggregator.query import analyse, analysis, numbers

NOW = datetime(2026, 1, 8, tzinfo=UTC)
URL = "https://news.example/feed"
XML = "application/xml; charset=utf-8"


def read(body: bytes, seen: frozenset[bytes] = frozenset()) -> Document:
    return reading.read(
        body, content_type=XML, url=URL, feed="news.example/feed", seen=seen, now=NOW, max_entries=5000,
    )  # fmt: skip


def forget(*, words: bool) -> None:
    """Forget the addresses that were met, and with ``words`` those as well."""
    canonical_url.cache_clear()
    links.absolute.cache_clear()
    analysis._remembered.cache_clear()
    analysis._looked_up.cache_clear()
    if words:
        analysis._LEXICONS.clear()
        analysis._FOLDED.clear()


def seconds(step: Callable[..., object], given: Sequence[Any], *, words: bool = True) -> float:
    """Processor time of a step over all that is given: of each the best of five runs, added up."""
    best = [float("inf")] * len(given)
    for _ in range(5):
        forget(words=words)
        for at, one in enumerate(given):
            start = time.thread_time()
            step(one)
            best[at] = min(best[at], time.thread_time() - start)
    return sum(best)


def steady(documents: int) -> None:
    polls = []
    for feed in range(documents):
        first, second = (made(feed, edition, "https://news.example") for edition in (0, 1))
        polls.append((second, frozenset(entry.item_hash for entry in read(first).entries)))
    assert all(len(read(*poll).entries) == 1 for poll in polls)
    ours = documents / seconds(lambda poll: read(*poll), polls, words=False)
    theirs = documents / seconds(lambda poll: feedparser.parse(io.BytesIO(poll[0])), polls)
    print("one new entry in each document, documents/s\n")
    print(f"  ours, bytes to Document           {ours:8.0f}   {ours / theirs:.1f} times")
    print(f"  feedparser's defaults             {theirs:8.0f}\n")


def cold(documents: int) -> None:
    bodies = [made(feed, 0, "https://news.example") for feed in range(documents)]
    parsed = [document.parse(body, content_type=XML, url=URL, seen={}) for body in bodies]
    items = [item for one in parsed for item in one.items]
    read_before = [read(body) for body in bodies]
    entries = [entry for one in read_before for entry in one.entries]
    cleaned = [_clean(item) for item in items]
    blocks = [read_blocks(item.content, item.base) for item in items]
    steps: dict[str, tuple[Callable[..., object], Sequence[Any]]] = {
        "sniff": (lambda body: sniff(body, content_type=XML, url=URL), bodies),
        "walk, cut and hash": (lambda body: cut(body, charset="utf-8", url=URL, seen={}), bodies),
        "  hash alone": (lambda body: hashlib.blake2b(body, digest_size=16).digest(), bodies),
        "feedparser": (lambda body: document._feedparser(body, "utf-8", URL), bodies),
        "  its defaults": (lambda body: feedparser.parse(io.BytesIO(body)), bodies),
        "to items, all by feedparser": (
            lambda body: document.parse(body, content_type=XML, url=URL, seen={}, quick=False), bodies,
        ),
        "to items, plain ones apart": (
            lambda body: document.parse(body, content_type=XML, url=URL, seen={}), bodies,
        ),
        "identities": (
            lambda one: identities([reading._named(item) for item in one.items]), parsed,
        ),
        "clean": (_clean, items),
        "  nh3": (lambda item: sanitized(item.content), items),
        "  nh3 and into blocks": (lambda item: read_blocks(item.content, item.base), items),
        "  blocks to HTML": (write_blocks, blocks),
        "  blocks to text": (lambda some: "\n\n".join(one.text for one in some if one.text), blocks),
        "keys and fingerprint": (
            lambda pair: reading._parts(pair[0], pair[1], pair[0].authors, pair[0].categories),
            list(zip(items, cleaned, strict=True)),
        ),
        "analyse": (lambda entry: analyse(entry.title, entry.text, "en"), entries),
        "sample for stories": (lambda entry: sample(numbers(entry.text, "en")), entries),
        "hash what may be boilerplate": (lambda one: carried(one, None), cleaned),
        "original: JSON and zstd": (lambda item: pack_original(original(item)), items),
        "whole: bytes to Document": (read, bodies),
        "hand over: pickle there and back": (lambda one: pickle.loads(pickle.dumps(one)), read_before),
    }  # fmt: skip
    print("every entry new, µs an entry\n")
    for name, (step, given) in steps.items():
        print(f"  {name:34} {seconds(step, given) / (documents * ENTRIES) * 1e6:7.0f}")


def _clean(item: Any) -> Any:
    return clean(item.title, item.summary, item.content, base=item.base)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=40)
    options = parser.parse_args()
    steady(options.documents)
    cold(options.documents)
