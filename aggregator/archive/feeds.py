"""Feeds in the archive: what is subscribed, what is due, who has claimed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import starmap
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from aggregator.archive.columns import Moment, name_of
from aggregator.archive.learned import read_learned
from aggregator.archive.offers import PUSH_COLUMNS, read_push
from aggregator.archive.schema import feed_urls, feeds, listings, pushes
from aggregator.archive.statements import among
from aggregator.model.address import canonical_url, shown_url
from aggregator.model.feed import (
    LONGEST_BELIEVED_WAIT,
    Failure,
    FailureKind,
    Feed,
    FeedIdentity,
    FeedKey,
    FeedState,
    Learned,
    Listed,
    Trouble,
    Validators,
)

# Cadence spreads due times: by less than a tenth, and less than a minute.
_ROOM, _MINUTE = 1.1, 60


def due_condition(
    now: datetime,
    *,
    everything: bool,
    max_interval: float,
    only: FeedKey | None = None,
    after: int = 0,
) -> sa.ColumnElement[bool]:
    """The ONE place that says which feeds are due. ``everything``: whatever their due time, those
    with larger keys than ``after``; ``only``: that one, whatever its due time.

    A due time beyond the longest interval (with room for the spread that cadence
    adds to it) is a clock that was set back: it counts as due, unless the server
    itself asked for so long a wait.
    """
    asked = sa.and_(feeds.c.subscribed, sa.not_(feeds.c.paused), sa.not_(feeds.c.stopped))
    free = sa.or_(feeds.c.claim_until.is_(None), feeds.c.claim_until < now)
    allowed = sa.not_(asked_to_wait(now))
    if only is not None:
        ready = feeds.c.feed_key == only
    elif everything:
        ready = feeds.c.feed_key > after
    else:
        far = now + timedelta(seconds=_ROOM * max_interval + _MINUTE)
        # A feed may have an interval of its own that is longer, in seconds; rows count microseconds.
        own = sa.type_coerce(feeds.c.next_due, sa.BigInteger) - sa.cast(
            sa.func.coalesce(feeds.c.interval, 0), sa.BigInteger
        ) * int(_ROOM * 1_000_000)
        ready = sa.or_(
            feeds.c.next_due.is_(None),
            feeds.c.next_due <= now,
            sa.and_(
                feeds.c.next_due > far, own > sa.literal(now + timedelta(seconds=_MINUTE), Moment)
            ),
        )
    return sa.and_(asked, free, allowed, ready)


def asked_to_wait(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a feed's server asked for a wait that is not over."""
    until = feeds.c.retry_after
    return sa.and_(until.is_not(None), until > now, until <= now + LONGEST_BELIEVED_WAIT)


def resting(connection: sa.Connection, now: datetime) -> tuple[Feed, ...]:
    """Those asked for that are asked by no round: they have stopped, or their server asked for a wait."""
    waits = sa.and_(sa.not_(feeds.c.paused), asked_to_wait(now))
    return read(connection, sa.and_(feeds.c.subscribed, sa.or_(feeds.c.stopped, waits)))


def claim(
    connection: sa.Connection,
    condition: sa.ColumnElement[bool],
    limit: int,
    holder: str,
    until: datetime,
    order: sa.ColumnElement[Any],
) -> tuple[Feed, ...]:
    """Claim up to ``limit`` feeds, the first in ``order``, and return them with their listings."""
    chosen = sa.select(feeds.c.feed_key).where(condition).order_by(order).limit(limit)
    claimed = connection.execute(
        sa.update(feeds)
        .where(feeds.c.feed_key.in_(chosen.scalar_subquery()))
        .values(claim_holder=holder, claim_until=until)
        .returning(feeds.c.feed_key)
    ).scalars()
    return read(connection, among(connection, feeds.c.feed_key, claimed), with_listing=True)


def free(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> None:
    """Give back the claims of the feeds that fulfil the condition."""
    connection.execute(
        sa.update(feeds).where(condition).values(claim_holder=None, claim_until=None)
    )


def excuse(connection: sa.Connection, excused: Sequence[tuple[Feed, datetime]]) -> None:
    """Feeds, as they were before they failed, with when they are due now."""
    for feed, due in excused:
        before = feed.failure.count if feed.failure else 0
        connection.execute(
            sa.update(feeds)
            # Another round may have reached it since.
            .where(feeds.c.feed_key == feed.key, feeds.c.failure_count == 1 + before)
            .values(
                next_due=due,
                due_reason="nothing was reached: soon again",
                failure_count=max(before, 1),
            )
        )


def read(
    connection: sa.Connection,
    condition: sa.ColumnElement[bool] | None = None,
    *,
    with_listing: bool = False,
) -> tuple[Feed, ...]:
    """Feeds as values, by due time; with their listing and what was learned where it is asked for."""
    query = (
        sa.select(*feeds.c, listings.c["items"], *PUSH_COLUMNS)
        .outerjoin(
            listings, sa.and_(listings.c.feed_key == feeds.c.feed_key, sa.literal(with_listing))
        )
        .outerjoin(pushes, pushes.c.feed_key == feeds.c.feed_key)
    )
    if condition is not None:
        query = query.where(condition)
    found = connection.execute(query.order_by(feeds.c.next_due, feeds.c.feed_key))
    # The driver's rows look each column up by its name, slowly; a feed has some fifty.
    names = tuple(found.keys())
    rows = [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in found]
    known = read_learned(connection, rows) if with_listing else {}
    return tuple(_feed(row, known.get(row.feed_key, ())) for row in rows)


def by_url(connection: sa.Connection, url: str) -> Feed | None:
    """The feed that has, or ever had, this URL."""
    key = connection.scalar(
        sa.select(feed_urls.c.feed_key).where(feed_urls.c.canonical == name_of(canonical_url(url)))
    )
    found = read(connection, feeds.c.feed_key == key, with_listing=True) if key is not None else ()
    return found[0] if found else None


def ask_backfill(connection: sa.Connection, key: FeedKey, documents: int | None) -> None:
    """Note how many archive documents of a feed are to be read; None for none."""
    connection.execute(sa.update(feeds).where(feeds.c.feed_key == key).values(backfill=documents))


def asked_backfills(connection: sa.Connection) -> tuple[tuple[Feed, int], ...]:
    """The feeds of which archive documents are to be read, and how many."""
    query = sa.select(feeds.c.feed_key, feeds.c.backfill).where(feeds.c.backfill.is_not(None))
    asked = {row.feed_key: row.backfill for row in connection.execute(query)}
    found = read(connection, feeds.c.feed_key.in_(list(asked)), with_listing=True) if asked else ()
    return tuple((feed, asked[feed.key]) for feed in found)


_NONE = "[]"


def pack_validators(held: Sequence[Validators]) -> str:
    """Validators as text, byte for byte."""
    if not held:
        return _NONE
    return json.dumps([(one.url, one.etag, one.last_modified) for one in held])


def _unpack_validators(text: str) -> tuple[Validators, ...]:
    if text == _NONE:
        return ()
    return tuple(
        Validators(url=url, etag=etag, last_modified=modified)
        for url, etag, modified in json.loads(text)
    )


def pack_listing(items: Sequence[tuple[bytes, int, int]]) -> str:
    """(item hash, entry key, polls missing) of each item, as text."""
    return " ".join(f"{item_hash.hex()}:{key}:{missing}" for item_hash, key, missing in items)


def _unpack_listing(text: str | None) -> tuple[Listed, ...]:
    # One part after another, since a round begins with those of all feeds.
    parts = (text or "").replace(":", " ").split()
    hashes, keys, missing = map(bytes.fromhex, parts[::3]), parts[1::3], parts[2::3]
    return tuple(starmap(Listed, zip(hashes, map(int, keys), map(int, missing), strict=True)))


@lru_cache(maxsize=512)
def _folders(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _state(row: Any) -> FeedState:
    if row.stopped:
        return FeedState.STOPPED
    if row.paused:
        return FeedState.PAUSED
    if row.failure_kind:
        return FeedState.FAILING
    return FeedState.OK if row.last_success else FeedState.NEW


def count_states(connection: sa.Connection) -> dict[FeedState, int]:
    """How many of the feeds asked for are in each state: one statement."""
    told = (
        feeds.c.stopped,
        feeds.c.paused,
        feeds.c.failure_kind.is_not(None).label("failure_kind"),
        feeds.c.last_success.is_not(None).label("last_success"),
    )
    query = sa.select(*told, sa.func.count().label("feeds")).where(feeds.c.subscribed)
    found = dict.fromkeys(FeedState, 0)
    for row in connection.execute(query.group_by(*told)):
        found[_state(row)] += row.feeds
    return found


def _feed(row: Any, known: tuple[Learned, ...]) -> Feed:
    validators = failure = None
    if row.etag is not None or row.last_modified is not None:
        validators = Validators(
            url=row.validator_url or row.fetch_url, etag=row.etag, last_modified=row.last_modified
        )
    if row.failure_kind:
        failure = Failure(
            kind=FailureKind(row.failure_kind),
            message=row.failure_message,
            since=row.failure_since,
            count=row.failure_count,
        )
    return Feed(
        key=FeedKey(row.feed_key),
        identity=FeedIdentity(row.identity),
        url=row.url,
        fetch_url=row.fetch_url,
        title=shown_url(row.title or row.published_title or row.url),
        published_title=row.published_title,
        published_id=row.published_id,
        home=row.home,
        description=row.description,
        lang=row.lang,
        folders=_folders(row.folders),
        subscribed=row.subscribed,
        state=_state(row),
        interval=row.interval,
        full_text=row.full_text,
        next_due=row.next_due,
        due_reason=row.due_reason,
        last_fetch=row.last_fetch,
        last_success=row.last_success,
        retry_after=row.retry_after,
        validators=validators,
        body_hash=row.body_hash,
        failure=failure,
        moved_to=row.moved_to,
        moved_count=row.moved_count,
        rhythm=json.loads(row.rhythm),
        listing=_unpack_listing(row.items),
        entries=row.entries,
        learned=known,
        push=read_push(row),
        elsewhere=_unpack_validators(row.elsewhere),
        doubted=row.doubted,
        served=json.loads(row.served),
        previous_archive=row.previous_archive,
        told=frozenset(map(Trouble, row.told.split())),
        news_at=row.news_at,
        pause=row.pause,
        missed_at=row.missed_at,
    )
