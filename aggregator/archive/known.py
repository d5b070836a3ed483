"""The truth that decides, read inside the write transaction for one batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from aggregator.archive.schema import entries, hits, sightings, stories, topics
from aggregator.model.batch import Fetched, Known, KnownEntry, KnownStory
from aggregator.model.entry import Entry, EntryId, EntryKey, StoryId, StoryKey
from aggregator.model.feed import FeedKey

_CHUNK = 500
T = TypeVar("T")

_ENTRY = (
    sa.select(
        entries,
        sightings.c.story_key,
        sightings.c.text_hash,
        stories.c.story_id,
        stories.c.lead,
    )
    .join(sightings, sightings.c.entry_key == entries.c.entry_key)
    .join(stories, stories.c.story_key == sightings.c.story_key)
)


def read_known(connection: sa.Connection, fetched: Sequence[Fetched]) -> Known:
    """Everything the decisions of this batch may ask for."""
    known, fresh, story_keys = Known(), list[Entry](), set[int]()
    for one in fetched:
        if one.document is None:
            continue
        # A feed without entries has none to find: the first poll asks nothing.
        if one.feed.entries:
            _read_feed(connection, known, one)
        fresh += [
            entry
            for entry in one.document.entries
            if (one.feed.key, entry.identity) not in known.entries
        ]
    _read_stories(connection, known, fresh)
    for held in (*known.entries.values(), *known.by_url.values(), *known.listed.values()):
        story_keys.add(held.story_key)
    for story in (*known.stories_by_url.values(), *known.stories_by_text.values()):
        story_keys.add(story.key)
    known.hits = _read_hits(connection, story_keys)
    return known


def _read_feed(connection: sa.Connection, known: Known, one: Fetched) -> None:
    assert one.document is not None
    feed, document = one.feed, one.document
    names = [entry.identity for entry in document.entries]
    for chunk in chunks(names):
        condition = sa.and_(entries.c.feed_key == feed.key, entries.c.identity.in_(chunk))
        for held in _held(connection, condition):
            known.entries[feed.key, held.identity] = held
    addresses = [
        entry.canonical_url
        for entry in document.entries
        if entry.canonical_url and (feed.key, entry.identity) not in known.entries
    ]
    for chunk in chunks(addresses):
        condition = sa.and_(entries.c.canonical_url.in_(chunk), entries.c.feed_key == feed.key)
        for held in _held(connection, condition):
            if held.canonical_url:
                known.by_url.setdefault((feed.key, held.canonical_url), held)
    for keys in chunks([item.entry_key for item in feed.listing]):
        for held in _held(connection, entries.c.entry_key.in_(keys)):
            known.listed[held.key] = held


def _held(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Iterator[KnownEntry]:
    for row in connection.execute(_ENTRY.where(condition)):
        yield KnownEntry(
            key=EntryKey(row.entry_key),
            feed=FeedKey(row.feed_key),
            id=EntryId(row.entry_id),
            identity=row.identity,
            canonical_url=row.canonical_url,
            url=row.url,
            fingerprint=row.fingerprint,
            parts=unpack_parts(row.parts),
            revisions=row.revision,
            vanished=row.vanished,
            story=StoryId(row.story_id),
            story_key=StoryKey(row.story_key),
            lead=row.lead == row.entry_key,
            text_hash=row.text_hash,
        )


def _read_stories(connection: sa.Connection, known: Known, fresh: Sequence[Entry]) -> None:
    """Stories that bring the same page or the same text, over all feeds; the oldest of each."""
    columns = (
        sa.select(
            stories.c.story_key, stories.c.story_id, entries.c.canonical_url, sightings.c.text_hash,
            entries.c.first_seen,
        )
        .join(sightings, sightings.c.story_key == stories.c.story_key)
        .join(entries, entries.c.entry_key == sightings.c.entry_key)
        .order_by(entries.c.entry_key)
    )  # fmt: skip
    for chunk in chunks(sorted({one.canonical_url for one in fresh if one.canonical_url})):
        for row in connection.execute(columns.where(entries.c.canonical_url.in_(chunk))):
            known.stories_by_url.setdefault(row.canonical_url, _story(row))
    for hashes in chunks(sorted({one.text_hash for one in fresh if one.text_hash})):
        for row in connection.execute(columns.where(sightings.c.text_hash.in_(hashes))):
            # The newest bringer tells how long ago the text was last seen.
            first = known.stories_by_text.get(row.text_hash)
            story = _story(row)
            if first is None or first.key == story.key:
                known.stories_by_text[row.text_hash] = story


def _story(row: Any) -> KnownStory:
    return KnownStory(key=StoryKey(row.story_key), id=StoryId(row.story_id), newest=row.first_seen)


def _read_hits(
    connection: sa.Connection, story_keys: Iterable[int]
) -> dict[tuple[str, StoryId], tuple[EntryId, int]]:
    found: dict[tuple[str, StoryId], tuple[EntryId, int]] = {}
    columns = (
        sa.select(topics.c.slug, stories.c.story_id, entries.c.entry_id, hits.c.revision)
        .join(topics, topics.c.topic_key == hits.c.topic_key)
        .join(stories, stories.c.story_key == hits.c.story_key)
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .order_by(hits.c.place)
    )
    for chunk in chunks(sorted(story_keys)):
        for row in connection.execute(columns.where(hits.c.story_key.in_(chunk))):
            found[row.slug, StoryId(row.story_id)] = (EntryId(row.entry_id), row.revision)
    return found


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Portions that a statement can carry as parameters."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def pack_parts(parts: Sequence[tuple[str, bytes]]) -> str:
    return json.dumps({name: hashed.hex() for name, hashed in parts}, separators=(",", ":"))


def unpack_parts(text: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, bytes.fromhex(hashed)) for name, hashed in json.loads(text).items())
