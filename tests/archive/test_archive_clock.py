"""Times that were stored while the machine's clock was ahead: none holds anything up for long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archivedesk import NOON, Desk
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.hub.patience import wait_after
from aggregator.model.batch import Batch
from aggregator.model.feed import Postponed
from aggregator.model.hub import Attempt, Subscriber
from aggregator.model.topic import Topic

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEAR = 365 * DAY
PATH = "topics/all.atom"
READER = Subscriber(
    path=PATH, callback="https://reader.example/", host="reader.example", until=NOON, settled=b"old"
)


@pytest.mark.parametrize(("wait", "holds"), [(HOUR, True), (30 * DAY, True), (32 * DAY, False)])
def test_a_host_is_left_alone_for_a_month_at_most(archive, wait, holds):
    away = Postponed(host="one.example", until=NOON + wait)
    with archive.batch() as write:
        write.store(Batch(at=NOON, settled=(), hits=(), away=(away,)))
    with archive.courtesy() as courtesy:
        assert courtesy.away(NOON) == ((away,) if holds else ())


@pytest.fixture
def published(archive: Archive, desk: Desk) -> Archive:
    """With a document of which a subscriber has an older version."""
    desk.topics(Topic(slug="all", title="All", query="*"))
    archive.published.mark("all", 1, {PATH: b"new"})
    return archive


@pytest.mark.parametrize(
    ("wait", "tried"),
    [(10 * MINUTE, False), (DAY, False), (DAY + 2 * HOUR, True), (YEAR, True)],
    ids=str,
)
def test_a_delivery_that_failed_is_tried_again_within_a_day(published, wait, tried):
    assert wait_after(99, asked=YEAR.total_seconds()) == DAY, "the longest that is stored"
    failed = Attempt(path=PATH, callback=READER.callback, failures=1, next_try=NOON + wait)
    with published.subscribers(write=True) as held:
        held.keep(replace(READER, until=NOON + 10 * DAY))
        held.record([failed])
        assert len(held.due(NOON)) == tried


@pytest.mark.parametrize(
    ("lease", "left"),
    [(10 * DAY, 10 * DAY), (30 * DAY, 30 * DAY), (40 * DAY, 30 * DAY), (YEAR, 30 * DAY)],
    ids=str,
)
def test_a_subscriber_is_served_no_longer_than_can_have_been_agreed(published, lease, left):
    with published.subscribers(write=True) as held:
        held.keep(replace(READER, until=NOON + lease))
        assert held.lapse(NOON, 30 * DAY) == ()
        assert held.find(PATH, READER.callback).until == NOON + left
