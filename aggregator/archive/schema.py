"""The tables, and what each is for.

::

    feeds ──< feed_urls          every canonical URL a feed has, or ever had
      │  └─── listings           the items of its last document
      ├───< fetches, fetch_days  the last 100 fetches, and counts a day, for ever
      ├───< notices              what was told of its troubles
      ├───< captures             where a response's bytes are, in which WARC file
      ├──── pushes               the hub that tells of its news, and our subscription there
      └───< entries ──< revisions       every state that was seen; nothing is overwritten
              │   └───── sightings >── stories     which entry brought which story
              ├── blocks, shown         what boilerplate is learned from; entries without it
              ├── owed_pages            linked pages that could not be had yet
              ├── samples               some of its words in order, for a while: finds near copies
              └── search                the index over what is shown of the current revision
    lessons, boilerplate                what the entries of a feed, or of a site, taught
    rulings                             what a person decided about a block of a feed
    topics ──< hits                     (topic, place): append-only
      ├─────< pages                     closed archive pages, frozen
      └─────< documents ··< subscribers the versions published; whom the hub brings them to
    hosts                               those that asked to be left alone, or for no pages, until when
    lists                               OPML files elsewhere that are included, as last read
    languages, meta

Keys are integers handed out inside the one write transaction, so that they grow
with arrival. No ON DELETE CASCADE: nothing is deleted by accident. Times are
microseconds since 1970 (UTC), lists are JSON, hashes are bytes. What is looked up
by name is kept as :func:`name_of` makes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.archive.columns import Header, Key, Moment, Name, Words

metadata = sa.MetaData()


def _key(
    table: str, column: str, *, primary_key: bool = False, index: bool = False
) -> sa.Column[int]:
    return sa.Column(
        column, Key, sa.ForeignKey(f"{table}.{column}"), primary_key=primary_key, nullable=False, index=index
    )  # fmt: skip


def _own_key(name: str) -> sa.Column[int]:
    return sa.Column(name, Key, primary_key=True, autoincrement=False)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, Words, nullable=False, default=default)


def _name(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, Name, nullable=False, **options)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, default=0)


def _moment(name: str, *, required: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Moment, nullable=not required)


feeds = sa.Table(
    "feeds",
    metadata,
    _own_key("feed_key"),
    _name("identity", unique=True),
    _text("url"),
    _text("fetch_url"),
    _text("title"),
    _text("published_title"),
    _text("published_id"),
    _text("home"),
    _text("description"),
    _text("lang"),
    _text("folders", "[]"),
    sa.Column("subscribed", sa.Boolean, nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("stopped", sa.Boolean, nullable=False),
    sa.Column("interval", sa.Integer),
    sa.Column("full_text", sa.Boolean, nullable=False),
    _moment("next_due"),
    _text("due_reason"),
    _moment("last_fetch"),
    _moment("first_success"),
    _moment("last_success"),
    _moment("retry_after"),
    sa.Column("validator_url", Words),
    sa.Column("etag", Header),
    sa.Column("last_modified", Header),
    sa.Column("body_hash", sa.LargeBinary),
    sa.Column("failure_kind", Words),
    sa.Column("failure_message", Words),
    _moment("failure_since"),
    _number("failure_count"),
    sa.Column("moved_to", Words),
    _number("moved_count"),
    _text("rhythm", "{}"),
    _number("entries"),
    sa.Column("previous_archive", Words),
    # So many archive documents a person asked the daemon to read.
    sa.Column("backfill", sa.Integer),
    # Troubles that stand and were told, with a space between.
    _text("told"),
    _moment("news_at"),
    sa.Column("pause", sa.Float),
    _moment("missed_at"),
    sa.Column("claim_holder", Words),
    _moment("claim_until"),
    _text("elsewhere", "[]"),
    _moment("doubted"),
    _text("served", "{}"),
)
sa.Index("feeds_due", feeds.c.next_due)

hosts = sa.Table(
    "hosts", metadata, _name("name", primary_key=True), _moment("away_until", required=True)
)

feed_urls = sa.Table(
    "feed_urls",
    metadata,
    _name("canonical", primary_key=True),
    _key("feeds", "feed_key", index=True),
)

listings = sa.Table(
    "listings", metadata, _key("feeds", "feed_key", primary_key=True), _text("items")
)  # fmt: skip

captures = sa.Table(
    "captures",
    metadata,
    _own_key("capture_key"),
    _key("feeds", "feed_key", index=True),
    _name("file"),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    _text("url"),
    _number("status"),
    _moment("at", required=True),
)
sa.Index("captures_file", captures.c.file, captures.c.offset)

entries = sa.Table(
    "entries",
    metadata,
    _own_key("entry_key"),
    _key("feeds", "feed_key"),
    _name("entry_id", unique=True),
    _name("identity"),
    _text("guid"),
    sa.Column("url", Words),
    sa.Column("canonical_url", Name),
    sa.Column("likeness", Name),
    _moment("first_seen", required=True),
    sa.Column("news", sa.Boolean, nullable=False),
    _moment("vanished"),
    _number("revision"),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    _text("parts"),
    # When it was listed again last, after it had vanished.
    _moment("returned"),
    sa.UniqueConstraint("feed_key", "identity"),
)
sa.Index("entries_canonical", entries.c.canonical_url, entries.c.feed_key)
sa.Index("entries_likeness", entries.c.likeness, entries.c.feed_key)

revisions = sa.Table(
    "revisions",
    metadata,
    _key("entries", "entry_key", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _moment("seen", required=True),
    _text("changed", "[]"),
    _text("title"),
    _text("summary"),
    _text("html"),
    _text("text"),
    _text("authors", "[]"),
    _text("categories", "[]"),
    _text("lang"),
    _moment("published"),
    _moment("updated"),
    sa.Column("url", Words),
    sa.Column("image", Words),
    _text("enclosures", "[]"),
    sa.Column("original", sa.LargeBinary, nullable=False),
    sa.Column("capture_key", Key, sa.ForeignKey("captures.capture_key")),
    sa.Column("page_capture_key", Key, sa.ForeignKey("captures.capture_key")),
    # When the linked page came whose text this is; none where it is the feed's own.
    _moment("page_at"),
)

CURRENT = sa.and_(
    revisions.c.entry_key == entries.c.entry_key, revisions.c.number == entries.c.revision
)
"""Joins an entry with the state that it is in."""

blocks = sa.Table(
    "blocks",
    metadata,
    _key("feeds", "feed_key", primary_key=True),
    _key("entries", "entry_key", primary_key=True),
    sa.Column("counts", sa.Boolean, nullable=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    # In order of its key: a feed's newest entries stand side by side.
    sqlite_with_rowid=False,
)

shown = sa.Table(
    "shown",
    metadata,
    _key("entries", "entry_key", primary_key=True),
    sa.Column("removed", sa.LargeBinary, nullable=False),
    _text("html"),
    _text("text"),
    _text("summary"),
    sa.Column("image", Words),
)

owed_pages = sa.Table(
    "owed_pages",
    metadata,
    _key("entries", "entry_key", primary_key=True),
    _key("feeds", "feed_key", index=True),
    _moment("since", required=True),
    _number("tries"),
    _moment("next_try", required=True),
    _text("failure"),
)

lessons = sa.Table(
    "lessons",
    metadata,
    _name("name", primary_key=True),
    sa.Column("since", Key, nullable=False),
    _number("learned"),
)

boilerplate = sa.Table(
    "boilerplate",
    metadata,
    _name("name", primary_key=True),
    sa.Column("hash", sa.LargeBinary, primary_key=True, nullable=False),
    sa.Column("first_key", Key, primary_key=True, autoincrement=False, nullable=False),
    sa.Column("last_key", Key),
    _text("text"),
)

rulings = sa.Table(
    "rulings",
    metadata,
    _key("feeds", "feed_key", primary_key=True),
    sa.Column("hash", sa.LargeBinary, primary_key=True, nullable=False),
    _text("ruling"),
    _text("text"),
)

stories = sa.Table(
    "stories",
    metadata,
    _own_key("story_key"),
    _name("story_id", unique=True),
    sa.Column("lead", Key, sa.ForeignKey("entries.entry_key"), nullable=False),
)

sightings = sa.Table(
    "sightings",
    metadata,
    _key("entries", "entry_key", primary_key=True),
    _key("stories", "story_key", index=True),
    _text("how"),
    sa.Column("text_hash", sa.LargeBinary),
)
sa.Index("sightings_text", sightings.c.text_hash)

# Made from the entries, and pruned: without foreign keys, which would double its cost.
samples = sa.Table(
    "samples",
    metadata,
    sa.Column("hash", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("story_key", Key, primary_key=True, autoincrement=False),
    sa.Column("entry_key", Key, nullable=False),
    sqlite_with_rowid=False,
)

topics = sa.Table(
    "topics",
    metadata,
    _own_key("topic_key"),
    _name("slug", unique=True),
    _text("settings", "{}"),
    sa.Column("definition", Words),
    _number("page_size"),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("published_version", sa.BigInteger, nullable=False),
    sa.Column("published_place", sa.BigInteger, nullable=False),
    _number("stories"),
    _number("announced"),
    _moment("newest"),
    _moment("deleted"),
    _moment("edited"),
    _number("came"),
    _number("went"),
    # The secret in the address of a private topic; "" for all others.
    _text("token"),
    # When its next digest is to be written; none for a topic without.
    _moment("next_digest"),
)
sa.Index("topics_newest", topics.c.newest)
sa.Index("topics_next_digest", topics.c.next_digest)

hits = sa.Table(
    "hits",
    metadata,
    _key("topics", "topic_key", primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    _key("stories", "story_key"),
    _key("entries", "entry_key"),
    _number("revision"),
    sa.Column("announced", sa.Boolean, nullable=False),
    _text("reason"),
    _moment("at", required=True),
)
sa.Index("hits_story", hits.c.story_key, hits.c.topic_key, hits.c.place)
# What topics with a cap have announced this day.
sa.Index("hits_announced", hits.c.topic_key, hits.c.announced, hits.c.at)

pages = sa.Table(
    "pages",
    metadata,
    _key("topics", "topic_key", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_place", sa.BigInteger, nullable=False),
    sa.Column("last_place", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    _moment("closed", required=True),
)

documents = sa.Table(
    "documents",
    metadata,
    _name("path", primary_key=True),
    _key("topics", "topic_key", index=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("pinged", sa.LargeBinary),
)

# Without a foreign key: who subscribed to what is published no more is told so.
subscribers = sa.Table(
    "subscribers",
    metadata,
    _name("path", primary_key=True),
    _name("callback", primary_key=True),
    _name("host", index=True),
    sa.Column("secret", sa.LargeBinary),
    _moment("until", required=True),
    sa.Column("settled", sa.LargeBinary, nullable=False),
    _number("failures"),
    _moment("next_try"),
)

pushes = sa.Table(
    "pushes",
    metadata,
    _key("feeds", "feed_key", primary_key=True),
    _text("hub"),
    _text("topic"),
    # Where the callback is, the secret end of its address, and what signs messages: "" and
    # nothing until the hub is asked.
    _text("address"),
    sa.Column("token", Name, index=True),
    sa.Column("secret", sa.LargeBinary),
    _moment("until"),
    _moment("next_try"),
    _number("failures"),
    _text("failure"),
    _moment("told"),
    _number("messages"),
    sa.Column("proven", sa.Boolean, nullable=False),
)

fetches = sa.Table(
    "fetches",
    metadata,
    _own_key("fetch_key"),
    _key("feeds", "feed_key", index=True),
    _moment("at", required=True),
    _text("outcome"),
    sa.Column("status", sa.Integer),
    _text("message"),
    _number("bytes"),
    sa.Column("seconds", sa.Float, nullable=False),
    _number("new"),
    _number("revised"),
)

fetch_days = sa.Table(
    "fetch_days",
    metadata,
    _key("feeds", "feed_key", primary_key=True),
    _name("day", primary_key=True),
    _number("requests"),
    _number("fetches"),
    _number("unchanged"),
    _number("not_modified"),
    _number("failed"),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    _number("new"),
    _number("revised"),
)

notices = sa.Table(
    "notices",
    metadata,
    _own_key("notice_key"),
    _key("feeds", "feed_key", index=True),
    _moment("at", required=True),
    _text("trouble"),
    sa.Column("over", sa.Boolean, nullable=False),
    _text("message"),
)

lists = sa.Table(
    "lists",
    metadata,
    _name("name", primary_key=True),
    _text("url"),
    _text("lines", "[]"),
    sa.Column("validator_url", Words),
    sa.Column("etag", Header),
    sa.Column("last_modified", Header),
    _moment("next_due"),
    _moment("last_success"),
    _number("failures"),
    _text("failure"),
)

languages = sa.Table("languages", metadata, _name("lang", primary_key=True))

meta = sa.Table(
    "meta",
    metadata,
    _name("name", primary_key=True),
    _text("value"),
)

CONDITIONAL = (
    # A query that says the same finds the few of many topics that are behind,
    "CREATE INDEX topics_behind ON topics (topic_key) WHERE version > published_version",
    # and the corrections of a topic, which are few.
    "CREATE INDEX hits_corrections ON hits (topic_key, place) WHERE revision > 1",
    # those of all entries, what vanished or came back, and states of which the page came late.
    "CREATE INDEX revisions_changes ON revisions (seen, entry_key, number) WHERE number > 1",
    "CREATE INDEX entries_vanished ON entries (vanished, entry_key) WHERE vanished IS NOT NULL",
    "CREATE INDEX entries_returned ON entries (returned, entry_key) WHERE returned IS NOT NULL",
    "CREATE INDEX revisions_late ON revisions (page_at, entry_key) WHERE page_at > seen",
)
"""Indices with a condition, as text that both databases take: to name one at a table would load
both dialects, whichever is used."""

SEARCH_SQLITE = (
    "CREATE VIRTUAL TABLE search USING fts5(title, text, forms, marks, tokenize='ascii', content='')",
    # Bytes of words that a transaction gathers before it writes them: a batch, as a rule, which
    # then need not be merged with itself.
    "INSERT INTO search(search, rank) VALUES ('hashsize', 8388608)",
)
"""Words come analysed, so the plainest tokenizer does; the text itself is in ``revisions``."""

SEARCH_POSTGRESQL = (
    "CREATE TABLE search (entry_key bigint PRIMARY KEY REFERENCES entries(entry_key), words tsvector NOT NULL)",
    "CREATE INDEX search_words ON search USING gin (words)",
)
"""Words are lexemes, as ``lexemes_of`` makes them."""
