"""How long entries took from the date they carry to their arrival."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa

from aggregator.archive.schema import entries, feeds, revisions
from aggregator.model.feed import FeedKey

# So many of the newest entries are looked at: what a large archive takes in within some days.
_MOST = 20_000


def read_delays(
    connection: sa.Connection, since: datetime, feed: FeedKey | None = None
) -> dict[FeedKey, list[float]]:
    """Seconds from date to arrival of what arrived since then, by feed, newest first.

    Only what was published while its feed was collected already, and is dated; what is
    dated later than it came took no time. Of the 20,000 newest entries, or of one feed.
    """
    newest = (
        sa.select(entries.c.entry_key, entries.c.feed_key, entries.c.first_seen)
        .where(entries.c.news)
        .order_by(entries.c.entry_key.desc())
        .limit(_MOST)
    )
    if feed is not None:
        newest = newest.where(entries.c.feed_key == feed)
    taken = newest.subquery()
    rows = connection.execute(
        sa.select(taken.c.feed_key, taken.c.first_seen, revisions.c.published)
        .join(
            revisions,
            sa.and_(revisions.c.entry_key == taken.c.entry_key, revisions.c.number == 1),
        )
        .join(feeds, feeds.c.feed_key == taken.c.feed_key)
        .where(taken.c.first_seen >= since, revisions.c.published >= feeds.c.first_success)
        .order_by(taken.c.entry_key.desc())
    )
    found = defaultdict[FeedKey, list[float]](list)
    for row in rows:
        took = (row.first_seen - row.published).total_seconds()
        found[FeedKey(row.feed_key)].append(max(took, 0.0))
    return found
