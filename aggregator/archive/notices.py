"""What was told of the feeds' troubles: a row for each that began or ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.archive.records import FEED_TITLE
from aggregator.archive.schema import feeds, meta, notices
from aggregator.archive.statements import upsert
from aggregator.model.address import shown_feed
from aggregator.model.feed import Feed, FeedKey, Trouble
from aggregator.model.notice import REMOVED, Noted, Notice, NoticeRecord

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
    first = _newest(connection) + 1
    rows = [
        {
            "notice_key": first + at, "feed_key": key, "at": one.at, "trouble": one.trouble.value,
            "over": one.over, "message": one.message,
        }
        for at, (key, one) in enumerate(told)
    ]  # fmt: skip
    connection.execute(sa.insert(notices), rows)


def end_of_removed(
    connection: sa.Connection, removed: Sequence[tuple[FeedKey, str]], at: datetime
) -> None:
    """One notice for each removed feed whose troubles (as its row has them) were told: they are
    over. Should it come back, they are told anew."""
    standing = [(key, Trouble(told.split()[0])) for key, told in removed if told]
    ends = [
        (key, Notice(at=at, trouble=trouble, message=REMOVED, over=True))
        for key, trouble in standing
    ]
    add(connection, ends)
    for key, _ in standing:
        connection.execute(sa.update(feeds).where(feeds.c.feed_key == key).values(told=""))


class Notices:
    """The notices in one transaction of an open archive."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @property
    def version(self) -> int:
        """Grows with each notice; 0 where there is none."""
        return _newest(self._connection)

    @property
    def published(self) -> int:
        """The version when the status feed was last written; -1 where it never was."""
        query = sa.select(meta.c.value).where(meta.c.name == _PUBLISHED)
        value = self._connection.scalar(query)
        return int(value) if value else -1

    def mark_published(self, version: int) -> None:
        """The status feed is written up to this version."""
        row = {"name": _PUBLISHED, "value": str(version)}
        upsert(self._connection, meta, [row], replace=("value",))

    def newest(self, limit: int) -> tuple[NoticeRecord, ...]:
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
        return tuple(map(_record, reversed(self._connection.execute(query).all())))

    def note(self, feed: Feed, noted: Noted) -> None:
        """Store what was noted of a feed between two fetches."""
        add(self._connection, [(feed.key, one) for one in noted.notices])
        row = sa.update(feeds).where(feeds.c.feed_key == feed.key)
        self._connection.execute(row.values(**state(noted)))


def _newest(connection: sa.Connection) -> int:
    return connection.scalar(sa.select(sa.func.max(notices.c.notice_key))) or 0


def _record(row: Any) -> NoticeRecord:
    return NoticeRecord(
        notice=Notice(
            at=row.at, trouble=Trouble(row.trouble), message=shown_feed(row.message), over=row.over
        ),
        feed=row.url,
        feed_title=row.feed_title,
        feed_home=row.home,
    )
