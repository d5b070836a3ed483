"""What keeps us welcome, kept over restarts: hosts left alone, validators by address, the bill."""

from __future__ import annotations

from datetime import timedelta

from archivedesk import NOON, ONE, TWO, answer, item

from aggregator.archive import open_archive
from aggregator.model.batch import Batch
from aggregator.model.errors import FetchError, NotAFeed
from aggregator.model.feed import FailureKind, Postponed, Validators

HOUR = timedelta(hours=1)
AWAY = Postponed(host="one.example", until=NOON + 2 * HOUR)


def test_a_host_that_asked_to_be_left_alone_is_so_over_a_restart(archive, settings, desk):
    for away in (Postponed(host="one.example", until=NOON + HOUR), AWAY):
        with archive.batch() as write:
            write.store(Batch(at=NOON, settled=(), hits=(), away=(away,)))
    archive.close()
    with open_archive(settings) as again, again.courtesy() as courtesy:
        assert courtesy.away(NOON) == (AWAY,)
        assert courtesy.away(NOON + 3 * HOUR) == ()


def test_a_feed_that_was_not_asked_waits_and_is_free(archive, desk):
    claimed = archive.claim_due(
        now=NOON, limit=9, holder="me", lease_seconds=60, max_interval=86400
    )
    with archive.courtesy(write=True) as courtesy:
        courtesy.postpone(claimed[0], AWAY.until, AWAY.until + HOUR)
    feed = archive.feed(ONE)
    assert (feed.retry_after, feed.next_due) == (AWAY.until, AWAY.until + HOUR)
    assert (feed.failure, feed.last_fetch) == (None, None)
    for everything, later, due in ((True, 0, 0), (True, 2, 1), (False, 2, 0), (False, 3, 1)):
        at = NOON + later * HOUR
        found = archive.due(at, everything=everything, max_interval=10 * 86400)
        assert len(found) == due, (everything, later)


def test_after_a_long_stop_feeds_come_one_after_another(archive, desk):
    urls = [f"https://{n}.example/" for n in range(1200)]
    desk.subscribe(*urls)
    new = archive.feed(ONE)
    assert new is None or not new.subscribed
    for url in (urls[0], urls[7]):
        desk.bring(url, item("a", feed=url), at=NOON)
    later = NOON + 99 * HOUR
    with archive.courtesy(write=True) as courtesy:
        assert courtesy.return_slowly(later) == 2
    due = {feed.url: feed.next_due for feed in archive.feeds()}
    assert [due[urls[0]] - later, due[urls[7]] - later] == [timedelta(0), timedelta(seconds=1)]
    # What was never asked, and what is hardly late, comes when it is due.
    assert due[urls[1]] == NOON
    with archive.courtesy(write=True) as courtesy:
        assert courtesy.return_slowly(later + HOUR / 2) == 0


def test_validators_are_kept_by_address(archive, desk):
    def bring(place: str, tag: str | None, status: int = 200):
        headers = {"ETag": tag} if tag else {}
        desk.bring(
            ONE,
            item("a"),
            response=answer(f"https://{place}.example/", NOON, status=status, **headers),
        )
        return archive.feed(ONE)

    for n in range(7):
        bring(f"x{n}", f'W/"é{n}"')
    feed = bring("x4", '"new"')
    assert feed.validators == Validators(url="https://x4.example/", etag='"new"')
    assert feed.validators_of("https://x6.example/").etag == 'W/"é6"'
    assert feed.validators_of("https://x4.example/").etag == '"new"'
    assert feed.validators_of("https://x0.example/") is None
    feed = bring("x6", None)
    assert feed.validators_of("https://x6.example/") is None
    assert bring("x4", None, 304).validators.etag == '"new"'


def test_a_page_that_is_no_feed_is_named_next_time(archive, desk):
    page = answer(ONE, NOON, ETag='"page"')
    for failure, tag in (
        (FetchError("m", url=ONE, kind=FailureKind.PARSE), None),
        (NotAFeed("m", url=ONE), '"page"'),
    ):
        desk.write([desk.fetched(ONE, response=page, failure=failure, document=None)])
        held = archive.feed(ONE).validators
        assert (held.etag if held else None) == tag


def test_doubt_lasts_until_a_document_comes(archive, desk):
    with archive.courtesy(write=True) as courtesy:
        courtesy.doubt(archive.feed(ONE), NOON)
    desk.bring(ONE, response=answer(ONE, NOON, status=304), document=None)
    assert archive.feed(ONE).doubted == NOON
    desk.bring(ONE, item("a"))
    assert archive.feed(ONE).doubted is None


def test_what_requests_came_to(archive, desk):
    desk.bring(ONE, item("a"), item("b"), response=answer(ONE, NOON, b"x" * 50))
    for hours in (1, 2):
        desk.bring(ONE, response=answer(ONE, NOON, b"", 304), document=None, at=NOON + hours * HOUR)
    desk.bring(ONE, response=answer(ONE, NOON, b"x" * 50), document=None, at=NOON + 24 * HOUR)
    for reached in (True, False):
        desk.fail(ONE, FetchError("m", url=ONE, kind=FailureKind.CONNECT, reached=reached))
    desk.subscribe(ONE, TWO)
    with archive.courtesy() as courtesy:
        told, none = courtesy.totals(archive.feed(ONE)), courtesy.totals(archive.feed(TWO))
    assert (told.since, told.requests, told.fetches) == ("2026-03-02", 5, 6)
    assert (told.not_modified, told.failed, told.bytes, told.new) == (2, 2, 100, 2)
    assert (told.repeated, told.kept) == (1, 6)
    assert (none.since, none.fetches) == ("", 0)
