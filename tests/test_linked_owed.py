"""Linked pages that could not be had: asked for again, and what the archive makes of those that come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import webpages
from feedserver import FeedServer
from linking import CUT, archived, collect, feed, html, item, kept, settings
from msgspec.structs import replace
from simclock import SimClock

from aggregator.archive import Archive, open_archive
from aggregator.model.batch import OwedPage
from aggregator.model.period import Period
from aggregator.model.settings import Settings
from aggregator.model.topic import Topic
from aggregator.query import parse

MORNING = datetime(2026, 5, 4, 8, tzinfo=UTC)
BAND = Topic(slug="band", title="Bands", query='"brass band"')
FERRY = Topic(slug="ferry", title="Ferries", query="ferry")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def clock() -> Iterator[SimClock]:
    with SimClock(MORNING) as set_to:
        yield set_to


@pytest.fixture
def of(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def owed(of: Settings, url: str) -> tuple[OwedPage, ...]:
    with open_archive(of.archive) as archive:
        return archive.owed.of(known(archive, url))


def known(archive: Archive, url: str):
    found = archive.feed(url)
    assert found is not None
    return found


def versions_of(of: Settings) -> dict[str, int]:
    with open_archive(of.archive) as archive:
        return {one.topic.slug: one.version for one in archive.topics.states()}


def later(clock: SimClock, *done: Callable[[], object], **span: float) -> Callable[[], None]:
    """What happens between two rounds: time goes by, and then this."""

    def happens() -> None:
        clock.go_on(**span)
        for one in done:
            one()

    return happens


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 404}, {"status": 403}, {"cut": 9}])
def test_a_page_that_could_not_be_had_comes_with_a_later_poll(
    tmp_path, archive_url, server, clock, answer
):
    of, page = settings(tmp_path, archive_url), webpages.article()
    link = html(server, "/a", page, **answer)
    source = server.serve("/feed.xml", feed(item(link)))

    def mended() -> None:
        # Within the hour it is not asked for, whatever the feed says.
        assert len(server.asked("/a")) == 1
        html(server, "/a", page)
        versions.update(versions_of(of))

    versions: dict[str, int] = {}
    soon = later(clock, minutes=50)
    collect(of, source, then=(soon, later(clock, mended, minutes=20)), topics=[BAND, FERRY])
    assert [one.status for one in server.asked("/feed.xml")] == [200, 304, 304]
    assert len(server.asked("/a")) == 2
    (entry,) = archived(of)
    assert all(one in entry.text for one in webpages.PARAGRAPHS)
    assert (entry.revisions, entry.summary) == (1, CUT)
    assert entry.topics == ("band", "ferry")
    assert owed(of, source) == ()
    with open_archive(of.archive) as archive:
        assert [one.id for one in archive.export(changed=clock.at)] == [entry.id]
        assert not list(archive.export(changed=clock.go_on(seconds=1)))
        clock.go_on(seconds=-1)
    # Both are published anew: one has a new story, one shows the whole text.
    assert all(now > versions[slug] for slug, now in versions_of(of).items())
    assert dict(kept(of))[link] == page.encode()
    with open_archive(of.archive) as archive:
        (state,) = archive.history(entry.id)
        assert state.original["summary"] == CUT
        assert archive.capture(state.page_capture) == page.encode()
        assert state.page_seen == clock.at > state.seen
        assert archive.capture(state.capture) == feed(item(link))
        (found,) = archive.search(parse(BAND.query), now=clock.at)
        assert found.id == entry.id
        for slug in ("band", "ferry"):
            (shown,) = archive.published.subscription_page(slug, size=9).entries
            # What a reader has is brought up to date, and called no correction: the publisher made none.
            assert (shown.text, shown.corrected) == (entry.text, False)
            assert shown.updated == clock.at > shown.published
            assert not archive.published.corrections(slug).corrections
            assert archive.topics.standing(slug, entry).announced
            # The archive of the topic has it whole, too.
            assert archive.published.archive_page(slug, 1).entries[0].text == entry.text


def test_what_is_owed_is_told_until_it_is_given_up(of, server, clock):
    source = server.serve("/feed.xml", feed(item(html(server, "/a", b"no", status=503))))
    told = []

    def look() -> None:
        told.append(owed(of, source))

    waits = [{"minutes": 1}, {"hours": 1}, {"hours": 6}, {"hours": 24}, {"hours": 72}, {"days": 30}]
    collect(of, source, then=[later(clock, look, **span) for span in waits])
    look()
    assert len(server.asked("/a")) == 5
    assert [[one.tries for one in pages] for pages in told] == [[1], [1], [2], [3], [4], [], []]
    assert "503" in told[0][0].failure
    assert told[0][0].next_try == MORNING.replace(hour=9)
    assert archived(of)[0].text == CUT


def test_nothing_is_owed_where_another_try_would_bring_no_other(of, server, clock):
    closed = html(server, "/a", webpages.PAYWALL)
    gone = html(server, "/b", b"", status=410)
    items = item(closed, "1"), item(gone, "2", "Another headline of the day")
    source = server.serve("/feed.xml", feed(*items))
    collect(of, source, then=[later(clock, days=1)])
    assert owed(of, source) == ()
    assert (len(server.asked("/a")), len(server.asked("/b"))) == (1, 1)


def test_a_late_page_that_is_no_article_settles_it(of, server, clock):
    source = server.serve("/feed.xml", feed(item(html(server, "/a", b"", status=503))))
    wall = later(clock, lambda: html(server, "/a", webpages.PAYWALL), hours=1)
    collect(of, source, then=[wall, later(clock, days=1)])
    assert len(server.asked("/a")) == 2
    assert archived(of)[0].text == CUT
    assert owed(of, source) == ()


def test_a_revised_entry_is_owed_the_page_of_its_last_state(of, server, clock):
    link = html(server, "/a", b"", status=503)
    source = server.serve("/feed.xml", feed(item(link)))
    title = webpages.TITLE + ", board says"

    def revised() -> None:
        html(server, "/a", webpages.article())
        server.serve("/feed.xml", feed(item(link, title=title)))

    collect(of, source, then=[later(clock, revised, minutes=30), later(clock, days=1)])
    assert len(server.asked("/a")) == 2
    (entry,) = archived(of)
    assert webpages.PARAGRAPHS[-1] in entry.text
    assert (entry.title, entry.revisions) == (title, 2)
    with open_archive(of.archive) as archive:
        first, second = archive.history(entry.id)
    assert first.text == CUT
    assert (first.page_capture, second.changed) == (None, ("title",))
    assert owed(of, source) == ()


def test_one_that_is_revised_and_still_without_its_page_waits_anew(of, server, clock):
    link = html(server, "/a", b"", status=503)
    source = server.serve("/feed.xml", feed(item(link)))
    edit = later(clock, lambda: server.serve("/feed.xml", feed(item(link, title="Now it is said otherwise"))), hours=1)  # fmt: skip
    collect(of, source, then=[edit])
    (page,) = owed(of, source)
    assert (page.tries, page.next_try) == (1, MORNING.replace(hour=10))


def test_news_comes_before_what_is_owed_and_both_within_the_bound(tmp_path, server, clock):
    of = settings(tmp_path, pages_per_feed=2)
    titles = [f"{webpages.TITLE}, part {n}" for n in range(4)]
    links = [html(server, f"/a/{n}", b"", status=404) for n in range(4)]
    items = [item(link, link, title) for link, title in zip(links, titles, strict=True)]
    source = server.serve("/feed.xml", feed(*items[2:]))
    news = later(clock, lambda: server.serve("/feed.xml", feed(*items[1:])), hours=1)
    collect(of, source, then=[news, later(clock, hours=1)])
    asked = [one.path for one in server.requests if one.path.startswith("/a/")]
    assert asked == ["/a/2", "/a/3", "/a/1", "/a/2", "/a/1", "/a/3"]


def test_a_server_that_wants_no_more_is_owed_the_rest_without_a_request(of, server, clock):
    titles = ["Ferry returns to the quay", "The mayor opens a park", "Rain until Sunday"]
    links = [html(server, f"/a/{n}", b"", status=503) for n in range(3)]
    items = [item(link, link, title) for link, title in zip(links, titles, strict=True)]
    source = server.serve("/feed.xml", feed(*items))
    collect(of, source)
    assert len([one for one in server.requests if one.path.startswith("/a/")]) == 1
    assert sorted(one.tries for one in owed(of, source)) == [0, 0, 1]


def test_one_page_that_is_refused_stands_in_no_others_way(of, server, clock):
    titles = ["Ferry returns to the quay", "The mayor opens a park", "Rain until Sunday"]
    links = [html(server, f"/a/{n}", b"", status=503) for n in range(3)]
    items = [item(link, link, title) for link, title in zip(links, titles, strict=True)]
    source = server.serve("/feed.xml", feed(*items))

    def newest_is_refused_for_good() -> None:
        html(server, "/a/0", b"", status=403)
        for n in (1, 2):
            html(server, f"/a/{n}", webpages.PAYWALL)

    waits = [{"hours": 1}, {"hours": 1}, {"hours": 6}, {"hours": 24}, {"hours": 72}, {"days": 9}]
    collect(of, source, then=[later(clock, newest_is_refused_for_good, **one) for one in waits])
    asked = [one.path for one in server.requests if one.path.startswith("/a/")]
    assert sorted(asked) == ["/a/0"] * 5 + ["/a/1", "/a/2"]
    assert owed(of, source) == ()


def test_a_host_that_asks_to_be_left_alone_costs_no_tries_and_no_feeds(of, server, clock):
    wait = {"Retry-After": str(7 * 86400)}
    link = html(server, "/a", b"", status=503, headers=wait)
    source = server.serve("/feed.xml", feed(item(link)))
    mended = later(clock, lambda: html(server, "/a", webpages.article()), hours=1)
    days = [later(clock, days=1) for _ in range(8)]
    collect(of, source, then=[mended, *days])
    # A page says nothing of feeds: they are asked as before.
    assert len(server.asked("/feed.xml")) == 10
    assert len(server.asked("/a")) == 2
    assert webpages.PARAGRAPHS[-1] in archived(of)[0].text


def test_a_page_that_is_never_to_be_asked_for_is_given_up_with_time(of, server, clock):
    link = html(server, "/a", b"", status=429, headers={"Retry-After": str(29 * 86400)})
    source = server.serve("/feed.xml", feed(item(link.replace("127.0.0.1", "localhost"))))
    collect(of, source, then=[later(clock, days=4) for _ in range(3)])
    assert [one.tries for one in owed(of, source)] == [1]
    collect(of, source, then=[later(clock, days=4) for _ in range(2)])
    assert owed(of, source) == ()
    assert len(server.asked("/a")) == 1


@pytest.mark.parametrize(("ahead", "asked"), [(0, 1), (365, 2)])
def test_a_page_tried_by_a_clock_that_was_ahead_is_tried_again(of, server, clock, ahead, asked):
    """Once it is right; one that was not ahead leaves the page its hour."""
    source = server.serve("/feed.xml", feed(item(html(server, "/a", b"", status=503))))
    clock.go_on(days=ahead)
    collect(of, source, then=[later(clock, days=-ahead, minutes=1)])
    assert len(server.asked("/a")) == asked


def test_an_entry_that_moves_meanwhile_is_completed_all_the_same(of, server, clock):
    link = html(server, "/a", b"", status=503)
    source = server.serve("/feed.xml", feed(item(link)))

    def moves() -> None:
        html(server, "/a", webpages.article())
        server.serve("/feed.xml", feed(item(link + "?utm_source=rss")))

    collect(of, source, then=[later(clock, moves, hours=1)])
    (entry,) = archived(of)
    assert webpages.PARAGRAPHS[-1] in entry.text
    assert (entry.url, entry.revisions) == (link + "?utm_source=rss", 1)
    assert owed(of, source) == ()


def test_what_is_gone_from_its_feed_is_not_completed(of, server, clock):
    others = (
        item(server.url("/x"), "2", "Another headline"),
        item(server.url("/y"), "3", "The last"),
    )
    mine = item(html(server, "/a", b"", status=404))
    source = server.serve("/feed.xml", feed(others[0], mine, others[1]))
    for path in ("/x", "/y"):
        html(server, path, webpages.PAYWALL)

    def without(title: str) -> Callable[[], object]:
        first = item(server.url("/x"), "2", title)
        return lambda: server.serve("/feed.xml", feed(first, others[1]))

    gone = [later(clock, without(f"Headline {n}"), minutes=10) for n in range(2)]
    back = later(clock, lambda: html(server, "/a", webpages.article()), hours=2)
    collect(of, source, then=[*gone, back], topics=[BAND])
    vanished = [one for one in archived(of) if one.vanished]
    assert [(one.text, one.topics) for one in vanished] == [(CUT, ())]
    assert len(server.asked("/a")) == 1


def test_an_item_that_takes_anothers_name_gets_its_own_page(of, server, clock):
    title, said = "Council opens a tram", tuple(f"{one} So it was." for one in webpages.PARAGRAPHS)
    first = html(server, "/a", b"", status=503)
    other = html(server, "/b", webpages.article(said, title))
    source = server.serve("/feed.xml", feed(item(first, "1")))

    def renumbered() -> None:
        html(server, "/a", webpages.article())
        server.serve(
            "/feed.xml", feed(item(other, "1", title, said[0][:70] + "…"), item(first, "2"))
        )

    collect(of, source, then=[later(clock, renumbered, hours=1)])
    assert sorted(one.url for one in archived(of) if webpages.PARAGRAPHS[-1] in one.text) == [
        first,
        other,
    ]
    assert owed(of, source) == ()
    assert set(dict(kept(of))) == {source, first, other}


def test_a_story_that_a_late_text_brings_is_in_its_days_digest(of, server, clock):
    source = server.serve("/feed.xml", feed(item(html(server, "/a", b"", status=503))))
    mended = later(clock, lambda: html(server, "/a", webpages.article()), hours=2)
    collect(of, source, then=[mended], topics=[replace(BAND, digest=Period.DAY)])
    clock.go_on(days=1)
    with open_archive(of.archive) as archive:
        (digest,) = archive.published.digests("band", now=clock.at).digests
    assert [one.title for one in digest.stories] == [webpages.TITLE]


def test_an_edit_of_the_headline_leaves_the_text_while_the_page_is_missing(
    tmp_path, archive_url, server, clock
):
    of = settings(tmp_path, archive_url)
    link = html(server, "/a", webpages.article())
    source = server.serve("/feed.xml", feed(item(link)))
    title = webpages.TITLE + ", board says"

    def edited() -> None:
        html(server, "/a", b"", status=503)
        server.serve("/feed.xml", feed(item(link, title=title)))

    told = []

    def look() -> None:
        (entry,) = archived(of)
        with open_archive(of.archive) as archive:
            before, after = archive.history(entry.id)
            assert (after.changed, after.page_seen) == (("title",), before.page_seen)
            assert after.page_capture == before.page_capture
            assert len(archive.search(parse('"brass band" title:board'), now=clock.at)) == 1
        assert (entry.title, webpages.PARAGRAPHS[-1] in entry.text) == (title, True)
        assert len(owed(of, source)) == 1
        told.append(entry.text)

    back = later(clock, look, lambda: html(server, "/a", webpages.article()), hours=2)
    collect(of, source, then=[later(clock, edited, hours=1), back], topics=[FERRY])
    assert archived(of)[0].text == told[0]
    assert owed(of, source) == ()


def test_a_text_that_is_cut_because_its_page_is_missing_is_no_correction(of, server, clock):
    link = html(server, "/a", webpages.article())
    source = server.serve("/feed.xml", feed(item(link)))
    other, said = webpages.TITLE + ", board says", "The ferry sails again, and more is to come."

    def edited() -> None:
        html(server, "/a", b"", status=503)
        server.serve("/feed.xml", feed(item(link, title=other, summary=said)))

    told = []

    def look() -> None:
        with open_archive(of.archive) as archive:
            (one,) = archive.published.corrections("ferry").corrections
            assert len(archive.published.subscription_page("ferry", size=9).entries) == 1
        told.append((one.before.title, one.after.title, one.before.text == one.after.text))

    back = later(clock, look, lambda: html(server, "/a", webpages.article()), hours=2)
    topic = replace(FERRY, corrections=True)
    collect(of, source, then=[later(clock, edited, hours=1), back], topics=[topic])
    look()
    assert told == [(webpages.TITLE, other, True)] * 2
    assert webpages.PARAGRAPHS[-1] in archived(of)[0].text


def test_one_that_is_left_out_of_a_round_is_owed_as_before(tmp_path, server, clock):
    of = settings(tmp_path, pages_per_feed=1)
    first = html(server, "/a", b"", status=503)
    other = html(server, "/b", webpages.PAYWALL)
    source = server.serve("/feed.xml", feed(item(first, "1")))
    edited = item(first, "1", webpages.TITLE + ", board says")

    def changes() -> None:
        html(server, "/a", webpages.article())
        server.serve("/feed.xml", feed(item(other, "2", "Another headline"), edited))

    collect(of, source, then=[later(clock, changes, hours=1), later(clock, hours=1)])
    assert webpages.PARAGRAPHS[-1] in archived(of)[0].text


def test_a_feed_that_fails_has_no_page_asked_for(of, server, clock):
    source = server.serve("/feed.xml", feed(item(html(server, "/a", b"", status=503))))
    collect(of, source, then=[later(clock, lambda: server.serve("/feed.xml", status=500), hours=2)])
    assert len(server.asked("/a")) == 1
    assert len(owed(of, source)) == 1
