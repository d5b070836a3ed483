"""What holds back a story that a topic's query accepts: limits, what is muted, and caps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from aggregator.model.topic import Mute, Topic
from aggregator.query import (
    Bindings,
    Query,
    Subject,
    called,
    goes_by,
    is_language,
    parse,
    primary_of,
)


class Limit(Struct, frozen=True, kw_only=True):
    """A setting of a topic that an entry keeps to or not. ``found``: what it was measured by."""

    name: str
    asked: str
    found: str
    holds: bool

    def __str__(self) -> str:
        return f"{self.name} {self.asked} ({self.found or 'none'})"


class Limits(Struct, frozen=True, kw_only=True):
    """Feed, folder, language and length, as a topic sets them. Make it with :meth:`of`."""

    topic: Topic
    include: frozenset[str]
    exclude: frozenset[str]
    languages: frozenset[str]

    @classmethod
    def of(cls, topic: Topic) -> Limits:
        """The limits of a topic, ready to be compared."""
        return cls(
            topic=topic,
            include=called(topic.include),
            exclude=called(topic.exclude),
            languages=frozenset(map(primary_of, topic.languages)),
        )

    def admit(self, subject: Subject) -> bool:
        """Whether feed, folder, language and length let the entry be looked at."""
        return all(limit.holds for limit in self.each(subject))

    def each(self, subject: Subject) -> Iterator[Limit]:
        """Every limit that is set, and whether the entry keeps to it."""
        topic = self.topic
        if self.include or self.exclude:
            places, feed = places_of(subject), subject.feed_title or subject.feed
            for name, asked, named, wanted in (
                ("include", topic.include, self.include, True),
                ("exclude", topic.exclude, self.exclude, False),
            ):
                if named:
                    holds = named.isdisjoint(places) is not wanted
                    yield Limit(name=name, asked=", ".join(asked), found=feed, holds=holds)
        if self.languages:
            yield Limit(
                name="languages",
                asked=", ".join(topic.languages),
                found=subject.lang,
                holds=any(is_language(subject.lang, one) for one in self.languages),
            )
        if topic.minimum_length:
            length = len(subject.text or subject.summary)
            yield Limit(
                name="minimum_length",
                asked=str(topic.minimum_length),
                found=f"{length} characters",
                holds=length >= topic.minimum_length,
            )


class Muting(Struct, frozen=True, kw_only=True):
    """What no topic shows, compiled. Make it with :meth:`of`."""

    queries: tuple[Query, ...]
    feeds: frozenset[str]

    @classmethod
    def of(cls, mute: Mute, bindings: Bindings) -> Muting:
        """Raises QueryError for a query that cannot be understood."""
        return cls(
            queries=tuple(
                bindings.bind(parse(query, key="mute"), name="mute", key="mute")
                for query in mute.queries
            ),
            feeds=called(mute.feeds),
        )

    def why(self, subject: Subject, now: datetime) -> str | None:
        """What mutes the entry, in words; None where nothing does."""
        if not self.feeds.isdisjoint(places_of(subject)):
            return f"feeds ({subject.feed_title or subject.feed})"
        for query in self.queries:
            match = query.match(subject, now=now)
            if match is not None:
                return match.reason
        return None


class Caps:
    """How many stories each topic announced on one day, by (topic, feed URL)."""

    def __init__(self, announced: Mapping[tuple[str, str], int] | None = None) -> None:
        self._of_feed = dict(announced or {})
        self._of_topic: dict[str, int] = {}
        for (slug, _), count in self._of_feed.items():
            self._of_topic[slug] = self._of_topic.get(slug, 0) + count

    def take(self, topic: Topic, feed: str) -> bool:
        """Whether the topic may announce one more of this feed that day; if so, it counts."""
        all_day, of_feed = (
            self._of_topic.get(topic.slug, 0),
            self._of_feed.get((topic.slug, feed), 0),
        )
        if topic.cap_per_day and all_day >= topic.cap_per_day:
            return False
        if topic.cap_per_source and of_feed >= topic.cap_per_source:
            return False
        self._of_topic[topic.slug], self._of_feed[topic.slug, feed] = all_day + 1, of_feed + 1
        return True


def places_of(subject: Subject) -> frozenset[str]:
    """What an entry's feed may be called by: address, title, folders."""
    return goes_by(subject.feed, subject.feed_title, subject.folders)
