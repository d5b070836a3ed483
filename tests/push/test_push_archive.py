"""What the archive keeps of hubs, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, Desk, _settled, item
from msgspec.structs import replace
from offers import bring

from aggregator.archive import Archive
from aggregator.model.batch import Batch, NextPoll
from aggregator.model.feed import Subscription
from aggregator.model.push import HubSeen, Offer, PushCounts
from aggregator.model.settings import HOUR, ArchiveSettings, NormalizeSettings
from aggregator.normalize import decide

ADDRESS = "https://me.example"
OFFER = Offer(hub="https://hub.example/", topic=ONE)
MINUTE = timedelta(minutes=1)


def due(archive: Archive, at=NOON, address: str = ADDRESS):
    with archive.pushes() as held:
        return held.due(at, address, limit=9)


def asked(archive: Archive, token: str = "token", at=NOON):
    """The subscription, asked for."""
    (one,) = due(archive, at)
    one = replace(one, token=one.token or token, secret=one.secret or b"secret")
    with archive.pushes(write=True) as held:
        return held.ask(one, ADDRESS, at + MINUTE)


def confirmed(archive: Archive, *, hours: float = 10):
    one = asked(archive)
    with archive.pushes(write=True) as held:
        held.confirm(one.feed, NOON + timedelta(hours=hours), NOON + timedelta(hours=7))
    return one


def counts(archive: Archive, at=NOON) -> PushCounts:
    with archive.pushes() as held:
        return held.counts(at)


def test_a_hub_is_asked_once_it_is_offered(archive):
    assert archive.feed(ONE).push is None
    bring(archive, OFFER)
    assert archive.feed(ONE).push.offer == OFFER
    (one,) = due(archive)
    assert (one.url, one.offer, one.token) == (ONE, OFFER, "")
    asked(archive)
    assert due(archive) == ()
    # Nothing came of it: it is asked again, with the same callback and secret.
    (again,) = due(archive, NOON + 2 * MINUTE)
    assert (again.token, again.secret, again.failures) == ("token", b"secret", 1)
    assert counts(archive) == PushCounts(offered=1, subscribed=0, proven=0)


def test_a_confirmed_subscription_is_renewed_in_time(archive):
    bring(archive, OFFER)
    confirmed(archive)
    assert counts(archive) == PushCounts(offered=1, subscribed=1, proven=0)
    assert due(archive, NOON + timedelta(hours=6)) == ()
    (renewed,) = due(archive, NOON + timedelta(hours=8))
    assert (renewed.token, renewed.failures) == ("token", 0)


def test_a_request_that_fails_is_made_again_when_it_is_said(archive):
    bring(archive, OFFER)
    one = asked(archive)
    with archive.pushes(write=True) as held:
        assert held.fail(one, "it answers 500", NOON + 5 * MINUTE)
    assert archive.feed(ONE).push.failure == "it answers 500"
    assert due(archive, NOON + 4 * MINUTE) == ()
    (again,) = due(archive, NOON + 5 * MINUTE)
    assert again.failures == 1


def test_a_request_that_fails_after_it_was_confirmed_changes_nothing(archive):
    bring(archive, OFFER)
    one = confirmed(archive)
    with archive.pushes(write=True) as held:
        assert not held.fail(one, "it answers 500", NOON + MINUTE)
    assert archive.feed(ONE).push.failure == ""
    assert due(archive, NOON + timedelta(hours=6)) == ()
    (renewed,) = due(archive, NOON + timedelta(hours=7))
    assert renewed.failures == 0
    # The renewal is a request of its own: that one may fail.
    one = asked(archive, at=NOON + timedelta(hours=7))
    with archive.pushes(write=True) as held:
        assert held.fail(one, "it answers 500", NOON + timedelta(hours=8))
    assert archive.feed(ONE).push.failure == "it answers 500"


def test_a_request_that_fails_after_it_was_denied_leaves_the_denial(archive):
    bring(archive, OFFER)
    one = asked(archive)
    with archive.pushes(write=True) as held:
        held.deny(one.feed, "it refuses", NOON + timedelta(days=1))
        assert not held.fail(one, "it answers 403", NOON + MINUTE)
    assert archive.feed(ONE).push.failure == "it refuses"
    assert due(archive, NOON + timedelta(hours=23)) == ()


def test_a_request_that_waited_is_not_made_where_an_earlier_one_was_confirmed(archive):
    bring(archive, OFFER)
    first = asked(archive)
    (waits,) = due(archive, NOON + 2 * MINUTE)
    with archive.pushes(write=True) as held:
        held.confirm(first.feed, NOON + timedelta(hours=10), NOON + timedelta(hours=7))
        assert held.ask(waits, ADDRESS, NOON + 12 * MINUTE) is None
    assert due(archive, NOON + timedelta(hours=6)) == ()
    assert counts(archive).subscribed == 1


def test_of_two_who_read_the_same_one_asks(archive):
    bring(archive, OFFER)
    (one,) = due(archive)
    one = replace(one, token="token")
    with archive.pushes(write=True) as held:
        assert held.ask(one, ADDRESS, NOON + MINUTE)
        assert held.ask(replace(one, token="other"), ADDRESS, NOON + 2 * MINUTE) is None
        assert held.find("other") is None


@pytest.mark.parametrize(
    "other", [replace(OFFER, hub="https://b.example/"), replace(OFFER, topic=TWO)]
)
def test_what_was_for_one_hub_is_not_noted_for_the_next(archive, other):
    bring(archive, OFFER)
    (waits,) = due(archive)
    one = asked(archive)
    bring(archive, other)
    with archive.pushes(write=True) as held:
        assert not held.fail(one, "it answers 500", NOON + MINUTE)
        assert held.ask(replace(waits, token="token"), ADDRESS, NOON + MINUTE) is None
        assert held.find("token") is None
    assert len(due(archive)) == 1


def test_another_address_of_ours_is_another_callback(archive):
    bring(archive, OFFER)
    confirmed(archive)
    (one,) = due(archive, address="https://other.example")
    assert (one.token, one.secret) == ("", b"")


@pytest.mark.parametrize(
    "other", [replace(OFFER, hub="https://b.example/"), replace(OFFER, topic=TWO)]
)
def test_another_hub_is_asked_anew(archive, other):
    bring(archive, OFFER)
    confirmed(archive)
    bring(archive, OFFER)
    assert counts(archive).subscribed == 1
    bring(archive, other)
    (one,) = due(archive)
    assert (one.offer, one.token) == (other, "")
    bring(archive, None)
    assert archive.feed(ONE).push is None


def test_a_message_makes_the_feed_due(archive):
    bring(archive, OFFER)
    one = confirmed(archive)
    assert archive.feed(ONE).next_due > NOON
    with archive.pushes(write=True) as held:
        held.tell(one.feed, NOON + MINUTE)
    feed = archive.feed(ONE)
    assert (feed.next_due, feed.push.told, feed.push.messages) == (NOON + MINUTE, NOON + MINUTE, 1)
    assert feed.push.works(NOON + MINUTE)
    assert not feed.push.works(NOON + timedelta(hours=11))


def test_a_message_does_not_break_what_the_server_asked_for(archive):
    """Due it is, but no earlier than the server allows: nobody is told that it is due now."""
    bring(archive, OFFER)
    one, until = confirmed(archive), NOON + 2 * MINUTE
    feed = archive.feed(ONE)
    with archive.courtesy(write=True) as courtesy:
        courtesy.postpone(feed, until, until)
    with archive.pushes(write=True) as held:
        held.tell(one.feed, NOON + MINUTE)
        assert held.claim(one.feed, NOON + MINUTE, "a", MINUTE) is None
    assert archive.feed(ONE).next_due == until


@pytest.mark.parametrize(
    ("minutes", "stays"),
    [(-1, False), (1, True), (61, False), (365 * 24 * 60, False)],
    ids=["before", "meanwhile", "by a clock that was ahead", "by one that was a year ahead"],
)
def test_a_poll_under_way_does_not_undo_a_message(archive, minutes, stays):
    """What the hub told of after the feed was asked is not in what the poll brought."""
    bring(archive, OFFER)
    one, told = confirmed(archive), NOON + minutes * MINUTE
    with archive.pushes(write=True) as held:
        held.tell(one.feed, told)
    bring(archive, OFFER)
    assert (archive.feed(ONE).next_due == told) is stays


def test_one_holder_at_a_time(archive):
    bring(archive, OFFER)
    key = archive.feed(ONE).key
    hour = timedelta(hours=1)
    with archive.pushes(write=True) as held:
        assert held.claim(key, NOON, "a", hour).url == ONE
        assert held.claim(key, NOON, "b", hour) is None
    archive.release("a")
    with archive.pushes(write=True) as held:
        assert held.claim(key, NOON, "b", hour).url == ONE


@pytest.mark.parametrize("line", [{"paused": True}, None])
def test_who_is_not_asked_for_is_not_asked(archive, line):
    bring(archive, OFFER)
    confirmed(archive)
    lines = [Subscription(url=TWO)] + ([Subscription(url=ONE, **line)] if line else [])
    archive.attach(lines, now=NOON)
    assert due(archive, NOON + timedelta(hours=8)) == ()
    key = archive.feed(ONE).key
    with archive.pushes(write=True) as held:
        assert held.claim(key, NOON, "a", timedelta(hours=1)) is None
        # Messages to a feed that is gone end at a 410; a paused one may go on.
        assert (held.find("token") is None) == (line is None)


def test_a_silent_hub_is_rested_on_no_more(archive):
    bring(archive, OFFER)
    one = confirmed(archive)
    with archive.pushes(write=True) as held:
        held.tell(one.feed, NOON)
    bring(archive, OFFER, silent=True)
    push = archive.feed(ONE).push
    assert (push.proven, "did not tell" in push.failure) == (False, True)
    # The next message proves it again.
    with archive.pushes(write=True) as held:
        held.tell(one.feed, NOON)
    assert archive.feed(ONE).push.proven


def test_what_was_not_renewed_is_polled_again(archive):
    bring(archive, OFFER)
    one = confirmed(archive, hours=2)
    with archive.pushes(write=True) as held:
        held.tell(one.feed, NOON)
    far = NOON + timedelta(hours=24)
    with archive.pushes() as held:
        assert not held.over(NOON)
        assert held.over(NOON + timedelta(hours=3))
    bring_due(archive, far)
    with archive.pushes(write=True) as held:
        held.lapse(NOON + timedelta(hours=3), HOUR)
    feed = archive.feed(ONE)
    assert feed.next_due == NOON + timedelta(hours=3)
    assert not feed.push.proven


def test_after_a_rest_of_ours_hubs_are_not_relied_on(archive):
    bring(archive, OFFER)
    one = confirmed(archive)
    with archive.pushes(write=True) as held:
        held.tell(one.feed, NOON)
    bring_due(archive, NOON + timedelta(hours=24))
    with archive.pushes(write=True) as held:
        held.doubt(NOON + MINUTE, HOUR)
    # Never sooner than the interval after the last poll.
    assert archive.feed(ONE).next_due == NOON + timedelta(hours=1)
    with archive.pushes(write=True) as held:
        held.doubt(NOON + 5 * MINUTE, HOUR)
    assert archive.feed(ONE).next_due == NOON + timedelta(hours=1)


def bring_due(archive: Archive, at) -> None:
    """One more document, after which the feed is due then."""
    desk = Desk(archive, ArchiveSettings())
    fetched = desk.fetched(ONE, item("a"))
    with archive.batch() as write:
        known = write.known([fetched])
        (decision,) = decide([fetched], known, now=NOON, settings=NormalizeSettings())
        settled = _settled(decision, poll=NextPoll(due=at, reason="far"))
        write.store(Batch(at=NOON, settled=(replace(settled, hub=HubSeen(offer=OFFER)),), hits=()))


def test_a_refusal_ends_it_for_a_while(archive):
    bring(archive, OFFER)
    one = confirmed(archive)
    with archive.pushes(write=True) as held:
        held.tell(one.feed, NOON)
        held.deny(one.feed, "it refuses", NOON + timedelta(days=1))
    push = archive.feed(ONE).push
    assert (push.until, push.proven, push.failure) == (None, False, "it refuses")
    assert due(archive, NOON + timedelta(hours=20)) == ()
    assert len(due(archive, NOON + timedelta(hours=25))) == 1
