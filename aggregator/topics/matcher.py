"""Many topics against each change: which stories they catch, announced or silent, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model.batch import Change, ChangeKind, Decision, Known
from aggregator.model.entry import EntryId, EntryRecord, StoryId
from aggregator.model.topic import Collapse, Hit, Topic
from aggregator.query import Explanation, Match, Query, Subject, fold, language, parse
from aggregator.topics.keys import Key, required


def definition(topic: Topic) -> str:
    """What decides a topic's hits, as one text: another text means an edited topic."""
    return json.dumps(
        {
            "query": topic.query,
            "collapse": topic.collapse,
            "include": topic.include,
            "exclude": topic.exclude,
            "languages": topic.languages,
            "minimum_length": topic.minimum_length,
        },
        sort_keys=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    topic: Topic
    query: Query
    guard: Key
    include: frozenset[str]
    exclude: frozenset[str]
    languages: frozenset[str]

    def admits(self, subject: Subject) -> bool:
        """Whether feed, folder, language and length let the entry be looked at."""
        if self.include or self.exclude:
            places = {subject.feed, fold(subject.feed_title), *map(fold, subject.folders)}
            if self.exclude & places or (self.include and not self.include & places):
                return False
        if self.languages and language(subject.lang) not in self.languages:
            return False
        return len(subject.text or subject.summary) >= self.topic.minimum_length

    def match(self, subject: Subject, now: datetime) -> Match | None:
        return self.query.match(subject, now=now) if self.admits(subject) else None


class Matcher:
    """The topics, compiled. Raises QueryError for a query that cannot be understood."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._topics: dict[str, _Compiled] = {}
        self._keyed: dict[str, list[_Compiled]] = {}
        self._keyless: list[_Compiled] = []
        for topic in topics:
            query = parse(topic.query, key=topic.slug)
            keys = required(query)
            compiled = _compile(topic, query, keys[1] if len(keys) > 1 else frozenset())
            self._topics[topic.slug] = compiled
            if not keys:
                self._keyless.append(compiled)
            for stem in keys[0] if keys else ():
                self._keyed.setdefault(stem, []).append(compiled)

    def match(
        self, decisions: Sequence[Decision], known: Known, *, now: datetime
    ) -> tuple[Hit, ...]:
        """What the topics catch of a batch, in order of the changes.

        A story is caught once; when the entry that a topic shows is revised, a
        further Hit says so, whether or not it still matches: what was published
        stays, and is corrected. A copy of a story that is held already is no hit.
        """
        held = dict(known.hits)
        return tuple(
            hit
            for decision in decisions
            for change in decision.changes
            if change.entry is not None and change.kind in (ChangeKind.NEW, ChangeKind.REVISED)
            for hit in self._of_change(change, held, now)
        )

    def _of_change(
        self, change: Change, held: dict[tuple[str, StoryId], tuple[EntryId, int]], now: datetime
    ) -> Iterator[Hit]:
        assert change.entry is not None
        subject, caught = subject_of(change), set[str]()
        for compiled, match in self._matches(subject, now):
            slug, alone = compiled.topic.slug, compiled.topic.collapse is Collapse.NONE
            shown = held.get((slug, change.story.id))
            if shown is None or (alone and shown[0] != change.id) or shown[0] == change.id:
                caught.add(slug)
                held[slug, change.story.id] = (change.id, change.revision)
                yield _hit(slug, change, match.reason)
        if change.kind is ChangeKind.REVISED:
            for slug in self._topics.keys() - caught:
                if held.get((slug, change.story.id), ("", 0))[0] == change.id:
                    held[slug, change.story.id] = (change.id, change.revision)
                    yield _hit(slug, change, "")

    def _matches(self, subject: Subject, now: datetime) -> Iterator[tuple[_Compiled, Match]]:
        stems = subject.stem_set("title") | subject.stem_set("text")
        candidates = {
            compiled.topic.slug: compiled
            for stem in stems & self._keyed.keys()
            for compiled in self._keyed[stem]
            if not compiled.guard or not compiled.guard.isdisjoint(stems)
        }
        for compiled in (*candidates.values(), *self._keyless):
            match = compiled.match(subject, now)
            if match is not None:
                yield compiled, match

    def match_record(self, slug: str, record: EntryRecord, *, now: datetime) -> Match | None:
        """Whether an archived entry belongs to a topic, and why."""
        return self._topics[slug].match(subject_of(record), now)

    def explain(self, slug: str, record: EntryRecord, *, now: datetime) -> Explanation:
        """Which clauses of the topic's query the entry satisfies and which it fails."""
        return self._topics[slug].query.explain(subject_of(record), now=now)


def subject_of(source: Change | EntryRecord) -> Subject:
    """An entry as the matcher sees it, from a change under way or from the archive."""
    if isinstance(source, EntryRecord):
        return Subject(
            title=source.title,
            text=source.text,
            summary=source.summary,
            lang=source.lang,
            feed=source.feed,
            feed_title=source.feed_title,
            folders=source.folders,
            authors=source.authors,
            categories=source.categories,
            url=source.url,
            published=source.published,
            first_seen=source.first_seen,
        )
    entry, feed = source.entry, source.feed
    assert entry is not None
    return Subject(
        title=entry.title,
        text=entry.text,
        summary=entry.summary,
        lang=entry.lang,
        indexed=entry.indexed,
        feed=feed.url,
        feed_title=feed.title,
        folders=feed.folders,
        authors=entry.authors,
        categories=entry.categories,
        url=entry.url,
        published=entry.published,
    )


def _compile(topic: Topic, query: Query, guard: Key) -> _Compiled:
    def places(names: Sequence[str]) -> frozenset[str]:
        return frozenset((*names, *map(fold, names)))

    return _Compiled(
        topic=topic,
        query=query,
        guard=guard,
        include=places(topic.include),
        exclude=places(topic.exclude),
        languages=frozenset(map(language, topic.languages)),
    )


def _hit(slug: str, change: Change, reason: str) -> Hit:
    return Hit(
        topic=slug,
        story=change.story.id,
        entry=change.id,
        revision=change.revision,
        announced=change.announce,
        reason=reason,
    )
