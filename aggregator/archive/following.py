"""Topics follow the configuration: which are new, edited, deleted or renewed, and where they stand."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from aggregator.archive import digests
from aggregator.archive.hits import recount
from aggregator.archive.pages import MUTED, muted_feeds
from aggregator.archive.records import pack_topic, read_topic, unpack_topic
from aggregator.archive.schema import meta, topics
from aggregator.archive.statements import chunks, upsert
from aggregator.model.errors import UsageError
from aggregator.model.topic import Topic

TAKEN_OUT = ""
"""The definition of a topic that is configured no more: it is filled again, should it come back."""

_TOKEN_BYTES = 16


class TopicsSynced(Struct, frozen=True, kw_only=True):
    """Slugs of topics that wait to be filled because they are new or were edited, and deleted ones;
    and of those that are published again, as the archive held other settings of them."""

    new: tuple[str, ...]
    edited: tuple[str, ...]
    deleted: tuple[str, ...]
    renewed: tuple[str, ...]


def sync(
    connection: sa.Connection,
    wanted: Sequence[tuple[Topic, str]],
    page_size: int,
    muted: Sequence[str],
    at: datetime,
) -> TopicsSynced:
    """Make ``topics`` follow the configuration.

    A topic is new or edited until :mod:`filling` has stored its definition, so that a
    crash between the two is made good at the next start. One that was deleted and
    comes back counts as edited: it missed what came meanwhile; and none of it is published.
    """
    held = {row.slug: row for row in connection.execute(sa.select(topics))}
    silenced = muted_feeds(connection) != tuple(muted)
    synced = _compared(held, wanted, page_size, silenced)
    if silenced:
        row = {"name": MUTED, "value": json.dumps(muted, ensure_ascii=False)}
        upsert(connection, meta, [row], replace=("value",))
    next_key = max((row.topic_key for row in held.values()), default=0) + 1
    missing = (topic for topic, _ in wanted if topic.slug not in held)
    rows = [_new_row(key, topic, page_size) for key, topic in enumerate(missing, next_key)]
    if rows:
        connection.execute(sa.insert(topics), rows)
    configured = {topic.slug: topic for topic, _ in wanted}
    for slug in synced.renewed:
        _follow(connection, held[slug], configured[slug], page_size)
    gone = sa.update(topics).values(deleted=at, definition=TAKEN_OUT)
    for chunk in chunks(synced.deleted):
        connection.execute(gone.where(topics.c.slug.in_(chunk)))
    return synced


def compare(
    connection: sa.Connection,
    wanted: Sequence[tuple[Topic, str]],
    page_size: int,
    muted: Sequence[str],
) -> TopicsSynced:
    """What :func:`sync` would do."""
    held = {row.slug: row for row in connection.execute(sa.select(topics))}
    return _compared(held, wanted, page_size, muted_feeds(connection) != tuple(muted))


def _compared(
    held: Mapping[str, Any], wanted: Sequence[tuple[Topic, str]], page_size: int, silenced: bool
) -> TopicsSynced:
    """``silenced``: whether other feeds than before are muted, which no page names any more."""
    new, edited, renewed = list[str](), list[str](), list[str]()
    for topic, definition in wanted:
        row = held.get(topic.slug)
        if row is None or row.definition is None:
            new.append(topic.slug)
        elif row.definition != definition:
            edited.append(topic.slug)
        if row is not None and (silenced or _differs(row, topic, page_size)):
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
    if unpack_topic(row.settings).collapse is not topic.collapse:
        recount(connection, row.topic_key)


def _new_token() -> str:
    """128 random bits, in signs that any file system and address takes."""
    return secrets.token_hex(_TOKEN_BYTES)


def not_private(slug: str) -> UsageError:
    """That a topic has no address of its own that could be another."""
    return UsageError(
        f"topic {slug} is not private",
        hint=f"write private = true in its table, [{slug}] of topics.toml",
    )


def revoke(connection: sa.Connection, slug: str) -> None:
    """Move a private topic to a new address. Raises UsageError where it is not private."""
    row = read_topic(connection, slug)
    if not row.token:
        raise not_private(slug)
    values = {
        "token": _new_token(), "published_place": 0, "version": row.version + 1,
        "next_digest": digests.first_due(unpack_topic(row.settings)),
    }  # fmt: skip
    connection.execute(sa.update(topics).where(topics.c.topic_key == row.topic_key).values(values))
