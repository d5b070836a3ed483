"""A query as the index can be asked: feeds and times are marks there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from aggregator.archive.records import FEED_TITLE
from aggregator.archive.schema import feeds, languages
from aggregator.model.address import shown_url
from aggregator.query import (
    MARKS,
    NOWHERE,
    All,
    Came,
    Dated,
    Query,
    Subject,
    Terms,
    Wanted,
    feed_mark,
    language,
    marks_between,
)
from aggregator.query import Any as AnyOf

_FEEDS = 200
"""Feeds up to which each is asked for: more of them hold so much of an archive that its newest
entries tell sooner."""

_LANGUAGES = sa.select(languages.c.lang)


def wanted(connection: sa.Connection, query: Query, now: datetime | None) -> Wanted | None:
    """What the index can be asked; None: it can say nothing. Without ``now`` no time is asked for."""
    held = tuple(connection.execute(_LANGUAGES).scalars())
    # Without any language there is no entry either, and nothing to look for.
    found = query.wanted(held) if held else None
    return None if found is None else _marked(connection, found, held, now)


def _marked(
    connection: sa.Connection, wanted: Wanted, held: Sequence[str], now: datetime | None
) -> Wanted | None:
    """The same with marks in place of feeds and times; None where these say nothing."""
    match wanted:
        case All(parts=parts):
            each = [_marked(connection, part, held, now) for part in parts]
            known = tuple(one for one in each if one is not None)
            return All(parts=known) if known else None
        case AnyOf(parts=parts):
            each = [_marked(connection, part, held, now) for part in parts]
            known = tuple(one for one in each if one is not None)
            return AnyOf(parts=known) if len(known) == len(each) else None
        case Came():
            fit = _feeds(connection, wanted, held)
            return _one_of(map(feed_mark, sorted(fit))) if len(fit) <= _FEEDS else None
        case Dated(low=low, high=high):
            return _one_of(marks_between(low.when(now), high.when(now))) if now else None
        case _:
            return wanted


def _one_of(marks: Iterable[str]) -> Terms:
    sequences = tuple((mark,) for mark in marks)
    return Terms(fields=MARKS, sequences=sequences or ((NOWHERE,),))


def _feeds(connection: sa.Connection, came: Came, held: Sequence[str]) -> frozenset[int]:
    """Keys of the feeds that satisfy this in any of the languages that entries have."""
    rows = connection.execute(sa.select(feeds.c.feed_key, feeds.c.url, FEED_TITLE, feeds.c.folders))
    return _fit(came, tuple(map(tuple, rows)), tuple(sorted({language(tag) for tag in held})))


# All feeds are looked at for each such clause: remembered while feeds are called what they are.
@lru_cache(maxsize=8)
def _fit(
    came: Came, rows: tuple[tuple[int, str, str, str], ...], langs: tuple[str, ...]
) -> frozenset[int]:
    return frozenset(came.fit((row[0], _subject(*row[1:], lang)) for row in rows for lang in langs))


@lru_cache(maxsize=4096)
def _subject(url: str, title: str, folders: str, lang: str) -> Subject:
    return Subject(
        title="",
        text="",
        lang=lang,
        feed=url,
        feed_title=shown_url(title),
        folders=tuple(json.loads(folders)),
    )
