"""Topics in the archive: what is configured, and what they catch, place by place."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.archive import digests, documents, pages
from aggregator.archive.records import pack_topic, read_topic, unpack_topic
from aggregator.archive.schema import entries, hits, revisions, stories, topics
from aggregator.archive.statements import chunks
from aggregator.model.entry import EntryRecord
from aggregator.model.errors import UsageError
from aggregator.model.series import DigestFeed
from aggregator.model.topic import Collapse, Hit, Silence, Standing, Topic, TopicEdit

_ANNOUNCED = sa.func.max(sa.case((hits.c.announced, 1), else_=0)).label("announced")
_TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsSynced:
    """Slugs of topics that wait to be filled because they are new or were edited, and deleted ones."""

    new: tuple[str, ...]
    edited: tuple[str, ...]
    deleted: tuple[str, ...]


def sync(
    connection: sa.Connection, wanted: Sequence[tuple[Topic, str]], page_size: int, at: datetime
) -> TopicsSynced:
    """Make ``topics`` follow the configuration.

    A topic is new or edited until :func:`fill` has stored its definition, so that a
    crash between the two is made good at the next start. One that was deleted and
    comes back counts as edited: it missed what came meanwhile; and none of it is published.
    """
    held = {row.slug: row for row in connection.execute(sa.select(topics))}
    next_key = max((row.topic_key for row in held.values()), default=0) + 1
    new, edited, rows = list[str](), list[str](), list[dict[str, Any]]()
    for topic, definition in wanted:
        row = held.get(topic.slug)
        if row is None:
            rows.append(_new_row(next_key + len(rows), topic, page_size))
            new.append(topic.slug)
            continue
        if row.definition is None:
            new.append(topic.slug)
        elif row.definition != definition:
            edited.append(topic.slug)
        _follow(connection, row, topic, page_size)
    if rows:
        connection.execute(sa.insert(topics), rows)
    slugs = {topic.slug for topic, _ in wanted}
    deleted = [slug for slug, row in held.items() if slug not in slugs and row.deleted is None]
    # Without a definition they are filled again, should they come back.
    gone = sa.update(topics).values(deleted=at, definition="")
    for chunk in chunks(deleted):
        connection.execute(gone.where(topics.c.slug.in_(chunk)))
    return TopicsSynced(new=tuple(new), edited=tuple(edited), deleted=tuple(deleted))


def _new_row(key: int, topic: Topic, page_size: int) -> dict[str, Any]:
    return {
        "topic_key": key, "slug": topic.slug, "settings": pack_topic(topic), "definition": None,
        "page_size": page_size, "version": 1, "published_version": 0, "published_place": 0,
        "token": _new_token() if topic.private else "", "next_digest": digests.first_due(topic),
    }  # fmt: skip


def _follow(connection: sa.Connection, row: Any, topic: Topic, page_size: int) -> None:
    settings = pack_topic(topic)
    if row.settings != settings or row.deleted or row.page_size != page_size:
        moves = topic.private != bool(row.token)
        connection.execute(
            sa.update(topics)
            .where(topics.c.topic_key == row.topic_key)
            .values(
                settings=settings,
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


def fill(
    connection: sa.Connection, slug: str, found: Sequence[Hit], definition: str, at: datetime
) -> TopicEdit:
    """Add what a topic's query finds in the archive, leaving out what it holds; what it holds and
    the query does not find stays, and is counted."""
    row = read_topic(connection, slug)
    alone = unpack_topic(row.settings).collapse is Collapse.NONE
    held = {
        (story, entry if alone else "")
        for story, entry in connection.execute(
            sa.select(stories.c.story_id, entries.c.entry_id)
            .join(hits, hits.c.story_key == stories.c.story_key)
            .join(entries, entries.c.entry_key == hits.c.entry_key)
            .where(hits.c.topic_key == row.topic_key)
        )
    }
    names = {(hit.story, hit.entry if alone else "") for hit in found}
    fresh = [hit for hit in found if (hit.story, hit.entry if alone else "") not in held]
    append(connection, fresh, at)
    new = row.definition is None
    edit = TopicEdit(topic=slug, new=new, came=len(names - held), went=len(held - names))
    values: dict[str, Any] = {"definition": definition, "edited": at}
    if not new:
        # What tells nothing yet is dated by this, so that it is published again.
        digest = digests.first_due(unpack_topic(row.settings))
        values |= {"came": edit.came, "went": edit.went, "next_digest": digest}
        values["version"] = topics.c.version + 1
    connection.execute(sa.update(topics).where(topics.c.topic_key == row.topic_key).values(values))
    return edit


def standing(connection: sa.Connection, slug: str, entry: EntryRecord) -> Standing | None:
    """How a topic holds the entry's story (the entry itself, where it does not collapse)."""
    row = connection.execute(sa.select(topics).where(topics.c.slug == slug)).first()
    if row is None:
        return None
    query = (
        sa.select(
            hits.c.at, hits.c.announced, hits.c.revision, entries.c.news, revisions.c.seen,
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
    if unpack_topic(row.settings).collapse is Collapse.NONE:
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
    if first.seen != first.at:
        return Silence.FILLED
    if first.revision > 1:
        return Silence.CORRECTED
    return Silence.CAPPED if first.news else Silence.NO_NEWS


def append(connection: sa.Connection, found: Sequence[Hit], at: datetime) -> None:
    """Give each hit the next place of its topic; close the pages that are full."""
    if not found:
        return
    slugs = sorted({hit.topic for hit in found})
    rows = {
        row.slug: row
        for row in connection.execute(sa.select(topics).where(topics.c.slug.in_(slugs)))
    }
    story_keys = _keys(
        connection, stories.c.story_id, stories.c.story_key, {hit.story for hit in found}
    )
    entry_keys = _keys(
        connection, entries.c.entry_id, entries.c.entry_key, {hit.entry for hit in found}
    )
    places = {slug: pages.last_place(connection, row.topic_key) for slug, row in rows.items()}
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
    connection.execute(sa.insert(hits), made)
    for slug, row in rows.items():
        pages.close_full(connection, row, places[slug], at)


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
    for key, (new_stories, new_announced) in more.items():
        connection.execute(
            sa.update(topics)
            .where(topics.c.topic_key == key)
            .values(
                version=topics.c.version + 1,
                stories=topics.c.stories + new_stories,
                announced=topics.c.announced + new_announced,
                newest=at,
            )
        )


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
        values["published_place"] = pages.last_place(connection, row.topic_key)
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
