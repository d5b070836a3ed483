"""Topics in the archive: their hits by place, and the pages made of them (RFC 5005).

A page is a run of places. The newest page is open and grows; the write that puts
a hit beyond its size closes it: its entries are frozen as they were, so that no
re-cleaning, no edited title and no other page size ever changes it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.archive.records import unpack_enclosures
from aggregator.archive.schema import (
    entries,
    feeds,
    hits,
    pages,
    revisions,
    sightings,
    stories,
    topics,
)
from aggregator.model.entry import Enclosure, EntryId
from aggregator.model.errors import UsageError
from aggregator.model.time import now
from aggregator.model.topic import Collapse, Detail, Hit, Page, PageEntry, Source, Topic, TopicState

_NEWEST_TITLES = 3
_EARLIEST = datetime.fromtimestamp(0, tz=now().tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsSynced:
    """Slugs of topics that wait to be filled because they are new or were edited, and deleted ones."""

    new: tuple[str, ...]
    edited: tuple[str, ...]
    deleted: tuple[str, ...]


def sync(
    connection: sa.Connection, wanted: Sequence[tuple[Topic, str]], page_size: int, at: datetime
) -> TopicsSynced:
    """Make ``topics`` follow the configuration.

    A topic is new or edited until :func:`fill` has stored its definition, so that a
    crash between the two is made good at the next start.
    """
    held = {row.slug: row for row in connection.execute(sa.select(topics))}
    next_key = max((row.topic_key for row in held.values()), default=0) + 1
    new, edited = [], []
    for topic, definition in wanted:
        settings = _pack_topic(topic)
        row = held.get(topic.slug)
        if row is None:
            connection.execute(
                sa.insert(topics),
                {
                    "topic_key": next_key, "slug": topic.slug, "settings": settings,
                    "definition": None, "page_size": page_size, "version": 1,
                    "published_version": 0, "published_place": 0,
                },
            )  # fmt: skip
            next_key += 1
            new.append(topic.slug)
            continue
        if row.definition is None:
            new.append(topic.slug)
        elif row.definition != definition:
            edited.append(topic.slug)
        if row.settings != settings or row.deleted or row.page_size != page_size:
            connection.execute(
                sa.update(topics)
                .where(topics.c.topic_key == row.topic_key)
                .values(
                    settings=settings,
                    deleted=None,
                    page_size=page_size,
                    version=topics.c.version + 1,
                )
            )
    slugs = {topic.slug for topic, _ in wanted}
    deleted = [slug for slug, row in held.items() if slug not in slugs and row.deleted is None]
    if deleted:
        connection.execute(sa.update(topics).where(topics.c.slug.in_(deleted)).values(deleted=at))
    return TopicsSynced(new=tuple(new), edited=tuple(edited), deleted=tuple(deleted))


def fill(
    connection: sa.Connection, slug: str, found: Sequence[Hit], definition: str, at: datetime
) -> int:
    """Add what a topic's query finds in the archive, leaving out stories it holds; returns how many."""
    (row,) = connection.execute(sa.select(topics).where(topics.c.slug == slug))
    held = set(
        connection.execute(
            sa.select(stories.c.story_id)
            .join(hits, hits.c.story_key == stories.c.story_key)
            .where(hits.c.topic_key == row.topic_key)
        ).scalars()
    )
    fresh = [hit for hit in found if hit.story not in held]
    append(connection, fresh, at)
    connection.execute(
        sa.update(topics).where(topics.c.topic_key == row.topic_key).values(definition=definition)
    )
    return len(fresh)


def append(connection: sa.Connection, found: Sequence[Hit], at: datetime) -> None:
    """Give each hit the next place of its topic; close the pages that are full."""
    if not found:
        return
    rows = {
        row.slug: row
        for row in connection.execute(
            sa.select(topics).where(topics.c.slug.in_({hit.topic for hit in found}))
        )
    }
    story_keys = _keys(
        connection, stories.c.story_id, stories.c.story_key, {hit.story for hit in found}
    )
    entry_keys = _keys(
        connection, entries.c.entry_id, entries.c.entry_key, {hit.entry for hit in found}
    )
    places = {
        row.slug: connection.scalar(
            sa.select(sa.func.coalesce(sa.func.max(hits.c.place), 0)).where(
                hits.c.topic_key == row.topic_key
            )
        )
        or 0
        for row in rows.values()
    }
    made = []
    for hit in found:
        places[hit.topic] += 1
        made.append(
            {
                "topic_key": rows[hit.topic].topic_key, "place": places[hit.topic],
                "story_key": story_keys[hit.story], "entry_key": entry_keys[hit.entry],
                "revision": hit.revision, "announced": hit.announced, "reason": hit.reason, "at": at,
            }
        )  # fmt: skip
    connection.execute(sa.insert(hits), made)
    touch(connection, [row.topic_key for row in rows.values()])
    for row in rows.values():
        _close_full(connection, row.topic_key, row.page_size, places[row.slug], at)


def touch(connection: sa.Connection, keys: Iterable[int]) -> None:
    """These topics' content changed."""
    connection.execute(
        sa.update(topics)
        .where(topics.c.topic_key.in_(sorted(set(keys))))
        .values(version=topics.c.version + 1)
    )


def touch_holders(connection: sa.Connection, story_keys: Iterable[int]) -> None:
    """The topics that hold these stories show something else now (a copy came, the entry vanished)."""
    wanted = sorted(set(story_keys))
    if wanted:
        found = connection.execute(
            sa.select(hits.c.topic_key).where(hits.c.story_key.in_(wanted)).distinct()
        ).scalars()
        touch(connection, list(found))


def _close_full(
    connection: sa.Connection, key: int, size: int, last_place: int, at: datetime
) -> None:
    number, end = _last_closed(connection, key)
    while last_place - end > size:
        number += 1
        content = _page_entries(connection, key, end + 1, end + size)
        connection.execute(
            sa.insert(pages),
            {
                "topic_key": key, "number": number, "first_place": end + 1, "last_place": end + size,
                "content": _freeze(content), "closed": at,
            },
        )  # fmt: skip
        end += size


def _last_closed(connection: sa.Connection, key: int) -> tuple[int, int]:
    """(number, last place) of the newest closed page; zeros where there is none."""
    row = connection.execute(
        sa.select(pages.c.number, pages.c.last_place)
        .where(pages.c.topic_key == key)
        .order_by(pages.c.number.desc())
        .limit(1)
    ).first()
    return (row.number, row.last_place) if row else (0, 0)


def states(connection: sa.Connection) -> tuple[TopicState, ...]:
    """Every topic that is configured, with its counts and newest titles, in order of its making."""
    rows = connection.execute(
        sa.select(topics).where(topics.c.deleted.is_(None)).order_by(topics.c.topic_key)
    ).all()
    return tuple(_state(connection, row) for row in rows)


def _state(connection: sa.Connection, row: Any) -> TopicState:
    of_topic = hits.c.topic_key == row.topic_key
    total, announced, newest = connection.execute(
        sa.select(
            sa.func.count(sa.distinct(hits.c.story_key)),
            sa.func.count(sa.distinct(sa.case((hits.c.announced, hits.c.story_key)))),
            sa.func.max(hits.c.at),
        ).where(of_topic)
    ).one()
    titles = connection.execute(
        sa.select(revisions.c.title)
        .join(
            hits,
            sa.and_(
                revisions.c.entry_key == hits.c.entry_key, revisions.c.number == hits.c.revision
            ),
        )
        .where(of_topic, hits.c.announced)
        .order_by(hits.c.place.desc())
        .limit(_NEWEST_TITLES)
    ).scalars()
    return TopicState(
        topic=_unpack_topic(row.settings),
        stories=total,
        announced=announced,
        newest=newest,
        newest_titles=tuple(titles),
        version=row.version,
        published_version=row.published_version,
    )


def subscription_page(connection: sa.Connection, slug: str, size: int) -> Page:
    """The newest ``size`` announced stories, the latest hit of each."""
    row = _topic(connection, slug)
    latest = (
        sa.select(hits.c.story_key, sa.func.max(hits.c.place).label("place"))
        .where(hits.c.topic_key == row.topic_key, hits.c.announced)
        .group_by(hits.c.story_key)
        .order_by(sa.desc("place"))
        .limit(size)
    )
    if _unpack_topic(row.settings).collapse is Collapse.NONE:
        latest = latest.group_by(None).group_by(hits.c.entry_key, hits.c.story_key)
    places = [found.place for found in connection.execute(latest)]
    shown = _entries_at(connection, row.topic_key, places)
    number, end = _last_closed(connection, row.topic_key)
    last_place = _last_place(connection, row.topic_key)
    return _page(
        connection,
        row,
        shown,
        number=None,
        previous=number + (last_place > end) or None,
        following=None,
    )


def archive_page(connection: sa.Connection, slug: str, number: int) -> Page:
    """An archive page: frozen where it is closed, the newest as it is now. Raises UsageError."""
    row = _topic(connection, slug)
    closed = connection.execute(
        sa.select(pages).where(pages.c.topic_key == row.topic_key, pages.c.number == number)
    ).first()
    if closed:
        shown, following = _thaw(closed.content), number + 1
    else:
        last, end = _last_closed(connection, row.topic_key)
        if number != last + 1:
            raise UsageError(f"topic {slug} has no page {number}")
        shown = _page_entries(
            connection, row.topic_key, end + 1, _last_place(connection, row.topic_key)
        )
        following = None
    return _page(
        connection, row, shown, number=number, previous=number - 1 or None, following=following
    )


def count_pages(connection: sa.Connection, slug: str) -> int:
    """How many archive pages there are, the open one included."""
    row = _topic(connection, slug)
    number, end = _last_closed(connection, row.topic_key)
    return number + (_last_place(connection, row.topic_key) > end)


def first_unpublished(connection: sa.Connection, slug: str) -> int:
    """Number of the first archive page that may have changed since the version last published."""
    row = _topic(connection, slug)
    return 1 + (
        connection.scalar(
            sa.select(sa.func.count()).where(
                pages.c.topic_key == row.topic_key, pages.c.last_place < row.published_place
            )
        )
        or 0
    )


def mark_published(connection: sa.Connection, slug: str, version: int) -> None:
    """Pages up to this version are written. A hit that came meanwhile leaves the topic behind."""
    row = _topic(connection, slug)
    place = (
        _last_place(connection, row.topic_key) if version == row.version else row.published_place
    )
    connection.execute(
        sa.update(topics)
        .where(topics.c.topic_key == row.topic_key)
        .values(published_version=version, published_place=place)
    )


def deleted(connection: sa.Connection) -> tuple[str, ...]:
    """Slugs of topics that were taken out of the configuration."""
    query = sa.select(topics.c.slug).where(topics.c.deleted.is_not(None)).order_by(topics.c.slug)
    return tuple(connection.execute(query).scalars())


def _topic(connection: sa.Connection, slug: str) -> Any:
    row = connection.execute(
        sa.select(topics).where(topics.c.slug == slug, topics.c.deleted.is_(None))
    ).first()
    if row is None:
        raise UsageError(f"there is no topic {slug}", hint="aggregator topics list shows them")
    return row


def _last_place(connection: sa.Connection, key: int) -> int:
    found = connection.scalar(sa.select(sa.func.max(hits.c.place)).where(hits.c.topic_key == key))
    return found or 0


def _page(
    connection: sa.Connection,
    row: Any,
    shown: tuple[PageEntry, ...],
    *,
    number: int | None,
    previous: int | None,
    following: int | None,
) -> Page:
    total = connection.scalar(
        sa.select(sa.func.count(sa.distinct(hits.c.story_key))).where(
            hits.c.topic_key == row.topic_key
        )
    )
    return Page(
        topic=_unpack_topic(row.settings),
        number=number,
        entries=shown,
        updated=max((entry.updated for entry in shown), default=_EARLIEST),
        previous=previous,
        next=following,
        total=(total or 0) if number is None else 0,
    )


def _page_entries(
    connection: sa.Connection, key: int, first: int, last: int
) -> tuple[PageEntry, ...]:
    """What a run of places shows, newest first; a story once, at its last place in the run."""
    latest = (
        sa.select(sa.func.max(hits.c.place))
        .where(hits.c.topic_key == key, hits.c.place.between(first, last))
        .group_by(hits.c.story_key, hits.c.entry_key)
    )
    return _entries_at(connection, key, list(connection.execute(latest).scalars()))


def _entries_at(
    connection: sa.Connection, key: int, places: Sequence[int]
) -> tuple[PageEntry, ...]:
    query = (
        sa.select(
            hits.c.place, hits.c.revision.label("shown"), hits.c.reason, hits.c.story_key,
            entries.c.entry_key, entries.c.entry_id, entries.c.guid, entries.c.first_seen,
            entries.c.vanished, revisions, stories.c.story_id,
            feeds.c.url.label("feed_url"), feeds.c.home.label("feed_home"),
            sa.func.coalesce(sa.func.nullif(feeds.c.title, ""), sa.func.nullif(feeds.c.published_title, ""), feeds.c.url).label("feed_title"),
            topics.c.settings,
        )
        .join(topics, topics.c.topic_key == hits.c.topic_key)
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .join(stories, stories.c.story_key == hits.c.story_key)
        .join(
            revisions,
            sa.and_(revisions.c.entry_key == hits.c.entry_key, revisions.c.number == hits.c.revision),
        )
        .where(hits.c.topic_key == key, hits.c.place.in_(places))
        .order_by(hits.c.place.desc())
    )  # fmt: skip
    rows = connection.execute(query).all()
    others = _others(connection, {row.story_key for row in rows})
    return tuple(_page_entry(row, others.get(row.story_key, [])) for row in rows)


def _others(connection: sa.Connection, story_keys: set[int]) -> dict[int, list[Any]]:
    """The other entries of each story, first come first."""
    query = (
        sa.select(
            sightings.c.story_key, entries.c.entry_key, entries.c.url, feeds.c.url.label("feed_url"),
            sa.func.coalesce(sa.func.nullif(feeds.c.title, ""), sa.func.nullif(feeds.c.published_title, ""), feeds.c.url).label("feed_title"),
        )
        .join(entries, entries.c.entry_key == sightings.c.entry_key)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .where(sightings.c.story_key.in_(sorted(story_keys)))
        .order_by(entries.c.entry_key)
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.story_key, []).append(row)
    return found


def _page_entry(row: Any, others: Sequence[Any]) -> PageEntry:
    alone = _unpack_topic(row.settings).collapse is Collapse.NONE
    published = row.published or row.first_seen
    # The first state counts from the publisher's date, so that entries that came in
    # one batch do not share one time; a correction from when we saw it.
    updated = min(published, row.first_seen) if row.number == 1 else row.seen
    also = {
        (other.feed_title, other.url or other.feed_url)
        for other in others
        if other.entry_key != row.entry_key
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
    )


def _freeze(shown: Sequence[PageEntry]) -> bytes:
    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else str(value)

    text = json.dumps([asdict(entry) for entry in shown], default=plain, ensure_ascii=False)
    return zlib.compress(text.encode("utf-8"), 6)


def _thaw(content: bytes) -> tuple[PageEntry, ...]:
    return tuple(_thaw_entry(one) for one in json.loads(zlib.decompress(content)))


def _thaw_entry(one: dict[str, Any]) -> PageEntry:
    one["published"] = datetime.fromisoformat(one["published"])
    one["updated"] = datetime.fromisoformat(one["updated"])
    one["authors"], one["categories"] = tuple(one["authors"]), tuple(one["categories"])
    one["enclosures"] = tuple(Enclosure(**enclosure) for enclosure in one["enclosures"])
    one["also_in"] = tuple(Source(**source) for source in one["also_in"])
    return PageEntry(**one)


def _pack_topic(topic: Topic) -> str:
    return json.dumps(asdict(topic), sort_keys=True, ensure_ascii=False)


def _unpack_topic(text: str) -> Topic:
    held = json.loads(text)
    values: dict[str, Any] = {
        one.name: tuple(held[one.name]) if isinstance(held[one.name], list) else held[one.name]
        for one in fields(Topic)
        if one.name in held
    }
    values["collapse"] = Collapse(values["collapse"])
    values["detail"] = Detail(values["detail"])
    return Topic(**values)


def _keys(
    connection: sa.Connection, name: sa.Column[str], key: sa.Column[int], wanted: set[Any]
) -> dict[Any, int]:
    from aggregator.archive.known import chunks

    return {
        row[0]: row[1]
        for chunk in chunks(sorted(wanted))
        for row in connection.execute(sa.select(name, key).where(name.in_(chunk)))
    }
