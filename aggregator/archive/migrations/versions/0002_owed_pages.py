"""Linked pages that could not be had are asked for again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "owed_pages",
        sa.Column("entry_key", KEY, autoincrement=False, nullable=False),
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_key"], ["entries.entry_key"]),
        sa.ForeignKeyConstraint(["feed_key"], ["feeds.feed_key"]),
        sa.PrimaryKeyConstraint("entry_key"),
    )
    op.create_index("ix_owed_pages_feed_key", "owed_pages", ["feed_key"], unique=False)
    op.add_column("revisions", sa.Column("page_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE revisions SET page_at = seen WHERE page_capture_key IS NOT NULL")
