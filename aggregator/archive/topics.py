"""Topics in the archive: what is configured, and what they catch, place by place."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from aggregator.archive import digests, documents, pages
from aggregator.archive.records import pack_topic, read_topic, unpack_topic
from aggregator.archive.schema import entries, hits, revisions, stories, topics
from aggregator.archive.statements import among, chunks, execute_many, insert
from aggregator.model.entry import EntryRecord
from aggregator.model.errors import UsageError
from aggregator.model.series import DigestFeed
from aggregator.model.topic import Collapse, Hit, Silence, Standing, Topic

_ANNOUNCED = sa.func.max(sa.case((hits.c.announced, 1), else_=0)).label("announced")
_TOKEN_BYTES = 16
_GROWN = (
    sa.update(topics)
    .where(topics.c.topic_key == sa.bindparam("of"))
    .values(
        version=topics.c.version + sa.literal_column("1"),
        stories=topics.c.stories + sa.bindparam("more", type_=sa.Integer),
        announced=topics.c.announced + sa.bindparam("told", type_=sa.Integer),
    )
)


class TopicsSynced(Struct, frozen=True, kw_only=True):
    """Slugs of topics that wait to be filled because they are new or were edited, and deleted ones;
    and of those that are published again, as the archive held other settings of them."""

    new: tuple[str, ...]
    edited: tuple[str, ...]
    deleted: tuple[str, ...]
    renewed: tuple[str, ...]


def sync(
    connection: sa.Connection, wanted: Sequence[tuple[Topic, str]], page_size: int, at: datetime
) -> TopicsSynced:
    """Make ``topics`` follow the configuration.

    A topic is new or edited until :mod:`filling` has stored its definition, so that a
    crash between the two is made good at the next start. One that was deleted and
    comes back counts as edited: it missed what came meanwhile; and none of it is published.
    """
    held = {row.slug: row for row in connection.execute(sa.select(topics))}
    synced = _compared(held, wanted, page_size)
    next_key = max((row.topic_key for row in held.values()), default=0) + 1
    missing = (topic for topic, _ in wanted if topic.slug not in held)
    rows = [_new_row(key, topic, page_size) for key, topic in enumerate(missing, next_key)]
    if rows:
        connection.execute(sa.insert(topics), rows)
    configured = {topic.slug: topic for topic, _ in wanted}
    for slug in synced.renewed:
        _follow(connection, held[slug], configured[slug], page_size)
    # Without a definition they are filled again, should they come back.
    gone = sa.update(topics).values(deleted=at, definition="")
    for chunk in chunks(synced.deleted):
        connection.execute(gone.where(topics.c.slug.in_(chunk)))
    return synced


def compare(
    connection: sa.Connection, wanted: Sequence[tuple[Topic, str]], page_size: int
) -> TopicsSynced:
    """What :func:`sync` would do."""
    held = {row.slug: row for row in connection.execute(sa.select(topics))}
    return _compared(held, wanted, page_size)


def _compared(
    held: Mapping[str, Any], wanted: Sequence[tuple[Topic, str]], page_size: int
) -> TopicsSynced:
    new, edited, renewed = list[str](), list[str](), list[str]()
    for topic, definition in wanted:
        row = held.get(topic.slug)
        if row is None or row.definition is None:
            new.append(topic.slug)
        elif row.definition != definition:
            edited.append(topic.slug)
        if row is not None and _differs(row, topic, page_size):
            renewed.append(topic.slug)
    slugs = {topic.slug for topic, _ in wanted}
    deleted = (slug for slug, row in held.items() if slug not in slugs and row.deleted is None)
    return TopicsSynced(
        new=tuple(new), edited=tuple(edited), deleted=tuple(deleted), renewed=tuple(renewed)
    )


def _new_row(key: int, topic: Topic, page_size: int) -> dict[str, Any]:
    return {
        "topic_key": key, "slug": topic.slug, "settings": pack_topic(topic), "definition": None,
        "page_size": page_size, "version": 1, "published_version": 0, "published_place": 0,
        "token": _new_token() if topic.private else "", "next_digest": digests.first_due(topic),
    }  # fmt: skip


def _differs(row: Any, topic: Topic, page_size: int) -> bool:
    return bool(
        row.settings != pack_topic(topic) or row.deleted is not None or row.page_size != page_size
    )


def _follow(connection: sa.Connection, row: Any, topic: Topic, page_size: int) -> None:
    moves = topic.private != bool(row.token)
    connection.execute(
        sa.update(topics)
        .where(topics.c.topic_key == row.topic_key)
        .values(
            settings=pack_topic(topic),
            deleted=None,
            page_size=page_size,
            version=topics.c.version + 1,
            # Its files are removed where it was, those of closed pages too.
            published_place=0 if row.deleted or moves else row.published_place,
            token=(_new_token() if topic.private else "") if moves else row.token,
            next_digest=digests.first_due(topic),
        )
    )


def _new_token() -> str:
    """128 random bits, in signs that any file system and address takes."""
    return secrets.token_hex(_TOKEN_BYTES)


def revoke(connection: sa.Connection, slug: str) -> None:
    """Move a private topic to a new address. Raises UsageError where it is not private."""
    row = read_topic(connection, slug)
    if not row.token:
        raise UsageError(
            f"topic {slug} is not private",
            hint=f"write private = true in its table, [{slug}] of topics.toml",
        )
    values = {
        "token": _new_token(), "published_place": 0, "version": row.version + 1,
        "next_digest": digests.first_due(unpack_topic(row.settings)),
    }  # fmt: skip
    connection.execute(sa.update(topics).where(topics.c.topic_key == row.topic_key).values(values))


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
            hits.c.at, hits.c.announced, hits.c.revision, entries.c.news, revisions.c.seen,
            revisions.c.page_at,
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
    return Standing(
        since=held[0].at, announced=announced, silence=None if announced else _silence(held[0])
    )


def _silence(first: Any) -> Silence:
    """Why a story's first hit was silent: what is news is announced, unless a cap is reached."""
    if first.at not in (first.seen, first.page_at):
        return Silence.FILLED
    if first.revision > 1:
        return Silence.CORRECTED
    return Silence.CAPPED if first.news else Silence.NO_NEWS


def append(connection: sa.Connection, found: Sequence[Hit], at: datetime) -> None:
    """Give each hit the next place of its topic; close the pages that are full."""
    if not found:
        return
    caught = sa.select(topics).where(among(connection, topics.c.slug, {hit.topic for hit in found}))
    rows = {row.slug: row for row in connection.execute(caught)}
    story_keys = _keys(
        connection, stories.c.story_id, stories.c.story_key, {hit.story for hit in found}
    )
    entry_keys = _keys(
        connection, entries.c.entry_id, entries.c.entry_key, {hit.entry for hit in found}
    )
    ends = pages.ends(connection, [row.topic_key for row in rows.values()])
    places = {slug: ends[row.topic_key].place for slug, row in rows.items()}
    made = []
    for hit in found:
        places[hit.topic] += 1
        made.append(
            {
                "topic_key": rows[hit.topic].topic_key, "place": places[hit.topic],
                "story_key": story_keys[hit.story], "entry_key": entry_keys[hit.entry],
                "revision": hit.revision, "announced": hit.announced, "reason": hit.reason, "at": at,
            }
        )  # fmt: skip
    _count(connection, made, at)
    insert(connection, hits, made)
    for slug, row in rows.items():
        pages.close_full(connection, row, ends[row.topic_key], places[slug], at)


def _count(connection: sa.Connection, made: Sequence[dict[str, Any]], at: datetime) -> None:
    """Add what is about to be stored to the topics' counts: nobody has to count hits later."""
    held: dict[tuple[int, int], bool] = {}
    for chunk in chunks(sorted({one["story_key"] for one in made})):
        query = (
            sa.select(hits.c.topic_key, hits.c.story_key, _ANNOUNCED)
            .where(hits.c.story_key.in_(chunk))
            .group_by(hits.c.topic_key, hits.c.story_key)
        )
        held |= {(row[0], row[1]): bool(row[2]) for row in connection.execute(query)}
    more: dict[int, list[int]] = {}
    for one in made:
        of_topic = more.setdefault(one["topic_key"], [0, 0])
        name = (one["topic_key"], one["story_key"])
        of_topic[0] += name not in held
        of_topic[1] += one["announced"] and not held.get(name, False)
        held[name] = one["announced"] or held.get(name, False)
    counted = [
        {"of": key, "more": new, "told": told, "newest": at} for key, (new, told) in more.items()
    ]
    execute_many(connection, _GROWN, counted)


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


def mark_published(
    connection: sa.Connection,
    slug: str,
    version: int,
    written: Mapping[str, bytes] | None = None,
    kept: Collection[str] = (),
) -> None:
    """Pages of this version are written, ``written`` names its feed documents' bytes by path, ``kept``
    those that stand as they were. A hit that came meanwhile leaves the topic behind."""
    row = read_topic(connection, slug)
    if written is not None:
        documents.note(connection, row.topic_key, written)
        documents.keep(connection, row.topic_key, {*written, *kept})
    values = {"published_version": version}
    if version == row.version:
        values["published_place"] = pages.end_of(connection, row.topic_key).place
    connection.execute(sa.update(topics).where(topics.c.topic_key == row.topic_key).values(values))


def mark_digested(
    connection: sa.Connection, feed: DigestFeed, written: Mapping[str, bytes]
) -> None:
    """A topic's digest feed is written; ``written`` names its documents' bytes by path."""
    digests.mark_written(connection, feed)
    documents.note(connection, read_topic(connection, feed.topic.slug).topic_key, written)


def _keys(
    connection: sa.Connection, name: sa.Column[str], key: sa.Column[int], wanted: set[Any]
) -> dict[Any, int]:
    return {
        row[0]: row[1]
        for chunk in chunks(sorted(wanted))
        for row in connection.execute(sa.select(name, key).where(name.in_(chunk)))
    }
