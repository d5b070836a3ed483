"""How long entries took to arrive: what counts, and what it comes to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, Desk, item

from aggregator.model.delay import Delay, delay_of

HOUR = timedelta(hours=1)


def dated(name: str, hours: float, **given):
    return item(name, published=NOON + timedelta(hours=hours), **given)


def test_the_time_from_date_to_arrival_by_feed(archive, settings):
    desk = Desk(archive, settings)
    desk.subscribe(ONE, TWO)
    # There before the feed was collected: no delay of ours.
    old = dated("old", -1)
    desk.bring(ONE, old, at=NOON)
    desk.bring(TWO, dated("two", -1, feed=TWO, url=None), at=NOON)
    undated = item("undated", published=None)
    desk.bring(ONE, dated("new", 1), dated("ahead", 9), undated, old, at=NOON + 3 * HOUR)
    # A correction is no arrival.
    desk.bring(ONE, dated("new", 1, title="Other"), old, at=NOON + 5 * HOUR)
    one = archive.feed(ONE)
    found = archive.delays(since=NOON)
    assert sorted(found[one.key]) == [0.0, 7200.0]
    assert set(found) == {one.key}
    assert archive.delays(since=NOON, feed=one) == found
    assert archive.delays(since=NOON, feed=archive.feed(TWO)) == {}
    assert archive.delays(since=NOON + 4 * HOUR) == {}


@pytest.mark.parametrize(
    ("seconds", "delay"),
    [
        ([], None),
        ([5.0], Delay(entries=1, median=5.0, p95=5.0)),
        ([3.0, 1.0, 2.0, 4.0], Delay(entries=4, median=2.0, p95=4.0)),
        (range(1, 101), Delay(entries=100, median=50, p95=95)),
    ],
)
def test_quantiles_are_values_that_were_there(seconds, delay):
    assert delay_of(seconds) == delay
