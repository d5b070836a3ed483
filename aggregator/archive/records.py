"""Rows → the records that readers of the archive get."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict

from aggregator.archive.schema import (
    CURRENT,
    captures,
    entries,
    feeds,
    hits,
    revisions,
    shown,
    sightings,
    stories,
    topics,
)
from aggregator.archive.statements import chunks
from aggregator.model.address import shown_url
from aggregator.model.entry import (
    Enclosure,
    EntryId,
    EntryKey,
    EntryRecord,
    RevisionRecord,
    SightingRecord,
    StoryId,
    StoryRecord,
)
from aggregator.model.errors import UsageError
from aggregator.model.original import unpack_original
from aggregator.model.period import Period
from aggregator.model.topic import Collapse, Detail, Topic
from aggregator.query import Subject

FEED_TITLE = sa.func.coalesce(
    sa.func.nullif(feeds.c.title, ""), sa.func.nullif(feeds.c.published_title, ""), feeds.c.url
).label("feed_title")

# What readers see: the revision, or what is shown in its place.
_SHOWN = {
    name: sa.func.coalesce(shown.c[name], revisions.c[name]) for name in ("summary", "html", "text")
}
AS_SHOWN = [said.label(name) for name, said in _SHOWN.items()]
OPENING = sa.func.substr(
    sa.func.coalesce(sa.func.nullif(_SHOWN["summary"], ""), _SHOWN["text"]), 1, 200
).label("opening")
"""As much of what an entry says, as it is shown, as a list has room for."""
IMAGE_SHOWN = sa.case((shown.c.entry_key.is_(None), revisions.c.image), else_=shown.c.image).label(
    "image"
)

# Each search asks these: made once, since to make a statement costs as much as to run it.
_KEYS: sa.BindParameter[int] = sa.bindparam("keys", expanding=True)

_RECORD = (
    sa.select(
        entries.c.entry_key, entries.c.entry_id, entries.c.url, entries.c.first_seen,
        entries.c.vanished, entries.c.revision,
        feeds.c.url.label("feed"), FEED_TITLE, feeds.c.folders,
        revisions.c.title, *AS_SHOWN, IMAGE_SHOWN,
        revisions.c.authors, revisions.c.categories, revisions.c.lang, revisions.c.published,
        revisions.c.updated, revisions.c.enclosures,
        stories.c.story_key, stories.c.story_id, stories.c.lead,
    )
    .join(feeds, feeds.c.feed_key == entries.c.feed_key)
    .join(revisions, CURRENT)
    .outerjoin(shown, shown.c.entry_key == entries.c.entry_key)
    .join(sightings, sightings.c.entry_key == entries.c.entry_key)
    .join(stories, stories.c.story_key == sightings.c.story_key)
    .where(entries.c.entry_key.in_(_KEYS))
)  # fmt: skip

# As the matcher sees an entry: what it never looks at, HTML above all, is half of a record.
_SUBJECT = (
    sa.select(
        entries.c.entry_key, entries.c.url, entries.c.first_seen,
        feeds.c.url.label("feed"), FEED_TITLE, feeds.c.folders,
        revisions.c.title, *(column for column in AS_SHOWN if column.name != "html"),
        revisions.c.authors, revisions.c.categories, revisions.c.lang, revisions.c.published,
    )
    .join(feeds, feeds.c.feed_key == entries.c.feed_key)
    .join(revisions, CURRENT)
    .outerjoin(shown, shown.c.entry_key == entries.c.entry_key)
    .where(entries.c.entry_key.in_(_KEYS))
)  # fmt: skip

_SLUGS = (
    sa.select(hits.c.story_key, topics.c.slug)
    .join(topics, topics.c.topic_key == hits.c.topic_key)
    .where(topics.c.deleted.is_(None), hits.c.story_key.in_(_KEYS))
    .distinct()
)


def read_subjects(connection: sa.Connection, keys: Sequence[int]) -> Iterator[tuple[int, Subject]]:
    """The entries of these keys for the matcher, in the order of the keys."""
    for chunk in chunks(keys):
        rows = connection.execute(_SUBJECT, {"keys": chunk})
        found = {row.entry_key: row for row in rows}
        for key in chunk:
            if key in found:
                yield key, _subject(found[key])


def _subject(row: Any) -> Subject:
    return Subject(
        title=row.title,
        text=row.text,
        summary=row.summary,
        lang=row.lang,
        feed=row.feed,
        feed_title=shown_url(row.feed_title),
        folders=tuple(json.loads(row.folders)),
        authors=tuple(json.loads(row.authors)),
        categories=tuple(json.loads(row.categories)),
        url=row.url,
        published=row.published,
        first_seen=row.first_seen,
    )


def subject_of(record: EntryRecord) -> Subject:
    """A record for the matcher."""
    return Subject(
        title=record.title,
        text=record.text,
        summary=record.summary,
        lang=record.lang,
        feed=record.feed,
        feed_title=record.feed_title,
        folders=record.folders,
        authors=record.authors,
        categories=record.categories,
        url=record.url,
        published=record.published,
        first_seen=record.first_seen,
    )


def read_records(connection: sa.Connection, keys: Sequence[int]) -> list[EntryRecord]:
    """The entries of these keys, in the order of the keys."""
    found: dict[int, EntryRecord] = {}
    for chunk in chunks(keys):
        rows = connection.execute(_RECORD, {"keys": chunk}).all()
        slugs = _slugs(connection, {row.story_key for row in rows})
        for row in rows:
            found[row.entry_key] = _record(row, slugs.get(row.story_key, ()))
    return [found[key] for key in keys if key in found]


def _slugs(connection: sa.Connection, story_keys: Iterable[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, set[str]] = {}
    for chunk in chunks(sorted(story_keys)):
        for row in connection.execute(_SLUGS, {"keys": chunk}):
            found.setdefault(row.story_key, set()).add(row.slug)
    return {key: tuple(sorted(slugs)) for key, slugs in found.items()}


def _record(row: Any, slugs: tuple[str, ...]) -> EntryRecord:
    return EntryRecord(
        key=EntryKey(row.entry_key),
        id=EntryId(row.entry_id),
        feed=row.feed,
        feed_title=shown_url(row.feed_title),
        folders=tuple(json.loads(row.folders)),
        url=row.url,
        title=row.title,
        authors=tuple(json.loads(row.authors)),
        categories=tuple(json.loads(row.categories)),
        lang=row.lang,
        published=row.published,
        updated=row.updated,
        first_seen=row.first_seen,
        summary=row.summary,
        html=row.html,
        text=row.text,
        story=StoryId(row.story_id),
        lead=row.lead == row.entry_key,
        revisions=row.revision,
        vanished=row.vanished,
        topics=slugs,
        image=row.image,
        enclosures=unpack_enclosures(row.enclosures),
    )


def read_history(connection: sa.Connection, key: EntryKey) -> tuple[RevisionRecord, ...]:
    """All states of an entry, oldest first."""
    page = captures.alias()
    query = (
        sa.select(
            revisions,
            captures.c.file,
            captures.c.offset,
            page.c.file.label("page_file"),
            page.c.offset.label("page_offset"),
        )
        .outerjoin(captures, captures.c.capture_key == revisions.c.capture_key)
        .outerjoin(page, page.c.capture_key == revisions.c.page_capture_key)
        .where(revisions.c.entry_key == key)
        .order_by(revisions.c.number)
    )
    return tuple(
        RevisionRecord(
            number=row.number,
            seen=row.seen,
            changed=tuple(json.loads(row.changed)),
            title=row.title,
            summary=row.summary,
            html=row.html,
            text=row.text,
            url=row.url,
            authors=tuple(json.loads(row.authors)),
            categories=tuple(json.loads(row.categories)),
            published=row.published,
            updated=row.updated,
            original=unpack_original(row.original),
            capture=f"{row.file}:{row.offset}" if row.file else None,
            page_capture=f"{row.page_file}:{row.page_offset}" if row.page_file else None,
            page_seen=row.page_at,
            lang=row.lang,
            image=row.image,
            enclosures=unpack_enclosures(row.enclosures),
        )
        for row in connection.execute(query)
    )  # fmt: skip


def read_sightings(connection: sa.Connection, story: StoryId) -> tuple[SightingRecord, ...]:
    """The entries that brought a story, first come first."""
    query = (
        sa.select(
            entries.c.entry_id, entries.c.url, entries.c.first_seen, feeds.c.url.label("feed"),
            FEED_TITLE, revisions.c.title, revisions.c.published, sightings.c.how,
        )
        .join(stories, stories.c.story_key == sightings.c.story_key)
        .join(entries, entries.c.entry_key == sightings.c.entry_key)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .join(revisions, CURRENT)
        .where(stories.c.story_id == story)
        .order_by(entries.c.entry_key)
    )  # fmt: skip
    return tuple(
        SightingRecord(
            entry=EntryId(row.entry_id),
            feed=row.feed,
            feed_title=shown_url(row.feed_title),
            url=row.url,
            title=row.title,
            first_seen=row.first_seen,
            published=row.published,
            how=row.how,
        )
        for row in connection.execute(query)
    )


def read_stories(connection: sa.Connection, first: int, limit: int) -> tuple[StoryRecord, ...]:
    """The stories that most entries brought, of those with this key or a later one."""
    brought = (
        sa.select(
            sightings.c.story_key,
            sa.func.count().label("entries"),
            sa.func.count(entries.c.feed_key.distinct()).label("feeds"),
            sa.func.min(entries.c.first_seen).label("first_seen"),
            sa.func.max(entries.c.first_seen).label("newest"),
        )
        .join(entries, entries.c.entry_key == sightings.c.entry_key)
        .where(sightings.c.entry_key >= first)
        .group_by(sightings.c.story_key)
        .order_by(sa.desc("entries"), sightings.c.story_key.desc())
        .limit(limit)
        .subquery()
    )
    query = (
        sa.select(
            stories.c.story_id, entries.c.entry_id, entries.c.url, revisions.c.title, OPENING,
            FEED_TITLE, brought.c.entries, brought.c.feeds, brought.c.first_seen, brought.c.newest,
        )
        .join(brought, brought.c.story_key == stories.c.story_key)
        .join(entries, entries.c.entry_key == stories.c.lead)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .join(revisions, CURRENT)
        .outerjoin(shown, shown.c.entry_key == entries.c.entry_key)
        .order_by(brought.c.entries.desc(), stories.c.story_key.desc())
    )  # fmt: skip
    return tuple(
        StoryRecord(
            id=StoryId(row.story_id),
            lead=EntryId(row.entry_id),
            title=row.title,
            opening=row.opening,
            feed_title=shown_url(row.feed_title),
            url=row.url,
            entries=row.entries,
            feeds=row.feeds,
            first_seen=row.first_seen,
            newest=row.newest,
        )
        for row in connection.execute(query)
    )


def pack_enclosures(found: Sequence[Enclosure]) -> str:
    """Enclosures as JSON: [url, type, length] each."""
    return (
        json.dumps([[one.url, one.type, one.length] for one in found], ensure_ascii=False)
        if found
        else "[]"
    )


def unpack_enclosures(text: str) -> tuple[Enclosure, ...]:
    """The enclosures that :func:`pack_enclosures` packed."""
    if text == "[]":
        return ()
    return tuple(
        Enclosure(url=url, type=kind, length=length) for url, kind, length in json.loads(text)
    )


def read_topic(connection: sa.Connection, slug: str) -> Any:
    """The row of a configured topic. Raises UsageError where there is none."""
    row = connection.execute(
        sa.select(topics).where(topics.c.slug == slug, topics.c.deleted.is_(None))
    ).first()
    if row is None:
        raise no_topic(slug)
    return row


def no_topic(slug: str) -> UsageError:
    """That there is no such topic."""
    return UsageError(f"there is no topic {slug}", hint="aggregator topics list shows them")


def pack_topic(topic: Topic) -> str:
    """The topic as JSON."""
    return json.dumps(asdict(topic), sort_keys=True, ensure_ascii=False)


def unpack_topic(text: str) -> Topic:
    """The topic as it was configured when it was last synced."""
    held = json.loads(text)
    values: dict[str, Any] = {
        name: tuple(held[name]) if isinstance(held[name], list) else held[name]
        for name in Topic.__struct_fields__
        if name in held
    }
    values["collapse"] = Collapse(values["collapse"])
    values["detail"] = Detail(values["detail"])
    if values.get("digest"):
        values["digest"] = Period(values["digest"])
    return Topic(**values)
