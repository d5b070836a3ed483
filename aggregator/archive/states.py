"""What lists, the front page and publishing are told of topics: counts, newest titles, who is behind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from aggregator.archive import documents, pages
from aggregator.archive.records import OPENING, read_topic, unpack_topic
from aggregator.archive.schema import entries, hits, meta, revisions, shown, topics
from aggregator.archive.statements import upsert
from aggregator.model.topic import TopicState

FOLDER = "folder"
"""What the mark of the output folder is called in ``meta``."""

_NEWEST_TITLES = 3
_PUBLISHED = topics.c.deleted.is_(None)


def configured(connection: sa.Connection) -> tuple[TopicState, ...]:
    """Every topic that is configured, in order of its making."""
    query = sa.select(topics).where(_PUBLISHED).order_by(topics.c.topic_key)
    return tuple(map(_state, connection.execute(query)))


def named(connection: sa.Connection, slug: str) -> TopicState | None:
    """A topic; None where the archive does not have it, or not any more."""
    row = connection.execute(sa.select(topics).where(_PUBLISHED, topics.c.slug == slug)).first()
    return _state(row) if row else None


def behind(connection: sa.Connection) -> tuple[TopicState, ...]:
    """The topics whose content is newer than what was last published, in order of their
    making."""
    query = sa.select(topics).where(_PUBLISHED, topics.c.version > topics.c.published_version)
    return tuple(map(_state, connection.execute(query.order_by(topics.c.topic_key))))


def newest(connection: sa.Connection, limit: int) -> tuple[TopicState, ...]:
    """The topics that something came to last, in order of their making; none that is private."""
    query = (
        sa.select(topics)
        .where(_PUBLISHED, topics.c.token == "")
        .order_by(topics.c.newest.desc().nulls_last(), topics.c.topic_key.desc())
        .limit(limit)
    )
    return tuple(map(_state, sorted(connection.execute(query), key=lambda row: row.topic_key)))


def newest_titles(connection: sa.Connection, slug: str) -> tuple[str, ...]:
    """The titles of what a topic announced last, or how it begins where it has none. Raises
    UsageError where there is no such topic."""
    return tuple(_titles(connection, read_topic(connection, slug)))


def deleted(connection: sa.Connection) -> tuple[TopicState, ...]:
    """The topics that were published and then taken out of the configuration, as they were."""
    ended = sa.and_(topics.c.deleted.is_not(None), topics.c.published_version > 0)
    query = sa.select(topics).where(ended).order_by(topics.c.topic_key)
    return tuple(map(_state, connection.execute(query)))


def folder(connection: sa.Connection) -> str:
    """The mark of the folder that was published in last; "" where there was none."""
    return connection.scalar(sa.select(meta.c.value).where(meta.c.name == FOLDER)) or ""


def note_folder(connection: sa.Connection, mark: str) -> None:
    """All that is published stands in the folder with this mark."""
    upsert(connection, meta, [{"name": FOLDER, "value": mark}], replace=("value",))


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


def _titles(connection: sa.Connection, row: Any) -> Sequence[str]:
    """A correction stands in the place of what it corrects."""
    # Corrections may stand among the newest: a few more rows than titles are asked for.
    announced = (
        sa.select(
            hits.c.place, pages.shown_as(row).label("one"), pages.latest_place(row).label("latest")
        )
        .where(hits.c.topic_key == row.topic_key, hits.c.announced)
        .order_by(hits.c.place.desc())
        .limit(4 * _NEWEST_TITLES)
        .subquery()
    )
    titles = connection.execute(
        sa.select(announced.c.one, sa.func.coalesce(sa.func.nullif(revisions.c.title, ""), OPENING))
        .join(hits, sa.and_(hits.c.topic_key == row.topic_key, hits.c.place == announced.c.latest))
        .join(
            revisions,
            sa.and_(
                revisions.c.entry_key == hits.c.entry_key, revisions.c.number == hits.c.revision
            ),
        )
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        # What is shown is of the state that the entry is in.
        .outerjoin(
            shown,
            sa.and_(shown.c.entry_key == hits.c.entry_key, entries.c.revision == hits.c.revision),
        )
        .order_by(announced.c.place.desc())
    )
    found: dict[int, str] = {}
    for one, title in titles:
        found.setdefault(one, title)
    return list(found.values())[:_NEWEST_TITLES]


def _state(row: Any) -> TopicState:
    return TopicState(
        topic=unpack_topic(row.settings),
        stories=row.stories,
        announced=row.announced,
        newest=row.newest,
        version=row.version,
        published_version=row.published_version,
        edited=row.edited,
        came=row.came,
        went=row.went,
        token=row.token,
    )
