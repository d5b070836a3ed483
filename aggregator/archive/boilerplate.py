"""Blocks in the archive: which entry carries which, what they taught, what is shown without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from aggregator.archive import search, settling, topics
from aggregator.archive.known import chunks
from aggregator.archive.schema import (
    blocks,
    boilerplate,
    entries,
    feeds,
    lessons,
    meta,
    revisions,
    rulings,
    shown,
    sightings,
)
from aggregator.model.boilerplate import (
    NO_ENTRY,
    Carrier,
    Group,
    Lesson,
    Ruled,
    Ruling,
    Span,
    Stored,
    packed,
    site_of,
    unpacked,
)
from aggregator.model.entry import EntryKey, Shown
from aggregator.model.feed import FeedKey
from aggregator.query import analyse

_MARK = "learned"


class Blocks:
    """All that is known of blocks, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._sites: dict[FeedKey, Group] | None = None

    def behind(self, rule: str) -> tuple[tuple[FeedKey, ...], EntryKey]:
        """Feeds with entries that nothing was learned from yet, and the last entry before those.

        What was learned by another rule is forgotten: all of it is to be learned again.
        """
        mark, _, used = self._mark().partition(" ")
        if used != rule:
            self._connection.execute(sa.delete(boilerplate))
            self._connection.execute(sa.delete(lessons))
            mark = "0"
        query = (
            sa.select(entries.c.feed_key)
            .distinct()
            .where(entries.c.entry_key > int(mark))
            .order_by(entries.c.feed_key)
        )
        feeds = tuple(map(FeedKey, self._connection.execute(query).scalars()))
        return feeds, EntryKey(int(mark))

    def settle(self, rule: str) -> None:
        """All entries of now have been learned from, by this rule."""
        newest = self._connection.scalar(sa.select(sa.func.max(entries.c.entry_key))) or 0
        row = {"name": _MARK, "value": f"{newest} {rule}"}
        settling.upsert(self._connection, meta, [row], replace=("value",))

    def _mark(self) -> str:
        return self._connection.scalar(sa.select(meta.c.value).where(meta.c.name == _MARK)) or "0 "

    def site(self, feed: FeedKey) -> Group | None:
        """All feeds of the site a feed belongs to; None where it is the only one."""
        if self._sites is None:
            self._sites = _sites(self._connection)
        return self._sites.get(feed)

    def lessons(self, groups: Sequence[Group]) -> dict[str, Lesson]:
        """What the entries of groups taught so far, by the group's name."""
        spans: dict[str, list[Span]] = {group.name: [] for group in groups}
        since = dict.fromkeys(spans, NO_ENTRY)
        order = (boilerplate.c.last_key.is_(None), boilerplate.c.hash, boilerplate.c.first_key)
        for chunk in chunks(sorted(spans)):
            of = sa.select(lessons).where(lessons.c.name.in_(chunk))
            since |= {row.name: EntryKey(row.since) for row in self._connection.execute(of)}
            taught = sa.select(boilerplate).where(boilerplate.c.name.in_(chunk)).order_by(*order)
            for row in self._connection.execute(taught):
                spans[row.name].append(_span(row))
        return {name: Lesson(spans=tuple(spans[name]), since=since[name]) for name in spans}

    def keep(self, group: Group, lesson: Lesson) -> None:
        """What a group's entries teach now."""
        row = {"name": group.name, "since": lesson.since}
        settling.upsert(self._connection, lessons, [row], replace=("since",))
        self._connection.execute(sa.delete(boilerplate).where(boilerplate.c.name == group.name))
        rows = [
            {
                "name": group.name, "hash": span.hash, "first_key": span.first,
                "last_key": span.last, "text": span.text,
            }
            for span in lesson.spans
        ]  # fmt: skip
        if rows:
            self._connection.execute(sa.insert(boilerplate), rows)

    def carriers(self, group: Group, after: EntryKey, limit: int | None = None) -> list[Carrier]:
        """The entries of a group that came after one, in order of arrival; at most ``limit``."""
        query = (
            sa.select(blocks.c.entry_key, blocks.c.feed_key, blocks.c.hashes, blocks.c.counts)
            .where(_of(group), blocks.c.entry_key > after)
            .order_by(blocks.c.entry_key)
            .limit(limit)
        )
        return [
            Carrier(key=key, feed=feed, hashes=hashes, counts=counts)
            for key, feed, hashes, counts in self._connection.execute(query)
        ]

    def rulings(self, feeds: Sequence[FeedKey]) -> dict[FeedKey, dict[bytes, Ruled]]:
        """What a person decided about blocks of feeds; only of feeds of which anything was."""
        found: dict[FeedKey, dict[bytes, Ruled]] = {}
        for chunk in chunks(feeds):
            for row in self._connection.execute(
                sa.select(rulings).where(rulings.c.feed_key.in_(chunk))
            ):
                ruled = Ruled(ruling=Ruling(row.ruling), text=row.text)
                found.setdefault(FeedKey(row.feed_key), {})[row.hash] = ruled
        return found

    def rule(self, feed: FeedKey, block: bytes, ruled: Ruled | None) -> None:
        """Note what a person decided; None leaves the block to learning again."""
        one = sa.and_(rulings.c.feed_key == feed, rulings.c.hash == block)
        self._connection.execute(sa.delete(rulings).where(one))
        if ruled:
            row = {"feed_key": feed, "hash": block, "ruling": ruled.ruling, "text": ruled.text}
            self._connection.execute(sa.insert(rulings), row)

    def removed(self, keys: Sequence[EntryKey]) -> dict[EntryKey, frozenset[bytes]]:
        """Which blocks these entries are shown without; only those shown without any."""
        return {
            EntryKey(key): frozenset(unpacked(run))
            for chunk in chunks(keys)
            for key, run in self._connection.execute(
                sa.select(shown.c.entry_key, shown.c.removed).where(shown.c.entry_key.in_(chunk))
            )
        }

    def stored(self, keys: Sequence[EntryKey]) -> list[Stored]:
        """The clean form of these entries, as their newest revisions keep it."""
        query = sa.select(
            revisions.c.entry_key, revisions.c.title, revisions.c.html, revisions.c.text,
            revisions.c.summary, revisions.c.lang, revisions.c.image, revisions.c.original,
        ).join(
            entries,
            sa.and_(
                entries.c.entry_key == revisions.c.entry_key,
                entries.c.revision == revisions.c.number,
            ),
        )  # fmt: skip
        return [
            Stored(
                key=EntryKey(row.entry_key), title=row.title, html=row.html, text=row.text,
                summary=row.summary, lang=row.lang, image=row.image, original=row.original,
            )
            for chunk in chunks(keys)
            for row in self._connection.execute(query.where(entries.c.entry_key.in_(chunk)))
        ]  # fmt: skip

    def show(self, changed: Sequence[tuple[Stored, Shown | None]]) -> None:
        """Show these entries so from now on (None: as they are kept); find and publish them so."""
        keys = [stored.key for stored, _ in changed]
        before = shown_texts(self._connection, keys)
        old, new = [], []
        for stored, now in changed:
            was = before.get(stored.key, stored.text or stored.summary)
            text = now.text or now.summary if now else stored.text or stored.summary
            if was != text:
                old.append((stored.key, analyse(stored.title, was, stored.lang)))
                new.append((stored.key, analyse(stored.title, text, stored.lang)))
        search.remove(self._connection, old)
        search.add(self._connection, new)
        store_shown(self._connection, {stored.key: now for stored, now in changed})
        holding = sa.select(sightings.c.story_key)
        touched = [
            story
            for chunk in chunks(keys)
            for story in self._connection.execute(
                holding.where(sightings.c.entry_key.in_(chunk))
            ).scalars()
        ]
        topics.touch_holders(self._connection, touched)


def shown_texts(connection: sa.Connection, keys: Sequence[int]) -> dict[int, str]:
    """What is indexed of entries that are shown without learned blocks."""
    return {
        key: text or summary
        for chunk in chunks(keys)
        for key, text, summary in connection.execute(
            sa.select(shown.c.entry_key, shown.c.text, shown.c.summary).where(
                shown.c.entry_key.in_(chunk)
            )
        )
    }


def store_shown(connection: sa.Connection, found: Mapping[int, Shown | None]) -> None:
    """Show entries so from now on; None: as their revisions keep them."""
    for chunk in chunks(sorted(found)):
        connection.execute(sa.delete(shown).where(shown.c.entry_key.in_(chunk)))
    rows = [
        {
            "entry_key": key, "removed": packed(one.removed), "html": one.html, "text": one.text,
            "summary": one.summary, "image": one.image,
        }
        for key, one in found.items()
        if one is not None
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(shown), rows)


def _of(group: Group) -> sa.ColumnElement[bool]:
    if len(group.feeds) == 1:
        return blocks.c.feed_key == group.feeds[0]
    return blocks.c.feed_key.in_(group.feeds)


def _span(row: Any) -> Span:
    last = None if row.last_key is None else EntryKey(row.last_key)
    return Span(hash=row.hash, first=EntryKey(row.first_key), last=last, text=row.text)


def _sites(connection: sa.Connection) -> dict[FeedKey, Group]:
    """The site of each feed that has another feed beside it."""
    members: dict[str, list[FeedKey]] = {}
    for key, home, url in connection.execute(
        sa.select(feeds.c.feed_key, feeds.c.home, feeds.c.fetch_url).order_by(feeds.c.feed_key)
    ):
        if site := site_of(home, url):
            members.setdefault(site, []).append(FeedKey(key))
    return {
        key: Group(name=site, feeds=tuple(keys))
        for site, keys in members.items()
        if len(keys) > 1
        for key in keys
    }
