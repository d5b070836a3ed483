"""What digest feeds tell: the stories that a topic announced, period by period.

A story belongs to the period in which the topic announced it first, which no later write
changes: a digest is never late, and tells nothing twice. What filled a new topic from
the archive is news to nobody, and in no digest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.archive import pages
from aggregator.archive.records import pack_topic, read_topic, unpack_topic
from aggregator.archive.schema import hits, revisions, topics
from aggregator.model.period import Period
from aggregator.model.series import Digest, DigestFeed
from aggregator.model.topic import Topic

_NEWEST = 20
# A write that began before the end of a period may be done after it.
_SETTLING = timedelta(minutes=5)
# No period is longer: what is due later was noted by a clock that was ahead.
_LONGEST = timedelta(days=8)
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


def first_due(topic: Topic) -> datetime | None:
    """When a topic that was configured anew has its digest written: at once, where it has one."""
    return _AT_ONCE if topic.digest else None


def due(connection: sa.Connection, at: datetime) -> tuple[str, ...]:
    """Slugs of the topics of which a period ended since their digest was written last."""
    query = sa.select(topics.c.slug).where(
        sa.or_(topics.c.next_digest <= at - _SETTLING, topics.c.next_digest > at + _LONGEST),
        topics.c.deleted.is_(None),
    )
    # In the order of their index, which is then used: nearly all are due later.
    in_order = query.order_by(topics.c.next_digest, topics.c.topic_key)
    return tuple(connection.execute(in_order).scalars())


def mark_written(connection: sa.Connection, feed: DigestFeed) -> None:
    """A digest is written up to the end of its last period; the next is due when the next one ends.
    One of a topic that was edited or moved meanwhile stays due."""
    as_read = (topics.c.settings == pack_topic(feed.topic), topics.c.token == feed.token)
    connection.execute(
        sa.update(topics)
        .where(topics.c.slug == feed.topic.slug, *as_read)
        .values(next_digest=feed.topic.digest and feed.topic.digest.end(feed.until))
    )


def read(connection: sa.Connection, slug: str, at: datetime) -> DigestFeed:
    """The newest digests of a topic that has them; periods that brought nothing have none."""
    row = read_topic(connection, slug)
    topic = unpack_topic(row.settings)
    period = topic.digest or Period.DAY
    until = before = period.begin(at - _SETTLING)
    found: list[Digest] = []
    while len(found) < _NEWEST:
        newest = _last_announced(connection, row, before)
        if newest is None:
            break
        begin = period.begin(newest)
        if places := _told(connection, row, begin, before):
            stories = pages.entries_at(connection, row, places)
            found.append(Digest(begin=begin, end=period.end(begin), stories=stories))
        before = begin
    return DigestFeed(
        topic=topic,
        token=row.token,
        since=pages.made(row),
        until=until,
        digests=tuple(found),
    )


def _last_announced(connection: sa.Connection, topic: Any, before: datetime) -> datetime | None:
    of_topic = (hits.c.topic_key == topic.topic_key, hits.c.announced, hits.c.at < before)
    found: datetime | None = connection.scalar(sa.select(sa.func.max(hits.c.at)).where(*of_topic))
    return found


def _told(connection: sa.Connection, topic: Any, begin: datetime, end: datetime) -> list[int]:
    """The place of each story (entry, where it does not collapse) that was announced first
    between two moments: where it was corrected last in that time."""
    earlier, one = hits.alias(), pages.shown_as(topic)
    told_before = (
        sa.exists()
        .where(
            earlier.c.topic_key == hits.c.topic_key,
            earlier.c.story_key == hits.c.story_key,
            earlier.c[one.name] == one,
            earlier.c.place < hits.c.place,
            earlier.c.announced,
        )
        .correlate(hits)
    )
    query = (
        # What came as it was caught; what filled the topic had been seen before.
        sa.select(
            hits.c.place,
            one.label("one"),
            sa.and_(
                sa.or_(revisions.c.seen == hits.c.at, revisions.c.page_at == hits.c.at),
                sa.not_(told_before),
            ).label("first"),
        )
        .join(
            revisions,
            sa.and_(
                revisions.c.entry_key == hits.c.entry_key, revisions.c.number == hits.c.revision
            ),
        )
        .where(
            hits.c.topic_key == topic.topic_key,
            hits.c.announced,
            hits.c.at >= begin,
            hits.c.at < end,
        )
        .order_by(hits.c.place)
    )
    told: dict[int, int] = {}
    for row in connection.execute(query):
        if row.first or row.one in told:
            told[row.one] = row.place
    return list(told.values())
