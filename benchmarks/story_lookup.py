"""What it costs to look up the stories of new entries, as the archive grows, on SQLite.

Two archives that differ in size, with 10,000 entries a day and 14 days of samples, as
upkeep leaves them. Batches of new entries, one in ten an edited copy of an archived one,
go through ``known`` and ``decide``: hashes, candidates and rule, and all else that a write
asks first. Nothing is stored. Rows are made by SQLite itself; those that copies are made
of have real texts and samples, the others random hashes and a few that many carry.

    python benchmarks/story_lookup.py [--entries 10000 1000000] [--batch 300] [--rounds 20]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from newsroom import article

from aggregator.archive import Archive, open_archive
from aggregator.model.batch import Fetched
from aggregator.model.entry import Document, Entry, EntryId
from aggregator.model.feed import Feed, Subscription
from aggregator.model.sample import CROWDED
from aggregator.model.settings import ArchiveSettings, Captures, NormalizeSettings
from aggregator.normalize import decide
from aggregator.normalize.shingles import sample
from aggregator.query import analyse, numbers, words

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
A_DAY, WINDOW = 10_000, 14
SOURCES = 1000
"""The newest so many entries have real texts, from which copies are made."""
RUNS = 33
"""Hashes of an entry."""
PHRASES = 5000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--batch", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with ExitStack() as stack:
        archives, rows = [], []
        for count in options.entries:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = ArchiveSettings(directory=folder, captures=Captures.OFF, free_space=0)
            with open_archive(settings, write=True, purpose="benchmark") as archive:
                archive.attach([Subscription(url="http://news.example/feed")], now=NOW)
            rows.append(fill(folder / "archive.db", count))
            opened = open_archive(settings, write=True, purpose="benchmark")
            archives.append(stack.enter_context(opened))
        took = measure(archives, options.batch, options.rounds)
    print(f"{'entries':>10}{'samples':>12}{'known µs':>10}{'rule µs':>9}{'whole µs':>10}  an entry")
    for count, samples, (known, rule) in zip(options.entries, rows, took, strict=True):
        print(f"{count:>10}{samples:>12}{known:>10.0f}{rule:>9.0f}{known + rule:>10.0f}")
    print(f"the last costs {sum(took[-1]) / sum(took[0]):.2f} times the first")


def fill(file: Path, count: int) -> int:
    """Put the entries in; returns how many rows of samples there are."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -400000")
    day = 86_400_000_000
    newest = int(NOW.timestamp() * 1_000_000)
    database.executescript(
        f"""
        CREATE TEMP TABLE n AS WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {count})
            SELECT k FROM n;
        INSERT INTO entries (entry_key, feed_key, entry_id, identity, guid, url, canonical_url, first_seen, revision, fingerprint, parts, news)
            SELECT k, 1, 'urn:uuid:' || lower(hex(randomblob(16))), 'news.example/' || k, '', 'http://news.example/' || k,
                'news.example/' || k, {newest} - ({count} - k) * {day // A_DAY}, 1, randomblob(16), '', 1 FROM n;
        INSERT INTO revisions (entry_key, number, seen, changed, title, summary, html, text, authors, categories, lang, enclosures, original)
            SELECT k, 1, {newest}, '[]', 'A title', '', '', hex(randomblob(150)), '[]', '[]', 'en', '[]', x'' FROM n;
        INSERT INTO stories (story_key, story_id, lead) SELECT k, 'urn:uuid:' || lower(hex(randomblob(16))), k FROM n;
        INSERT INTO sightings (entry_key, story_key, how, text_hash) SELECT k, k, 'first', randomblob(16) FROM n;
        """
    )
    database.executemany(
        "UPDATE revisions SET title = ?, text = ? WHERE entry_key = ?",
        [(*said(number), count - SOURCES + number + 1) for number in range(SOURCES)],
    )
    database.execute(
        f"""
        INSERT OR IGNORE INTO samples
            SELECT abs(random()) % 281474976710656 AS hash, k, k FROM n, (SELECT k AS run FROM n LIMIT {RUNS})
            WHERE k BETWEEN {count} - {A_DAY * WINDOW} AND {count} - {SOURCES} ORDER BY hash
        """
    )
    database.executemany("INSERT OR IGNORE INTO samples VALUES (?, ?, ?)", sorted(carried(count)))
    database.commit()
    database.execute("ANALYZE")
    (rows,) = database.execute("SELECT count(*) FROM samples").fetchone()
    database.close()
    return rows


def carried(count: int) -> Iterator[tuple[int, int, int]]:
    """The rows of samples of phrases that many carry, one an entry, and of the real texts."""
    draw, carriers = random.Random(5), [0] * PHRASES
    for key in range(max(1, count - A_DAY * WINDOW), count - SOURCES + 1):
        phrase = int(PHRASES * draw.random() ** 3)
        if carriers[phrase] <= CROWDED:
            carriers[phrase] += 1
            yield phrase, key, key
    for number in range(SOURCES):
        key = count - SOURCES + number + 1
        for run in sample(numbers(said(number)[1], "en")):
            yield run, key, key


def said(number: int) -> tuple[str, str]:
    title, html = article(7, number)
    return title, " ".join(words(html))


def measure(archives: Sequence[Archive], batch: int, rounds: int) -> list[tuple[float, float]]:
    """(µs in the archive, µs in decisions) an entry, for each: medians over rounds, every entry new
    in each. Processor time, the archives turn about, so that a busy machine does not decide."""
    took = [([], []) for _ in archives]
    for number in range(rounds + 2):
        entries = brought(number, batch)
        for archive, (known_took, rule_took) in zip(archives, took, strict=True):
            (feed,) = archive.feeds()
            fetched = [_fetched(feed, entries)]
            with archive.batch() as write:
                began = process_time()
                known = write.known(fetched)
                between = process_time()
                (decision,) = decide(
                    fetched, known, now=NOW + timedelta(hours=1), settings=NormalizeSettings()
                )
                ended = process_time()
            near = sum(change.story.how == "near" for change in decision.changes)
            assert near == len(range(0, batch, 10)), near
            known_took.append((between - began) / batch * 1e6)
            rule_took.append((ended - between) / batch * 1e6)
    return [(statistics.median(known[2:]), statistics.median(rule[2:])) for known, rule in took]


def brought(number: int, batch: int) -> Sequence[Entry]:
    """New entries; each tenth an archived one with a few other words."""
    made = []
    for at in range(batch):
        name = f"{number}-{at}"
        if at % 10 == 0:
            title, text = said((number * batch + at) // 10 % SOURCES)
            text = f"{text} more lines of {name} which only this source has"
        else:
            title, html = article(1000 + number, at)
            text = " ".join(words(html))
        made.append(_entry(name, at, title, text))
    return made


def _entry(name: str, position: int, title: str, text: str) -> Entry:
    return Entry(
        id=EntryId(f"urn:uuid:new-{name}"), identity=name, position=position, item_hash=name.encode(),
        url=f"http://other.example/{name}", canonical_url=f"other.example/{name}", title=title,
        text=text, lang="en", fingerprint=name.encode(), text_hash=name.encode(),
        sample=sample(numbers(text, "en")), indexed=analyse("", "", "en"),
    )  # fmt: skip


def _fetched(feed: Feed, entries: Sequence[Entry]) -> Fetched:
    document = Document(version="rss20", entries=tuple(entries))
    return Fetched(feed=feed, at=NOW, body_hash=b"x", document=document)


if __name__ == "__main__":
    main()
