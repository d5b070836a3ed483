"""The hub that a feed offers, as its row and its documents tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.archive.schema import feeds, pushes
from aggregator.model.batch import Settled
from aggregator.model.feed import Feed
from aggregator.model.push import Offer, Push

_READ = ("hub", "topic", "until", "told", "messages", "proven", "failure")
# No poll takes longer: a later message was noted while our clock was ahead.
_POLL = timedelta(hours=1)
TOLD = "its hub told of news"
"""Why a feed is due of which a hub told."""

PUSH_COLUMNS = tuple(pushes.c[name].label(f"push_{name}") for name in _READ)
"""What :func:`read_push` wants of a row, beside a feed's own columns."""


def read_push(row: Any) -> Push | None:
    """The feed's hub and what came of it; None where it offers none."""
    if row.push_hub is None:
        return None
    return Push(
        offer=Offer(hub=row.push_hub, topic=row.push_topic),
        until=row.push_until,
        told=row.push_told,
        messages=row.push_messages,
        proven=row.push_proven,
        failure=row.push_failure,
    )


def store_offers(connection: sa.Connection, settled: Sequence[Settled]) -> None:
    """What the documents that came say of hubs. Another hub, or another address there, is
    subscribed to anew; one that kept silent about news is rested on no more."""
    for one in settled:
        fetched = one.decision.fetched
        if fetched.document is not None and one.hub.offer != _held(fetched.feed):
            connection.execute(sa.delete(pushes).where(pushes.c.feed_key == fetched.feed.key))
            if one.hub.offer is not None:
                connection.execute(sa.insert(pushes), _row(fetched.feed, one.hub.offer))
        elif one.hub.silent:
            silent = {"proven": False, "failure": "it did not tell of news that a poll found"}
            here = pushes.c.feed_key == fetched.feed.key
            connection.execute(sa.update(pushes).where(here).values(silent))


def keep_told(connection: sa.Connection, settled: Sequence[Settled]) -> None:
    """Feeds of which a hub told after they were asked stay due, whatever the poll settled."""
    asked = {
        one.decision.fetched.feed.key: one for one in settled if one.decision.fetched.feed.push
    }
    if not asked:
        return
    told = pushes.c.feed_key.in_(asked)
    for row in connection.execute(sa.select(pushes.c.feed_key, pushes.c.told).where(told)):
        one = asked[row.feed_key]
        began = one.decision.fetched.at
        if row.told is not None and began < row.told <= began + _POLL:
            due = max(row.told, one.poll.retry_after or row.told)
            connection.execute(
                sa.update(feeds)
                .where(feeds.c.feed_key == row.feed_key)
                .values(next_due=due, due_reason=TOLD)
            )


def _held(feed: Feed) -> Offer | None:
    return feed.push.offer if feed.push else None


def _row(feed: Feed, offer: Offer) -> dict[str, object]:
    return {
        "feed_key": feed.key,
        "hub": offer.hub,
        "topic": offer.topic,
        "address": "",
        "failures": 0,
        "failure": "",
        "messages": 0,
        "proven": False,
    }
