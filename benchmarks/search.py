"""Search, newest first, over an archive of made entries: milliseconds at p50 and p95.

``torres`` stands in 2 % of the entries, a word that begins with ``coach`` in 10 %,
``harbour`` and ``violin`` in 30 % each, side by side in one of 50,000. Each query runs
in this process, 20 records built, over a connection that is open already. The rows are
written straight into the tables, and kept up as each day does it: how fast entries are
stored is for ``collect.py`` to say.

    python benchmarks/search.py [--entries 100000] [--words 200] [--rounds 40] [--postgresql]
        [--cpu] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

import sqlalchemy as sa
from newsroom import CUMULATIVE, WORDS

from aggregator.archive import Archive, open_archive, search
from aggregator.archive.schema import entries, languages, revisions, sightings, stories
from aggregator.archive.statements import insert
from aggregator.model.entry import Indexed
from aggregator.model.feed import Subscription
from aggregator.model.settings import ArchiveSettings, Captures
from aggregator.query import analyse, marks_of, parse

QUERIES = {
    "words": (
        "torres", "torres AND coach", "torres AND NOT coach", "season week goal", "harbour violin torres",
        "torres OR final", "nowhere", "tolanu",
    ),
    "fields": (
        "title:torres", "title:torres AND coach", "feed:sender17", "feed:sender17 torres", "folder:folder7",
        "author:morrow31", "author:morrow31 AND lang:de", 'category:"kind 9"', "lang:es", "lang:es torres",
        "lang:pt", "published:[2024-03-01 TO 2024-03-02]", "torres published:[2023-01-01 TO 2023-06-30]",
    ),
    "phrases": (
        '"final match"', '"first half"', '"week said coach"', '"harbour violin"', 'title:"final match"',
        '"torres coach"~5', '"harbour violin"~2', '"for the and"', '"violin harbour torres"',
    ),
    "prefixes": (
        "torres AND coach*", "season AND coach*", "coach*", "title:torres AND coach*", "torres AND NOT coach*",
        "bab*", "sec*", "the*", "tola*", "harb* violi*", "nowh*", "torres AND coach* AND lang:de",
    ),
}  # fmt: skip
_BARS = {
    "sqlite": {"words": 15, "fields": 15, "phrases": 40, "prefixes": 40},
    "postgresql": dict.fromkeys(QUERIES, 100),
}
"""Milliseconds at p95: SQLite over 1,000,000 entries, PostgreSQL over 300,000."""

_COACHES = ("coach", "coaches", "coaching", "coached")
_FEEDS, _POOL, _BATCH = 1000, 20_000, 10_000
_LANGS = ("en", "en", "en", "en", "en-GB", "en", "en", "en", "de", "es")
_END = datetime(2026, 3, 1, tzinfo=UTC)


Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Said:
    """A title and a text, with what the index has of them."""

    title: str
    text: str
    lang: str
    indexed: Indexed


def pool(words: int) -> list[Said]:
    """What entries say, but for the words that are sought: each says what many others do."""
    draw = random.Random(11)
    sought = {"torres", "harbour", "violin", "nowhere"}
    plain = [word for word in WORDS if not word.startswith("coach") and word not in sought]
    weights, found = CUMULATIVE[: len(plain)], []
    for number in range(_POOL):
        text = " ".join(draw.choices(plain, cum_weights=weights, k=words))
        title = " ".join(draw.choices(plain, cum_weights=weights, k=8))
        lang = _LANGS[number % len(_LANGS)]
        found.append(Said(title, text, lang, analyse(title, text, lang)))
    return found


def made(count: int, words: int) -> Iterator[tuple[int, Said]]:
    """(key, what it says), oldest first."""
    draw, said = random.Random(12), pool(words)
    for key in range(1, count + 1):
        body, extra, title = draw.choice(said), [], ""
        if draw.random() < 0.02:
            extra.append("torres")
            title = draw.choice(("torres ", ""))
        if draw.random() < 0.10:
            extra.append(draw.choice(_COACHES))
        extra += [word for word in ("violin", "harbour") if draw.random() < 0.3]
        if draw.random() < 0.00002:
            extra += ["harbour", "violin"]
        more = analyse(title, " ".join(extra), body.lang)
        of = body.indexed
        indexed = Indexed(
            title=f"{more.title} {of.title}".strip(),
            text=f"{more.text} {of.text}".strip(),
            forms=f"{more.forms} {of.forms}".strip(),
            version=of.version,
        )
        text = " ".join((*extra, body.text))
        yield key, replace(body, title=title + body.title, text=text, indexed=indexed)


def fill(archive: Archive, count: int, words: int) -> None:
    """Write so many entries of 1,000 feeds, spread over four years."""
    archive.attach(
        [
            Subscription(
                url=f"http://site{number}.example/feed",
                title=f"Sender{number} of {WORDS[number]}",
                folders=(f"Folder{number % 50}",),
            )
            for number in range(_FEEDS)
        ],
        now=_END,
    )
    step = timedelta(days=4 * 365) / count
    with archive._database.writing() as connection:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("DROP INDEX search_words")
    rows: list[tuple[int, Said]] = []
    for row in made(count, words):
        rows.append(row)
        if len(rows) == _BATCH or row[0] == count:
            with archive._database.writing() as connection:
                write(connection, rows, _END - step * count, step)
            rows = []
    with archive._database.writing() as connection:
        insert(connection, languages, [{"lang": lang} for lang in sorted(set(_LANGS))])
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '1GB'")
            connection.exec_driver_sql("CREATE INDEX search_words ON search USING gin (words)")
    if archive.dialect != "sqlite":
        with archive._database.outside() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def write(
    connection: sa.Connection, rows: list[tuple[int, Said]], start: datetime, step: timedelta
) -> None:
    """Rows as the archive has them of new entries, each a story of its own."""
    kept: dict[str, list[dict[str, object]]] = {"entries": [], "stories": [], "sightings": []}
    states, indexed = [], []
    for key, said in rows:
        name = hashlib.blake2b(str(key).encode(), digest_size=16).digest()
        at, feed = start + step * key, key % _FEEDS + 1
        authors = (f"Ana Morrow{key % 499}",)
        categories = (f"kind {key % 97}", "news")
        kept["entries"].append({
            "entry_key": key, "feed_key": feed, "entry_id": f"urn:uuid:{name.hex()}",
            "identity": str(key), "guid": str(key), "url": f"http://site{feed}.example/{key}",
            "canonical_url": f"site{feed}.example/{key}", "likeness": None, "first_seen": at,
            "news": True, "vanished": None, "revision": 1, "fingerprint": name, "parts": "",
        })  # fmt: skip
        states.append({
            "entry_key": key, "number": 1, "seen": at, "changed": "[]", "title": said.title,
            "summary": "", "html": f"<p>{said.text}</p>", "text": said.text,
            "authors": json.dumps(authors), "categories": json.dumps(categories), "lang": said.lang,
            "published": at, "updated": None, "url": None, "image": None, "enclosures": "[]",
            "original": b"", "capture_key": None, "page_capture_key": None,
        })  # fmt: skip
        kept["stories"].append({"story_key": key, "story_id": f"urn:uuid:s{key}", "lead": key})
        kept["sightings"].append(
            {"entry_key": key, "story_key": key, "how": "first", "text_hash": name}
        )
        marks = marks_of(
            feed=feed, lang=said.lang, moment=at, authors=authors, categories=categories
        )
        indexed.append((key, said.indexed, marks))
    insert(connection, entries, kept["entries"])
    insert(connection, revisions, states)
    insert(connection, stories, kept["stories"])
    insert(connection, sightings, kept["sightings"])
    search.add(connection, indexed)


def timed(work: Callable[[], object], rounds: int, clock: Clock) -> list[float]:
    """Milliseconds of each round, sorted."""
    took = []
    for _ in range(rounds):
        began = clock()
        work()
        took.append((clock() - began) * 1000)
    return sorted(took)


def p95(took: list[float]) -> float:
    return took[int(len(took) * 0.95) - 1]


def ask(archive: Archive, rounds: int, clock: Clock) -> None:
    for kind, texts in QUERIES.items():
        every: list[float] = []
        for text in texts:
            query = parse(text)

            def once(query: object = query) -> int:
                return len(archive.search(query, sort="newest", limit=20, now=_END))  # type: ignore[arg-type]

            count, took = once(), timed(once, rounds, clock)
            every += took
            print(
                f"  {text:46} {count:3} found   p50 {statistics.median(took):7.2f} ms"
                f"   p95 {p95(took):7.2f} ms",
                flush=True,
            )
        bar = _BARS[archive.dialect][kind]
        print(f"{kind}: p95 {p95(sorted(every)):.1f} ms of all (bar {bar} ms)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--postgresql", action="store_true", help="the server that the tests use")
    parser.add_argument(
        "--cpu", action="store_true", help="this process's time on the processor, not the clock's"
    )
    parser.add_argument("--keep", type=Path, help="a folder for the archive, used again if filled")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = ""
        if options.postgresql:
            sys.path.append(str(Path(__file__).parents[1] / "tests"))
            import postgres

            url = stack.enter_context(postgres.server())
        settings = ArchiveSettings(directory=folder, captures=Captures.OFF, database=url)
        if options.postgresql or not (folder / "archive.db").exists():
            began = perf_counter()
            with open_archive(settings, write=True, purpose="benchmark") as archive:
                fill(archive, options.entries, options.words)
                # Upkeep, as on the days of a year in which so much is collected.
                for day in range(10):
                    archive.maintain(datetime.now(UTC) + timedelta(days=2 * day))
            print(
                f"{options.entries} entries of {options.words} words in {perf_counter() - began:.0f} s"
            )
        with open_archive(settings) as archive:
            ask(archive, options.rounds, process_time if options.cpu else perf_counter)


if __name__ == "__main__":
    main()
