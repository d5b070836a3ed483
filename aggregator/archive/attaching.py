"""Feeds follow the subscriptions: which came, went and came back, and which are due for an edit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from aggregator.archive import notices
from aggregator.archive.columns import name_of
from aggregator.archive.feeds import asked_to_wait
from aggregator.archive.schema import feed_urls, feeds
from aggregator.model.address import canonical_url, feed_identity
from aggregator.model.feed import OURS_TO_MEND, Subscription


class Attached(Struct, frozen=True, kw_only=True):
    """What following the subscriptions came to; each is feed URLs."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    returned: tuple[str, ...]


_ASKED = (
    feeds.c.feed_key, feeds.c.url, feeds.c.title, feeds.c.folders, feeds.c.interval,
    feeds.c.paused, feeds.c.subscribed, feeds.c.stopped, feeds.c.fetch_url, feeds.c.full_text,
    feeds.c.next_due, feeds.c.due_reason, feeds.c.last_fetch, feeds.c.told,
)  # fmt: skip


def attach(
    connection: sa.Connection, subscriptions: Sequence[Subscription], now: datetime
) -> Attached:
    """Make ``feeds`` follow the subscriptions; each attaches to the feed that ever had its URL."""
    known = {row.canonical: row.feed_key for row in connection.execute(sa.select(feed_urls))}
    rows = {row.feed_key: row for row in connection.execute(sa.select(*_ASKED))}
    next_key = max(rows, default=0) + 1
    wanted: dict[int, Subscription] = {}
    made: list[tuple[str, int, Subscription]] = []
    returned = []
    for one in subscriptions:
        canonical = name_of(canonical_url(one.url))
        key = known.get(canonical)
        if key is None:
            key, next_key = next_key, next_key + 1
            known[canonical] = key
            made.append((canonical, key, one))
        elif key not in wanted and key in rows:
            if not rows[key].subscribed:
                returned.append(one.url)
            _follow(connection, rows[key], one, now)
        wanted.setdefault(key, one)
    if made:
        connection.execute(sa.insert(feeds), [_new_row(key, one, now) for _, key, one in made])
        urls = [{"canonical": canonical, "feed_key": key} for canonical, key, _ in made]
        connection.execute(sa.insert(feed_urls), urls)
    gone = [row for key, row in rows.items() if row.subscribed and key not in wanted]
    for row in gone:
        connection.execute(
            sa.update(feeds).where(feeds.c.feed_key == row.feed_key).values(subscribed=False)
        )
    notices.end_of_removed(connection, [(row.feed_key, row.told) for row in gone], now)
    connection.execute(
        sa.update(feeds)
        .where(feeds.c.failure_kind.in_(OURS_TO_MEND), feeds.c.next_due > now)
        .values(next_due=now, due_reason="the settings may have changed")
    )
    return Attached(
        added=tuple(one.url for _, _, one in made),
        removed=tuple(row.url for row in gone),
        returned=tuple(returned),
    )


def try_access(connection: sa.Connection, edited: Mapping[str, datetime], now: datetime) -> None:
    """Feeds that failed last before the access to them was edited (by canonical URL) are due: once,
    for then they were asked since. Whatever failed: who may not in is told so in many ways, and a
    proxy mends others."""
    for url, at in edited.items():
        named = sa.select(feed_urls.c.feed_key).where(feed_urls.c.canonical == name_of(url))
        connection.execute(
            sa.update(feeds)
            .where(feeds.c.feed_key == named.scalar_subquery(), feeds.c.failure_kind.is_not(None))
            .where(feeds.c.last_fetch < at, feeds.c.next_due > now, sa.not_(asked_to_wait(now)))
            .values(next_due=now, due_reason="secrets.toml was edited")
        )


def _new_row(key: int, one: Subscription, now: datetime) -> dict[str, Any]:
    return {
        "feed_key": key,
        "identity": name_of(feed_identity(one.url)),
        "url": one.url,
        "fetch_url": one.url,
        "title": one.title,
        "home": one.home,
        "lang": one.lang,
        "folders": json.dumps(one.folders, ensure_ascii=False),
        "subscribed": True,
        "paused": one.paused,
        "stopped": False,
        "interval": one.interval,
        "full_text": one.full_text,
        "next_due": now,
        "due_reason": "never fetched",
    }


def _follow(connection: sa.Connection, row: Any, one: Subscription, now: datetime) -> None:
    """The subscription as it is now; a feed that was asked for again starts again."""
    values: dict[str, Any] = {
        "url": one.url,
        "title": one.title,
        "folders": json.dumps(one.folders, ensure_ascii=False),
        "interval": one.interval,
        "paused": one.paused,
        "full_text": one.full_text,
    }
    if row.url != one.url:
        values["fetch_url"] = one.url
    if not row.subscribed:
        values |= {"subscribed": True, "stopped": False}
        values |= {"next_due": now, "due_reason": "asked for again"}
    elif one.interval and one.interval != row.interval and row.next_due and row.last_fetch:
        sooner = row.last_fetch + timedelta(seconds=one.interval)
        if sooner < row.next_due:
            values |= {"next_due": sooner, "due_reason": "the interval set for this feed"}
    if any(getattr(row, name) != value for name, value in values.items()):
        connection.execute(sa.update(feeds).where(feeds.c.feed_key == row.feed_key).values(values))
