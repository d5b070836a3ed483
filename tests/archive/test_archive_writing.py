"""What a write keeps: entries, revisions, stories, sightings, and the feed's own state."""

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, answer, item

from aggregator.model.batch import Address, NextPoll
from aggregator.model.errors import FetchError, NotAFeed
from aggregator.model.feed import FailureKind, FeedState, Validators

LATER = NOON + timedelta(hours=2)


def test_an_entry_is_kept_as_it_came(desk):
    counts = desk.bring(ONE, item("a", authors=("Ana",), categories=("Soccer",)))
    assert (counts.feeds, counts.new, counts.new_stories) == (1, 1, 1)
    record = desk.archive.entry(item("a").id)
    assert record.title == "Title of a"
    assert record.authors == ("Ana",)
    assert record.categories == ("Soccer",)
    assert record.feed == ONE
    assert record.feed_title == "A feed"
    assert record.published == NOON
    assert record.first_seen == NOON
    assert record.revisions == 1
    assert record.lead


def test_the_same_batch_again_changes_nothing(desk):
    desk.bring(ONE, item("a"), item("b"))
    before = list(desk.archive.export())
    counts = desk.bring(ONE, item("a"), item("b"), at=LATER)
    assert (counts.new, counts.revised, counts.new_stories) == (0, 0, 0)
    assert list(desk.archive.export()) == before


def test_a_change_is_a_revision_and_the_state_before_stays(desk):
    desk.bring(ONE, item("a", title="Torres signs"))
    counts = desk.bring(ONE, item("a", title="Torres resigns"), at=LATER)
    assert counts.revised == 1
    first, second = desk.archive.history(item("a").id)
    assert (first.title, second.title) == ("Torres signs", "Torres resigns")
    assert second.changed == ("title",)
    assert second.seen == LATER
    assert first.original == {"title": "as it came"}
    assert desk.archive.entry(item("a").id).revisions == 2


def test_a_copy_in_another_feed_is_a_sighting_of_one_story(desk):
    desk.subscribe(ONE, TWO)
    desk.bring(ONE, item("a", text="The same text"))
    copied = item(
        "z", feed=TWO, title="Title of a", text="The same text", url="https://two.example/z"
    )
    counts = desk.bring(TWO, copied, at=LATER)
    assert (counts.new, counts.new_stories) == (1, 0)
    first = desk.archive.entry(item("a").id)
    sightings = desk.archive.sightings(first.story)
    assert [(one.feed, one.how) for one in sightings] == [(ONE, "first"), (TWO, "text")]
    assert not desk.archive.entry(copied.id).lead


def test_two_copies_in_one_batch_make_one_story(desk):
    desk.subscribe(ONE, TWO)
    copied = item("z", feed=TWO, title="Title of a", text="Same", url="https://two.example/z")
    both = [desk.fetched(ONE, item("a", text="Same")), desk.fetched(TWO, copied)]
    assert desk.write(both).new_stories == 1
    assert desk.archive.entry(copied.id).story == desk.archive.entry(item("a").id).story


def test_what_vanished_is_marked_and_what_returns_is_not(desk):
    for hours, items in enumerate((("c", "b", "a"), ("c", "a"), ("c", "a"))):
        desk.bring(ONE, *map(item, items), at=NOON + timedelta(hours=hours))
    assert desk.archive.entry(item("b").id).vanished == NOON + timedelta(hours=2)
    desk.bring(ONE, item("c"), item("b"), item("a"), at=NOON + timedelta(hours=3))
    assert desk.archive.entry(item("b").id).vanished is None


def test_an_item_at_the_same_page_under_another_guid_is_the_same_entry(desk):
    desk.bring(ONE, item("a"))
    moved = item("a2", title="Title of a", text="Some words about a.", url="https://one.example/a")
    counts = desk.bring(ONE, moved, at=LATER)
    assert (counts.new, counts.revised) == (0, 0)
    assert len(list(desk.archive.export())) == 1


def test_an_identity_that_was_given_up_may_come_again(desk):
    """The entry moved on to another guid; its first guid comes back at another page."""
    desk.bring(ONE, item("a"))
    desk.bring(
        ONE, item("a2", title="Title of a", text="Some words about a.", url="https://one.example/a")
    )
    desk.bring(ONE, item("a", url="https://one.example/elsewhere"), at=LATER)
    assert len(list(desk.archive.export())) == 1


def test_names_longer_than_any_index_takes(desk):
    long = "https://one.example/" + "x" * 9000
    desk.bring(ONE, item(long, url=long))
    counts = desk.bring(ONE, item(long, url=long), at=LATER)
    assert (counts.new, counts.revised) == (0, 0)
    other = item(long + "y", url=long + "y")
    assert desk.bring(ONE, other, item(long, url=long), at=LATER).new == 1
    assert desk.archive.entry(other.id).url == long + "y"


@pytest.mark.parametrize("text", ["nul \0 inside", "half a pair \ud800 inside", "x" * 1_000_000])
def test_texts_no_database_expects(desk, text):
    strange = item("a", title=text[:50], text=text, authors=(text[:20],), guid=text[:30])
    assert desk.bring(ONE, strange).new == 1
    assert desk.bring(ONE, strange, at=LATER).revised == 0
    changed = item("a", title="x", text=text + "y")
    assert desk.bring(ONE, changed, at=LATER).revised == 1
    assert len(desk.archive.entry(changed.id).text) == len(text) + 1


def test_a_failed_write_leaves_nothing(desk):
    with pytest.raises(ZeroDivisionError), desk.archive.batch() as write:
        fetched = [desk.fetched(ONE, item("a"))]
        write.known(fetched)
        raise ZeroDivisionError
    assert desk.archive.stats().entries == 0
    assert desk.bring(ONE, item("a")).new == 1


def test_a_success_sets_the_feeds_state(desk):
    desk.bring(ONE, item("a"), response=answer(ONE, NOON, ETag='W/"é\udcff"'))
    feed = desk.archive.feed(ONE)
    assert feed.state is FeedState.OK
    assert feed.last_success == NOON
    assert feed.validators == Validators(url=ONE, etag='W/"é\udcff"')
    assert feed.next_due == NOON + timedelta(hours=1)
    assert feed.due_reason == "hourly"
    assert feed.entries == 1
    assert [one.item_hash for one in feed.listing] == [item("a").item_hash]


def test_validators_are_those_of_the_latest_response(desk):
    desk.bring(ONE, item("a"), response=answer(ONE, NOON, ETag='"1"', Last_Modified="Mon"))
    desk.bring(ONE, response=answer(ONE, LATER, b"", 304, ETag='"2"'), document=None)
    assert desk.archive.feed(ONE).validators == Validators(url=ONE, etag='"2"', last_modified="Mon")
    desk.bring(ONE, response=answer(ONE, LATER, b"same"), document=None)
    assert desk.archive.feed(ONE).validators is None


def test_a_failure_lasts_until_the_next_success(desk):
    gone = FetchError("no answer", url=ONE, kind=FailureKind.CONNECT)
    desk.fail(ONE, gone)
    counts = desk.fail(ONE, NotAFeed("this is a web page", url=ONE), at=LATER)
    assert counts.failed == 1
    feed = desk.archive.feed(ONE)
    assert feed.state is FeedState.FAILING
    assert (feed.failure.kind, feed.failure.count, feed.failure.since) == ("not-a-feed", 2, NOON)
    desk.bring(ONE, item("a"), at=LATER)
    assert desk.archive.feed(ONE).failure is None


def test_a_feed_that_is_gone_stops_and_keeps_its_failure(desk):
    desk.fail(ONE, FetchError("gone", url=ONE, kind=FailureKind.HTTP, status=410))
    feed = desk.archive.feed(ONE)
    assert feed.state is FeedState.STOPPED
    assert feed.failure.message == "gone"


def test_an_address_that_a_feed_ever_had_leads_to_it(desk):
    moved = Address(fetch_url="https://new.example/feed", moved_to=None, moved_count=0)
    fetched = [desk.fetched(ONE, item("a"))]
    desk.write(fetched, address=moved)
    assert desk.archive.feed("http://www.new.example/feed/").url == ONE
    assert desk.archive.feed(ONE).fetch_url == "https://new.example/feed"


def test_the_fetch_log(desk):
    desk.bring(ONE, item("a"), item("b"))
    desk.bring(ONE, response=answer(ONE, LATER, b"", 304), document=None, at=LATER)
    desk.fail(ONE, NotAFeed("a web page", url=ONE), at=LATER)
    log = desk.archive.fetches(desk.archive.feed(ONE))
    assert [one.outcome for one in log] == ["failed", "unchanged", "changed"]
    assert (log[2].new, log[2].status, log[1].status) == (2, 200, 304)


def test_cadence_is_remembered(desk):
    poll = NextPoll(due=LATER, reason="asked", retry_after=LATER, rhythm={"interval": 1.5})
    fetched = [desk.fetched(ONE, item("a"))]
    desk.write(fetched, poll=poll)
    feed = desk.archive.feed(ONE)
    assert (feed.rhythm, feed.retry_after, feed.due_reason) == ({"interval": 1.5}, LATER, "asked")
