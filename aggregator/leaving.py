"""What the topics are: those of topics.toml, and those that are no longer there and go on for a day.

A reader that is answered 410 unsubscribes for good, and a file that was cut off at the edge of a table
looks like one that a person wrote. So where most topics are missing they stay as they are, matched and
published, until their time is over; one that is put back meanwhile never was away.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.model.errors import QueryError
from aggregator.model.interests import Interests
from aggregator.model.time import now
from aggregator.model.topic import LeavingTopic, Topic
from aggregator.topics import Matcher


class Wanted(Struct, frozen=True, kw_only=True):
    """``topics``: all that are published, with their definitions; ``leaving``: those of them that
    are not configured any more."""

    matcher: Matcher
    topics: tuple[tuple[Topic, str], ...]
    leaving: tuple[LeavingTopic, ...]


def wanted(archive: Archive, interests: Interests, *, note: bool = False) -> Wanted:
    """The topics that are to be published; ``note``: the time of those that leave begins, where it did not before.

    Raises QueryError, ArchiveError.
    """
    configured = frozenset(topic.slug for topic in interests.topics)
    look = archive.topics.note_leaving if note else archive.topics.leaving
    found = look(configured)
    at = now()
    matcher, leaving = _matched(interests, [one for one in found if one.until > at])
    topics = (*interests.topics, *(one.topic for one in leaving))
    return Wanted(
        matcher=matcher,
        topics=tuple((topic, matcher.definition(topic.slug)) for topic in topics),
        leaving=tuple(leaving),
    )


def _matched(
    interests: Interests, leaving: Sequence[LeavingTopic]
) -> tuple[Matcher, Sequence[LeavingTopic]]:
    """A matcher of them all, and which of them leave; not those that name a topic that is no more."""
    while True:
        topics = (*interests.topics, *(one.topic for one in leaving))
        try:
            return Matcher(replace(interests, topics=topics)), leaving
        except QueryError as error:
            rest = [one for one in leaving if one.topic.slug != error.key]
            if len(rest) == len(leaving):
                raise
            leaving = rest
