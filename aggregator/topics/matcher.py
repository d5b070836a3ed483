"""Many topics against each change: which stories they catch, announced or silent, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.model.address import canonical_url
from aggregator.model.batch import Change, ChangeKind, Decision, Known
from aggregator.model.entry import EntryId, EntryRecord, StoryId
from aggregator.model.person import Person
from aggregator.model.topic import Collapse, Hit, Topic
from aggregator.query import (
    Bindings,
    Explanation,
    Match,
    Query,
    Subject,
    by_name,
    fold,
    parse,
)
from aggregator.topics.keys import Keyring


def definition(topic: Topic, rests: Mapping[str, str] | None = None) -> str:
    """What decides a topic's hits, as one text: another text means an edited topic.

    ``rests``: what its query's meaning rests on besides its words (``Query.rests``).
    """
    return json.dumps(
        {
            "query": topic.query,
            **({"rests": dict(rests)} if rests else {}),
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
    include: frozenset[str]
    exclude: frozenset[str]
    languages: frozenset[str]

    def admits(self, subject: Subject) -> bool:
        """Whether feed, folder, language and length let the entry be looked at."""
        if self.include or self.exclude:
            places = {canonical_url(subject.feed), fold(subject.feed_title)}
            places.update(map(fold, subject.folders))
            if self.exclude & places or (self.include and not self.include & places):
                return False
        if self.languages and _primary(subject.lang) not in self.languages:
            return False
        return len(subject.text or subject.summary) >= self.topic.minimum_length

    def match(self, subject: Subject, now: datetime) -> Match | None:
        return self.query.match(subject, now=now) if self.admits(subject) else None


class Matcher:
    """The topics, compiled. ``refers_to``: further topics that their queries may name.

    Raises QueryError for a query that cannot be understood.
    """

    def __init__(
        self,
        topics: Sequence[Topic],
        *,
        people: Sequence[Person] = (),
        refers_to: Sequence[Topic] = (),
    ) -> None:
        named = (*refers_to, *topics)
        bindings = Bindings({one.slug: parse(one.query) for one in named}, by_name(people))
        self._all = [_compile(topic, bindings) for topic in topics]
        self._topics = {one.topic.slug: one for one in self._all}
        self._keyrings: dict[str, Keyring] = {}

    def query(self, slug: str) -> Query:
        """A topic's query, with the people and topics that it names in place."""
        return self._topics[slug].query

    def definition(self, slug: str) -> str:
        """What decides a topic's hits: :func:`definition` with what its query rests on."""
        one = self._topics[slug]
        return definition(one.topic, one.query.rests)

    def match(
        self, decisions: Sequence[Decision], known: Known, *, now: datetime
    ) -> tuple[Hit, ...]:
        """What the topics catch of a batch, in order of the changes, then of the topics.

        A story is caught once; when the entry that a topic shows is revised, a
        further Hit says so, whether or not it still matches: what was published
        stays, and is corrected. A copy of a story that is held already is no hit,
        unless it leads the story from now on: then it is shown instead, in the
        story's place, since a copy is no news.
        """
        held: dict[StoryId, dict[str, tuple[EntryId, int]]] = {}
        for (slug, story), shown in known.hits.items():
            held.setdefault(story, {})[slug] = shown
        return tuple(
            hit
            for decision in decisions
            for change in decision.changes
            if change.entry is not None and change.kind in (ChangeKind.NEW, ChangeKind.REVISED)
            for hit in self._of_change(change, held.setdefault(change.story.id, {}), now)
        )

    def _of_change(
        self, change: Change, held: dict[str, tuple[EntryId, int]], now: datetime
    ) -> Iterator[Hit]:
        """``held``: what each topic shows of the story; brought up to date."""
        caught: set[str] = set()
        leads = change.kind is ChangeKind.NEW and change.lead and not change.story.new
        for compiled, match in self._matches(subject_of(change, now=now), now):
            slug, alone = compiled.topic.slug, compiled.topic.collapse is Collapse.NONE
            shown = held.get(slug)
            if shown is None or alone or leads or shown[0] == change.id:
                caught.add(slug)
                held[slug] = (change.id, change.revision)
                hit = _hit(slug, change, match.reason)
                yield replace(hit, announced=False) if shown and leads and not alone else hit
        if change.kind is ChangeKind.REVISED:
            for slug, (shown_id, _) in list(held.items()):
                if shown_id == change.id and slug in self._topics and slug not in caught:
                    held[slug] = (change.id, change.revision)
                    yield _hit(slug, change, "")

    def _matches(self, subject: Subject, now: datetime) -> Iterator[tuple[_Compiled, Match]]:
        ring = self._keyrings.get(subject.language)
        if ring is None:
            queries = [one.query for one in self._all]
            ring = self._keyrings[subject.language] = Keyring(queries, subject.language)
        for number in ring.candidates(subject):
            compiled = self._all[number]
            match = compiled.match(subject, now)
            if match is not None:
                yield compiled, match

    def backlog(
        self, slug: str, records: Iterable[EntryRecord], *, announced: int = 0, now: datetime
    ) -> tuple[Hit, ...]:
        """What a topic catches of archived entries, given newest first: oldest first, silent but
        for the newest ``announced``.

        As :meth:`match` would have caught them one by one: of a story its earliest
        entry that matches, then its lead where that matches too; without collapse
        every entry.
        """
        compiled = self._topics[slug]
        matches = [
            (_hit_of(slug, record, match.reason), record.lead)
            for record in records
            if (match := compiled.match(subject_of(record), now))
        ]
        alone = compiled.topic.collapse is Collapse.NONE
        caught: list[Hit] = []
        firsts: dict[str, int] = {}
        for hit, leads in reversed(matches):
            name = hit.entry if alone else hit.story
            if leads or name not in firsts:
                firsts.setdefault(name, len(caught))
                caught.append(hit)
        news = set(list(firsts.values())[-announced:] if announced else ())
        return tuple(replace(hit, announced=at in news) for at, hit in enumerate(caught))

    def explain(self, slug: str, record: EntryRecord, *, now: datetime) -> Explanation:
        """Which clauses of the topic's query the entry satisfies and which it fails."""
        return self._topics[slug].query.explain(subject_of(record), now=now)


def newest(topic: Topic, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """What a topic shows of its hits, given oldest first: newest first, the latest hit of each
    story (entry, where it does not collapse) in the place of the first."""
    shown: dict[str, Hit] = {}
    for hit in hits:
        shown[hit.entry if topic.collapse is Collapse.NONE else hit.story] = hit
    return tuple(reversed(shown.values()))


def subject_of(source: Change | EntryRecord, *, now: datetime | None = None) -> Subject:
    """An entry as the matcher sees it, from a change under way or from the archive.

    ``now`` is when a change is decided: a new entry is first seen then. Of a
    revised one that is not known here.
    """
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
    reading = entry.reading
    return Subject(
        title=entry.title,
        text=reading.text,
        summary=reading.summary,
        lang=entry.lang,
        indexed=entry.indexed,
        feed=feed.url,
        feed_title=feed.title,
        folders=feed.folders,
        authors=entry.authors,
        categories=entry.categories,
        url=entry.url,
        published=entry.published,
        first_seen=now if source.kind is ChangeKind.NEW else None,
    )


def _compile(topic: Topic, bindings: Bindings) -> _Compiled:
    def places(names: Sequence[str]) -> frozenset[str]:
        return frozenset(canonical_url(one) if "://" in one else fold(one) for one in names)

    query = parse(topic.query, key=topic.slug)
    return _Compiled(
        topic=topic,
        query=bindings.bind(query, name=topic.slug, key=topic.slug),
        include=places(topic.include),
        exclude=places(topic.exclude),
        languages=frozenset(map(_primary, topic.languages)),
    )


def _primary(tag: str) -> str:
    """``es`` of ``es-MX``: what a topic's languages are compared by, whether or not it has a stemmer."""
    primary = re.split("[-_]", tag.strip().lower(), maxsplit=1)[0]
    return "no" if primary in {"nb", "nn"} else primary


def _hit(slug: str, change: Change, reason: str) -> Hit:
    return Hit(
        topic=slug,
        story=change.story.id,
        entry=change.id,
        revision=change.revision,
        announced=change.announce,
        reason=reason,
    )


def _hit_of(slug: str, record: EntryRecord, reason: str) -> Hit:
    return Hit(
        topic=slug,
        story=record.story,
        entry=record.id,
        revision=record.revisions,
        announced=False,
        reason=reason,
    )
