"""Lists of feeds that are included by address: what each named, and when it is asked again."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict

from aggregator.archive.columns import name_of
from aggregator.archive.database import Database
from aggregator.archive.schema import lists
from aggregator.archive.statements import upsert
from aggregator.model.feed import Subscription, Validators
from aggregator.model.inclusion import FeedList


class Lists:
    """All lists that were ever included."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> tuple[FeedList, ...]:
        """All of them, as last read."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(lists).order_by(lists.c.url))
            return tuple(map(_list, rows))

    def keep(self, one: FeedList) -> None:
        """Store what is known of a list now."""
        held = one.validators
        row = {
            "name": name_of(one.url),
            "url": one.url,
            "lines": json.dumps([asdict(line) for line in one.lines], ensure_ascii=False),
            "validator_url": held and held.url,
            "etag": held and held.etag,
            "last_modified": held and held.last_modified,
            "next_due": one.next_due,
            "last_success": one.last_success,
            "failures": one.failures,
            "failure": one.failure,
        }
        with self._database.writing() as connection:
            upsert(connection, lists, [row], replace=[name for name in row if name != "name"])


def _list(row: Any) -> FeedList:
    validators = None
    if row.validator_url:
        validators = Validators(
            url=row.validator_url, etag=row.etag, last_modified=row.last_modified
        )
    return FeedList(
        url=row.url,
        lines=tuple(_line(one) for one in json.loads(row.lines)),
        validators=validators,
        next_due=row.next_due,
        last_success=row.last_success,
        failures=row.failures,
        failure=row.failure,
    )


def _line(told: dict[str, Any]) -> Subscription:
    return Subscription(**{**told, "folders": tuple(told["folders"])})
