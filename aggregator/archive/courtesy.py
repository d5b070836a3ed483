"""What keeps us welcome: hosts that asked to be left alone, and what our requests came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.archive.columns import Moment, name_of
from aggregator.archive.schema import feeds, fetch_days, fetches, hosts
from aggregator.archive.statements import upsert
from aggregator.model.feed import LONGEST_BELIEVED_WAIT, Feed, Postponed, Totals

# So long overdue is a feed only where we were stopped, and over so long they come back.
_LONG, _RETURN = timedelta(hours=1), timedelta(minutes=10)
_SUMMED = ("requests", "fetches", "not_modified", "failed", "bytes", "new")


class Courtesy:
    """Over one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def away(self, now: datetime) -> tuple[Postponed, ...]:
        """The hosts that want to be left alone, and until when."""
        until = hosts.c.away_until
        running = sa.and_(until > now, until <= now + LONGEST_BELIEVED_WAIT)
        rows = self._connection.execute(sa.select(hosts).where(running))
        return tuple(_postponed(row) for row in rows)

    def keep_away(self, away: Sequence[Postponed], now: datetime) -> None:
        """Keep which hosts want to be left alone, over a restart too; those whose time is over are
        forgotten."""
        if away:
            self._connection.execute(sa.delete(hosts).where(hosts.c.away_until < now))
        rows = [{"name": name_of(_name(one)), "away_until": one.until} for one in away]
        upsert(self._connection, hosts, rows, replace=("away_until",))

    def postpone(self, feed: Feed, until: datetime, due: datetime) -> bool:
        """Give a claimed feed back that was not asked: its host wants to be left alone until then.
        Returns whether it is the first that waits for that."""
        waiting = sa.select(feeds.c.feed_key).where(feeds.c.retry_after == until).limit(1)
        first = self._connection.scalar(waiting) is None
        self._set(
            feed,
            next_due=max(due, feed.next_due or due),
            due_reason="its host asked to be left alone (429)",
            retry_after=until,
            claim_holder=None,
            claim_until=None,
        )
        return first

    def doubt(self, feed: Feed, at: datetime) -> None:
        """Something showed news of a feed whose server said "unchanged": the next time that is
        not believed, unless it was doubted lately."""
        self._set(feed, doubted=at)

    def hasten(self, feed: Feed, at: datetime) -> None:
        """A person wants it to be asked: whoever collects does, with the next look."""
        self._set(feed, next_due=at, due_reason="asked for by hand")

    def revive(self, feed: Feed, at: datetime, address: str) -> None:
        """A feed that was gone for good (410) answers again at this address: it is asked there with
        the next round."""
        again = {"stopped": False, "next_due": at, "due_reason": "it answers again"}
        moved = {} if address == feed.fetch_url else {"moved_to": None, "moved_count": 0}
        self._set(feed, fetch_url=address, **again, **moved)

    def return_slowly(self, now: datetime) -> int:
        """After a long stop: feeds long overdue come one after another, the longest first, within
        ten minutes; returns how many they are."""
        overdue = sa.and_(
            feeds.c.subscribed, feeds.c.last_fetch.is_not(None), feeds.c.next_due < now - _LONG
        )
        keys = self._connection.scalars(
            sa.select(feeds.c.feed_key).where(overdue).order_by(feeds.c.next_due, feeds.c.feed_key)
        ).all()
        pause = min(timedelta(seconds=1), _RETURN / max(len(keys), 1))
        rows = [{"of": key, "due": now + at * pause} for at, key in enumerate(keys)]
        if rows:
            statement = (
                sa.update(feeds)
                .where(feeds.c.feed_key == sa.bindparam("of"))
                .values(next_due=sa.bindparam("due", type_=Moment))
            )
            self._connection.execute(statement, rows)
        return len(rows)

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


# (No host's name has a space in it.)
_PAGES = "pages of "


def _name(one: Postponed) -> str:
    return _PAGES + one.host if one.pages else one.host


def _postponed(row: Any) -> Postponed:
    host = row.name.removeprefix(_PAGES)
    return Postponed(host=host, until=row.away_until, pages=host != row.name)
