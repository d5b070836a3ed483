"""What was learned of a feed, for those who read what it brings now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from aggregator.archive.schema import boilerplate, rulings
from aggregator.archive.statements import among
from aggregator.model.boilerplate import Ruling, feed_name, site_of
from aggregator.model.feed import FeedKey, Learned


def read_learned(
    connection: sa.Connection, rows: Iterable[Any]
) -> dict[FeedKey, tuple[Learned, ...]]:
    """What is taken out of that which feeds (by their rows) bring now."""
    names: dict[str, list[FeedKey]] = {}
    for row in rows:
        key = FeedKey(row.feed_key)
        for name in (feed_name(key), site_of(row.home, row.fetch_url)):
            names.setdefault(name, []).append(key)
    found: dict[FeedKey, dict[bytes, str]] = {}
    of_these = among(connection, boilerplate.c.name, names)
    query = sa.select(boilerplate).where(of_these, boilerplate.c.last_key.is_(None))
    for row in connection.execute(query):
        for key in names[row.name]:
            found.setdefault(key, {})[row.hash] = row.text
    keys = {key for group in names.values() for key in group}
    ruled = among(connection, rulings.c.feed_key, keys)
    for row in connection.execute(sa.select(rulings).where(ruled)):
        known = found.setdefault(FeedKey(row.feed_key), {})
        if row.ruling == Ruling.PINNED:
            known[row.hash] = row.text
        else:
            known.pop(row.hash, None)
    return {
        key: tuple(Learned(hash=one, text=text) for one, text in sorted(known.items()))
        for key, known in found.items()
    }
