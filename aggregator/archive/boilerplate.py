"""Blocks in the archive: which entry carries which, what they taught, what is shown without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from aggregator.archive import hits, search
from aggregator.archive.columns import Key
from aggregator.archive.following import TAKEN_OUT
from aggregator.archive.schema import (
    CURRENT,
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
    topics,
)
from aggregator.archive.statements import chunks, upsert
from aggregator.model.boilerplate import (
    Carrier,
    Group,
    Lesson,
    Ruled,
    Ruling,
    Span,
    Stored,
    feed_name,
    packed,
    site_of,
    unpacked,
)
from aggregator.model.entry import EntryKey, Shown
from aggregator.model.feed import FeedKey

_MARK, _ASKED = "learned", "ruling "
_ALL = 2**31 - 1
# The definition of no topic, and not of one that is taken out.
_STALE = "-"
# Made once: they are asked for each feed that brings anything.
_CARRIERS = (
    sa.select(blocks.c.entry_key, blocks.c.feed_key, blocks.c.hashes, blocks.c.counts)
    .where(blocks.c.entry_key > sa.bindparam("after", type_=Key))
    .order_by(blocks.c.entry_key)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_OF_ONE = _CARRIERS.where(blocks.c.feed_key == sa.bindparam("of", type_=Key))
_OF_SOME = _CARRIERS.where(blocks.c.feed_key.in_(sa.bindparam("of", expanding=True, type_=Key)))


class Blocks:
    """All that is known of blocks, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def behind(self, rule: str) -> tuple[tuple[FeedKey, ...], EntryKey]:
        """Feeds with entries that nothing was learned from yet, and the last entry before those.

        What was learned by another rule is forgotten: all of it is to be learned again, and
        topics are filled again, as edited ones are, from what is shown by then.
        """
        mark, _, used = self._mark().partition(" ")
        if used and used != rule:
            filled = topics.c.definition.is_not(None) & (topics.c.definition != TAKEN_OUT)
            self._connection.execute(sa.update(topics).where(filled).values(definition=_STALE))
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
        upsert(self._connection, meta, [row], replace=("value",))

    def _mark(self) -> str:
        return self._connection.scalar(sa.select(meta.c.value).where(meta.c.name == _MARK)) or "0 "

    def group(self, feed: FeedKey) -> Group:
        """A feed's own entries."""
        return self._groups[feed_name(feed)]

    def site(self, feed: FeedKey) -> Group | None:
        """The entries of all feeds of the site a feed belongs to; None where it is the only one."""
        return self._sites.get(feed)

    @cached_property
    def _sites(self) -> dict[FeedKey, Group]:
        return {
            feed: group for group in self._groups.values() if group.is_site for feed in group.feeds
        }

    @cached_property
    def _groups(self) -> dict[str, Group]:
        """Every feed, and every site of several feeds."""
        members: dict[str, list[tuple[FeedKey, int]]] = {}
        query = sa.select(
            feeds.c.feed_key, feeds.c.home, feeds.c.fetch_url, feeds.c.entries
        ).order_by(feeds.c.feed_key)
        for key, home, url, count in self._connection.execute(query).all():
            members[feed_name(key)] = [(key, count)]
            if site := site_of(home, url):
                members.setdefault(site, []).append((key, count))
        return {
            name: Group(
                name=name,
                feeds=tuple(feed for feed, _ in some),
                entries=sum(count for _, count in some),
            )
            for name, some in members.items()
            if len(some) > 1 or name == feed_name(some[0][0])
        }

    def lessons(self, groups: Iterable[Group]) -> dict[str, Lesson]:
        """What the entries of groups taught so far, by the group's name."""
        found = {group.name: Lesson() for group in groups}
        spans: dict[str, list[Span]] = {name: [] for name in found}
        order = (boilerplate.c.last_key.is_(None), boilerplate.c.hash, boilerplate.c.first_key)
        for chunk in chunks(sorted(found)):
            taught = sa.select(boilerplate).where(boilerplate.c.name.in_(chunk)).order_by(*order)
            for row in self._connection.execute(taught):
                spans[row.name].append(_span(row))
            of = sa.select(lessons).where(lessons.c.name.in_(chunk))
            for row in self._connection.execute(of):
                found[row.name] = Lesson(
                    spans=tuple(spans[row.name]), since=EntryKey(row.since), learned=row.learned
                )
        return found

    def keep(self, taught: Mapping[str, Lesson], reworded: Iterable[str]) -> None:
        """What groups' entries teach now, by the group's name; of some the spans have changed."""
        rows = [
            {"name": name, "since": lesson.since, "learned": lesson.learned}
            for name, lesson in taught.items()
        ]
        upsert(self._connection, lessons, rows, replace=("since", "learned"))
        names = sorted(reworded)
        for chunk in chunks(names):
            self._connection.execute(sa.delete(boilerplate).where(boilerplate.c.name.in_(chunk)))
        spans = [
            {
                "name": name, "hash": span.hash, "first_key": span.first,
                "last_key": span.last, "text": span.text,
            }
            for name in names
            for span in taught[name].spans
        ]  # fmt: skip
        if spans:
            self._connection.execute(sa.insert(boilerplate), spans)

    def carriers(
        self, feeds: Sequence[FeedKey], after: EntryKey, limit: int | None = None
    ) -> list[Carrier]:
        """The entries of these feeds that came after one, in order of arrival; at most ``limit``."""
        values: dict[str, object] = {"after": after, "most": _ALL if limit is None else limit}
        if len(feeds) == 1:
            rows = self._connection.execute(_OF_ONE, {**values, "of": feeds[0]}).all()
        else:
            rows = self._connection.execute(_OF_SOME, {**values, "of": list(feeds)}).all()
        return [
            Carrier(key=key, feed=feed, hashes=hashes, counts=counts)
            for key, feed, hashes, counts in rows
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

    def ask_rule(self, feed: FeedKey, block: bytes, ruling: Ruling | None) -> None:
        """Note what a person decides, for whoever writes to follow."""
        row = {"name": f"{_ASKED}{feed} {block.hex()}", "value": ruling.value if ruling else ""}
        upsert(self._connection, meta, [row], replace=("value",))

    def asked_rules(self) -> list[tuple[FeedKey, bytes, Ruling | None]]:
        """What is to be followed: (feed, block, what was decided)."""
        asked = sa.select(meta).where(meta.c.name.startswith(_ASKED)).order_by(meta.c.name)
        named = [(row.name.split(), row.value) for row in self._connection.execute(asked)]
        return [
            (FeedKey(int(feed)), bytes.fromhex(block), Ruling(value) if value else None)
            for (_, feed, block), value in named
        ]

    def forget_asked(self) -> None:
        """All that was asked for is followed."""
        self._connection.execute(sa.delete(meta).where(meta.c.name.startswith(_ASKED)))

    def removed(self, keys: Sequence[EntryKey]) -> dict[EntryKey, frozenset[bytes]]:
        """Which blocks these entries are shown without; only those shown without any."""
        return {
            EntryKey(key): frozenset(unpacked(run))
            for chunk in chunks(keys)
            for key, run in self._connection.execute(
                sa.select(shown.c.entry_key, shown.c.removed).where(shown.c.entry_key.in_(chunk))
            )
        }

    def altered(self, feeds: Sequence[FeedKey]) -> set[FeedKey]:
        """Those of the feeds that have entries which are shown without some block."""
        of_feed = sa.select(entries.c.feed_key).join(
            shown, shown.c.entry_key == entries.c.entry_key
        )
        return {
            FeedKey(feed)
            for chunk in chunks(feeds)
            for feed in self._connection.execute(
                of_feed.where(entries.c.feed_key.in_(chunk)).distinct()
            ).scalars()
        }

    def stored(self, keys: Sequence[EntryKey]) -> list[Stored]:
        """The clean form of these entries, as their newest revisions keep it."""
        query = sa.select(
            revisions.c.entry_key, revisions.c.title, revisions.c.html, revisions.c.text,
            revisions.c.summary, revisions.c.lang, revisions.c.image, revisions.c.original,
        ).join(entries, CURRENT)  # fmt: skip
        return [
            Stored(
                key=EntryKey(row.entry_key), title=row.title, html=row.html, text=row.text,
                summary=row.summary, lang=row.lang, image=row.image, original=row.original,
            )
            for chunk in chunks(keys)
            for row in self._connection.execute(query.where(entries.c.entry_key.in_(chunk)))
        ]  # fmt: skip

    def texts(self, keys: Sequence[EntryKey]) -> dict[EntryKey, str]:
        """The texts of these entries, as their newest revisions keep them."""
        query = sa.select(revisions.c.entry_key, revisions.c.text).join(entries, CURRENT)
        return {
            EntryKey(key): text
            for chunk in chunks(keys)
            for key, text in self._connection.execute(query.where(entries.c.entry_key.in_(chunk)))
        }

    def show(self, changed: Sequence[tuple[Stored, Shown | None]]) -> None:
        """Show these entries so from now on (None: as they are kept); find and publish them so."""
        keys = [stored.key for stored, _ in changed]
        before = _shown_texts(self._connection, keys)
        other = []
        for stored, now in changed:
            was = before.get(stored.key, stored.text or stored.summary)
            text = now.text or now.summary if now else stored.text or stored.summary
            if was != text:
                other.append(stored.key)
        search.remove(self._connection, other)
        store_shown(self._connection, {stored.key: now for stored, now in changed})
        search.add(self._connection, search.read(self._connection, other))
        holding = sa.select(sightings.c.story_key)
        touched = [
            story
            for chunk in chunks(keys)
            for story in self._connection.execute(
                holding.where(sightings.c.entry_key.in_(chunk))
            ).scalars()
        ]
        hits.touch_holders(self._connection, touched)


def _shown_texts(connection: sa.Connection, keys: Sequence[int]) -> dict[int, str]:
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


def _span(row: Any) -> Span:
    last = None if row.last_key is None else EntryKey(row.last_key)
    return Span(hash=row.hash, first=EntryKey(row.first_key), last=last, text=row.text)
