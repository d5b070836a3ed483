"""The pages of a topic (RFC 5005): runs of places, frozen once they are full.

The newest archive page is open and grows; the write that fills it closes it, and opens
the next one, which is empty at first. A closed page is kept as it was, the topic's own
title and description included, so that no re-cleaning, no edited topic and no other page
size ever changes it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict

from aggregator.archive.records import (
    AS_SHOWN,
    FEED_TITLE,
    IMAGE_SHOWN,
    read_topic,
    unpack_enclosures,
    unpack_topic,
)
from aggregator.archive.schema import (
    entries,
    feeds,
    hits,
    meta,
    pages,
    revisions,
    shown,
    sightings,
    stories,
    topics,
)
from aggregator.archive.statements import among, chunks
from aggregator.model.address import shown_feed
from aggregator.model.entry import Enclosure, EntryId
from aggregator.model.errors import UsageError
from aggregator.model.topic import Collapse, Page, PageEntry, Source, Topic
from aggregator.query import called, goes_by

MUTED = "muted"
"""What the feeds that the mute table names are called in ``meta``."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def subscription_page(connection: sa.Connection, slug: str, size: int) -> Page:
    """The newest ``size`` announced stories, each in the place where it was announced last, as
    its latest hit shows it."""
    row = read_topic(connection, slug)
    shown = entries_at(connection, row, _newest_places(connection, row, size))
    end = end_of(connection, row.topic_key)
    grown = end.place if end.place > end.closed else 0
    return Page(
        topic=unpack_topic(row.settings),
        number=None,
        entries=shown,
        updated=_updated(shown) if shown else made(row),
        previous=end.page + (grown > 0) or None,
        total=row.stories,
        grown=grown,
        token=row.token,
    )


def made(topic: Any) -> datetime:
    """When a topic was made, or edited last: the date of a feed of it that tells nothing yet."""
    edited: datetime | None = topic.edited
    return edited or _EARLIEST


def archive_page(connection: sa.Connection, slug: str, number: int) -> Page:
    """An archive page: frozen where it is closed, the newest as it is now. Raises UsageError."""
    row = read_topic(connection, slug)
    closed = _closed(connection, row, number)
    if closed is None:
        return _open_page(connection, row, number)
    topic, shown = closed
    return Page(
        topic=topic,
        number=number,
        entries=shown,
        updated=_updated(shown),
        previous=number - 1 or None,
        next=number + 1,
        token=row.token,
    )


def _closed(
    connection: sa.Connection, topic: Any, number: int
) -> tuple[Topic, tuple[PageEntry, ...]] | None:
    """A closed page: the topic and the entries as they were; None where it is not closed."""
    content = connection.scalar(
        sa.select(pages.c.content).where(
            pages.c.topic_key == topic.topic_key, pages.c.number == number
        )
    )
    return None if content is None else _thaw(content)


def _open_page(connection: sa.Connection, topic: Any, number: int) -> Page:
    """The page that fills now, if it has this number. Raises UsageError."""
    end = end_of(connection, topic.topic_key)
    if number != end.page + 1 or not end.place:
        raise UsageError(f"topic {topic.slug} has no page {number}")
    shown = _entries_between(connection, topic, end.closed + 1, end.place)
    before = None if shown else _closed(connection, topic, end.page)
    return Page(
        topic=unpack_topic(topic.settings),
        number=number,
        entries=shown,
        # As long as it is empty, nothing is newer than what came before it.
        updated=_updated(before[1] if before else shown),
        previous=number - 1 or None,
        grown=end.place if shown else 0,
        token=topic.token,
    )


def count(connection: sa.Connection, slug: str) -> int:
    """How many archive pages there are, the open one included."""
    end = end_of(connection, read_topic(connection, slug).topic_key)
    return end.page + (end.place > 0)


def first_unpublished(connection: sa.Connection, slug: str) -> int:
    """Number of the first archive page that may have changed since the version last published."""
    row = read_topic(connection, slug)
    done = sa.and_(pages.c.topic_key == row.topic_key, pages.c.last_place <= row.published_place)
    return 1 + (connection.scalar(sa.select(sa.func.max(pages.c.number)).where(done)) or 0)


class End(Struct, frozen=True):
    """How far a topic has come: the place of its newest hit; number and last place of its newest
    closed page. Zeros where there is none."""

    place: int
    page: int
    closed: int


_OF_TOPIC = pages.c.topic_key == topics.c.topic_key
# Three looks into an index a topic, however long it is.
_ENDS = sa.select(
    topics.c.topic_key,
    *(
        sa.func.coalesce(one.scalar_subquery(), 0)
        for one in (
            sa.select(sa.func.max(hits.c.place)).where(hits.c.topic_key == topics.c.topic_key),
            sa.select(sa.func.max(pages.c.number)).where(_OF_TOPIC),
            sa.select(pages.c.last_place).where(_OF_TOPIC).order_by(pages.c.number.desc()).limit(1),
        )
    ),
)


def ends(connection: sa.Connection, keys: Collection[int]) -> dict[int, End]:
    """How far each of these topics has come."""
    rows = connection.execute(_ENDS.where(among(connection, topics.c.topic_key, keys)))
    return {row[0]: End(*row[1:]) for row in rows}


def end_of(connection: sa.Connection, key: int) -> End:
    """How far one topic has come."""
    return End(*connection.execute(_ENDS.where(topics.c.topic_key == key)).one()[1:])


def close_full(
    connection: sa.Connection, topic: Any, before: End, newest_place: int, at: datetime
) -> None:
    """Freeze the pages that are full. ``topic`` is its row, ``before`` how far it had come."""
    number, end, size = before.page, before.closed, topic.page_size
    while newest_place - end >= size:
        number += 1
        shown = _entries_between(connection, topic, end + 1, end + size)
        connection.execute(
            sa.insert(pages),
            {
                "topic_key": topic.topic_key, "number": number, "first_place": end + 1,
                "last_place": end + size, "content": _freeze(topic.settings, shown), "closed": at,
            },
        )  # fmt: skip
        end += size


def _newest_places(connection: sa.Connection, topic: Any, size: int) -> list[int]:
    """What is shown of the newest announced, newest first: the place of the latest hit of each
    story (entry, where it does not collapse)."""
    query = (
        sa.select(hits.c.place, shown_as(topic), latest_place(topic))
        .where(hits.c.topic_key == topic.topic_key, hits.c.announced)
        .order_by(hits.c.place.desc())
        .limit(2 * size)
    )
    newest: dict[int, int] = {}
    before: int | None = None
    while len(newest) < size:
        more = query if before is None else query.where(hits.c.place < before)
        rows = connection.execute(more).all()
        for _, one, latest in rows:
            newest.setdefault(one, latest)
        if len(rows) < 2 * size:
            break
        before = rows[-1].place
    return list(newest.values())[:size]


def shown_as(topic: Any) -> sa.Column[int]:
    """What a topic shows once: its column in ``hits``. ``topic`` is its row."""
    alone = unpack_topic(topic.settings).collapse is Collapse.NONE
    return hits.c.entry_key if alone else hits.c.story_key


def latest_place(topic: Any) -> sa.ScalarSelect[int]:
    """In a query of ``hits``: where what a hit tells stands as the topic shows it now."""
    later, one = hits.alias(), shown_as(topic)
    return (
        sa.select(sa.func.max(later.c.place))
        .where(
            later.c.topic_key == hits.c.topic_key,
            later.c.story_key == hits.c.story_key,
            later.c[one.name] == one,
        )
        .correlate(hits)
        .scalar_subquery()
    )


def _entries_between(
    connection: sa.Connection, topic: Any, first: int, last: int
) -> tuple[PageEntry, ...]:
    """What a run of places shows, newest first; a story once, at its last place in the run."""
    latest = (
        sa.select(sa.func.max(hits.c.place))
        .where(hits.c.topic_key == topic.topic_key, hits.c.place.between(first, last))
        .group_by(shown_as(topic))
    )
    places = sorted(connection.execute(latest).scalars(), reverse=True)
    return entries_at(connection, topic, places)


def entries_at(
    connection: sa.Connection, topic: Any, places: Sequence[int]
) -> tuple[PageEntry, ...]:
    """What these hits show, in this order."""
    query = (
        sa.select(
            hits.c.place, hits.c.reason, hits.c.story_key, entries.c.entry_id, entries.c.guid,
            entries.c.first_seen, entries.c.vanished, stories.c.story_id,
            revisions.c.entry_key, revisions.c.number, revisions.c.seen, revisions.c.page_at,
            revisions.c.title,
            *AS_SHOWN, IMAGE_SHOWN, revisions.c.authors, revisions.c.categories, revisions.c.lang,
            revisions.c.published, revisions.c.url, revisions.c.enclosures,
            feeds.c.url.label("feed_url"), feeds.c.home.label("feed_home"), FEED_TITLE,
            feeds.c.published_id.label("feed_id"), sightings.c.how,
        )
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .join(sightings, sightings.c.entry_key == hits.c.entry_key)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .join(stories, stories.c.story_key == hits.c.story_key)
        .join(
            revisions,
            sa.and_(revisions.c.entry_key == hits.c.entry_key, revisions.c.number == hits.c.revision),
        )
        .outerjoin(
            shown,
            # An entry is shown in its newest state; an earlier one is as it was kept.
            sa.and_(shown.c.entry_key == hits.c.entry_key, entries.c.revision == hits.c.revision),
        )
        .where(hits.c.topic_key == topic.topic_key)
    )  # fmt: skip
    alone = unpack_topic(topic.settings).collapse is Collapse.NONE
    found = {
        row.place: row
        for chunk in chunks(places)
        for row in connection.execute(query.where(hits.c.place.in_(chunk)))
    }
    rows = [found[place] for place in places if place in found]
    unnamed = called((*unpack_topic(topic.settings).exclude, *muted_feeds(connection)))
    others = _others(connection, {row.story_key for row in rows}, unnamed)
    return tuple(_page_entry(row, others.get(row.story_key, []), alone) for row in rows)


def muted_feeds(connection: sa.Connection) -> tuple[str, ...]:
    """What the mute table calls the feeds and folders that no topic takes anything from."""
    held = connection.scalar(sa.select(meta.c.value).where(meta.c.name == MUTED))
    return tuple(json.loads(held or "[]"))


def _others(
    connection: sa.Connection, story_keys: set[int], unnamed: frozenset[str]
) -> dict[int, list[Any]]:
    """All entries of each story, first come first, besides those of feeds or folders ``unnamed``."""
    query = (
        sa.select(
            sightings.c.story_key, entries.c.entry_key, entries.c.url,
            feeds.c.url.label("feed_url"), FEED_TITLE, feeds.c.folders,
        )
        .join(entries, entries.c.entry_key == sightings.c.entry_key)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .order_by(entries.c.entry_key)
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for chunk in chunks(sorted(story_keys)):
        for row in connection.execute(query.where(sightings.c.story_key.in_(chunk))):
            if unnamed and not unnamed.isdisjoint(_places(row)):
                continue
            found.setdefault(row.story_key, []).append(row)
    return found


def _places(row: Any) -> frozenset[str]:
    return goes_by(row.feed_url, row.feed_title, json.loads(row.folders))


def _page_entry(row: Any, others: Sequence[Any], alone: bool) -> PageEntry:
    published = row.published or row.first_seen
    # The first state counts from the publisher's date, so that entries that came in
    # one batch do not share one time; a correction from when we saw it, and so does
    # another entry that leads the story by now, and a text that came late.
    first = row.number == 1 and (alone or row.how == "first")
    updated = min(published, row.first_seen) if first else row.seen
    if row.page_at is not None and row.page_at > row.seen:
        updated = row.page_at
    also = {
        (shown_feed(other.feed_title), other.url or shown_feed(other.feed_url))
        for other in others
        # A feed that brought a story twice has it no more than once.
        if other.feed_url != row.feed_url
    }
    return PageEntry(
        id=row.entry_id if alone else row.story_id,
        entry=EntryId(row.entry_id),
        url=row.url,
        title=row.title,
        summary=row.summary,
        html=row.html,
        text=row.text,
        authors=tuple(json.loads(row.authors)),
        categories=tuple(json.loads(row.categories)),
        lang=row.lang,
        published=published.replace(microsecond=0),
        updated=updated.replace(microsecond=0),
        image=row.image,
        enclosures=unpack_enclosures(row.enclosures),
        origin_id=row.guid or row.url or row.entry_id,
        origin_title=row.feed_title,
        origin_feed=row.feed_url,
        origin_home=row.feed_home,
        also_in=tuple(Source(title=title, url=url) for title, url in sorted(also)),
        reason=row.reason,
        corrected=row.number > 1,
        vanished=row.vanished is not None,
        origin_feed_id=row.feed_id,
        vanished_at=row.vanished,
    )


def _updated(shown: Sequence[PageEntry]) -> datetime:
    return max((entry.updated for entry in shown), default=_EARLIEST)


def _freeze(settings: str, shown: Sequence[PageEntry]) -> bytes:
    """A page as it is now: the topic, packed, and its entries."""

    def plain(value: Any) -> object:
        if isinstance(value, Struct):
            return asdict(value)
        return value.isoformat() if isinstance(value, datetime) else str(value)

    page = {"topic": settings, "entries": [asdict(entry) for entry in shown]}
    return zlib.compress(json.dumps(page, default=plain, ensure_ascii=False).encode("utf-8"), 6)


def _thaw(content: bytes) -> tuple[Topic, tuple[PageEntry, ...]]:
    page = json.loads(zlib.decompress(content))
    return unpack_topic(page["topic"]), tuple(map(_thaw_entry, page["entries"]))


def _thaw_entry(one: dict[str, Any]) -> PageEntry:
    one["published"] = datetime.fromisoformat(one["published"])
    one["updated"] = datetime.fromisoformat(one["updated"])
    if one["vanished_at"] is not None:
        one["vanished_at"] = datetime.fromisoformat(one["vanished_at"])
    one["authors"], one["categories"] = tuple(one["authors"]), tuple(one["categories"])
    one["enclosures"] = tuple(Enclosure(**enclosure) for enclosure in one["enclosures"])
    one["also_in"] = tuple(Source(**source) for source in one["also_in"])
    return PageEntry(**one)
