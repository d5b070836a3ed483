"""What keeps us welcome: hosts that asked to be left alone, and what our requests came to."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from aggregator.archive.schema import feeds, fetch_days, fetches, hosts
from aggregator.model.feed import Feed, Postponed, Totals

_SUMMED = ("requests", "fetches", "not_modified", "failed", "bytes", "new")


class Courtesy:
    """Over one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def away(self, now: datetime) -> tuple[Postponed, ...]:
        """The hosts that want to be left alone, and until when."""
        rows = self._connection.execute(sa.select(hosts).where(hosts.c.away_until > now))
        return tuple(Postponed(host=row.name, until=row.away_until) for row in rows)

    def postpone(self, feed: Feed, until: datetime, due: datetime) -> None:
        """Give a claimed feed back that was not asked: its host wants to be left alone until then."""
        self._set(
            feed,
            next_due=due,
            due_reason="its host asked to be left alone (429)",
            retry_after=until,
            claim_holder=None,
            claim_until=None,
        )

    def doubt(self, feed: Feed, at: datetime) -> None:
        """Something showed news of a feed whose server said "unchanged": the next time that is
        not believed, unless it was doubted lately."""
        self._set(feed, doubted=at)

    def totals(self, feed: Feed) -> Totals:
        """What a feed's fetches came to since the first."""
        days = fetch_days.c
        sums = (sa.func.coalesce(sa.func.sum(days[name]), 0).label(name) for name in _SUMMED)
        row = self._connection.execute(
            sa.select(sa.func.min(days.day).label("since"), *sums).where(days.feed_key == feed.key)
        ).one()
        repeated, kept = self._connection.execute(
            sa.select(
                sa.func.count().filter(fetches.c.outcome == "unchanged", fetches.c.status == 200),
                sa.func.count(),
            ).where(fetches.c.feed_key == feed.key)
        ).one()
        summed = {name: int(getattr(row, name)) for name in _SUMMED}
        return Totals(since=row.since or "", repeated=repeated, kept=kept, **summed)

    def _set(self, feed: Feed, **values: object) -> None:
        self._connection.execute(
            sa.update(feeds).where(feeds.c.feed_key == feed.key).values(**values)
        )
