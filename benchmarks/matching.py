"""Microseconds an entry: analysis, and matching against 12 to 10,000 topics.

Made entries of 400 words over a vocabulary in which few words are common and most rare (as in
real text), and made topics: words, phrases, nearness, prefixes, groups, NOT, title:. Beside them a
bare loop that analyses the same entries and looks up the rarest required word of each topic. The
first match of a number of topics, which orders them by their words, is not timed.

    .venv/bin/python benchmarks/matching.py [--entries 1000] [--topics 100,1000,10000]
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from datetime import UTC, datetime

from aggregator.model.batch import Change, ChangeKind, Decision, Fetched, Known, StoryChoice
from aggregator.model.entry import Entry, EntryId, Indexed, StoryId
from aggregator.model.feed import Feed, FeedIdentity, FeedKey
from aggregator.model.interests import Interests
from aggregator.model.topic import Mute, Topic
from aggregator.query import analyse, parse
from aggregator.topics import Matcher

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FEED = Feed(
    key=FeedKey(1), identity=FeedIdentity("news.example"),
    url="https://news.example/rss", fetch_url="https://news.example/rss",
)  # fmt: skip
SYLLABLES = "ba co di fe gu la mi no pu ra se to vi wa xe zo chan tor mel ster".split()
ENDINGS = ("", "", "", "s", "ing", "ed")
LANGS = ("en", "en", "en", "es", "de", "fr", "it", "")


def vocabulary(random_: random.Random, size: int) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < size:
        # The commonest words are the shortest, as in every language.
        most = 1 + min(4, len(made).bit_length() // 3)
        made["".join(random_.choices(SYLLABLES, k=random_.randint(max(1, most - 2), most)))] = None
    return list(made)


class World:
    """A made language, and entries and topics in it. ``hits``: how many topics an entry hits."""

    def __init__(self, seed: int, size: int = 45_000) -> None:
        self._random = random.Random(seed)
        self.words = vocabulary(self._random, size)
        self._weights = [1 / (rank + 3) for rank in range(size)]
        self._cumulative = [0.0]
        for weight in self._weights:
            self._cumulative.append(self._cumulative[-1] + weight)
        self._cumulative = self._cumulative[1:]

    def text(self, count: int) -> str:
        found = self._random.choices(self.words, cum_weights=self._cumulative, k=count)
        return " ".join(
            word.capitalize() if number % 9 == 0 else word + self._random.choice(ENDINGS)
            for number, word in enumerate(found)
        )

    def query(self) -> str:
        pick = self._random
        # A topic names something: its first word is rare, so that 10,000 topics hit about three times.
        named = self.words[int(len(self.words) ** pick.uniform(0.95, 1)) - 1]
        other = self.words[int(len(self.words) ** pick.uniform(0.3, 1)) - 1]
        third = self.words[int(len(self.words) ** pick.uniform(0.3, 1)) - 1]
        begin = other[:4] if len(other) >= 4 else f"{other}chan"
        return pick.choice(
            (
                f"{named} {other}",
                f"{named} AND ({other} OR {third})",
                f'"{named} {other}"',
                f'"{named} {other}"~9',
                f"{named} {begin}*",
                f"{named} NOT {other}",
                f"title:{named} OR ({named} {third})",
                f'({named} OR "{third} {named}") {other}',
            )
        )

    def entries(self, count: int) -> list[tuple[str, str, str]]:
        return [(self.text(9), self.text(400), self._random.choice(LANGS)) for _ in range(count)]

    def topics(self, count: int) -> list[Topic]:
        return [Topic(slug=f"t{n}", title=f"t{n}", query=self.query()) for n in range(count)]


def wanted(topics: list[Topic]) -> Interests:
    return Interests(topics=tuple(topics), people=(), mute=Mute())


def decision(number: int, title: str, text: str, lang: str, indexed: Indexed) -> Decision:
    entry = Entry(
        id=EntryId(f"e{number}"), identity=str(number), position=0, item_hash=b"", title=title,
        text=text, lang=lang, indexed=indexed,
    )  # fmt: skip
    change = Change(
        kind=ChangeKind.NEW, feed=FEED, id=entry.id, key=None, entry=entry, revision=1,
        story=StoryChoice(id=StoryId(f"s{number}"), key=None, how="first"), lead=True, announce=True,
    )  # fmt: skip
    return Decision(fetched=Fetched(feed=FEED, at=NOW), changes=(change,))


def measure(work: object, count: int, rounds: int = 3) -> float:
    """The best of some rounds, in microseconds an entry."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best / count * 1e6


def bare(entries: list[tuple[str, str, str]], keys: dict[str, list[int]]) -> int:
    found = 0
    for entry in entries:
        indexed = analyse(*entry)
        stems = set(indexed.title.split(" "))
        stems.update(indexed.text.split(" "))
        for stem in stems & keys.keys():
            found += len(keys[stem])
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--entries", type=int, default=1000)
    options.add_argument("--topics", default="100,1000,10000")
    given = options.parse_args()
    world = World(7)
    entries = world.entries(given.entries)
    count = len(entries)
    analysis = measure(lambda: [analyse(*one) for one in entries], count)
    print(f"analysis of 400 words: {analysis:.0f} µs an entry ({count} entries, best of 3)\n")
    decisions = [decision(n, *one, analyse(*one)) for n, one in enumerate(entries)]
    known = Known()
    print(
        "| topics | compile ms | match µs | bare µs | whole / bare | whole / fewest topics | hits/entry |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    fewest = 0.0
    topics = world.topics(max(map(int, given.topics.split(","))))
    for size in map(int, given.topics.split(",")):
        chosen = topics[:size]
        began = time.process_time()
        matcher = Matcher(wanted(chosen))
        compiling = (time.process_time() - began) * 1e3
        keys: dict[str, list[int]] = {}
        for number, one in enumerate(chosen):
            for stem in rarest(one):
                keys.setdefault(stem, []).append(number)
        floor = measure(lambda keys=keys: bare(entries, keys), count)
        hits = len(matcher.match(decisions, known, now=NOW))
        each = measure(lambda matcher=matcher: matcher.match(decisions, known, now=NOW), count)
        whole = analysis + each
        fewest = fewest or whole
        print(
            f"| {size:,} | {compiling:.0f} | {each:.0f} | {floor:.0f} "
            f"| {whole / floor:.2f} | {whole / fewest:.2f} | {hits / count:.2f} |"
        )
    if count <= 100:
        check(topics, entries, decisions)


def rarest(topic: Topic) -> frozenset[str]:
    from aggregator.topics.keys import required

    keys = [key for lang in dict.fromkeys(LANGS) for key in required(parse(topic.query), lang)[:1]]
    return frozenset().union(*keys)


def check(
    topics: list[Topic], entries: list[tuple[str, str, str]], decisions: list[Decision]
) -> None:
    """With few entries: that the index of topics finds what trying each finds."""
    from aggregator.query import Subject

    found = {
        (hit.topic, hit.entry) for hit in Matcher(wanted(topics)).match(decisions, Known(), now=NOW)
    }
    plain = {
        (topic.slug, f"e{number}")
        for number, (title, text, lang) in enumerate(entries)
        for subject in [Subject(title=title, text=text, lang=lang)]
        for topic in topics
        if parse(topic.query).match(subject, now=NOW)
    }
    print(f"\nequal to trying each: {found == plain} ({len(plain)} hits)")


if __name__ == "__main__":
    main()
