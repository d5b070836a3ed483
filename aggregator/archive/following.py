"""Topics follow the configuration: which are new, edited, leaving, deleted or renewed, and where they
stand."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from aggregator.archive import digests
from aggregator.archive.hits import recount
from aggregator.archive.pages import MUTED, muted_feeds
from aggregator.archive.records import pack_topic, read_topic, unpack_topic
from aggregator.archive.schema import meta, topics
from aggregator.archive.statements import among, chunks, upsert
from aggregator.model.errors import UsageError
from aggregator.model.topic import LeavingTopic, Topic

TAKEN_OUT = ""
"""The definition of a topic that is configured no more: it is filled again, should it come back."""

# A file that was cut off at night is found in the morning.
_GRACE = timedelta(days=1)
# A person takes out a topic, or a few of many; of a file that was cut off so many are missing, and so
# large a share of all.
_MANY, _SHARE = 2, 1 / 2
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
_LEAVING = "leaving"
"""What the ends of leaving topics are called in ``meta``: Unix seconds by slug."""
_TOKEN_BYTES = 16


class TopicsSynced(Struct, frozen=True, kw_only=True):
    """Slugs of topics that wait to be filled because they are new or were edited, and deleted ones;
    and of those that are published again, as the archive held other settings of them."""

    new: tuple[str, ...]
    edited: tuple[str, ...]
    deleted: tuple[str, ...]
    renewed: tuple[str, ...]


def leaving(
    connection: sa.Connection, configured: Collection[str], at: datetime
) -> tuple[LeavingTopic, ...]:
    """The topics that are configured no more, in order of their making, those whose time is over too:
    at once, unless so many are missing that their file may have been cut off."""
    live = sa.select(topics).where(topics.c.deleted.is_(None)).order_by(topics.c.topic_key)
    rows = connection.execute(live).all()
    missing = [row for row in rows if row.slug not in configured]
    cut_off = len(missing) >= max(_MANY, _SHARE * len(rows))
    ends, latest = _ends(connection), at + _GRACE
    usual = latest if cut_off else at
    return tuple(
        LeavingTopic(
            topic=unpack_topic(row.settings),
            # One that is later was noted by a clock that was ahead.
            until=min(ends.get(row.slug, usual), latest),
        )
        for row in missing
    )


def note_leaving(
    connection: sa.Connection, configured: Collection[str], at: datetime
) -> tuple[LeavingTopic, ...]:
    """The same; their time begins now, where it did not before, and is forgotten of all others."""
    found = leaving(connection, configured, at)
    _note_ends(connection, {one.topic.slug: one.until for one in found})
    return found


def overdue(connection: sa.Connection, at: datetime) -> bool:
    """Whether the time of a leaving topic is over."""
    over = [slug for slug, end in _ends(connection).items() if end <= at]
    if not over:
        return False
    live = topics.c.deleted.is_(None), among(connection, topics.c.slug, over)
    return connection.scalar(sa.select(sa.func.count()).select_from(topics).where(*live)) != 0


def end(connection: sa.Connection, slug: str) -> None:
    """End the time of a leaving topic; the address of a private one will not be valid again, either,
    should it come back. Raises UsageError where it is not known to leave."""
    row, ends = read_topic(connection, slug), _ends(connection)
    if slug not in ends:
        raise UsageError(
            f"that {slug} is no longer in topics.toml was not taken up yet",
            hint="try again in a few seconds; `aggregator status` tells what keeps it",
        )
    _note_ends(connection, ends | {slug: _AT_ONCE})
    if row.token:
        moved = sa.update(topics).where(topics.c.topic_key == row.topic_key)
        connection.execute(moved.values(token=_new_token(), published_place=0))


def _ends(connection: sa.Connection) -> dict[str, datetime]:
    held = connection.scalar(sa.select(meta.c.value).where(meta.c.name == _LEAVING))
    found: dict[str, int] = json.loads(held) if held else {}
    return {slug: datetime.fromtimestamp(seconds, UTC) for slug, seconds in found.items()}


def _note_ends(connection: sa.Connection, ends: Mapping[str, datetime]) -> None:
    if _ends(connection) == ends:
        return
    value = json.dumps({slug: int(end.timestamp()) for slug, end in ends.items()})
    upsert(connection, meta, [{"name": _LEAVING, "value": value}], replace=("value",))


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
