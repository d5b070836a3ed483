"""The truth that decides, read inside the write transaction for one batch."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

import sqlalchemy as sa

from aggregator.archive import samples
from aggregator.archive.columns import name_of
from aggregator.archive.hits import read_announced, read_hits
from aggregator.archive.records import unpack_enclosures
from aggregator.archive.schema import (
    CURRENT,
    entries,
    feeds,
    revisions,
    sightings,
    stories,
)
from aggregator.archive.statements import among, chunks, given
from aggregator.model.batch import (
    Fetched,
    Known,
    KnownEntry,
    KnownStory,
    KnownText,
    Lead,
    Said,
)
from aggregator.model.entry import TOLD_APART, Entry, EntryId, EntryKey, StoryId, StoryKey
from aggregator.model.feed import FeedKey

_MOST_SIGNS = 20_000
"""Characters of a text that are looked at when it is compared with a new one."""
_BRINGERS = 20
"""Entries of one page, the newest, with which a new one may share its story."""
T = TypeVar("T")

_ENTRY = (
    sa.select(
        entries.c.entry_key, entries.c.feed_key, entries.c.entry_id, entries.c.identity,
        entries.c.canonical_url, entries.c.url, entries.c.fingerprint, entries.c.parts,
        entries.c.revision, entries.c.vanished, stories.c.story_id, stories.c.story_key,
        stories.c.lead, sightings.c.text_hash, entries.c.likeness, entries.c.first_seen,
        entries.c.news,
    )
    .join(sightings, sightings.c.entry_key == entries.c.entry_key)
    .join(stories, stories.c.story_key == sightings.c.story_key)
)  # fmt: skip


def read_known(
    connection: sa.Connection,
    fetched: Sequence[Fetched],
    *,
    capped: Collection[str] = (),
    now: datetime | None = None,
) -> Known:
    """Everything the decisions of this batch may ask for; a handful of statements, whatever its size.

    ``capped``: slugs of the topics of which must be known what they announced on the day of ``now``.
    """
    known = Known()
    if not any(one.document or one.late for one in fetched):
        return known
    brought = [
        (one.feed.key, entry) for one in fetched if one.document for entry in one.document.entries
    ]
    found = _Entries(connection, known, brought)
    found.read()
    late = [entry.id for one in fetched for entry in one.late]
    known.late = {one.id: one for one in found.by_id(late)}
    listed = {item.entry_key for one in fetched if one.document for item in one.feed.listing}
    known.kept = _read_kept(connection, fetched)
    for held in _by_key(connection, listed - known.kept.keys()):
        known.listed[held.key] = held
    _read_said(connection, known, brought)
    fresh = [
        entry
        for feed, entry in brought
        if (feed, entry.identity) not in known.entries or _is_reused(known, feed, entry)
    ]
    _read_stories(connection, known, fresh)
    story_keys = {held.story_key for group in known.groups() for held in group.values()}
    joined = [text.story for texts in known.alike.values() for text in texts]
    paged = chain.from_iterable(known.stories_by_url.values())
    for story in (*paged, *known.stories_by_text.values(), *joined):
        story_keys.add(story.key)
    known.hits = read_hits(connection, story_keys)
    if capped and now is not None:
        known.announced = read_announced(connection, capped, now)
    return known


class _Entries:
    """Looks up the entries that the items of a batch are."""

    def __init__(
        self, connection: sa.Connection, known: Known, brought: Sequence[tuple[FeedKey, Entry]]
    ) -> None:
        self._connection = connection
        self._known = known
        filled = self._filled({feed for feed, _ in brought})
        self._brought = [one for one in brought if one[0] in filled]
        # Long names are kept shortened; out of here they come as they were asked for.
        self._whole = {
            name_of(name): name
            for _, entry in self._brought
            for name in (entry.identity, entry.second_name, entry.canonical_url)
            if name
        }

    def _filled(self, feeds: set[FeedKey]) -> set[int]:
        """The feeds that have any entries: for the others there is nothing to look for."""
        condition = among(self._connection, entries.c.feed_key, feeds)
        query = sa.select(entries.c.feed_key).where(condition).distinct()
        return set(self._connection.execute(query).scalars())

    def read(self) -> None:
        known = self._known
        pairs = [(feed, name_of(entry.identity)) for feed, entry in self._brought]
        for held in self._paired(pairs, entries.c.identity):
            known.entries[held.feed, held.identity] = held
        missed = [one for one in self._brought if (one[0], one[1].identity) not in known.entries]
        # An entry that has another identity by now, while its first one comes again.
        by_id = {held.id: held for held in self.by_id([entry.id for _, entry in missed])}
        for feed, entry in missed:
            if entry.id in by_id:
                known.entries[feed, entry.identity] = by_id[entry.id]
        reused = [one for one in self._brought if _is_reused(known, *one)]
        missed += reused
        pairs = [
            (feed, name_of(entry.canonical_url)) for feed, entry in missed if entry.canonical_url
        ]
        for held in sorted(self._paired(pairs, entries.c.canonical_url), key=lambda one: one.key):
            if held.canonical_url:
                known.by_url.setdefault((held.feed, held.canonical_url), held)
        self._read_alike(missed)
        self._read_second(reused)

    def _read_second(self, reused: Sequence[tuple[FeedKey, Entry]]) -> None:
        """The entries that have the second name of one of these, or its id."""
        named = {entry.second_id: (feed, entry.second_name) for feed, entry in reused}
        for held in self.by_id([identifier for identifier in named if identifier]):
            self._known.entries.setdefault(named[held.id], held)
        pairs = [(feed, name_of(name)) for feed, name in named.values()]
        for held in self._paired(pairs, entries.c.identity):
            self._known.entries[held.feed, held.identity] = held

    def _read_alike(self, missed: Sequence[tuple[FeedKey, Entry]]) -> None:
        """The newest entry that says what an item says; not for what several items say."""
        counts = Counter((feed, entry.likeness) for feed, entry in missed if entry.likeness)
        pairs = [(feed, name) for (feed, name), count in counts.items() if name and count == 1]
        if pairs:
            listed = given(self._connection, pairs)
            condition = sa.and_(
                entries.c.feed_key == listed.c.number, entries.c.likeness == listed.c.name
            )
            query = _ENTRY.join(listed, condition).order_by(entries.c.entry_key)
            for held in self._held(query):
                if held.likeness:
                    self._known.by_likeness[held.feed, held.likeness] = held

    def _paired(
        self, pairs: Sequence[tuple[int, str]], column: sa.Column[Any]
    ) -> Iterator[KnownEntry]:
        if pairs:
            listed = given(self._connection, pairs)
            condition = sa.and_(entries.c.feed_key == listed.c.number, column == listed.c.name)
            yield from self._held(_ENTRY.join(listed, condition))

    def by_id(self, ids: Sequence[EntryId]) -> Iterator[KnownEntry]:
        """The entries of these ids."""
        for chunk in chunks(ids):
            yield from self._held(_ENTRY.where(entries.c.entry_id.in_(chunk)))

    def _held(self, query: sa.Select[Any]) -> Iterator[KnownEntry]:
        for row in self._connection.execute(query):
            yield _known_entry(row, self._whole)


def _read_said(
    connection: sa.Connection, known: Known, brought: Sequence[tuple[FeedKey, Entry]]
) -> None:
    """What the last revision says of entries whose item says something else now: a few, as a rule."""
    told_apart: dict[tuple[FeedKey, str], list[KnownEntry]] = {}
    for held in known.listed.values():
        name, sign, _ = held.identity.partition(TOLD_APART)
        if sign:
            told_apart.setdefault((held.feed, name), []).append(held)
    changed = {
        (held.key, held.revisions)
        for feed, entry in brought
        for held in (
            known.entries.get((feed, entry.identity)),
            known.by_url.get((feed, entry.canonical_url)) if entry.canonical_url else None,
            known.by_likeness.get((feed, entry.likeness)) if entry.likeness else None,
            *(told_apart.get((feed, entry.identity), ())),
        )
        if held is not None and held.fingerprint != entry.fingerprint
    }
    columns = (
        revisions.c.entry_key, revisions.c.title, revisions.c.summary, revisions.c.text,
        revisions.c.authors, revisions.c.enclosures,
    )  # fmt: skip
    for chunk in chunks(sorted(changed)):
        which = sa.tuple_(revisions.c.entry_key, revisions.c.number).in_(chunk)
        for key, title, summary, text, authors, files in connection.execute(
            sa.select(*columns).where(which)
        ):
            known.said[EntryKey(key)] = Said(
                title=title,
                summary=summary,
                text=text,
                authors=tuple(json.loads(authors)),
                enclosures=unpack_enclosures(files),
            )


def _is_reused(known: Known, feed: FeedKey, entry: Entry) -> bool:
    """Whether an item may be another than the entry of its name: nothing that is read first agrees."""
    held = known.entries.get((feed, entry.identity))
    if held is None or entry.second_id is None or held.fingerprint == entry.fingerprint:
        return False
    before, now = dict(held.parts), dict(entry.parts)
    return not before.get("title") or before["title"] != now.get("title")


def _read_kept(connection: sa.Connection, fetched: Sequence[Fetched]) -> dict[EntryKey, EntryId]:
    """The entries of items that came again word for word: nothing is decided of them, so that
    little need be known. Most of a feed, as a rule. Not those that had vanished, not those
    that were told apart from others of their name, which a new item may be taken for, and not
    the last of a document that others are missing from: its age tells how far that goes back."""
    keys, others = set[int](), set[int]()
    for one in fetched:
        if one.document:
            repeated = {position: key for position, _, key in one.repeated}
            keys |= set(repeated.values())
            missing = {item.entry_key for item in one.feed.listing} - set(repeated.values())
            others |= missing
            if missing and repeated:
                others.add(repeated[max(repeated)])
    keys -= others
    if not keys:
        return {}
    query = sa.select(entries.c.entry_key, entries.c.entry_id).where(
        among(connection, entries.c.entry_key, keys),
        entries.c.vanished.is_(None),
        sa.not_(entries.c.identity.contains(TOLD_APART)),
    )
    return {EntryKey(key): EntryId(name) for key, name in connection.execute(query)}


def _by_key(connection: sa.Connection, keys: Iterable[int]) -> Iterator[KnownEntry]:
    for row in connection.execute(_ENTRY.where(among(connection, entries.c.entry_key, keys))):
        yield _known_entry(row, {})


def _known_entry(row: Any, whole: dict[str, str]) -> KnownEntry:
    (key, feed, entry_id, identity, canonical, url, fingerprint, parts, revision, vanished,
     story_id, story_key, lead, text_hash, likeness, first_seen, news) = row  # fmt: skip
    return KnownEntry(
        key=EntryKey(key),
        feed=FeedKey(feed),
        id=EntryId(entry_id),
        identity=whole.get(identity, identity),
        canonical_url=whole.get(canonical, canonical),
        url=url,
        fingerprint=fingerprint,
        packed=parts,
        revisions=revision,
        vanished=vanished,
        story=StoryId(story_id),
        story_key=StoryKey(story_key),
        lead=lead == key,
        text_hash=text_hash,
        likeness=likeness,
        first_seen=first_seen,
        news=news,
    )


_STORY = (
    sa.select(
        stories.c.story_key, stories.c.story_id, entries.c.entry_key, entries.c.feed_key,
        entries.c.first_seen, entries.c.canonical_url, entries.c.parts, sightings.c.text_hash,
    )
    .join(sightings, sightings.c.story_key == stories.c.story_key)
    .join(entries, entries.c.entry_key == sightings.c.entry_key)
)  # fmt: skip
_SAID = sa.func.coalesce(sa.func.nullif(revisions.c.text, ""), revisions.c.summary)


def _read_stories(connection: sa.Connection, known: Known, fresh: Sequence[Entry]) -> None:
    """Stories that bring the same page, the same text or nearly the same, over all feeds."""
    whole = {name_of(one.canonical_url): one.canonical_url for one in fresh if one.canonical_url}
    ordered = _STORY.order_by(entries.c.entry_key)
    by_url: dict[str, deque[Any]] = {}
    for chunk in chunks(sorted(whole)):
        for row in connection.execute(ordered.where(entries.c.canonical_url.in_(chunk))):
            by_url.setdefault(whole[row.canonical_url], deque(maxlen=_BRINGERS)).append(row)
    by_text: dict[bytes, Any] = {}
    for hashes in chunks(sorted({one.text_hash for one in fresh if one.text_hash})):
        for row in connection.execute(ordered.where(sightings.c.text_hash.in_(hashes))):
            # The last to bring the text: how long ago that was decides whether this is a copy.
            by_text[row.text_hash] = row
    alike, known.crowded = samples.find(connection, fresh)
    texts = _texts(connection, {key for keys in alike.values() for key in keys})
    rows = (*chain.from_iterable(by_url.values()), *by_text.values(), *texts.values())
    leads = _leads(connection, {row.story_key for row in rows})
    known.stories_by_url = {
        url: tuple(_story(row, leads) for row in bringers) for url, bringers in by_url.items()
    }
    known.stories_by_text = {text: _story(row, leads) for text, row in by_text.items()}
    known.alike = {
        identifier: tuple(_text(texts[key], leads) for key in keys)
        for identifier, keys in alike.items()
    }


def _texts(connection: sa.Connection, keys: Iterable[int]) -> dict[int, Any]:
    """What these entries say now, as far as it is looked at, by their keys."""
    said = sa.func.substr(_SAID, 1, _MOST_SIGNS).label("said")
    query = _STORY.add_columns(revisions.c.title, said).join(revisions, CURRENT)
    wanted = query.where(among(connection, entries.c.entry_key, keys))
    return {row.entry_key: row for row in connection.execute(wanted)}


def _leads(connection: sa.Connection, story_keys: Iterable[int]) -> dict[int, Lead]:
    query = (
        sa.select(
            stories.c.story_key, feeds.c.url, feeds.c.folders, sa.func.length(_SAID).label("length")
        )
        .join(entries, entries.c.entry_key == stories.c.lead)
        .join(revisions, CURRENT)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
    )
    return {
        row.story_key: Lead(feed=row.url, folders=tuple(json.loads(row.folders)), length=row.length)
        for row in connection.execute(
            query.where(among(connection, stories.c.story_key, story_keys))
        )
    }


def _story(row: Any, leads: dict[int, Lead]) -> KnownStory:
    return KnownStory(
        key=StoryKey(row.story_key),
        id=StoryId(row.story_id),
        newest=row.first_seen,
        lead=leads.get(row.story_key),
        feed=FeedKey(row.feed_key),
        page=row.canonical_url,
        packed=row.parts,
    )


def _text(row: Any, leads: dict[int, Lead]) -> KnownText:
    return KnownText(
        key=EntryKey(row.entry_key),
        story=_story(row, leads),
        title=row.title,
        text=row.said,
    )
