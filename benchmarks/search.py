"""Search, newest first, over an archive of made entries on SQLite: milliseconds at p50 and p95.

``torres`` stands in 2 % of the entries and a word that begins with ``coach`` in
10 %. Each query runs in this process, records built, over a connection that is
open already.

    python benchmarks/search.py [--entries 100000] [--words 200] [--rounds 60]
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from newsroom import CUMULATIVE, WORDS

from aggregator.archive import Archive, open_archive
from aggregator.model.batch import (
    Address,
    Batch,
    Change,
    ChangeKind,
    Decision,
    Fetched,
    NextPoll,
    Settled,
    StoryChoice,
)
from aggregator.model.entry import Document, Entry, EntryId, StoryId
from aggregator.model.feed import Response, Subscription
from aggregator.model.settings import ArchiveSettings, Captures
from aggregator.model.time import now
from aggregator.query import analyse, parse

QUERIES = [
    "torres AND coach*",
    "torres",
    "season AND coach*",
    '"final match"',
    "title:torres AND coach*",
    "torres AND NOT coach*",
]
_COACHES = ["coach", "coaches", "coaching", "coached"]
_BATCH = 1000


def entries(count: int, words: int) -> Iterator[Entry]:
    draw = random.Random(11)
    plain = [word for word in WORDS if not word.startswith(("coach", "torres"))]
    weights = CUMULATIVE[: len(plain)]
    for number in range(count):
        body = draw.choices(plain, cum_weights=weights, k=words)
        title = draw.choices(plain, cum_weights=weights, k=8)
        if draw.random() < 0.02:
            draw.choice((title, body)).insert(3, "torres")
        if draw.random() < 0.10:
            body.insert(draw.randrange(words), draw.choice(_COACHES))
        text, name = " ".join(body), " ".join(title)
        digest = hashlib.blake2b(str(number).encode(), digest_size=16).digest()
        yield Entry(
            id=EntryId(f"urn:uuid:{digest.hex()}"),
            identity=str(number),
            position=0,
            item_hash=digest,
            guid=str(number),
            url=f"http://news.example/{number}",
            canonical_url=f"news.example/{number}",
            title=name,
            text=text,
            html=f"<p>{text}</p>",
            lang="en",
            fingerprint=digest,
            text_hash=digest,
            original=b"",
            indexed=analyse(name, text, "en"),
        )


def fill(archive: Archive, count: int, words: int) -> float:
    """Store the entries; returns seconds spent in the archive alone."""
    archive.attach([Subscription(url="http://news.example/feed", title="News")], now=now())
    (feed,) = archive.feeds()
    made, spent = entries(count, words), 0.0
    for start in range(0, count, _BATCH):
        portion = tuple(
            entry for _, entry in zip(range(min(_BATCH, count - start)), made, strict=False)
        )
        at = now()
        response = Response(
            requested=feed.url, url=feed.url, status=200, headers=(), wire=b"", body=b"",
            started=at, seconds=0.0,
        )  # fmt: skip
        fetched = Fetched(
            feed=feed, at=at, response=response, body_hash=b"x" * 16,
            document=Document(version="rss20", entries=portion),
        )  # fmt: skip
        changes = tuple(
            Change(
                kind=ChangeKind.NEW, feed=feed, id=entry.id, key=None, entry=entry, revision=1,
                story=StoryChoice(id=StoryId(f"{entry.id}s"), key=None, how="first"),
                lead=True, announce=True,
            )
            for entry in portion
        )  # fmt: skip
        settled = Settled(
            decision=Decision(fetched=fetched, changes=changes, listing=()),
            poll=NextPoll(due=at + timedelta(hours=1), reason="made"),
            address=Address(fetch_url=feed.url),
        )
        began = perf_counter()
        with archive.batch() as write:
            write.store(Batch(at=at, settled=(settled,), hits=()))
        spent += perf_counter() - began
    return spent


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """(p50, p95) in milliseconds."""
    took = []
    for _ in range(rounds):
        began = perf_counter()
        work()
        took.append((perf_counter() - began) * 1000)
    took.sort()
    return statistics.median(took), took[int(len(took) * 0.95) - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        settings = ArchiveSettings(directory=Path(scratch), captures=Captures.OFF)
        with open_archive(settings, write=True, purpose="benchmark") as archive:
            spent = fill(archive, options.entries, options.words)
        size = (Path(scratch) / "archive.db").stat().st_size
        print(f"{options.entries} entries of {options.words} words: {spent:.1f} s in the archive,")
        print(
            f"  {spent / options.entries * 1e6:.0f} µs and {size / options.entries:.0f} bytes an entry"
        )
        with open_archive(settings) as archive:
            for text in QUERIES:
                query = parse(text)
                found = archive.search(query, sort="newest", limit=20, now=now())
                middle, high = timed(
                    lambda query=query: archive.search(query, sort="newest", limit=20, now=now()),
                    options.rounds,
                )
                print(
                    f"  {text:28} {len(found):3} found   p50 {middle:7.2f} ms   p95 {high:7.2f} ms"
                )


if __name__ == "__main__":
    main()
