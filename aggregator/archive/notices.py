"""What was told of the feeds' troubles: a row for each that began or ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from aggregator.archive.records import FEED_TITLE
from aggregator.archive.schema import feeds, meta, notices
from aggregator.archive.statements import upsert
from aggregator.model.address import shown_url
from aggregator.model.feed import FeedKey, Trouble
from aggregator.model.notice import Noted, Notice, NoticeRecord

_PUBLISHED = "status_published"


def state(noted: Noted) -> dict[str, Any]:
    """What a feed's row holds of it."""
    return {
        "told": " ".join(sorted(noted.told)),
        "news_at": noted.news_at,
        "pause": noted.pause,
        "missed_at": noted.missed_at,
    }


def add(connection: sa.Connection, told: Sequence[tuple[FeedKey, Notice]]) -> None:
    """Add notices, in order."""
    if not told:
        return
    first = newest(connection) + 1
    rows = [
        {
            "notice_key": first + at, "feed_key": key, "at": one.at, "trouble": one.trouble.value,
            "over": one.over, "message": one.message,
        }
        for at, (key, one) in enumerate(told)
    ]  # fmt: skip
    connection.execute(sa.insert(notices), rows)


def newest(connection: sa.Connection) -> int:
    """Grows with each notice; 0 where there is none."""
    return connection.scalar(sa.select(sa.func.max(notices.c.notice_key))) or 0


def read(connection: sa.Connection, limit: int) -> tuple[NoticeRecord, ...]:
    """The newest notices, oldest first."""
    query = (
        sa.select(
            notices.c.at, notices.c.trouble, notices.c.over, notices.c.message,
            feeds.c.url, FEED_TITLE, feeds.c.home,
        )
        .join(feeds, feeds.c.feed_key == notices.c.feed_key)
        .order_by(notices.c.notice_key.desc())
        .limit(limit)
    )  # fmt: skip
    return tuple(map(_record, reversed(connection.execute(query).all())))


def published(connection: sa.Connection) -> int:
    """The newest notice when the status feed was last written; -1 where it never was."""
    value = connection.scalar(sa.select(meta.c.value).where(meta.c.name == _PUBLISHED))
    return int(value) if value else -1


def mark_published(connection: sa.Connection, version: int) -> None:
    """The status feed is written up to this notice."""
    upsert(connection, meta, [{"name": _PUBLISHED, "value": str(version)}], replace=("value",))


def _record(row: Any) -> NoticeRecord:
    return NoticeRecord(
        notice=Notice(at=row.at, trouble=Trouble(row.trouble), message=row.message, over=row.over),
        feed=shown_url(row.url),
        feed_title=shown_url(row.feed_title),
        feed_home=row.home,
    )
