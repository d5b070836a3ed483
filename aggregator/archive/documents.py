"""The feed documents that were published: which version each is at, and which one hubs know of.

They are noted in the write that marks their topic published, so that no crash between
publishing and telling loses a change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from aggregator.archive.schema import documents, topics

_LIVE = sa.select(topics.c.topic_key).where(topics.c.deleted.is_(None))


def note(connection: sa.Connection, topic_key: int, digests: Mapping[str, bytes]) -> None:
    """These are documents of a topic from now on: digest by path."""
    held = _held(connection, topic_key)
    for path, digest in digests.items():
        if path not in held:
            # Another topic's before, where a name passed from one to another.
            connection.execute(sa.delete(documents).where(documents.c.path == path))
            row = {"path": path, "topic_key": topic_key, "digest": digest, "pinged": None}
            connection.execute(sa.insert(documents), row)
        elif held[path] != digest:
            here = documents.c.path == path
            connection.execute(sa.update(documents).where(here).values(digest=digest))


def keep(connection: sa.Connection, topic_key: int, paths: Collection[str]) -> None:
    """A topic has no other documents than these any more."""
    gone = sorted(set(_held(connection, topic_key)) - set(paths))
    if gone:
        of_topic = documents.c.topic_key == topic_key
        connection.execute(sa.delete(documents).where(of_topic, documents.c.path.in_(gone)))


def _held(connection: sa.Connection, topic_key: int) -> dict[str, bytes]:
    query = sa.select(documents).where(documents.c.topic_key == topic_key)
    return {row.path: row.digest for row in connection.execute(query)}


def live() -> sa.ColumnElement[bool]:
    """The condition that a document's topic is published still."""
    return documents.c.topic_key.in_(_LIVE)


def digest_of(connection: sa.Connection, path: str) -> bytes | None:
    """The version that a document is at; None where there is none at this path."""
    query = sa.select(documents.c.digest).where(documents.c.path == path, live())
    return connection.scalar(query)


def unpinged(connection: sa.Connection) -> dict[str, bytes]:
    """Digest by path of the documents that changed since a hub was last told of them."""
    told = sa.and_(documents.c.pinged.is_not(None), documents.c.pinged == documents.c.digest)
    query = sa.select(documents.c.path, documents.c.digest).where(sa.not_(told), live())
    rows = connection.execute(query.order_by(documents.c.path))
    return {row.path: row.digest for row in rows}


def mark_pinged(connection: sa.Connection, digests: Mapping[str, bytes]) -> None:
    """A hub was told of these versions."""
    for path, digest in digests.items():
        here = documents.c.path == path
        connection.execute(sa.update(documents).where(here).values(pinged=digest))
