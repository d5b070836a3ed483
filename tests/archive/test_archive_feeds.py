"""Subscriptions, what is due, and who has claimed it."""

from datetime import timedelta
from threading import Thread

import pytest
from archivedesk import NOON, ONE, TWO, item

from aggregator.model.batch import NextPoll
from aggregator.model.errors import FetchError, RefusedURL
from aggregator.model.feed import FailureKind, FeedState, Subscription

DAY = 86400.0


def claim(desk, now=NOON, *, holder="me", limit=10, lease=60.0, **given):
    given.setdefault("max_interval", DAY)
    feeds = desk.archive.claim_due(
        now=now, limit=limit, holder=holder, lease_seconds=lease, **given
    )
    return [feed.url for feed in feeds]


def settle(desk, due, *, retry_after=None, url=ONE):
    """A fetch of the feed that makes it due then."""
    poll = NextPoll(due=due, reason="a test", retry_after=retry_after)
    fetched = [desk.fetched(url, item("a", feed=url))]
    desk.write(fetched, poll=poll)


def test_a_new_subscription_is_due_at_once(desk):
    assert desk.archive.is_due(NOON, max_interval=DAY)
    assert claim(desk) == [ONE]
    assert desk.archive.feed(ONE).state is FeedState.NEW


def test_what_a_person_asks_for_is_followed(desk):
    def asked(url, **given):
        desk.archive.attach([Subscription(url=url, **given)], now=NOON)
        feed = desk.archive.feed(url)
        return feed.interval, feed.full_text

    for url in (ONE, TWO):
        assert asked(url, interval=900, full_text=True) == (900, True)
        assert asked(url) == (None, False)


def test_a_claim_is_not_given_twice_until_it_is_released(desk):
    assert claim(desk) == [ONE]
    assert claim(desk, holder="other") == []
    desk.archive.release("other")
    assert claim(desk, holder="other") == []
    desk.archive.release("me")
    assert claim(desk, holder="other") == [ONE]


def test_claims_of_the_dead_are_freed(desk):
    claim(desk)
    desk.archive.free_dead_claims()
    assert claim(desk, holder="other") == [ONE]


def test_a_lease_ends(desk, monkeypatch):
    monkeypatch.setattr("aggregator.archive.archive.clock", lambda: NOON)
    claim(desk, lease=60)
    assert claim(desk, NOON + timedelta(seconds=59), holder="other") == []
    assert claim(desk, NOON + timedelta(seconds=61), holder="other") == [ONE]


def test_a_claim_brings_the_listing_and_a_write_gives_it_back(desk):
    desk.bring(ONE, item("a"), item("b"))
    (feed,) = desk.archive.claim_due(
        now=NOON + timedelta(hours=2), limit=1, holder="me", lease_seconds=60, max_interval=DAY
    )
    assert len(feed.listing) == 2
    desk.bring(ONE, item("a"), at=NOON + timedelta(hours=2))
    assert claim(desk, NOON + timedelta(hours=4)) == [ONE]


def test_claims_of_many_holders_are_disjoint(desk):
    urls = [f"https://{number}.example/feed" for number in range(40)]
    desk.subscribe(*urls)
    taken: dict[str, list[str]] = {}

    def work(holder: str) -> None:
        while got := claim(desk, holder=holder, limit=3):
            taken.setdefault(holder, []).extend(got)

    threads = [Thread(target=work, args=(f"holder {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(url for urls in taken.values() for url in urls) == sorted(urls)


def test_longest_due_comes_first(desk):
    desk.subscribe(ONE, TWO)
    settle(desk, NOON + timedelta(hours=2))
    settle(desk, NOON + timedelta(hours=1), url=TWO)
    assert desk.archive.next_due() == NOON + timedelta(hours=1)
    assert claim(desk, NOON + timedelta(hours=3), limit=1) == [TWO]


@pytest.mark.parametrize(
    ("due", "retry_after", "interval", "now", "claimed"),
    [
        (1, None, None, 0, False),
        (1, None, None, 1, True),
        # A little beyond the longest interval is the spread that cadence adds.
        (26, None, None, 0, False),
        # Beyond that, the clock was set back.
        (27, None, None, 0, True),
        # … but for a feed that a person polls once a fortnight,
        (24 * 15, None, 24 * 14, 0, False),
        (24 * 16, None, 24 * 14, 0, True),
        # … and where the server asked for so long a wait.
        (24 * 10, 24 * 10, None, 0, False),
        (24 * 10, 24 * 10, None, 24 * 10, True),
        # … which none does for more than a month: the clock again.
        (24 * 30, 24 * 30, None, 0, False),
        (24 * 32, 24 * 32, None, 0, True),
        (1, 2, None, 1, False),
    ],
)
def test_when_a_feed_is_due(desk, due, retry_after, interval, now, claimed):
    hour = timedelta(hours=1)
    if interval:
        desk.archive.attach([Subscription(url=ONE, interval=interval * 3600)], now=NOON)
    settle(desk, NOON + due * hour, retry_after=retry_after and NOON + retry_after * hour)
    assert desk.archive.is_due(NOON + now * hour, max_interval=DAY) is claimed
    found = desk.archive.due(NOON + now * hour, everything=False, max_interval=DAY)
    assert [feed.url for feed in found] == ([ONE] if claimed else [])
    assert claim(desk, NOON + now * hour) == ([ONE] if claimed else [])


def test_everything_ignores_due_times_once_a_round(desk):
    settle(desk, NOON + timedelta(hours=5))
    desk.subscribe(ONE, TWO)
    # The clock was set back: that the last fetch is to come takes no feed out of the round.
    earlier = NOON - timedelta(days=1)
    assert claim(desk, earlier, everything=True, limit=1) == [ONE]
    desk.bring(ONE, item("a"), at=earlier)
    assert claim(desk, earlier, everything=True, after=desk.archive.feed(ONE).key) == [TWO]


@pytest.mark.parametrize("why", ["retry-after", "stopped", "paused", "unsubscribed"])
def test_everything_leaves_alone_who_asked_for_it(desk, why):
    later = NOON + timedelta(minutes=1)
    if why == "retry-after":
        settle(desk, NOON, retry_after=NOON + timedelta(hours=1))
    elif why == "stopped":
        desk.fail(ONE, FetchError("gone", url=ONE, kind=FailureKind.HTTP, status=410))
    elif why == "paused":
        desk.archive.attach([Subscription(url=ONE, paused=True)], now=NOON)
    else:
        desk.subscribe()
    assert claim(desk, later, everything=True) == []
    assert not desk.archive.is_due(later, max_interval=DAY)


def test_a_feed_that_comes_back_is_the_same_and_brings_no_flood(desk):
    desk.bring(ONE, item("a"))
    assert desk.subscribe().removed == (ONE,)
    attached = desk.subscribe("http://www.one.example/feed/", now=NOON + timedelta(days=9))
    assert (attached.added, attached.returned) == ((), ("http://www.one.example/feed/",))
    assert desk.bring("http://one.example/feed", item("a")).new == 0
    (feed,) = desk.archive.feeds()
    assert (feed.url, feed.fetch_url) == ("http://www.one.example/feed/",) * 2
    assert feed.subscribed


def test_a_feed_that_is_asked_for_again_after_it_was_gone_is_tried_again(desk):
    desk.fail(ONE, FetchError("gone", url=ONE, kind=FailureKind.HTTP, status=410))
    desk.subscribe()
    desk.subscribe(ONE)
    assert desk.archive.feed(ONE).state is FeedState.FAILING
    assert claim(desk) == [ONE]


@pytest.mark.parametrize(
    ("interval", "due"),
    [(None, 24), (3600 * 30, 24), (3600 * 2, 2), (600, 1 / 6)],
)
def test_an_interval_counts_from_the_last_fetch(desk, interval, due):
    settle(desk, NOON + timedelta(hours=24))
    desk.archive.attach([Subscription(url=ONE, interval=interval)], now=NOON)
    assert desk.archive.feed(ONE).next_due == NOON + timedelta(hours=due)


@pytest.mark.parametrize(
    ("error", "due"),
    [
        (RefusedURL("no", url=ONE), True),
        (FetchError("no", url=ONE, kind=FailureKind.FILE), True),
        (FetchError("no", url=ONE, kind=FailureKind.DNS), False),
    ],
)
def test_what_the_settings_may_have_mended_is_tried_again(desk, error, due):
    desk.fail(ONE, error)
    assert claim(desk) == []
    desk.subscribe(ONE)
    assert claim(desk) == ([ONE] if due else [])


def test_attaching_follows_what_a_person_edits(desk):
    desk.bring(ONE, item("a"))
    line = Subscription(
        url=ONE, title="Mine", folders=("Sport", "Fútbol"), interval=600, paused=True
    )
    attached = desk.archive.attach([line], now=NOON)
    assert (attached.added, attached.removed, attached.returned) == ((), (), ())
    feed = desk.archive.feed(ONE)
    assert (feed.title, feed.folders, feed.interval) == ("Mine", ("Sport", "Fútbol"), 600)
    assert feed.state is FeedState.PAUSED
    assert feed.published_title == "A feed"
    desk.subscribe(ONE)
    assert desk.archive.feed(ONE).title == "A feed"


def test_one_canonical_address_is_one_feed(desk):
    desk.subscribe(ONE, "http://www.one.example/feed/", TWO)
    assert [feed.url for feed in desk.archive.feeds()] == [ONE, TWO]


def test_attaching_again_changes_nothing(desk):
    before = desk.archive.feeds()
    desk.subscribe(ONE, now=NOON + timedelta(days=1))
    assert desk.archive.feeds() == before


def test_feeds_nobody_asked_for_are_unknown(desk):
    assert desk.archive.feed("https://nowhere.example/feed") is None
