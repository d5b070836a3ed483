"""What a corrections feed tells: the states by which publishers changed what a topic holds."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from aggregator.archive.pages import made, shown_as
from aggregator.archive.records import FEED_TITLE, read_topic, unpack_topic
from aggregator.archive.schema import entries, feeds, hits, revisions
from aggregator.model.entry import EntryId
from aggregator.model.series import Correction, CorrectionsFeed, Wording

_NEWEST = 50
_WORDS = ("title", "summary", "text", "authors")


def read(connection: sa.Connection, slug: str) -> CorrectionsFeed:
    """The newest corrections that reached a topic, in their words as they came; what was changed
    before the topic held it is none of them, nor are dates, tags and pictures."""
    row = read_topic(connection, slug)
    query = _QUERY.where(_held_before(row)).order_by(hits.c.place.desc()).limit(_NEWEST)
    rows = connection.execute(query, {"topic": row.topic_key})
    return CorrectionsFeed(
        topic=unpack_topic(row.settings),
        token=row.token,
        since=made(row),
        corrections=tuple(map(_correction, rows)),
    )


def _query() -> sa.Select[Any]:
    before, after = revisions.alias("before"), revisions.alias("after")
    # Where one state has the text of a page and the other what the feed brings, the publisher may
    # have changed none of it.
    alike = before.c.page_at.is_(None) == after.c.page_at.is_(None)
    earlier: dict[str, sa.ColumnElement[str]] = {name: before.c[name] for name in _WORDS}
    earlier["text"] = sa.case((alike, before.c.text), else_=after.c.text)
    words: list[sa.ColumnElement[Any]] = [earlier[name].label(f"before_{name}") for name in _WORDS]
    words += [after.c[name].label(f"after_{name}") for name in _WORDS]
    return (
        sa.select(
            *words, after.c.number, after.c.seen, after.c.url, after.c.lang,
            entries.c.entry_id, entries.c.guid, FEED_TITLE, feeds.c.url.label("feed_url"),
            feeds.c.home.label("feed_home"), feeds.c.published_id.label("feed_id"),
        )
        .select_from(hits)
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .join(feeds, feeds.c.feed_key == entries.c.feed_key)
        .join(after, sa.and_(after.c.entry_key == hits.c.entry_key, after.c.number == hits.c.revision))
        .join(before, sa.and_(before.c.entry_key == hits.c.entry_key, before.c.number == hits.c.revision - 1))
        .where(
            hits.c.topic_key == sa.bindparam("topic"),
            # Written out, so that SQLite uses the index of what says the same.
            sa.text("hits.revision > 1"),
            # In what fills a topic stand states that were seen before.
            after.c.seen == hits.c.at,
            sa.or_(*(earlier[name] != after.c[name] for name in _WORDS)),
        )
    )  # fmt: skip


_QUERY = _query()


def _held_before(topic: Any) -> sa.Exists:
    """Whether a hit is of a story (entry, where it does not collapse) that the topic held already:
    a change by which it first came in corrects nothing that anybody was told."""
    earlier, one = hits.alias("earlier"), shown_as(topic)
    return (
        sa.select(earlier.c.place)
        .where(
            earlier.c.topic_key == hits.c.topic_key,
            earlier.c.story_key == hits.c.story_key,
            earlier.c[one.name] == one,
            earlier.c.place < hits.c.place,
        )
        .correlate(hits)
        .exists()
    )


def _correction(row: Any) -> Correction:
    before, after = (
        Wording(
            title=getattr(row, f"{when}_title"),
            summary=getattr(row, f"{when}_summary"),
            text=getattr(row, f"{when}_text"),
            authors=tuple(json.loads(getattr(row, f"{when}_authors"))),
        )
        for when in ("before", "after")
    )
    return Correction(
        entry=EntryId(row.entry_id),
        number=row.number,
        seen=row.seen,
        before=before,
        after=after,
        url=row.url,
        lang=row.lang,
        origin_id=row.guid or row.url or row.entry_id,
        origin_title=row.feed_title,
        origin_feed=row.feed_url,
        origin_feed_id=row.feed_id,
        origin_home=row.feed_home,
    )
