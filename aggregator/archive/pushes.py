"""Our subscriptions at the hubs of feeds: what is asked for, until when it lasts, what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from aggregator.archive import feeds as feeds_of
from aggregator.archive.columns import Moment
from aggregator.archive.offers import TOLD
from aggregator.archive.schema import feeds, pushes
from aggregator.model.feed import Feed
from aggregator.model.push import (
    LONGEST_BELIEVED_LEASE,
    RENEWED_AFTER,
    Lease,
    Offer,
    PushCounts,
)

_ASKED = sa.and_(feeds.c.subscribed, sa.not_(feeds.c.paused), sa.not_(feeds.c.stopped))
_JOINED = pushes.join(feeds, feeds.c.feed_key == pushes.c.feed_key)
_LEASE = (
    pushes.c.feed_key, pushes.c.hub, pushes.c.topic, pushes.c.token, pushes.c.secret,
    pushes.c.failures, pushes.c.failure, pushes.c.next_try, feeds.c.url,
)  # fmt: skip
_NOT_RENEWED = "it did not renew our subscription"
_UNKNOWN_END = "when our subscription ends was noted while our clock was ahead"
# A request that nothing came of waits no longer. A clock that is put right by less moves nothing,
# and the shortest leases, which are renewed after their end, are not taken for it.
_LONGEST_WAIT, _ROOM = timedelta(days=1), timedelta(hours=1)


class Pushes:
    """All subscriptions of ours, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def due(self, now: datetime, address: str, *, limit: int) -> tuple[Lease, ...]:
        """Those to be asked for or renewed now, with callbacks below ``address``. ``token`` is ""
        where there was no request with such a callback yet."""
        other = pushes.c.address != address
        waits = pushes.c.next_try
        ready = sa.or_(other, waits.is_(None), waits <= now, _noted_ahead(now))
        rows = self._connection.execute(
            sa.select(*_LEASE, other.label("other"))
            .select_from(_JOINED)
            .where(_ASKED, ready)
            .order_by(pushes.c.next_try.nulls_first(), pushes.c.feed_key)
            .limit(limit)
        )
        return tuple(_lease(row, fresh=row.other) for row in rows)

    def find(self, token: str) -> Lease | None:
        """The subscription whose callback ends so; None where there is none, or where the feed
        is asked for no more."""
        row = self._connection.execute(
            sa.select(*_LEASE)
            .select_from(_JOINED)
            .where(pushes.c.token == token, feeds.c.subscribed)
        ).first()
        return None if row is None else _lease(row)

    def ask(self, one: Lease, address: str, next_try: datetime) -> Lease | None:
        """A request goes out: until it is confirmed it counts as one that nothing came of. What a
        hub confirmed for another address is worth nothing any more. None, and nothing is noted,
        where it is no more as it was read: an earlier request may have been confirmed since."""
        self._connection.execute(
            sa.update(pushes)
            .where(_unmoved(one), pushes.c.address != address)
            .values(until=None, proven=False)
        )
        asked = replace(one, next_try=next_try, failures=one.failures + 1)
        noted = self._set_unmoved(
            one,
            address=address,
            token=asked.token,
            secret=asked.secret,
            next_try=asked.next_try,
            failures=asked.failures,
        )
        return asked if noted else None

    def fail(self, one: Lease, why: str, next_try: datetime) -> bool:
        """Nothing came of a request, and why; ``one`` is what :meth:`ask` returned. False, and
        nothing is noted, where the hub confirmed or denied it before it answered: that stands,
        else a hub that confirms and then answers with an error would be asked without end."""
        return self._set_unmoved(one, failure=why, next_try=next_try)

    def complain(self, feed: int, why: str) -> None:
        """What the hub sends is of no use, and why."""
        self._set(feed, failure=why)

    def deny(self, feed: int, why: str, next_try: datetime) -> None:
        """The hub ended it."""
        self._set(feed, until=None, proven=False, failure=why, next_try=next_try)

    def confirm(self, feed: int, until: datetime, renew: datetime) -> None:
        """The hub asked whether we meant it, and we did."""
        self._set(feed, until=until, next_try=renew, failures=0, failure="")

    def tell(self, feed: int, now: datetime) -> None:
        """The hub told of news: the feed is due, once its server may be asked, and polling may rest
        on the hub."""
        self._set(feed, told=now, proven=True, failure="", messages=pushes.c.messages + 1)
        self._connection.execute(
            sa.update(feeds)
            .where(feeds.c.feed_key == feed)
            .values(
                next_due=sa.case(
                    (feeds_of.asked_to_wait(now), feeds.c.retry_after),
                    else_=sa.literal(now, Moment),
                ),
                due_reason=TOLD,
            )
        )

    def claim(self, feed: int, now: datetime, holder: str, lease: timedelta) -> Feed | None:
        """Claim a feed of which a hub told, whenever it is due; None where it may not be asked
        now, or another holds it."""
        free = feeds_of.due_condition(now, everything=True, max_interval=0.0)
        this = sa.and_(free, feeds.c.feed_key == feed)
        found = feeds_of.claim(self._connection, this, 1, holder, now + lease, feeds.c.feed_key)
        return found[0] if found else None

    def over(self, now: datetime) -> bool:
        """Whether any subscription ended without being renewed, or nobody knows when it ends."""
        return bool(self._keys(sa.not_(_runs(now))))

    def lapse(self, now: datetime, interval: float) -> None:
        """End what was not renewed, or was confirmed while our clock was ahead: its feeds are polled
        again, ``interval`` seconds after they last were."""
        over = self._keys(pushes.c.until <= now)
        unknown = self._keys(pushes.c.until > now + LONGEST_BELIEVED_LEASE)
        for keys, why in ((over, _NOT_RENEWED), (unknown, _UNKNOWN_END)):
            for key in keys:
                self._set(key, until=None, proven=False, failure=why)
            self._poll(keys, now, interval)

    def doubt(self, now: datetime, interval: float) -> None:
        """Nobody listened for a while: what hubs told of meanwhile is found by polling, ``interval``
        seconds after the last poll."""
        self._poll(self._keys(pushes.c.proven), now, interval)

    def counts(self, now: datetime) -> PushCounts:
        """Of the feeds that are asked for."""
        runs = _runs(now)
        row = self._connection.execute(
            sa.select(
                sa.func.count(),
                sa.func.count().filter(runs),
                sa.func.count().filter(runs, pushes.c.proven),
            )
            .select_from(_JOINED)
            .where(_ASKED)
        ).one()
        return PushCounts(offered=row[0], subscribed=row[1], proven=row[2])

    def _keys(self, condition: sa.ColumnElement[bool]) -> list[int]:
        return list(self._connection.scalars(sa.select(pushes.c.feed_key).where(condition)))

    def _poll(self, keys: list[int], now: datetime, interval: float) -> None:
        for key in keys:
            last = self._connection.scalar(
                sa.select(feeds.c.last_fetch).where(feeds.c.feed_key == key)
            )
            wait = timedelta(seconds=interval)
            due = min(max(now, last + wait), now + wait) if last else now
            self._connection.execute(
                sa.update(feeds)
                .where(feeds.c.feed_key == key, feeds.c.next_due > due)
                .values(next_due=due, due_reason="its hub may not have told of everything")
            )

    def _set(self, feed: int, **values: Any) -> None:
        self._connection.execute(sa.update(pushes).where(pushes.c.feed_key == feed).values(values))

    def _set_unmoved(self, one: Lease, **values: Any) -> bool:
        """Set it where it is as it was read; whether it was. Looked at and set in one statement:
        the hub may come to another process."""
        rows = self._connection.execute(
            sa.update(pushes).where(_unmoved(one)).values(values).returning(pushes.c.feed_key)
        )
        return rows.first() is not None


def _runs(now: datetime) -> sa.ColumnElement[bool]:
    """A subscription runs; null where there is none."""
    return sa.and_(pushes.c.until > now, pushes.c.until <= now + LONGEST_BELIEVED_LEASE)


def _noted_ahead(now: datetime) -> sa.ColumnElement[bool]:
    """The next request was put off while our clock was ahead.

    One that nothing came of is repeated within a day. When one was confirmed is not stored, but
    follows from its renewal and its end.
    """
    renewal = sa.type_coerce(pushes.c.next_try, sa.BigInteger)
    end = sa.type_coerce(pushes.c.until, sa.BigInteger)
    confirmed = (10 * renewal - RENEWED_AFTER * end) // (10 - RENEWED_AFTER)
    return sa.case(
        (
            sa.and_(pushes.c.failures == 0, pushes.c.until.is_not(None)),
            confirmed > sa.literal(now + _ROOM, Moment),
        ),
        else_=pushes.c.next_try > now + _LONGEST_WAIT + _ROOM,
    )


def _unmoved(one: Lease) -> sa.ColumnElement[bool]:
    """It is the same subscription, and was not asked for, confirmed or denied since it was read."""
    return sa.and_(
        pushes.c.feed_key == one.feed,
        pushes.c.hub == one.offer.hub,
        pushes.c.topic == one.offer.topic,
        pushes.c.next_try.is_not_distinct_from(one.next_try),
    )


def _lease(row: Any, *, fresh: bool = False) -> Lease:
    return Lease(
        feed=row.feed_key,
        url=row.url,
        offer=Offer(hub=row.hub, topic=row.topic),
        token="" if fresh else row.token or "",
        secret=b"" if fresh else bytes(row.secret or b""),
        failures=row.failures,
        failure=row.failure,
        next_try=row.next_try,
    )
