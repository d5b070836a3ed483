"""What the daemon's log says of a round."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
import structlog
from promises import TIME
from structlog.testing import capture_logs

from aggregator.daemon import configure_logs
from aggregator.daemon.reporting import report_round, report_standing, welcome
from aggregator.model.batch import Address
from aggregator.model.errors import FetchError
from aggregator.model.feed import Failure, FailureKind, Feed, FeedIdentity, FeedKey
from aggregator.model.settings import LogSettings, PublishSettings, ServerSettings, Settings
from aggregator.model.time import now
from aggregator.rounds import Round

OLD, NEW = "http://ann:pw@old.example/f", "http://ann:pw@new.example/f"


@pytest.fixture
def logging_to(capsys):
    """Sets the format; gives what was logged since."""
    root = logging.getLogger()
    before = root.handlers[:]

    def configured(form: str):
        configure_logs(LogSettings(format=form))
        return lambda: capsys.readouterr().err

    yield configured
    root.handlers[:] = before
    structlog.reset_defaults()


@pytest.mark.parametrize("days", [0, 3])
def test_the_next_try_is_told_with_its_day_wherever_that_says_something(logging_to, days):
    due = now().replace(microsecond=0) + timedelta(days=days)
    failure = Failure(kind=FailureKind.HTTP, message="no", since=due, count=1)
    feed = Feed(
        key=FeedKey(1), identity=FeedIdentity("x"), url=OLD, fetch_url=OLD, next_due=due,
        failure=failure,
    )  # fmt: skip
    logged = logging_to("json")
    report_standing([feed])
    told = json.loads(logged())["next_try"]
    assert TIME.fullmatch(told)
    assert told.startswith(due.strftime("%Y-%m-%dT%H:%M:%S"))
    logged = logging_to("text")
    report_standing([feed])
    here = due.astimezone()
    wanted = here.strftime("%Y-%m-%d %H:%M" if days else "%H:%M")
    offset = f"{here:%z}"[:3] + ":" + f"{here:%z}"[3:]
    assert f"next_try={wanted}{offset}" in logged().replace("'", "")


def test_moves_and_pauses_are_told():
    feed = Feed(key=FeedKey(1), identity=FeedIdentity("x"), url=OLD, fetch_url=OLD)
    done = Round(
        moved=[
            (feed, Address(fetch_url=OLD, moved_to=NEW, moved_count=1)),
            (feed, Address(fetch_url=NEW)),
        ],
        postponed=[feed, feed],
        left_alone=["old.example"],
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


def test_a_failure_is_told_once_and_the_end_of_a_feed_that_failed_before_too():
    failing = Failure(kind=FailureKind.HTTP, message="m", since=now(), count=3)
    feed = Feed(key=FeedKey(1), identity=FeedIdentity("x"), url=OLD, fetch_url=OLD, failure=failing)
    told = []
    for status in (404, 410):
        error = FetchError(f"it answers {status}", url=OLD, kind=FailureKind.HTTP, status=status)
        with capture_logs() as logs:
            report_round(Round(failures=[(feed, error)]), next_due=None)
        told += [one["why"] for one in logs]
    assert told == ["it answers 410"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_address_of_a_private_topic_is_logged(logging_to, form):
    token = "0123456789abcdef" * 2
    why = f"/srv/public/private/{token}/4.atom: cannot publish: no room; see private/{token}.atom"
    logged = logging_to(form)
    structlog.get_logger().error(f"not published: private/{token}.rss", why=why)
    told = logged()
    assert token not in told
    assert "/srv/public/private/…/4.atom: cannot publish" in told
    assert "see private/….atom" in told


@pytest.mark.parametrize(
    ("host", "base_url", "told"),
    [
        ("0.0.0.0", "", 1),
        ("0.0.0.0", "https://news.example", 0),
        ("127.0.0.1", "", 0),
        ("192.0.2.7", "", 0),
    ],
)
def test_who_serves_others_is_told_that_links_lead_to_their_own_machines(host, base_url, told):
    settings = Settings(
        server=ServerSettings(host=host), publish=PublishSettings(base_url=base_url)
    )
    with capture_logs() as logs:
        welcome("http://127.0.0.1:8080", settings)
    assert len(logs) == told
    assert all("publish.base_url" in one["hint"] for one in logs)
