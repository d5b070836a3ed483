"""Topics against their own samples: what each must catch, and what it must not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct, field

from aggregator.model.entry import EntryRecord
from aggregator.model.errors import UsageError
from aggregator.model.feed import Feed
from aggregator.model.interests import Interests
from aggregator.model.person import Person
from aggregator.model.topic import Topic
from aggregator.query import Bindings, Query, Subject, as_called, called, languages, parse
from aggregator.topics.limits import places_of
from aggregator.topics.matcher import Matcher, TopicExplanation, subject_of

_URN = re.compile(r"urn:uuid:\S*", re.IGNORECASE)
# Whole, or how it begins, with or without dashes.
_DIGITS = re.compile(r"[0-9a-f]{6,32}|[0-9a-f]{8}-[0-9a-f-]{0,27}", re.IGNORECASE)
# An id nearly always has both; what has one alone may be a word (decade) or a number (20261129).
_LETTER, _NUMERAL = re.compile(r"[a-f]", re.IGNORECASE), re.compile(r"[0-9]")
# A topic that takes up so much of the newest entries takes up nearly everything …
_NEARLY_ALL = 0.9
# … and one that caught fewer of them says nothing of whether it is part of another.
_ENOUGH = 5
# So alike are a name and its misspelling (difflib's ratio), and hardly ever two names.
_NEARLY = 0.85

Find = Callable[[str], EntryRecord | None]
"""Looks an entry up by its id."""


class Failed(Struct, frozen=True, kw_only=True):
    """A sample that a topic takes up and must not, or must and does not.

    ``why``: the clauses that kept it out, or the words that let it in. ``missing``: it
    names an entry that is not in the archive, so that nothing can be said. ``title``: of the
    entry that it names.
    """

    topic: str
    sample: str
    must: bool
    why: tuple[str, ...]
    missing: bool = False
    title: str = ""

    def __str__(self) -> str:
        if self.missing:
            return f"{self.topic}: no entry {self.sample} is in the archive, or several begin so"
        verb, but = ("must match", "fails") if self.must else ("must not match", "satisfies")
        why = "; ".join(self.why) or "everything"
        named = f" ({self.title})" if self.title else ""
        return f"{self.topic}: {verb} “{self.sample}”{named}, but {but}: {why}"


class Unknown(Struct, frozen=True, kw_only=True):
    """A name of a feed or folder, in a topic or the mute table, that none of the feeds goes by; or of
    a person, of whom people.toml has one who is called nearly so: ``near``."""

    topic: str
    asked: str
    near: str = ""

    def __str__(self) -> str:
        if self.near:
            return f"{self.topic}: {misnamed(self.asked, self.near)}"
        return f"{self.topic}: {self.asked} names no feed or folder of aggregator feeds list"


def misnamed(asked: str, near: str) -> str:
    """That a query asks for a person whom nobody is called, and who nearly is."""
    return f"{asked} is nobody of people.toml: or {near}?"


class Signless(Struct, frozen=True, kw_only=True):
    """A word of a topic or the mute table with a sign that is not looked for."""

    topic: str
    asked: str
    sought: str

    def __str__(self) -> str:
        return (
            f"{self.topic}: {self.asked} finds “{self.sought}”, since signs are no part of a word"
        )


class Survey(Struct):
    """What topics take up of some entries: none, nearly all, or part of what another does."""

    entries: int = 0
    caught: dict[str, int] = field(default_factory=dict)
    together: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def nothing(self) -> list[str]:
        return [slug for slug, count in self.caught.items() if self.entries and not count]

    @property
    def nearly_all(self) -> list[str]:
        least = max(_ENOUGH, _NEARLY_ALL * self.entries)
        return [slug for slug, count in self.caught.items() if count >= least]

    @property
    def subsets(self) -> list[tuple[str, str]]:
        """(topic, the topic that it is part of); of two that are equal, each of the other."""
        wide = set(self.nearly_all)
        return [
            (one, other)
            for (one, other), count in sorted(self.together.items())
            if count == self.caught[one] >= _ENOUGH and other not in wide
        ]


def is_entry_id(sample: str) -> bool:
    """Whether a sample is the id of an entry, or how one begins, and no text."""
    name = sample.strip()
    return bool(
        _URN.fullmatch(name)
        or (_DIGITS.fullmatch(name) and _LETTER.search(name) and _NUMERAL.search(name))
    )


def may_be_entry_id(sample: str) -> bool:
    """Whether a sample is an id where an entry has it, and else may be a word or a number."""
    return is_entry_id(sample) or _DIGITS.fullmatch(sample.strip()) is not None


def contradicted(
    interests: Interests, *, find: Find | None = None, now: datetime
) -> Iterator[Failed]:
    """The samples of all topics that fail, as :func:`failing` finds them; not those of entries that
    are not in the archive. Raises QueryError."""
    failed = failing(interests, interests.topics, find=find, now=now)
    return (one for one in failed if not one.missing)


def failing(
    interests: Interests, topics: Sequence[Topic], *, find: Find | None = None, now: datetime
) -> Iterator[Failed]:
    """The samples that the topics fail, in their order. Without ``find`` only texts are looked at,
    and what may be an id is none; with it that is one where an entry has it.

    A text is taken for an entry with that title and text, in every language that words
    are stemmed in, since it is too short to tell: one it must match it has to match in one
    of them, one it must not match in none.
    """
    sampled = [topic for topic in topics if topic.must or topic.must_not]
    matcher = Matcher(interests, only=sampled)
    for topic in sampled:
        for must, samples in ((True, topic.must), (False, topic.must_not)):
            for sample in samples:
                failed = _tried(matcher, topic.slug, sample, must, find, now)
                if failed is not None:
                    yield failed


def _tried(
    matcher: Matcher, slug: str, sample: str, must: bool, find: Find | None, now: datetime
) -> Failed | None:
    """How a topic fails a sample; None where it holds, or cannot be tried."""
    record = None
    if may_be_entry_id(sample):
        if find is None:
            return None
        try:
            record = find(sample)
            missing = record is None and is_entry_id(sample)
        except UsageError:  # several begin so
            missing = True
        if missing:
            return Failed(topic=slug, sample=sample, must=must, why=(), missing=True)
    if record is None:
        explained = _closest(matcher, slug, sample, now)
    else:
        explained = matcher.explain(slug, record, now=now)
    if explained.matches is must:
        return None
    why, title = _why(explained, must), record.title if record else ""
    return Failed(topic=slug, sample=sample, must=must, why=why, title=title)


def unknown(
    interests: Interests, topics: Sequence[Topic], feeds: Iterable[Feed]
) -> Iterator[Unknown]:
    """What the topics and the mute table call feeds and folders, and none of the feeds is called.

    Raises QueryError.
    """
    subjects = [_any_of(one) for one in feeds if one.subscribed]
    places = frozenset[str]().union(*map(places_of, subjects))
    bindings = Bindings(interests.topics, interests.people)
    named = [
        (topic.slug, key, name)
        for topic in topics
        for key, names in (("include", topic.include), ("exclude", topic.exclude))
        for name in names
    ]
    for owner, key, name in (*named, *(("mute", "feeds", one) for one in interests.mute.feeds)):
        if called((name,)).isdisjoint(places):
            yield Unknown(topic=owner, asked=f"{key} “{name}”")
    for owner, text in _queries(interests, topics):
        for typed in _lost(bindings.bind(parse(text), name=owner), subjects):
            yield Unknown(topic=owner, asked=typed)


def _queries(interests: Interests, topics: Sequence[Topic]) -> Iterator[tuple[str, str]]:
    """(whose, query) of the topics and the mute table."""
    yield from ((topic.slug, topic.query) for topic in topics)
    yield from (("mute", query) for query in interests.mute.queries)


def nowhere(query: Query, feeds: Iterable[Feed]) -> Iterator[str]:
    """What a query that was bound asks of feeds and folders, as typed, where none of the feeds has it."""
    return _lost(query, list(map(_any_of, feeds)))


def _lost(query: Query, subjects: Sequence[Subject]) -> Iterator[str]:
    for typed, clause in query.of_feeds():
        if next(clause.fit((one, one) for one in subjects), None) is None:
            yield typed


def _any_of(feed: Feed) -> Subject:
    """An entry of the feed of which nothing else is known."""
    return Subject(title="", text="", feed=feed.url, feed_title=feed.title, folders=feed.folders)


def misspelt(interests: Interests, topics: Sequence[Topic]) -> Iterator[Unknown]:
    """The people whom the topics name as nobody of people.toml is called, though one nearly is.

    A person need not be there, so that this is no mistake by itself. Raises QueryError.
    """
    for topic in topics:
        for asked, near in nobody(parse(topic.query), interests.people):
            yield Unknown(topic=topic.slug, asked=asked, near=near)


def signless(interests: Interests, topics: Sequence[Topic]) -> Iterator[Signless]:
    """The words of the topics and the mute table whose signs are not looked for. Raises QueryError."""
    for owner, text in _queries(interests, topics):
        for asked, sought in parse(text).signs():
            yield Signless(topic=owner, asked=asked, sought=sought)


def nobody(query: Query, people: Iterable[Person]) -> Iterator[tuple[str, str]]:
    """What a query, before it is bound, asks of persons whom nobody is called, where one nearly is:
    as typed, and that one's name."""
    if not query.people:
        return
    known = {as_called(alias): alias for one in people for alias in (one.name, *one.aliases)}
    for name in query.people:
        near = difflib.get_close_matches(as_called(name), known, 1, _NEARLY)
        if near and as_called(name) not in known:
            yield f"person:“{name}”", known[near[0]]


def survey(
    matcher: Matcher, topics: Sequence[Topic], records: Iterable[EntryRecord], *, now: datetime
) -> Survey:
    """What the topics take up of the records."""
    found = Survey(caught=dict.fromkeys((topic.slug for topic in topics), 0))
    for record in records:
        found.entries += 1
        slugs = matcher.topics_of(subject_of(record), now=now)
        for slug in slugs:
            found.caught[slug] += 1
            for other in slugs:
                if other != slug:
                    found.together[slug, other] = found.together.get((slug, other), 0) + 1
    return found


def _closest(matcher: Matcher, slug: str, text: str, now: datetime) -> TopicExplanation:
    """The explanation in the language in which the text comes closest to matching."""
    tried = list[TopicExplanation]()
    for lang in languages():
        subject = Subject(title=text, text=text, lang=lang, published=now, first_seen=now)
        found = matcher.explain_sample(slug, subject, now=now)
        if found.matches:
            return found
        tried.append(found)
    return min(tried, key=lambda one: (not one.query.matches, len(one.failed)))


def _why(explained: TopicExplanation, must: bool) -> tuple[str, ...]:
    return explained.failed if must else tuple(map(str, explained.query.satisfied))
