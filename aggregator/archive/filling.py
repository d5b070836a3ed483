"""What new and edited topics, and those that come back, take up from the archive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from aggregator.archive import digests
from aggregator.archive.following import TAKEN_OUT
from aggregator.archive.hits import append, stands_alone
from aggregator.archive.records import no_topic, unpack_topic
from aggregator.archive.schema import entries, hits, stories, topics
from aggregator.archive.statements import among, execute_many
from aggregator.model.entry import EntryId, StoryId
from aggregator.model.topic import Backlog, Hit, TopicDifference, TopicEdit

# The other names of a row are columns, which are set to what it says.
_EDITED = (
    sa.update(topics)
    .where(topics.c.topic_key == sa.bindparam("of"))
    .values(version=topics.c.version + sa.bindparam("again", type_=sa.Integer))
)


class _Shown(Struct, frozen=True):
    """What a topic shows of a story: an entry in a state; the newest there is; whether the story was
    ever announced."""

    entry: EntryId
    revision: int
    newest: int
    announced: bool


_Held = dict[tuple[str, str], _Shown]
"""(story, entry where the topic does not collapse) → what is shown of it."""


def fill(
    connection: sa.Connection, backlogs: Sequence[Backlog], at: datetime
) -> tuple[TopicEdit, ...]:
    """Add what the queries of topics find in the archive, leaving out what is held, but for what was
    corrected while a topic was away; what it holds and its query does not find stays, and is counted."""
    rows = _configured(connection, [one.topic for one in backlogs])
    held, fresh = _held(connection, rows.values()), list[Hit]()
    edits, values = list[TopicEdit](), list[dict[str, Any]]()
    for one in backlogs:
        row, had = rows[one.topic], held[one.topic]
        names = _names(one, row)
        fresh += _missed_corrections(one, had)
        fresh += [hit for hit, name in zip(one.hits, names, strict=True) if name not in had]
        edit = _edit(row, _difference(one, names, had, row))
        edits.append(edit)
        values.append(_filled(row, edit) | {"definition": one.definition, "edited": at})
    append(connection, fresh, at)
    execute_many(connection, _EDITED, values)
    return tuple(edits)


def compare(connection: sa.Connection, backlogs: Sequence[Backlog]) -> tuple[TopicDifference, ...]:
    """What :func:`fill` would change, in topics that the archive has, those that come back too."""
    named = sa.select(topics).where(
        among(connection, topics.c.slug, [one.topic for one in backlogs])
    )
    rows = {row.slug: row for row in connection.execute(named)}
    held = _held(connection, rows.values())
    return tuple(
        _difference(one, _names(one, rows[one.topic]), held[one.topic], rows[one.topic])
        for one in backlogs
        if one.topic in rows
    )


def _difference(
    found: Backlog, names: Sequence[tuple[str, str]], had: _Held, row: Any
) -> TopicDifference:
    # Both are oldest first; of the entries of a story that comes, one stands for it.
    fresh = {
        name: hit.entry for name, hit in zip(names, found.hits, strict=True) if name not in had
    }
    accepted = set(names)
    lost = [shown.entry for name, shown in had.items() if name not in accepted]
    return TopicDifference(
        topic=found.topic,
        came=tuple(fresh.values())[::-1],
        went=tuple(lost)[::-1],
        back=row.definition == TAKEN_OUT,
    )


def _names(backlog: Backlog, row: Any) -> list[tuple[str, str]]:
    """What the topic knows its hits by."""
    alone = stands_alone(row)
    return [(hit.story, hit.entry if alone else "") for hit in backlog.hits]


def _edit(row: Any, told: TopicDifference) -> TopicEdit:
    return TopicEdit(
        topic=row.slug,
        new=row.definition is None,
        came=len(told.came),
        went=len(told.went),
        back=told.back,
    )


def _filled(row: Any, edit: TopicEdit) -> dict[str, Any]:
    if edit.new:
        told = {"came": row.came, "went": row.went, "next_digest": row.next_digest}
    else:
        # What tells nothing yet is dated by this, so that it is published again.
        digest = digests.first_due(unpack_topic(row.settings))
        told = {"came": edit.came, "went": edit.went, "next_digest": digest}
    return {"of": row.topic_key, "again": int(not edit.new), **told}


def _configured(connection: sa.Connection, slugs: Collection[str]) -> dict[str, Any]:
    """The rows of configured topics, by slug. Raises UsageError where one of them is not."""
    named = sa.select(topics).where(among(connection, topics.c.slug, slugs))
    held = connection.execute(named.where(topics.c.deleted.is_(None)))
    rows = {row.slug: row for row in held}
    for slug in slugs:
        if slug not in rows:
            raise no_topic(slug)
    return rows


def _held(connection: sa.Connection, rows: Iterable[Any]) -> dict[str, _Held]:
    """What each topic holds, by slug."""
    by_key = {row.topic_key: (row.slug, stands_alone(row)) for row in rows}
    held: dict[str, _Held] = {slug: {} for slug, _ in by_key.values()}
    query = (
        sa.select(
            hits.c.topic_key, stories.c.story_id, entries.c.entry_id, hits.c.announced,
            hits.c.revision, entries.c.revision.label("newest"),
        )
        .join(stories, stories.c.story_key == hits.c.story_key)
        .join(entries, entries.c.entry_key == hits.c.entry_key)
        .where(among(connection, hits.c.topic_key, by_key))
        .order_by(hits.c.topic_key, hits.c.place)
    )  # fmt: skip
    for row in connection.execute(query):
        slug, alone = by_key[row.topic_key]
        name = row.story_id, row.entry_id if alone else ""
        before = held[slug].get(name)
        held[slug][name] = _Shown(
            entry=row.entry_id,
            revision=row.revision,
            newest=row.newest,
            announced=row.announced or (before is not None and before.announced),
        )
    return held


def _missed_corrections(found: Backlog, held: _Held) -> list[Hit]:
    """The entries that a topic shows in an older state, in the newest: corrected while it was away."""
    reasons = {(hit.story, hit.entry): hit.reason for hit in found.hits}
    return [
        Hit(
            topic=found.topic,
            story=StoryId(story),
            entry=shown.entry,
            revision=shown.newest,
            announced=shown.announced,
            reason=reasons.get((StoryId(story), shown.entry), ""),
        )
        for (story, _), shown in held.items()
        if shown.revision < shown.newest
    ]
