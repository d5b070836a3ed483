"""One batch into the archive: captures first, then all rows, in the open write transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from aggregator.archive import feeds as feeds_of
from aggregator.archive import search, topics
from aggregator.archive.captures import Captures
from aggregator.archive.known import pack_parts
from aggregator.archive.records import pack_enclosures
from aggregator.archive.schema import (
    captures,
    entries,
    feed_urls,
    feeds,
    fetch_days,
    fetches,
    languages,
    listings,
    revisions,
    sightings,
    stories,
)
from aggregator.model.address import canonical_url
from aggregator.model.batch import Batch, Change, ChangeKind, Counts, Settled
from aggregator.model.entry import Entry, EntryId, Indexed, StoryId
from aggregator.model.errors import FetchError, Retry
from aggregator.model.settings import Captures as Kept
from aggregator.query import analyse


class Writer:
    """Stores one :class:`Batch`. Rows are gathered first and go in by table, many at once."""

    def __init__(
        self, connection: sa.Connection, files: Captures, kept: Kept, batch: Batch
    ) -> None:
        self._connection = connection
        self._files = files
        self._kept = kept
        self._batch = batch
        self._entry_keys: dict[EntryId, int] = {}
        self._story_keys: dict[StoryId, int] = {}
        self._entries: list[dict[str, Any]] = []
        self._revisions: list[dict[str, Any]] = []
        self._stories: list[dict[str, Any]] = []
        self._sightings: list[dict[str, Any]] = []
        self._indexed: list[tuple[int, Indexed]] = []
        self._touched: set[int] = set()

    def store(self) -> Counts:
        """Everything of the batch; returns what it came to."""
        captured = self._capture()
        next_entry = self._next(entries.c.entry_key)
        next_story = self._next(stories.c.story_key)
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
            if rows:
                self._connection.execute(sa.insert(table), rows)
        search.add(self._connection, self._indexed)
        self._note_languages()
        for one in self._batch.settled:
            self._store_feed(one)
        topics.append(self._connection, self._batch.hits, self._batch.at)
        topics.touch_holders(self._connection, self._touched)
        return self._counts()

    def _next(self, column: sa.Column[int]) -> int:
        return (self._connection.scalar(sa.select(sa.func.max(column))) or 0) + 1

    def _capture(self) -> dict[int, int]:
        """Append the responses worth keeping; returns feed key → capture key."""
        wanted = [
            (one.decision.fetched.feed, one.decision.fetched.response)
            for one in self._batch.settled
            if one.decision.fetched.response is not None and self._worth_keeping(one)
        ]
        places = self._files.append(response for _, response in wanted if response)
        first = self._next(captures.c.capture_key) if places else 0
        rows: list[dict[str, Any]] = [
            {
                "capture_key": first + at, "feed_key": feed.key, "file": place.file,
                "offset": place.offset, "length": place.length, "url": response.url,
                "status": response.status, "at": response.started,
            }
            for at, ((feed, response), place) in enumerate(zip(wanted, places, strict=True))
            if response
        ]  # fmt: skip
        if rows:
            self._connection.execute(sa.insert(captures), rows)
        return {row["feed_key"]: row["capture_key"] for row in rows}

    def _worth_keeping(self, one: Settled) -> bool:
        if self._kept is Kept.OFF:
            return False
        if self._kept is Kept.ALL:
            return True
        feed, document = one.decision.fetched.feed, one.decision.fetched.document
        news = any(
            change.kind in (ChangeKind.NEW, ChangeKind.REVISED) for change in one.decision.changes
        )
        return news or (document is not None and document.title != feed.published_title)

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
                "identity": entry.identity, "guid": entry.guid, "url": entry.url,
                "canonical_url": entry.canonical_url, "first_seen": self._batch.at,
                "vanished": None, "revision": 1, "fingerprint": entry.fingerprint,
                "parts": pack_parts(entry.parts),
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
        self._indexed.append((key, entry.indexed or analyse(entry.title, entry.text, entry.lang)))

    def _revision(
        self, change: Change, entry: Entry, key: int, capture_key: int | None
    ) -> dict[str, Any]:
        return {
            "entry_key": key, "number": change.revision, "seen": self._batch.at,
            "changed": _json(change.fields), "title": entry.title, "summary": entry.summary,
            "html": entry.html, "text": entry.text, "authors": _json(entry.authors),
            "categories": _json(entry.categories), "lang": entry.lang,
            "published": entry.published, "updated": entry.updated, "url": entry.url,
            "image": entry.image, "enclosures": pack_enclosures(entry.enclosures),
            "original": entry.original, "capture_key": capture_key,
        }  # fmt: skip

    def _change_entry(self, change: Change, capture_key: int | None) -> None:
        assert change.key is not None
        self._entry_keys[change.id] = change.key
        values: dict[str, Any] = {}
        if change.kind is ChangeKind.VANISHED:
            values["vanished"] = self._batch.at
        elif change.kind is ChangeKind.RETURNED:
            values["vanished"] = None
        elif change.entry is not None:
            entry = change.entry
            values = {
                "identity": entry.identity, "guid": entry.guid, "url": entry.url,
                "canonical_url": entry.canonical_url,
            }  # fmt: skip
            if change.kind is ChangeKind.REVISED:
                values |= {
                    "revision": change.revision, "fingerprint": entry.fingerprint,
                    "parts": pack_parts(entry.parts),
                }  # fmt: skip
                self._reindex(change.key, entry)
                self._revisions.append(self._revision(change, entry, change.key, capture_key))
        if change.story.key is not None:
            self._touched.add(change.story.key)
        self._connection.execute(
            sa.update(entries).where(entries.c.entry_key == change.key).values(values)
        )

    def _reindex(self, key: int, entry: Entry) -> None:
        """Take the state before out of the index, with the very words it went in by."""
        before = self._connection.execute(
            sa.select(revisions.c.title, revisions.c.text, revisions.c.summary, revisions.c.lang)
            .where(revisions.c.entry_key == key)
            .order_by(revisions.c.number.desc())
            .limit(1)
        ).one()
        old = analyse(before.title, before.text or before.summary, before.lang)
        search.remove(self._connection, [(key, old)])
        self._indexed.append((key, entry.indexed or analyse(entry.title, entry.text, entry.lang)))

    def _note_languages(self) -> None:
        found = {row["lang"] for row in self._revisions}
        if found:
            self._upsert(languages, [{"lang": lang} for lang in sorted(found)], ["lang"], {})

    def _store_feed(self, one: Settled) -> None:
        fetched = one.decision.fetched
        feed, key = fetched.feed, fetched.feed.key
        new = sum(change.kind is ChangeKind.NEW for change in one.decision.changes)
        revised = sum(change.kind is ChangeKind.REVISED for change in one.decision.changes)
        values = _feed_values(one)
        if new:
            values["entries"] = feeds.c.entries + new
        self._connection.execute(sa.update(feeds).where(feeds.c.feed_key == key).values(values))
        if one.decision.listing is not None:
            packed = feeds_of.pack_listing(
                [
                    (item_hash, self._entry_key(identifier), missing)
                    for item_hash, identifier, missing in one.decision.listing
                ]
            )
            self._upsert(listings, [{"feed_key": key, "items": packed}], ["feed_key"], {"items"})
        if one.address.fetch_url != feed.fetch_url:
            canonical = {"canonical": canonical_url(one.address.fetch_url), "feed_key": key}
            self._upsert(feed_urls, [canonical], ["canonical"], {})
        self._log(one, new, revised)

    def _entry_key(self, identifier: EntryId) -> int:
        key = self._entry_keys.get(identifier)
        if key is None:
            key = self._connection.scalar(
                sa.select(entries.c.entry_key).where(entries.c.entry_id == identifier)
            )
            assert key is not None
            self._entry_keys[identifier] = key
        return key

    def _log(self, one: Settled, new: int, revised: int) -> None:
        fetched = one.decision.fetched
        response = fetched.response
        outcome = "failed" if fetched.failure else "unchanged" if fetched.unchanged else "changed"
        size = len(response.wire) if response else 0
        self._connection.execute(
            sa.insert(fetches),
            {
                "fetch_key": self._next(fetches.c.fetch_key), "feed_key": fetched.feed.key,
                "at": fetched.at, "outcome": outcome,
                "status": response.status if response else getattr(fetched.failure, "status", None),
                "message": fetched.failure.what if fetched.failure else "",
                "bytes": size, "seconds": response.seconds if response else 0.0,
                "new": new, "revised": revised,
            },
        )  # fmt: skip
        day = {
            "feed_key": fetched.feed.key, "day": fetched.at.date().isoformat(), "requests": 1,
            "unchanged": int(outcome == "unchanged"), "failed": int(outcome == "failed"),
            "bytes": size, "new": new, "revised": revised,
        }  # fmt: skip
        counted = {"requests", "unchanged", "failed", "bytes", "new", "revised"}
        self._upsert(fetch_days, [day], ["feed_key", "day"], counted, add=True)

    def _upsert(
        self,
        table: sa.Table,
        rows: Sequence[dict[str, Any]],
        keys: list[str],
        replaced: set[str] | dict[str, Any],
        *,
        add: bool = False,
    ) -> None:
        """Insert, or on the same key replace (``add``: add to) the named columns."""
        make = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        statement: Any = make(table)
        if replaced:
            new = statement.excluded
            values = {name: table.c[name] + new[name] if add else new[name] for name in replaced}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=keys)
        self._connection.execute(statement, list(rows))

    def _counts(self) -> Counts:
        settled = self._batch.settled
        kinds = [change.kind for one in settled for change in one.decision.changes]
        return Counts(
            feeds=len(settled),
            unchanged=sum(one.decision.fetched.unchanged for one in settled),
            failed=sum(one.decision.fetched.failure is not None for one in settled),
            new=kinds.count(ChangeKind.NEW),
            revised=kinds.count(ChangeKind.REVISED),
            vanished=kinds.count(ChangeKind.VANISHED),
            new_stories=len(self._stories),
        )


def _feed_values(one: Settled) -> dict[str, Any]:
    """The feed's row after this fetch; the claim is given back with it."""
    fetched = one.decision.fetched
    feed, failure, response = fetched.feed, fetched.failure, fetched.response
    values: dict[str, Any] = {
        "last_fetch": fetched.at,
        "next_due": one.poll.due,
        "due_reason": one.poll.reason,
        "retry_after": one.poll.retry_after,
        "rhythm": json.dumps(one.poll.rhythm),
        "claim_holder": None,
        "claim_until": None,
    }
    if failure is not None:
        gone = isinstance(failure, FetchError) and failure.retry is Retry.GONE
        held = feed.failure
        return values | {
            "failure_kind": failure.kind.value,
            "failure_message": failure.what,
            "failure_since": held.since if held else fetched.at,
            "failure_count": held.count + 1 if held else 1,
            "stopped": gone,
        }
    values |= {
        "last_success": fetched.at,
        "failure_kind": None,
        "failure_message": None,
        "failure_since": None,
        "failure_count": 0,
        "fetch_url": one.address.fetch_url,
        "moved_to": one.address.moved_to,
        "moved_count": one.address.moved_count,
        "body_hash": fetched.body_hash,
    }
    if response is not None:
        values |= _validators(response.status, response.validators, fetched)
    if fetched.document is not None:
        document = fetched.document
        values |= {
            "published_title": document.title,
            "home": document.home or feed.home,
            "description": document.description,
            "lang": document.lang or feed.lang,
        }
    return values


def _validators(status: int, found: Any, fetched: Any) -> dict[str, Any]:
    """The latest response's validators; a 304 may leave out what it does not change (RFC 9110, 15.4.5)."""
    if status == 304 and found is None:
        return {}
    held = fetched.feed.validators if status == 304 else None
    etag = found.etag if found else None
    modified = found.last_modified if found else None
    return {
        "validator_url": found.url if found else None,
        "etag": etag if etag is not None or held is None else held.etag,
        "last_modified": modified if modified is not None or held is None else held.last_modified,
    }


def _json(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else "[]"
