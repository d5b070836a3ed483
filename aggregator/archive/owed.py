"""Linked pages that could not be had: of which entries, why, and when they are asked for again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from aggregator.archive.database import Database
from aggregator.archive.records import unpack_enclosures
from aggregator.archive.schema import CURRENT, blocks, entries, owed_pages, revisions, shown
from aggregator.archive.statements import chunks, upsert
from aggregator.model.batch import ChangeKind, KeptText, OwedPage, Settled
from aggregator.model.boilerplate import unpacked
from aggregator.model.entry import Entry, EntryId, Shown, unpack_parts
from aggregator.model.feed import Feed

_ENTRY = (
    entries.c.entry_id, entries.c.identity, entries.c.guid, entries.c.url,
    entries.c.canonical_url, entries.c.likeness, entries.c.fingerprint, entries.c.parts,
    revisions.c.title, revisions.c.summary, revisions.c.html, revisions.c.text,
    revisions.c.authors, revisions.c.categories, revisions.c.lang, revisions.c.published,
    revisions.c.updated, revisions.c.image, revisions.c.enclosures, revisions.c.original,
)  # fmt: skip
_OWED = (
    sa.select(owed_pages, *_ENTRY)
    .join(entries, entries.c.entry_key == owed_pages.c.entry_key)
    .join(revisions, CURRENT)
)
_KEPT = (
    sa.select(
        *_ENTRY, revisions.c.page_at, revisions.c.page_capture_key, blocks.c.hashes,
        shown.c.removed, shown.c.html.label("shown_html"), shown.c.text.label("shown_text"),
        shown.c.summary.label("shown_summary"), shown.c.image.label("shown_image"),
    )
    .select_from(entries)
    .join(revisions, CURRENT)
    .outerjoin(
        blocks,
        sa.and_(blocks.c.feed_key == entries.c.feed_key, blocks.c.entry_key == entries.c.entry_key),
    )
    .outerjoin(shown, shown.c.entry_key == entries.c.entry_key)
    .where(revisions.c.page_at.is_not(None))
)  # fmt: skip


class Owed:
    """The pages that are owed to entries, each method in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, feed: Feed) -> tuple[OwedPage, ...]:
        """All that are owed to a feed's entries, the next to be asked for first."""
        query = (
            sa.select(owed_pages, entries.c.entry_id)
            .join(entries, entries.c.entry_key == owed_pages.c.entry_key)
            .where(owed_pages.c.feed_key == feed.key)
            .order_by(owed_pages.c.next_try, owed_pages.c.entry_key)
        )
        with self._database.reading() as connection:
            return tuple(map(_page, connection.execute(query)))

    def due(
        self, feed: Feed, *, now: datetime, limit: int, longest: timedelta
    ) -> tuple[tuple[Entry, OwedPage], ...]:
        """A feed's entries to which a page is owed that is to be asked for now, as they were read
        from the feed: first those for which that was tried least, the newest of them. None waits
        ``longest``: a later try was put off while our clock was ahead."""
        again = owed_pages.c.next_try
        query = (
            _OWED.where(
                owed_pages.c.feed_key == feed.key,
                sa.or_(again <= now, again > now + longest),
                entries.c.vanished.is_(None),
            )
            .order_by(owed_pages.c.tries, owed_pages.c.entry_key.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple((_entry(row), _page(row)) for row in connection.execute(query))

    def kept(self, ids: Sequence[EntryId]) -> tuple[KeptText, ...]:
        """The texts of pages that these entries have now; of those that have the feed's own, none."""
        with self._database.reading() as connection:
            return tuple(
                KeptText(entry=_with_blocks(row), at=row.page_at, capture=row.page_capture_key)
                for chunk in chunks(sorted(ids))
                for row in connection.execute(_KEPT.where(entries.c.entry_id.in_(chunk)))
            )


def store(connection: sa.Connection, settled: Sequence[Settled]) -> None:
    """What is owed after this write."""
    gone: set[EntryId] = set()
    rows: dict[EntryId, dict[str, Any]] = {}
    for one in settled:
        fetched = one.decision.fetched
        if not fetched.feed.full_text:
            continue
        completed = {
            change.id for change in one.decision.changes if change.kind is ChangeKind.COMPLETED
        }
        # Those that came and were not taken after all are owed as before.
        waiting = {entry.id for entry in fetched.late} - completed
        for page in fetched.owed:
            name = page.entry
            if page.next_try is not None:
                rows[name] = {
                    "feed_key": fetched.feed.key, "since": page.since, "tries": page.tries,
                    "next_try": page.next_try, "failure": page.failure,
                }  # fmt: skip
            elif name not in waiting:
                gone.add(name)
    keys = _keys(connection, gone | rows.keys())
    for chunk in chunks([keys[name] for name in sorted(gone - rows.keys()) if name in keys]):
        connection.execute(sa.delete(owed_pages).where(owed_pages.c.entry_key.in_(chunk)))
    owed = [{"entry_key": keys[name], **row} for name, row in sorted(rows.items()) if name in keys]
    upsert(connection, owed_pages, owed, replace=("since", "tries", "next_try", "failure"))


def _keys(connection: sa.Connection, names: set[EntryId]) -> Mapping[EntryId, int]:
    return {
        EntryId(name): key
        for chunk in chunks(sorted(names))
        for name, key in connection.execute(
            sa.select(entries.c.entry_id, entries.c.entry_key).where(entries.c.entry_id.in_(chunk))
        )
    }


def _page(row: Any) -> OwedPage:
    return OwedPage(
        entry=EntryId(row.entry_id),
        since=row.since,
        tries=row.tries,
        next_try=row.next_try,
        failure=row.failure,
    )


def _entry(row: Any) -> Entry:
    """The entry as its last revision has it; what only a document tells of an item is not there."""
    return Entry(
        id=EntryId(row.entry_id),
        identity=row.identity,
        position=0,
        item_hash=b"",
        guid=row.guid,
        url=row.url,
        canonical_url=row.canonical_url,
        title=row.title,
        summary=row.summary,
        html=row.html,
        text=row.text,
        authors=tuple(json.loads(row.authors)),
        categories=tuple(json.loads(row.categories)),
        lang=row.lang,
        published=row.published,
        updated=row.updated,
        image=row.image,
        enclosures=unpack_enclosures(row.enclosures),
        fingerprint=row.fingerprint,
        parts=unpack_parts(row.parts),
        likeness=row.likeness,
        original=row.original,
    )


def _with_blocks(row: Any) -> Entry:
    """The entry, with what boilerplate is learned from and what it is shown as."""
    as_shown = None
    if row.removed is not None:
        as_shown = Shown(
            removed=unpacked(row.removed),
            html=row.shown_html,
            text=row.shown_text,
            summary=row.shown_summary,
            image=row.shown_image,
        )
    return replace(_entry(row), blocks=unpacked(row.hashes or b""), shown=as_shown)
