"""What topics caught, place by place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.archive import pages
from aggregator.archive.records import unpack_topic
from aggregator.archive.schema import entries, feeds, hits, revisions, stories, topics
from aggregator.archive.statements import among, chunks, execute_many, insert
from aggregator.model.entry import EntryId, EntryRecord, StoryId
from aggregator.model.topic import Collapse, Hit, Silence, Standing

_ANNOUNCED = sa.func.max(sa.case((hits.c.announced, 1), else_=0)).label("announced")
_GROWN = (
    sa.update(topics)
    .where(topics.c.topic_key == sa.bindparam("of"))
    .values(
        version=topics.c.version + sa.literal_column("1"),
        stories=topics.c.stories + sa.bindparam("more", type_=sa.Integer),
        announced=topics.c.announced + sa.bindparam("told", type_=sa.Integer),
    )
)


def stands_alone(row: Any) -> bool:
    """Whether each entry stands for itself in the topic of this row."""
    return unpack_topic(row.settings).collapse is Collapse.NONE


def standing(connection: sa.Connection, slug: str, entry: EntryRecord) -> Standing | None:
    """How a topic holds the entry's story (the entry itself, where it does not collapse)."""
    row = connection.execute(sa.select(topics).where(topics.c.slug == slug)).first()
    if row is None:
        return None
    query = (
        sa.select(
            hits.c.at, hits.c.place, hits.c.announced, hits.c.revision, entries.c.news,
            revisions.c.seen, revisions.c.page_at,
        )
        .join(stories, stories.c.story_key == hits.c.story_key)
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .join(
            revisions,
            sa.and_(revisions.c.entry_key == hits.c.entry_key, revisions.c.number == hits.c.revision),
        )
        .where(hits.c.topic_key == row.topic_key, stories.c.story_id == entry.story)
        .order_by(hits.c.place)
    )  # fmt: skip
    if stands_alone(row):
        query = query.where(hits.c.entry_key == entry.key)
    held = connection.execute(query).all()
    if not held:
        return None
    announced = any(one.announced for one in held)
    silence = None if announced else _silence(connection, row, held[0])
    return Standing(since=held[0].at, announced=announced, silence=silence)


def _silence(connection: sa.Connection, topic: Any, first: Any) -> Silence:
    """Why a story's first hit was silent: what is news is announced, unless a cap is reached."""
    if first.at not in (first.seen, first.page_at):
        capped = _passed_over(connection, topic, first)
        return Silence.CAPPED if capped else Silence.FILLED
    if first.revision > 1:
        return Silence.CORRECTED
    return Silence.CAPPED if first.news else Silence.NO_NEWS


def _passed_over(connection: sa.Connection, topic: Any, first: Any) -> bool:
    """Whether the topic's first filling, which brought a silent hit, would have announced it but for
    a cap: it announced an older story, or fewer than a page takes. A filling by an edit announces
    none."""
    of_topic = sa.select(hits).where(hits.c.topic_key == topic.topic_key)
    began = connection.execute(of_topic.order_by(hits.c.place).limit(1)).one()
    if began.at != first.at:
        return False
    query = sa.select(sa.func.count(), sa.func.min(hits.c.place)).where(
        hits.c.topic_key == topic.topic_key, hits.c.at == first.at, hits.c.announced
    )
    count, oldest = connection.execute(query).one()
    settings = unpack_topic(topic.settings)
    capped = bool(settings.cap_per_day or settings.cap_per_source)
    return bool(count and (first.place > oldest or (capped and count < topic.page_size)))


def append(connection: sa.Connection, found: Sequence[Hit], at: datetime) -> None:
    """Give each hit the next place of its topic; close the pages that are full."""
    if not found:
        return
    caught = sa.select(topics).where(among(connection, topics.c.slug, {hit.topic for hit in found}))
    rows = {row.slug: row for row in connection.execute(caught)}
    story_keys = _story_keys(connection, {hit.story for hit in found})
    arrived = _arrivals(connection, {hit.entry for hit in found})
    ends = pages.ends(connection, [row.topic_key for row in rows.values()])
    places = {slug: ends[row.topic_key].place for slug, row in rows.items()}
    made = []
    for hit in found:
        places[hit.topic] += 1
        made.append(
            {
                "topic_key": rows[hit.topic].topic_key, "place": places[hit.topic],
                "story_key": story_keys[hit.story], "entry_key": arrived[hit.entry][0],
                "revision": hit.revision, "announced": hit.announced, "reason": hit.reason, "at": at,
            }
        )  # fmt: skip
    _count(connection, rows.values(), made, dict(arrived.values()))
    insert(connection, hits, made)
    for slug, row in rows.items():
        pages.close_full(connection, row, ends[row.topic_key], places[slug], at)


def _count(
    connection: sa.Connection,
    rows: Collection[Any],
    made: Sequence[dict[str, Any]],
    arrived: Mapping[int, datetime],
) -> None:
    """Add what is about to be stored to the topics' counts: nobody has to count hits later; and note
    when the newest of their stories arrived, which a correction or a filling is not."""
    newest: dict[int, datetime | None] = {row.topic_key: row.newest for row in rows}
    shown_as = {row.topic_key: pages.shown_as(row).name for row in rows}
    held: dict[tuple[int, int], bool] = {}
    for chunk in chunks(sorted({one["story_key"] for one in made})):
        query = (
            sa.select(hits.c.topic_key, hits.c.story_key, hits.c.entry_key, _ANNOUNCED)
            .where(hits.c.story_key.in_(chunk))
            .group_by(hits.c.topic_key, hits.c.story_key, hits.c.entry_key)
        )
        for row in connection.execute(query).mappings():
            key = row["topic_key"]
            if key in shown_as:
                name = (key, row[shown_as[key]])
                held[name] = held.get(name, False) or bool(row["announced"])
    more: dict[int, list[int]] = {}
    for one in made:
        key = one["topic_key"]
        of_topic, name = more.setdefault(key, [0, 0]), (key, one[shown_as[key]])
        if name not in held:
            of_topic[0] += 1
            came = arrived[one["entry_key"]]
            newest[key] = max(came, newest[key] or came)
        of_topic[1] += one["announced"] and not held.get(name, False)
        held[name] = one["announced"] or held.get(name, False)
    counted = [
        {"of": key, "more": new, "told": told, "newest": newest[key]}
        for key, (new, told) in more.items()
    ]
    execute_many(connection, _GROWN, counted)


def recount(connection: sa.Connection, key: int) -> None:
    """Count anew what a topic shows, from all its hits; where it was counted otherwise it is
    published again."""
    row = connection.execute(sa.select(topics).where(topics.c.topic_key == key)).one()
    one = pages.shown_as(row)
    counts = sa.select(
        sa.func.count(one.distinct()),
        sa.func.count(sa.case((hits.c.announced, one)).distinct()),
    ).where(hits.c.topic_key == key)
    held, announced = connection.execute(counts).one()
    if (held, announced) != (row.stories, row.announced):
        values = {"stories": held, "announced": announced, "version": row.version + 1}
        connection.execute(sa.update(topics).where(topics.c.topic_key == key).values(values))


def touch_holders(connection: sa.Connection, story_keys: Iterable[int]) -> None:
    """The topics that hold these stories show something else now (a copy came, the entry vanished)."""
    for chunk in chunks(sorted(set(story_keys))):
        holders = sa.select(hits.c.topic_key).where(hits.c.story_key.in_(chunk)).distinct()
        found = list(connection.execute(holders).scalars())
        if found:
            connection.execute(
                sa.update(topics)
                .where(topics.c.topic_key.in_(found))
                .values(version=topics.c.version + 1)
            )


def _story_keys(connection: sa.Connection, wanted: Collection[StoryId]) -> dict[StoryId, int]:
    query = sa.select(stories.c.story_id, stories.c.story_key)
    return {
        row.story_id: row.story_key
        for chunk in chunks(sorted(wanted))
        for row in connection.execute(query.where(stories.c.story_id.in_(chunk)))
    }


def _arrivals(
    connection: sa.Connection, wanted: Collection[EntryId]
) -> dict[EntryId, tuple[int, datetime]]:
    """Keys of entries, and when they were first seen."""
    query = sa.select(entries.c.entry_id, entries.c.entry_key, entries.c.first_seen)
    return {
        row.entry_id: (row.entry_key, row.first_seen)
        for chunk in chunks(sorted(wanted))
        for row in connection.execute(query.where(entries.c.entry_id.in_(chunk)))
    }


def read_hits(
    connection: sa.Connection, story_keys: Iterable[int]
) -> dict[tuple[str, StoryId], dict[EntryId, bool]]:
    """``Known.hits``: what stood for these stories in each topic, the one shown now last."""
    found: dict[tuple[str, StoryId], dict[EntryId, bool]] = {}
    columns = (
        sa.select(topics.c.slug, stories.c.story_id, entries.c.entry_id, hits.c.announced)
        .join(topics, topics.c.topic_key == hits.c.topic_key)
        .join(stories, stories.c.story_key == hits.c.story_key)
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .order_by(hits.c.place)
    )
    for row in connection.execute(columns.where(among(connection, hits.c.story_key, story_keys))):
        shown = found.setdefault((row.slug, StoryId(row.story_id)), {})
        entry = EntryId(row.entry_id)
        # Taken out first: the entry shown now is the last.
        shown[entry] = shown.pop(entry, False) or row.announced
    return found


def read_announced(
    connection: sa.Connection, slugs: Collection[str], now: datetime
) -> dict[tuple[str, str], int]:
    """How many stories each of the topics announced this day (UTC), by (topic, feed URL)."""
    earlier = hits.alias()
    # A correction, or an entry that leads its story by now, is no further story.
    again = sa.exists().where(
        earlier.c.topic_key == hits.c.topic_key,
        earlier.c.story_key == hits.c.story_key,
        earlier.c.entry_key == hits.c.entry_key,
        earlier.c.place < hits.c.place,
    )
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    query = (
        sa.select(topics.c.slug, feeds.c.url, sa.func.count())
        .join(hits, hits.c.topic_key == topics.c.topic_key)
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .where(hits.c.announced, hits.c.at >= day, ~again)
        .group_by(topics.c.slug, feeds.c.url)
    )
    return {
        (slug, url): count
        for chunk in chunks(sorted(slugs))
        for slug, url, count in connection.execute(query.where(topics.c.slug.in_(chunk)))
    }
