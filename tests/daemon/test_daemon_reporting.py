"""What the daemon's log says of a round."""

from __future__ import annotations

from structlog.testing import capture_logs

from aggregator.daemon.reporting import report_round
from aggregator.model.batch import Address
from aggregator.model.feed import Feed, FeedIdentity, FeedKey
from aggregator.rounds import Round

OLD, NEW = "http://ann:pw@old.example/f", "http://ann:pw@new.example/f"


def test_moves_and_pauses_are_told():
    feed = Feed(key=FeedKey(1), identity=FeedIdentity("x"), url=OLD, fetch_url=OLD)
    done = Round(
        moved=[
            (feed, Address(fetch_url=OLD, moved_to=NEW, moved_count=1)),
            (feed, Address(fetch_url=NEW)),
        ],
        postponed=[feed, feed],
    )
    with capture_logs() as told:
        report_round(done, next_due=None)
    assert [(one["log_level"], one["event"]) for one in told] == [
        ("info", "feed says it has moved"),
        ("warning", "feed has moved, and is fetched there"),
        ("warning", "host asks to be left alone; its feeds wait"),
    ]
    assert [one["to"] for one in told[:2]] == ["http://new.example/f"] * 2
    assert told[2]["host"] == "old.example"
    assert "feeds check --fix" in told[1]["hint"]
