"""What the archive tells of itself, and its upkeep."""

import random
import sqlite3
from collections import Counter
from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, answer, item
from sqlalchemy import event

from aggregator.archive import upkeep
from aggregator.archive.database import SCHEMA_VERSION
from aggregator.model.errors import NotAFeed
from aggregator.model.feed import FeedState, Subscription
from aggregator.model.topic import Topic
from aggregator.query import parse

LATER = NOON + timedelta(hours=2)


@pytest.fixture
def stocked(desk):
    desk.subscribe(ONE, TWO)
    desk.topics(Topic(slug="all", title="All", query="*"))
    desk.bring(ONE, item("b", lang="es"), item("a"))
    desk.bring(ONE, item("b", title="revised", lang="es"), item("a"), at=LATER)
    desk.fail(TWO, NotAFeed("a web page", url=TWO))
    return desk.archive


def test_counts(stocked):
    stats = stocked.stats()
    assert (stats.feeds, stats.collected, stats.failing) == (2, 1, 1)
    assert (stats.entries, stats.stories, stats.topics) == (2, 2, 1)
    assert stats.languages == ("en", "es")
    full = stocked.stats(full=True)
    assert (full.revisions, full.hits, full.vanished) == (3, 3, 0)
    assert (full.first, full.newest) == (NOON, NOON)


def test_feeds_nobody_asks_for_are_not_counted(desk, stocked):
    desk.subscribe(ONE)
    assert (stocked.stats().feeds, stocked.stats().failing) == (1, 0)
    assert stocked.feed_states()[FeedState.FAILING] == 0


def test_feeds_are_counted_by_the_state_that_each_has(stocked):
    paused = Subscription(url=ONE, paused=True)
    others = (Subscription(url=TWO), Subscription(url="https://three.example/feed"))
    stocked.attach([paused, *others], now=LATER)
    found = Counter(feed.state for feed in stocked.feeds() if feed.subscribed)
    assert found == {FeedState.PAUSED: 1, FeedState.FAILING: 1, FeedState.NEW: 1}
    assert stocked.feed_states() == {state: found[state] for state in FeedState}


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_upkeep_does_not_fail_where_somebody_writes_meanwhile(stocked, settings):
    """SQLite waits for no writer when it renews its statistics: they are for the next time then."""
    engine, refused = stocked._database.engine, []
    other = sqlite3.connect(settings.directory / "archive.db", isolation_level=None)

    @event.listens_for(engine, "before_cursor_execute")
    def write(_connection, _cursor, statement, *_):
        if statement == "PRAGMA optimize":
            other.execute("BEGIN IMMEDIATE")

    @event.listens_for(engine, "handle_error")
    def note(context):
        refused.append(str(context.original_exception))

    assert stocked.maintain(LATER)
    other.close()
    event.remove(engine, "before_cursor_execute", write)
    assert stocked.maintain(LATER + timedelta(days=2))
    assert refused == ["database is locked"]


def test_place_and_size(stocked, settings):
    info = stocked.info()
    assert info.entries == 2
    assert info.dialect == ("postgresql" if settings.database else "sqlite")
    assert info.database_bytes > 0
    assert info.capture_bytes > 0
    assert info.capture_files == 1
    assert info.free_bytes > 0
    assert info.schema == SCHEMA_VERSION
    assert "archive" in info.location or "aggregator_" in info.location


def test_growth_a_year(desk):
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    desk.bring(ONE, item("a"), at=now)
    assert desk.archive.info().growth is None
    desk.write([desk.fetched(ONE, item("b"), at=now)], at=now - timedelta(days=365))
    with desk.archive._database.writing() as connection:
        from aggregator.archive.schema import (
            entries,
        )

        connection.execute(entries.update().values(first_seen=now - timedelta(days=365)))
    info = desk.archive.info()
    total = info.database_bytes + info.capture_bytes
    assert info.growth == pytest.approx(total, rel=0.01)


def test_the_fetch_log_keeps_the_last_hundred_of_each_feed(desk):
    desk.subscribe(ONE, TWO)
    for number in range(120):
        at = NOON + timedelta(minutes=number)
        desk.bring(ONE, response=answer(ONE, at, b"", 304), document=None, at=at)
    desk.bring(TWO, item("z", feed=TWO), at=NOON)
    desk.archive.maintain(LATER)
    log = desk.archive.fetches(desk.archive.feed(ONE), limit=1000)
    assert len(log) == 100
    assert log[0].at == NOON + timedelta(minutes=119)
    assert len(desk.archive.fetches(desk.archive.feed(TWO))) == 1
    # The counts of the day know them all.
    from aggregator.archive.schema import (
        fetch_days,
    )

    with desk.archive._database.reading() as connection:
        days = {
            row.feed_key: (row.requests, row.unchanged, row.new)
            for row in connection.execute(fetch_days.select())
        }
    assert sorted(days.values()) == [(1, 0, 1), (120, 120, 0)]


def test_upkeep_once_a_day_is_enough(desk):
    for number in range(102):
        at = NOON + timedelta(minutes=number)
        desk.bring(ONE, response=answer(ONE, at, b"", 304), document=None, at=at)
    assert desk.archive.maintain(NOON)
    desk.fail(ONE, NotAFeed("x", url=ONE))
    assert not desk.archive.maintain(LATER)
    feed = desk.archive.feed(ONE)
    assert len(desk.archive.fetches(feed, limit=1000)) == 101
    assert desk.archive.maintain(NOON + timedelta(days=2))
    assert len(desk.archive.fetches(feed, limit=1000)) == 100


def test_upkeep_joins_the_runs_of_a_large_index_and_finds_what_was_found(desk, monkeypatch):
    desk.subscribe(ONE)
    draw = random.Random(7)
    for number in range(14):
        words = " ".join(f"w{draw.randrange(10**9):x}" for _ in range(400))
        desk.bring(ONE, item(f"e{number}", text=f"{words} harbour number{number % 3}"))

    def found() -> list[list[str]]:
        queries = ("harbour", "number1", '"harbour number2"', "numb*", "harbour NOT number0")
        return [
            [one.id for one in desk.archive.search(parse(query), limit=50, now=LATER)]
            for query in queries
        ]

    def runs() -> int:
        with desk.archive._database.reading() as connection:
            if connection.dialect.name != "sqlite":
                return 0
            counted = "SELECT count(DISTINCT segid) FROM search_idx"
            return connection.exec_driver_sql(counted).scalar()

    before, several = found(), runs()
    assert [len(one) for one in before] == [14, 5, 4, 14, 9]
    assert desk.archive.maintain(LATER)
    assert runs() == several, "not worth it in a small archive"
    monkeypatch.setattr(upkeep, "_LARGE_INDEX", 0)
    assert desk.archive.maintain(LATER + timedelta(days=2))
    assert (runs() < several) == (desk.archive.dialect == "sqlite")
    assert found() == before
    desk.bring(ONE, item("late", text="harbour number1"), at=LATER)
    assert [len(one) for one in found()] == [15, 6, 4, 15, 10]
