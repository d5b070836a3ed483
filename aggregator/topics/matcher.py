"""Many topics against each change: which stories they catch, announced or silent, and why."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from aggregator.model.address import shown_url
from aggregator.model.batch import Change, ChangeKind, Decision, Known
from aggregator.model.entry import EntryId, EntryRecord, StoryId
from aggregator.model.interests import Interests
from aggregator.model.topic import Collapse, Hit, Mute, Topic
from aggregator.query import Bindings, Explanation, Match, Query, Subject, parse
from aggregator.topics.keys import Keyring
from aggregator.topics.limits import Caps, Limit, Limits, Muting
from aggregator.topics.ordering import oldest_first


def _definition(topic: Topic, mute: Mute, rests: Mapping[str, str]) -> str:
    """``rests``: what the meaning of the queries rests on besides their words (``Query.rests``)."""
    decisive: dict[str, Any] = {
        "query": topic.query,
        "collapse": topic.collapse,
        "include": topic.include,
        "exclude": topic.exclude,
        "languages": topic.languages,
        "minimum_length": topic.minimum_length,
    }
    if mute != Mute():
        decisive["mute"] = asdict(mute)
    if rests:
        decisive["rests"] = rests
    return json.dumps(decisive, sort_keys=True)


class TopicExplanation(Struct, frozen=True, kw_only=True):
    """Why a topic takes an entry up, or not: its query, its limits, and what mutes the entry."""

    query: Explanation
    limits: tuple[Limit, ...]
    muted: str | None

    @property
    def matches(self) -> bool:
        """Whether the topic takes the entry up."""
        return self.muted is None and self._is_wanted

    @property
    def only_muted(self) -> bool:
        """Whether the mute table alone keeps it out."""
        return self.muted is not None and self._is_wanted

    @property
    def _is_wanted(self) -> bool:
        return self.query.matches and all(one.holds for one in self.limits)

    @property
    def failed(self) -> tuple[str, ...]:
        """What keeps the entry out, a clause or a limit each, in words."""
        limits = [str(one) for one in self.limits if not one.holds]
        muted = [f"muted: {self.muted}"] if self.muted is not None else []
        return (*(self.query.failed if not self.query.matches else ()), *limits, *muted)


_READ_ANEW = (ChangeKind.NEW, ChangeKind.REVISED, ChangeKind.COMPLETED)


class _Compiled(Struct, frozen=True, kw_only=True):
    topic: Topic
    query: Query
    limits: Limits

    @property
    def alone(self) -> bool:
        """Whether each entry stands for itself."""
        return self.topic.collapse is Collapse.NONE

    def match(self, subject: Subject, now: datetime) -> Match | None:
        return self.query.match(subject, now=now) if self.limits.admit(subject) else None

    def shows(self, entry: EntryId, before: dict[EntryId, bool]) -> bool:
        """Whether it is this entry that stands for its story, of those that did."""
        return entry in before if self.alone else bool(before) and entry == next(reversed(before))


class Matcher:
    """The topics, compiled; ``only`` these, where they are given, whether or not they are among
    the interests.

    Raises QueryError for a query that cannot be understood.
    """

    def __init__(self, interests: Interests, *, only: Sequence[Topic] | None = None) -> None:
        topics = interests.topics if only is None else only
        bindings = Bindings((*interests.topics, *topics), interests.people)
        self._all = [_compile(topic, bindings) for topic in topics]
        self._topics = {one.topic.slug: one for one in self._all}
        self._mute, self._muting = interests.mute, Muting.of(interests.mute, bindings)
        self._keyrings: dict[str, Keyring] = {}
        self.capped = frozenset(
            topic.slug for topic in topics if topic.cap_per_day or topic.cap_per_source
        )
        """Slugs of the topics of which must be known what they announced this day."""

    def query(self, slug: str) -> Query:
        """A topic's query, with the people and topics that it names in place."""
        return self._topics[slug].query

    def definition(self, slug: str) -> str:
        """What decides a topic's hits, as one text: another text means an edited topic.

        Caps are not in it: they decide what is announced, not what is held.
        """
        one = self._topics[slug]
        rests = dict(one.query.rests)
        for query in self._muting.queries:
            rests |= query.rests
        return _definition(one.topic, self._mute, rests)

    def match(
        self, decisions: Sequence[Decision], known: Known, *, now: datetime
    ) -> tuple[Hit, ...]:
        """What the topics catch of a batch, oldest first: of each feed in order of the changes, then
        of the topics.

        A story is caught once; when the entry that a topic shows is revised, a
        further Hit says so, whether or not it still matches: what was published
        stays, and is corrected. It is announced where the story ever was. One that was
        completed is no correction: who shows it gets it again in silence, with its whole text, and
        it is caught where only that matches. A copy of a
        story that is held already is no hit, unless it leads the story from now on:
        then it is shown instead, in the story's place, since a copy is no news.
        """
        held: dict[StoryId, dict[str, dict[EntryId, bool]]] = {}
        for (slug, story), shown in known.hits.items():
            held.setdefault(story, {})[slug] = dict(shown)
        caps, caught = Caps(known.announced), list[tuple[datetime, tuple[str, ...], Hit]]()
        for decision in decisions:
            title = _title_of(decision) if decision.changes else ""
            for change in decision.changes:
                if change.kind in _READ_ANEW:
                    subject = subject_of(change, now=now, feed_title=title)
                    of_story = held.setdefault(change.story.id, {})
                    when, threads = _when(change, now), _threads(change)
                    for hit in self._of_change(change, subject, of_story, caps, now):
                        caught.append((when, threads, hit))
        return tuple(oldest_first(caught))

    def _of_change(
        self,
        change: Change,
        subject: Subject,
        held: dict[str, dict[EntryId, bool]],
        caps: Caps,
        now: datetime,
    ) -> Iterator[Hit]:
        """``held``: what each topic shows of the story; brought up to date."""
        again = change.kind in (ChangeKind.REVISED, ChangeKind.COMPLETED)
        leads = change.lead and not again and not change.story.new
        caught: set[str] = set()
        for compiled, match in self._matches(subject, now):
            before = held.setdefault(compiled.topic.slug, {})
            if not before or compiled.alone or leads or compiled.shows(change.id, before):
                caught.add(compiled.topic.slug)
                yield _next_hit(compiled, change, before, match.reason, caps)
        for slug in sorted(held.keys() & self._topics.keys() - caught) if again else ():
            if self._topics[slug].shows(change.id, held[slug]):
                yield _next_hit(self._topics[slug], change, held[slug], "", caps)

    def _matches(self, subject: Subject, now: datetime) -> Iterator[tuple[_Compiled, Match]]:
        ring = self._keyrings.get(subject.language)
        if ring is None:
            queries = [one.query for one in self._all]
            ring = self._keyrings[subject.language] = Keyring(queries, subject.language)
        first = True
        for number in ring.candidates(subject):
            compiled = self._all[number]
            match = compiled.match(subject, now)
            if match is None:
                continue
            # Most entries are in no topic: what is muted is asked of the others alone.
            if first and self._muting.why(subject, now) is not None:
                return
            first = False
            yield compiled, match

    def topics_of(self, subject: Subject, *, now: datetime) -> tuple[str, ...]:
        """Slugs of the topics that take the entry up."""
        return tuple(compiled.topic.slug for compiled, _ in self._matches(subject, now))

    def backlog(
        self, slug: str, records: Iterable[EntryRecord], *, announced: int = 0, now: datetime
    ) -> tuple[Hit, ...]:
        """What a topic catches of archived entries, given newest first: oldest first, silent but
        for the newest ``announced`` that its caps let through.

        As :meth:`match` would have caught them one by one: of a story its earliest
        entry that matches, then its lead where that matches too; without collapse
        every entry. The caps of a day, which :meth:`match` fills as stories come, let its newest
        through: all of them are there, and the newest are the news.
        """
        compiled = self._topics[slug]
        matches = [
            (_hit_of(slug, record, match.reason), record)
            for record in records
            if (match := self._match_record(compiled, record, now))
        ]
        caught: list[tuple[datetime, tuple[str, ...], tuple[str, Hit, EntryRecord]]] = []
        met: set[str] = set()
        for hit, record in reversed(matches):
            name = str(hit.entry if compiled.alone else hit.story)
            if name not in met or record.lead:
                met.add(name)
                when = min(record.published or record.first_seen, record.first_seen)
                caught.append((when, (name,), (name, hit, record)))
        ordered = oldest_first(caught)
        firsts: dict[str, tuple[int, EntryRecord]] = {}
        for at, (name, _, record) in enumerate(ordered):
            firsts.setdefault(name, (at, record))
        news = _newest_within(compiled.topic, firsts.values(), announced)
        return tuple(replace(hit, announced=at in news) for at, (_, hit, _) in enumerate(ordered))

    def _match_record(
        self, compiled: _Compiled, record: EntryRecord, now: datetime
    ) -> Match | None:
        subject = subject_of(record)
        match = compiled.match(subject, now)
        return match if match and self._muting.why(subject, now) is None else None

    def explain(self, slug: str, record: EntryRecord, *, now: datetime) -> TopicExplanation:
        """Which clauses and limits of the topic the entry satisfies, and which it fails."""
        compiled, subject = self._topics[slug], subject_of(record)
        return TopicExplanation(
            query=compiled.query.explain(subject, now=now),
            limits=tuple(compiled.limits.each(subject)),
            muted=self._muting.why(subject, now),
        )

    def explain_sample(self, slug: str, subject: Subject, *, now: datetime) -> TopicExplanation:
        """The same of a text that no feed brought: limits, which speak of feeds, do not count."""
        return TopicExplanation(
            query=self._topics[slug].query.explain(subject, now=now),
            limits=(),
            muted=self._muting.why(subject, now),
        )


def newest(topic: Topic, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """What a topic shows of its hits, given oldest first: newest first, the latest hit of each
    story (entry, where it does not collapse) in the place of the first."""
    shown: dict[str, Hit] = {}
    for hit in hits:
        shown[hit.entry if topic.collapse is Collapse.NONE else hit.story] = hit
    return tuple(reversed(shown.values()))


def _newest_within(
    topic: Topic, firsts: Collection[tuple[int, EntryRecord]], most: int
) -> frozenset[int]:
    """The places of the newest stories, given oldest first, so many at most as the topic's caps let
    through of each day."""
    caps, places = dict[date, Caps](), list[int]()
    for place, record in reversed(tuple(firsts)):
        if len(places) >= most:
            break
        # What is over a cap is no news, but held all the same.
        if caps.setdefault(record.first_seen.date(), Caps()).take(topic, record.feed):
            places.append(place)
    return frozenset(places)


def subject_of(
    source: Change | EntryRecord, *, now: datetime | None = None, feed_title: str = ""
) -> Subject:
    """An entry as the matcher sees it, from a change under way or from the archive.

    ``now`` is when a change is decided: a new entry is first seen then. ``feed_title``:
    what its feed is called from then on, where that is known.
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
        feed_title=feed_title or feed.title,
        folders=feed.folders,
        authors=entry.authors,
        categories=entry.categories,
        url=entry.url,
        published=entry.published,
        first_seen=source.first_seen or now,
    )


def _title_of(decision: Decision) -> str:
    """What the feed is called once this is stored: by its subscription, else by its document."""
    feed, document = decision.fetched.feed, decision.fetched.document
    unnamed = feed.title in {shown_url(feed.url), shown_url(feed.published_title)}
    return shown_url(document.title) if document and document.title and unnamed else feed.title


def _compile(topic: Topic, bindings: Bindings) -> _Compiled:
    query = parse(topic.query, key=topic.slug)
    return _Compiled(
        topic=topic,
        query=bindings.bind(query, name=topic.slug, key=topic.slug),
        limits=Limits.of(topic),
    )


def _next_hit(
    compiled: _Compiled, change: Change, before: dict[EntryId, bool], reason: str, caps: Caps
) -> Hit:
    """What the topic shows of the change's story from now on; ``before`` is brought up to date."""
    topic = compiled.topic
    if not before or (compiled.alone and change.id not in before):
        announced = change.announce and caps.take(topic, change.feed.url)
    elif change.kind is ChangeKind.REVISED:
        # A correction reaches whoever was told of the story, however old that is; nobody else.
        announced = before[change.id] if compiled.alone else any(before.values())
    else:
        announced = False
    before[change.id] = before.pop(change.id, False) or announced
    return Hit(
        topic=topic.slug,
        story=change.story.id,
        entry=change.id,
        revision=change.revision,
        announced=announced,
        reason=reason,
    )


def _when(change: Change, now: datetime) -> datetime:
    """When what happened is news: a new entry when it was published, anything else now."""
    if change.kind is ChangeKind.NEW and change.entry and change.entry.published:
        return min(change.entry.published, now)
    return now


def _threads(change: Change) -> tuple[str, ...]:
    """What a change has to stay in order with: its story, and what else is new in its feed."""
    story = str(change.story.id)
    return (story, change.feed.url) if change.kind is ChangeKind.NEW else (story,)


def _hit_of(slug: str, record: EntryRecord, reason: str) -> Hit:
    return Hit(
        topic=slug,
        story=record.story,
        entry=record.id,
        revision=record.revisions,
        announced=False,
        reason=reason,
    )
