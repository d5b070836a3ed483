"""The built-in hub's subscriptions: whom a document is brought to, until when, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.archive.documents import live
from aggregator.archive.schema import documents, subscribers
from aggregator.model.hub import LONGEST_DELIVERY_WAIT, Attempt, HubCounts, Subscriber

_BEHIND = sa.and_(
    subscribers.c.path == documents.c.path, subscribers.c.settled != documents.c.digest, live()
)
# (With room for a clock that is put right by a little.)
_ROOM = timedelta(hours=1)
_LONGEST_WAIT = timedelta(seconds=LONGEST_DELIVERY_WAIT) + _ROOM


class Subscribers:
    """All subscriptions, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def count(self, *, host: str | None = None) -> int:
        """How many subscriptions there are, in all or with callbacks on a host."""
        query = sa.select(sa.func.count()).select_from(subscribers)
        if host is not None:
            query = query.where(subscribers.c.host == host)
        return self._connection.scalar(query) or 0

    def find(self, path: str, callback: str) -> Subscriber | None:
        """The subscription of a callback to a document, or None."""
        row = self._connection.execute(
            sa.select(subscribers).where(_this(path, callback))
        ).one_or_none()
        return None if row is None else Subscriber(**row._mapping)

    def keep(self, one: Subscriber) -> None:
        """Store a subscription, in the place of one to the same document with the same callback."""
        self.remove(one.path, one.callback)
        self._connection.execute(sa.insert(subscribers), _row(one))

    def remove(self, path: str, callback: str) -> None:
        """Forget a subscription, if there is one."""
        self._connection.execute(sa.delete(subscribers).where(_this(path, callback)))

    def due(self, now: datetime) -> tuple[Subscriber, ...]:
        """Who waits for a newer version of a document, and may be tried now; the sound ones first."""
        again = subscribers.c.next_try
        # What is later was noted while our clock was ahead.
        patient = sa.or_(again.is_(None), again <= now, again > now + _LONGEST_WAIT)
        query = (
            sa.select(subscribers)
            .join(documents, _BEHIND)
            .where(patient, subscribers.c.until > now)
            .order_by(subscribers.c.failures, subscribers.c.path, subscribers.c.callback)
        )
        return tuple(Subscriber(**row._mapping) for row in self._connection.execute(query))

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Store what deliveries came to; those whose subscription ended meanwhile change nothing."""
        for one in attempts:
            here = _this(one.path, one.callback)
            if one.ended:
                self._connection.execute(sa.delete(subscribers).where(here))
                continue
            values: dict[str, Any] = {"failures": one.failures, "next_try": one.next_try}
            if one.settled is not None:
                values["settled"] = one.settled
            self._connection.execute(sa.update(subscribers).where(here).values(values))

    def lapse(self, now: datetime, longest: timedelta) -> tuple[Subscriber, ...]:
        """Drop subscriptions whose time is over, and those whose document is published no more.
        None lasts longer than ``longest`` from now: what ends later was agreed on while our clock
        was ahead.

        Returns those whose document is published no more, who are to be told.
        """
        late = subscribers.c.until > now + longest + _ROOM
        self._connection.execute(sa.update(subscribers).where(late).values(until=now + longest))
        self._connection.execute(sa.delete(subscribers).where(subscribers.c.until <= now))
        bereft = subscribers.c.path.not_in(sa.select(documents.c.path).where(live()))
        rows = self._connection.execute(sa.select(subscribers).where(bereft)).all()
        if rows:
            self._connection.execute(sa.delete(subscribers).where(bereft))
        return tuple(Subscriber(**row._mapping) for row in rows)

    def counts(self, now: datetime) -> HubCounts:
        """Counts of the subscriptions that run at this time."""
        running = subscribers.c.until > now
        waiting = sa.select(sa.func.count()).select_from(subscribers.join(documents, _BEHIND))
        row = self._connection.execute(
            sa.select(sa.func.count(), sa.func.count().filter(subscribers.c.failures > 0)).where(
                running
            )
        ).one()
        behind = self._connection.scalar(waiting.where(running)) or 0
        return HubCounts(subscriptions=row[0], behind=behind, failing=row[1])


def _this(path: str, callback: str) -> sa.ColumnElement[bool]:
    return sa.and_(subscribers.c.path == path, subscribers.c.callback == callback)


def _row(one: Subscriber) -> dict[str, Any]:
    return {column.name: getattr(one, column.name) for column in subscribers.columns}
