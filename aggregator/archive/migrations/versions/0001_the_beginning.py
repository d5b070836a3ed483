"""The tables as they were at the beginning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("feed_key", KEY, autoincrement=False, nullable=False),
        sa.Column("identity", NAME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetch_url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published_title", sa.Text(), nullable=False),
        sa.Column("published_id", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("folders", sa.Text(), nullable=False),
        sa.Column("subscribed", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=True),
        sa.Column("full_text", sa.Boolean(), nullable=False),
        sa.Column("next_due", sa.BigInteger(), nullable=True),
        sa.Column("due_reason", sa.Text(), nullable=False),
        sa.Column("last_fetch", sa.BigInteger(), nullable=True),
        sa.Column("first_success", sa.BigInteger(), nullable=True),
        sa.Column("last_success", sa.BigInteger(), nullable=True),
        sa.Column("retry_after", sa.BigInteger(), nullable=True),
        sa.Column("validator_url", sa.Text(), nullable=True),
        sa.Column("etag", sa.LargeBinary(), nullable=True),
        sa.Column("last_modified", sa.LargeBinary(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=True),
        sa.Column("failure_kind", sa.Text(), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.Column("failure_since", sa.BigInteger(), nullable=True),
        sa.Column("failure_count", sa.Integer(), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("moved_count", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("previous_archive", sa.Text(), nullable=True),
        sa.Column("backfill", sa.Integer(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("news_at", sa.BigInteger(), nullable=True),
        sa.Column("pause", sa.Float(), nullable=True),
        sa.Column("missed_at", sa.BigInteger(), nullable=True),
        sa.Column("claim_holder", sa.Text(), nullable=True),
        sa.Column("claim_until", sa.BigInteger(), nullable=True),
        sa.Column("elsewhere", sa.Text(), nullable=False),
        sa.Column("doubted", sa.BigInteger(), nullable=True),
        sa.Column("served", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feed_key"),
        sa.UniqueConstraint("identity"),
    )
    op.create_index("feeds_due", "feeds", ["next_due"], unique=False)
    op.create_table(
        "hosts",
        sa.Column("name", NAME, nullable=False),
        sa.Column("away_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "languages", sa.Column("lang", NAME, nullable=False), sa.PrimaryKeyConstraint("lang")
    )
    op.create_table(
        "meta",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "topics",
        sa.Column("topic_key", KEY, autoincrement=False, nullable=False),
        sa.Column("slug", NAME, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=True),
        sa.Column("page_size", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("published_version", sa.BigInteger(), nullable=False),
        sa.Column("published_place", sa.BigInteger(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=True),
        sa.Column("deleted", sa.BigInteger(), nullable=True),
        sa.Column("edited", sa.BigInteger(), nullable=True),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.Column("went", sa.Integer(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("next_digest", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("topic_key"),
        sa.UniqueConstraint("slug"),
    )
    op.execute("CREATE INDEX topics_behind ON topics (topic_key) WHERE version > published_version")
    op.create_index("topics_newest", "topics", ["newest"], unique=False)
    op.create_index("topics_next_digest", "topics", ["next_digest"], unique=False)
    op.create_table(
        "captures",
        sa.Column("capture_key", KEY, autoincrement=False, nullable=False),
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("file", NAME, nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("capture_key"),
    )
    op.create_index("captures_file", "captures", ["file", "offset"], unique=False)
    op.create_index(op.f("ix_captures_feed_key"), "captures", ["feed_key"], unique=False)
    op.create_table(
        "entries",
        sa.Column("entry_key", KEY, autoincrement=False, nullable=False),
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("entry_id", NAME, nullable=False),
        sa.Column("identity", NAME, nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("canonical_url", NAME, nullable=True),
        sa.Column("likeness", NAME, nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("vanished", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("entry_key"),
        sa.UniqueConstraint("entry_id"),
        sa.UniqueConstraint("feed_key", "identity"),
    )
    op.create_index("entries_canonical", "entries", ["canonical_url", "feed_key"], unique=False)
    op.create_index("entries_likeness", "entries", ["likeness", "feed_key"], unique=False)
    op.create_table(
        "feed_urls",
        sa.Column("canonical", NAME, nullable=False),
        sa.Column("feed_key", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("canonical"),
    )
    op.create_index(op.f("ix_feed_urls_feed_key"), "feed_urls", ["feed_key"], unique=False)
    op.create_table(
        "fetch_days",
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("day", NAME, nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("fetches", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("not_modified", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("revised", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("feed_key", "day"),
    )
    op.create_table(
        "fetches",
        sa.Column("fetch_key", KEY, autoincrement=False, nullable=False),
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("revised", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("fetch_key"),
    )
    op.create_index(op.f("ix_fetches_feed_key"), "fetches", ["feed_key"], unique=False)
    op.create_table(
        "listings",
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("feed_key"),
    )
    op.create_table(
        "lists",
        sa.Column("name", NAME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("validator_url", sa.Text(), nullable=True),
        sa.Column("etag", sa.LargeBinary(), nullable=True),
        sa.Column("last_modified", sa.LargeBinary(), nullable=True),
        sa.Column("next_due", sa.BigInteger(), nullable=True),
        sa.Column("last_success", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "notices",
        sa.Column("notice_key", KEY, autoincrement=False, nullable=False),
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("notice_key"),
    )
    op.create_index(op.f("ix_notices_feed_key"), "notices", ["feed_key"], unique=False)
    op.create_table(
        "pages",
        sa.Column("topic_key", KEY, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_place", sa.BigInteger(), nullable=False),
        sa.Column("last_place", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_key"],
            ["topics.topic_key"],
        ),
        sa.PrimaryKeyConstraint("topic_key", "number"),
    )
    op.create_table(
        "revisions",
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("enclosures", sa.Text(), nullable=False),
        sa.Column("original", sa.LargeBinary(), nullable=False),
        sa.Column("capture_key", KEY, nullable=True),
        sa.Column("page_capture_key", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["capture_key"],
            ["captures.capture_key"],
        ),
        sa.ForeignKeyConstraint(
            ["page_capture_key"],
            ["captures.capture_key"],
        ),
        sa.ForeignKeyConstraint(
            ["entry_key"],
            ["entries.entry_key"],
        ),
        sa.PrimaryKeyConstraint("entry_key", "number"),
    )
    op.create_table(
        "stories",
        sa.Column("story_key", KEY, autoincrement=False, nullable=False),
        sa.Column("story_id", NAME, nullable=False),
        sa.Column("lead", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["lead"],
            ["entries.entry_key"],
        ),
        sa.PrimaryKeyConstraint("story_key"),
        sa.UniqueConstraint("story_id"),
    )
    op.create_table(
        "hits",
        sa.Column("topic_key", KEY, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("story_key", KEY, nullable=False),
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_key"],
            ["entries.entry_key"],
        ),
        sa.ForeignKeyConstraint(
            ["story_key"],
            ["stories.story_key"],
        ),
        sa.ForeignKeyConstraint(
            ["topic_key"],
            ["topics.topic_key"],
        ),
        sa.PrimaryKeyConstraint("topic_key", "place"),
    )
    op.create_index("hits_story", "hits", ["story_key", "topic_key", "place"], unique=False)
    op.create_index("hits_announced", "hits", ["topic_key", "announced", "at"], unique=False)
    op.execute("CREATE INDEX hits_corrections ON hits (topic_key, place) WHERE revision > 1")
    op.create_table(
        "sightings",
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("story_key", KEY, nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_key"],
            ["entries.entry_key"],
        ),
        sa.ForeignKeyConstraint(
            ["story_key"],
            ["stories.story_key"],
        ),
        sa.PrimaryKeyConstraint("entry_key"),
    )
    op.create_index(op.f("ix_sightings_story_key"), "sightings", ["story_key"], unique=False)
    op.create_index("sightings_text", "sightings", ["text_hash"], unique=False)
    op.create_table(
        "blocks",
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_key"],
            ["entries.entry_key"],
        ),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("feed_key", "entry_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shown",
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("removed", sa.LargeBinary(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_key"],
            ["entries.entry_key"],
        ),
        sa.PrimaryKeyConstraint("entry_key"),
    )
    op.create_table(
        "lessons",
        sa.Column("name", NAME, nullable=False),
        sa.Column("since", KEY, nullable=False),
        sa.Column("learned", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "boilerplate",
        sa.Column("name", NAME, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("first_key", KEY, autoincrement=False, nullable=False),
        sa.Column("last_key", KEY, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "hash", "first_key"),
    )
    op.create_table(
        "rulings",
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"],
            ["feeds.feed_key"],
        ),
        sa.PrimaryKeyConstraint("feed_key", "hash"),
    )
    op.create_table(
        "samples",
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("story_key", KEY, autoincrement=False, nullable=False),
        sa.Column("entry_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("hash", "story_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "documents",
        sa.Column("path", NAME, nullable=False),
        sa.Column("topic_key", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("pinged", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["topic_key"],
            ["topics.topic_key"],
        ),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_index("ix_documents_topic_key", "documents", ["topic_key"], unique=False)
    op.create_table(
        "subscribers",
        sa.Column("path", NAME, nullable=False),
        sa.Column("callback", NAME, nullable=False),
        sa.Column("host", NAME, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("path", "callback"),
    )
    op.create_index("ix_subscribers_host", "subscribers", ["host"], unique=False)
    op.create_table(
        "pushes",
        sa.Column("feed_key", KEY, nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("token", NAME, nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("next_try", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["feed_key"], ["feeds.feed_key"]),
        sa.PrimaryKeyConstraint("feed_key"),
    )
    op.create_index("ix_pushes_token", "pushes", ["token"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5(title, text, forms, marks, tokenize='ascii', content='')"
        )
        op.execute("INSERT INTO search(search, rank) VALUES ('hashsize', 8388608)")
        return
    op.execute(
        "CREATE TABLE search (entry_key bigint PRIMARY KEY REFERENCES entries(entry_key), words tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX search_words ON search USING gin (words)")
