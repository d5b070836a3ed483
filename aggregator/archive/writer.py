"""One batch into the archive: captures first, then all rows, in the open write transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from aggregator.archive import fetchlog, hits, owed, samples, search, settling
from aggregator.archive.boilerplate import store_shown
from aggregator.archive.captures import Captures
from aggregator.archive.columns import name_of
from aggregator.archive.courtesy import Courtesy
from aggregator.archive.records import pack_enclosures
from aggregator.archive.schema import (
    blocks,
    captures,
    entries,
    languages,
    revisions,
    sightings,
    stories,
)
from aggregator.archive.statements import chunks, insert, upsert
from aggregator.model.address import shown_url
from aggregator.model.batch import Batch, Change, ChangeKind, Counts, Known, LinkedPage, Settled
from aggregator.model.boilerplate import packed
from aggregator.model.entry import Entry, EntryId, Shown, StoryId, pack_parts
from aggregator.model.feed import Feed, Response
from aggregator.model.settings import Captures as Kept
from aggregator.query import analyse, marks_of

_TEXTED = (ChangeKind.NEW, ChangeKind.REVISED, ChangeKind.COMPLETED)


class Writer:
    """Stores one :class:`Batch`. Rows are gathered first and go in by table, many at once.

    ``known`` is what the batch was decided on; it saves asking for keys again.
    """

    def __init__(
        self,
        connection: sa.Connection,
        files: Captures,
        kept: Kept,
        batch: Batch,
        known: Known | None = None,
    ) -> None:
        self._connection = connection
        self._files = files
        self._kept = kept
        self._batch = batch
        self._entry_keys: dict[EntryId, int] = {}
        if known:
            for group in known.groups():
                self._entry_keys.update((held.id, held.key) for held in group.values())
            self._entry_keys.update((identifier, key) for key, identifier in known.kept.items())
        self._story_keys: dict[StoryId, int] = {}
        self._entries: list[dict[str, Any]] = []
        self._revisions: list[dict[str, Any]] = []
        self._stories: list[dict[str, Any]] = []
        self._sightings: list[dict[str, Any]] = []
        self._samples: list[samples.Row] = []
        self._crowded = known.crowded if known else frozenset()
        self._leads: dict[int, int] = {}
        self._indexed: list[search.Row] = []
        self._blocks: list[dict[str, Any]] = []
        self._shown: dict[int, Shown | None] = {}
        self._touched: set[int] = set()
        self._page_captures: dict[EntryId, int] = {}
        self._languages: set[str] = set()
        self._kept_texts = {
            kept.entry.id: kept for one in batch.settled for kept in one.decision.fetched.kept
        }
        self._paged = {
            page.entry for one in batch.settled for page in one.decision.fetched.pages if page.taken
        }

    def store(self) -> Counts:
        """Everything of the batch; returns what it came to."""
        captured = self._capture()
        search.remove(self._connection, self._indexed_before())
        next_entry = next_key(self._connection, entries.c.entry_key)
        next_story = next_key(self._connection, stories.c.story_key)
        for one in self._batch.settled:
            capture_key = captured.get(one.decision.fetched.feed.key)
            for change in one.decision.changes:
                if change.kind is ChangeKind.NEW:
                    if change.story.key is None and change.story.id not in self._story_keys:
                        self._story_keys[change.story.id] = next_story
                        self._add_story(change, next_story, next_entry)
                        next_story += 1
                    self._add_entry(change, next_entry, capture_key)
                    next_entry += 1
                else:
                    self._change_entry(change, capture_key)
        for table, rows in (
            (entries, self._entries),
            (stories, self._stories),
            (sightings, self._sightings),
            (revisions, self._revisions),
        ):
            insert(self._connection, table, rows)
        upsert(self._connection, blocks, self._blocks, replace=("hashes",))
        store_shown(self._connection, self._shown)
        samples.add(self._connection, self._samples, self._crowded)
        self._move_leads()
        search.add(self._connection, self._indexed)
        self._note_languages()
        settled = self._batch.settled
        self._find_keys(settled)
        settling.store_feeds(self._connection, settled, self._entry_keys)
        owed.store(self._connection, settled)
        fetchlog.note(self._connection, settled)
        Courtesy(self._connection).keep_away(self._batch.away, self._batch.at)
        hits.append(self._connection, self._batch.hits, self._batch.at)
        hits.touch_holders(self._connection, self._touched)
        return self._counts()

    def _capture(self) -> dict[int, int]:
        """Append the responses worth keeping; returns feed key → capture key."""
        wanted: list[tuple[Feed, LinkedPage | None, Response]] = []
        for one in self._batch.settled:
            fetched = one.decision.fetched
            if fetched.response is not None and self._worth_keeping(one):
                wanted.append((fetched.feed, None, fetched.response))
            wanted += [(fetched.feed, page, page.response) for page in self._pages_of(one)]
        places = self._files.append([response for _, _, response in wanted])
        first = next_key(self._connection, captures.c.capture_key) if places else 0
        rows: list[dict[str, Any]] = [
            {
                "capture_key": first + at, "feed_key": feed.key, "file": place.file,
                "offset": place.offset, "length": place.length, "url": shown_url(response.url),
                "status": response.status, "at": response.started,
            }
            for at, ((feed, _, response), place) in enumerate(zip(wanted, places, strict=True))
        ]  # fmt: skip
        if rows:
            self._connection.execute(sa.insert(captures), rows)
        found: dict[int, int] = {}
        for row, (feed, page, _) in zip(rows, wanted, strict=True):
            if page is None:
                found[feed.key] = row["capture_key"]
            else:
                self._page_captures[page.entry] = row["capture_key"]
        return found

    def _pages_of(self, one: Settled) -> list[LinkedPage]:
        """The linked pages worth keeping: of what is new or revised, where the text is from them."""
        if self._kept is Kept.OFF or not one.decision.fetched.pages:
            return []
        stored = {
            change.id for change in one.decision.changes if change.entry and change.kind in _TEXTED
        }
        return [
            page
            for page in one.decision.fetched.pages
            if page.entry in stored and (page.taken or self._kept is Kept.ALL)
        ]

    def _worth_keeping(self, one: Settled) -> bool:
        if self._kept is Kept.OFF:
            return False
        if self._kept is Kept.ALL:
            return True
        feed, document = one.decision.fetched.feed, one.decision.fetched.document
        news = any(
            change.kind in (ChangeKind.NEW, ChangeKind.REVISED) for change in one.decision.changes
        )
        if news or one.decision.doubtful:
            # What is in no revision is in its bytes at least.
            return True
        return document is not None and any(
            new and new != old
            for new, old in (
                (document.title, feed.published_title),
                (document.home, feed.home),
                (document.description, feed.description),
                (document.lang, feed.lang),
            )
        )

    def _add_story(self, change: Change, key: int, lead: int) -> None:
        self._stories.append({"story_key": key, "story_id": change.story.id, "lead": lead})

    def _add_entry(self, change: Change, key: int, capture_key: int | None) -> None:
        entry = change.entry
        assert entry is not None
        self._entry_keys[change.id] = key
        story_key = change.story.key or self._story_keys[change.story.id]
        self._entries.append(
            {
                "entry_key": key, "feed_key": change.feed.key, "entry_id": change.id,
                "first_seen": self._batch.at, "news": change.announce, "vanished": None, "revision": 1,
                "fingerprint": entry.fingerprint, "parts": pack_parts(entry.parts),
                **_names(entry),
            }
        )  # fmt: skip
        self._revisions.append(self._revision(change, entry, key, capture_key))
        self._sightings.append(
            {
                "entry_key": key, "story_key": story_key, "how": change.story.how,
                "text_hash": entry.text_hash,
            }
        )  # fmt: skip
        if not change.story.new:
            self._touched.add(story_key)
            if change.lead:
                self._leads[story_key] = key
        self._samples.extend((run, story_key, key) for run in entry.sample)
        self._index(change, key, entry)
        self._note_blocks(change, entry, key)
        if entry.shown:
            self._shown[key] = entry.shown

    def _note_blocks(self, change: Change, entry: Entry, key: int) -> None:
        self._blocks.append(
            {
                "feed_key": change.feed.key, "entry_key": key, "counts": change.story.new,
                "hashes": packed(entry.blocks),
            }
        )  # fmt: skip

    def _move_leads(self) -> None:
        """Stories of which a better version came; their ids stay."""
        for story_key, lead in self._leads.items():
            changed = sa.update(stories).where(stories.c.story_key == story_key).values(lead=lead)
            self._connection.execute(changed)

    def _revision(
        self, change: Change, entry: Entry, key: int, capture_key: int | None
    ) -> dict[str, Any]:
        self._languages.add(entry.lang)
        page, page_at = self._page_captures.get(change.id), None
        if change.id in self._paged:
            page_at = self._batch.at
        elif kept := self._kept_texts.get(change.id):
            page, page_at = kept.capture, kept.at
        return {
            "entry_key": key, "number": change.revision, "seen": self._batch.at,
            "changed": _json(change.fields), "title": entry.title, "summary": entry.summary,
            "html": entry.html, "text": entry.text, "authors": _json(entry.authors),
            "categories": _json(entry.categories), "lang": entry.lang,
            "published": entry.published, "updated": entry.updated, "url": entry.url,
            "image": entry.image, "enclosures": pack_enclosures(entry.enclosures),
            "original": entry.original, "capture_key": capture_key,
            "page_capture_key": page, "page_at": page_at,
        }  # fmt: skip

    def _change_entry(self, change: Change, capture_key: int | None) -> None:
        assert change.key is not None
        self._entry_keys[change.id] = change.key
        values: dict[str, Any] = {}
        if change.kind is ChangeKind.VANISHED:
            values["vanished"] = self._batch.at
        elif change.kind is ChangeKind.RETURNED:
            values |= {"vanished": None, "returned": self._batch.at}
        elif change.entry is not None:
            entry = change.entry
            values = {} if change.kind is ChangeKind.COMPLETED else _names(entry)
            if change.kind is ChangeKind.REVISED:
                values |= {
                    "revision": change.revision, "fingerprint": entry.fingerprint,
                    "parts": pack_parts(entry.parts),
                }  # fmt: skip
                self._index(change, change.key, entry)
                self._note_blocks(change, entry, change.key)
                self._shown[change.key] = entry.shown
                self._revisions.append(self._revision(change, entry, change.key, capture_key))
            elif change.kind is ChangeKind.COMPLETED:
                self._complete(change, entry, change.key)
            elif change.new_addresses:
                values |= {"fingerprint": entry.fingerprint, "parts": pack_parts(entry.parts)}
                self._restate(change, enclosures=pack_enclosures(entry.enclosures))
        if change.story.key is not None:
            self._touched.add(change.story.key)
        if values:
            self._connection.execute(
                sa.update(entries).where(entries.c.entry_key == change.key).values(values)
            )

    def _complete(self, change: Change, entry: Entry, key: int) -> None:
        """The state that an entry is in has the text of its page from now on."""
        self._index(change, key, entry)
        self._note_blocks(change, entry, key)
        self._shown[key] = entry.shown
        self._languages.add(entry.lang)
        if change.story.key is not None:
            self._samples.extend((run, change.story.key, key) for run in entry.sample)
        self._restate(
            change,
            html=entry.html,
            text=entry.text,
            lang=entry.lang,
            image=entry.image,
            page_capture_key=self._page_captures.get(change.id),
            page_at=self._batch.at,
        )
        self._connection.execute(
            sa.update(sightings)
            .where(sightings.c.entry_key == key)
            .values(text_hash=entry.text_hash)
        )

    def _restate(self, change: Change, **values: object) -> None:
        """The state that an entry is in says this from now on."""
        changed = sa.update(revisions).where(
            revisions.c.entry_key == change.key, revisions.c.number == change.revision
        )
        self._connection.execute(changed.values(**values))

    def _indexed_before(self) -> list[int]:
        return [
            change.key
            for one in self._batch.settled
            for change in one.decision.changes
            if change.kind in (ChangeKind.REVISED, ChangeKind.COMPLETED) and change.key is not None
        ]

    def _index(self, change: Change, key: int, entry: Entry) -> None:
        reading = entry.reading
        words = entry.indexed or analyse(entry.title, reading.text or reading.summary, entry.lang)
        marks = marks_of(
            feed=change.feed.key,
            lang=entry.lang,
            moment=entry.published or change.first_seen or self._batch.at,
            authors=entry.authors,
            categories=entry.categories,
        )
        self._indexed.append((key, words, marks))

    def _note_languages(self) -> None:
        if self._languages:
            rows = [{"lang": lang} for lang in sorted(self._languages)]
            upsert(self._connection, languages, rows)

    def _find_keys(self, settled: Sequence[Settled]) -> None:
        """Keys of listed entries that neither this batch nor what it knew has named."""
        missing = {
            identifier
            for one in settled
            for _, identifier, _ in one.decision.listing or ()
            if identifier not in self._entry_keys
        }
        for chunk in chunks(sorted(missing)):
            rows = self._connection.execute(
                sa.select(entries.c.entry_id, entries.c.entry_key).where(
                    entries.c.entry_id.in_(chunk)
                )
            )
            self._entry_keys.update((EntryId(row[0]), row[1]) for row in rows)

    def _counts(self) -> Counts:
        settled = self._batch.settled
        kinds = [change.kind for one in settled for change in one.decision.changes]
        return Counts(
            feeds=sum(not one.decision.fetched.archived for one in settled),
            unchanged=sum(one.decision.fetched.unchanged for one in settled),
            failed=sum(one.decision.fetched.failure is not None for one in settled),
            new=kinds.count(ChangeKind.NEW),
            revised=kinds.count(ChangeKind.REVISED),
            vanished=kinds.count(ChangeKind.VANISHED),
            completed=kinds.count(ChangeKind.COMPLETED),
            new_stories=len(self._stories),
        )


def next_key(connection: sa.Connection, column: sa.Column[int]) -> int:
    """The next key of a table. Only inside the write transaction: writers are serial there."""
    return (connection.scalar(sa.select(sa.func.max(column))) or 0) + 1


def _names(entry: Entry) -> dict[str, Any]:
    return {
        "identity": name_of(entry.identity),
        "guid": entry.guid,
        "url": entry.url,
        "canonical_url": name_of(entry.canonical_url) if entry.canonical_url else None,
        "likeness": entry.likeness,
    }


def _json(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else "[]"
