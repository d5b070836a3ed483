"""When an entry came back to its feed is kept; topics that show entries count them, not stories."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TOPICS = sa.table(
    "topics", *map(sa.column, ("topic_key", "settings", "stories", "announced", "version"))
)
HITS = sa.table(
    "hits", sa.column("topic_key"), sa.column("entry_key"), sa.column("announced", sa.Boolean)
)


def upgrade() -> None:
    op.add_column("entries", sa.Column("returned", sa.BigInteger(), nullable=True))
    op.execute(
        "CREATE INDEX entries_returned ON entries (returned, entry_key) WHERE returned IS NOT NULL"
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(TOPICS)).all():
        if json.loads(row.settings)["collapse"] == "none":
            _recount(connection, row.topic_key)


def _recount(connection: sa.Connection, key: int) -> None:
    told = sa.case((HITS.c.announced, HITS.c.entry_key))
    counts = sa.select(
        sa.func.count(HITS.c.entry_key.distinct()), sa.func.count(told.distinct())
    ).where(HITS.c.topic_key == key)
    held, announced = connection.execute(counts).one()
    connection.execute(
        sa.update(TOPICS)
        .where(TOPICS.c.topic_key == key)
        .values(stories=held, announced=announced, version=TOPICS.c.version + 1)
    )
