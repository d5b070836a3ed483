"""Full text from linked pages, through the whole walk: what is asked, what is archived, what is kept."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
import webpages
from feedserver import FeedServer
from linking import CUT, archived, collect, feed, html, item, kept, settings

from aggregator import rounds
from aggregator.archive import open_archive
from aggregator.query import parse


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.mark.parametrize("concurrency", [1, 64])
def test_pages_come_where_there_is_room_for_no_other_feed(
    tmp_path, server, monkeypatch, concurrency
):
    """Feeds wait for room without a turn or a place: the pages that make some need both."""
    monkeypatch.setattr(rounds, "_HELD_BYTES", 1)
    of = settings(tmp_path, concurrency=concurrency)
    page = webpages.article()
    sources = [
        server.serve(f"/{n}.xml", feed(item(html(server, f"/news/{n}", page), name=str(n))))
        for n in range(12)
    ]
    assert collect(of, *sources)[0].new == 12
    assert all(webpages.PARAGRAPHS[-1] in entry.text for entry in archived(of))
    assert len(server.requests) == 24


def test_a_truncated_entry_is_archived_whole_with_its_page_captured(tmp_path, server):
    of = settings(tmp_path)
    page = webpages.article()
    link = html(server, "/news/ferry", page, gzipped=True)
    source = server.serve("/feed.xml", feed(item(link)))
    assert collect(of, source)[0].new == 1
    (entry,) = archived(of)
    assert all(one in entry.text for one in webpages.PARAGRAPHS)
    assert entry.summary == CUT
    with open_archive(of.archive) as archive:
        (state,) = archive.history(entry.id)
        assert archive.capture(state.page_capture) == page.encode()
        assert archive.capture(state.capture) == feed(item(link))
        assert state.original["summary"] == CUT
        (found,) = archive.search(parse('"brass band"'), now=state.seen)
        assert found.id == entry.id
    assert dict(kept(of)) == {source: feed(item(link)), link: page.encode()}


def test_a_page_is_asked_for_once_for_each_revision(tmp_path, server):
    of = settings(tmp_path)
    link = html(server, "/a", webpages.article())
    source = server.serve("/feed.xml", feed(item(link)))

    def the_page_alone_changes() -> None:
        later = (*webpages.PARAGRAPHS, "A last sentence, which was added later, about the lamps.")
        html(server, "/a", webpages.article(later))
        # The item's bytes are others, and say the same.
        server.serve("/feed.xml", feed(item(link).replace("<item>", "<item><!-- seen 7 times -->")))

    def the_item_changes() -> None:
        assert len(server.asked("/a")) == 1
        server.serve("/feed.xml", feed(item(link, title=webpages.TITLE + ", board says")))

    counts = collect(of, source, then=(the_page_alone_changes, the_item_changes))
    assert [(one.new, one.revised) for one in counts] == [(1, 0), (0, 0), (0, 1)]
    assert len(server.asked("/a")) == 2
    (entry,) = archived(of)
    assert "about the lamps" in entry.text
    with open_archive(of.archive) as archive:
        first, second = archive.history(entry.id)
    assert second.changed == ("title",)
    assert "about the lamps" not in first.text
    assert first.page_capture != second.page_capture


BAD = {
    "paywall": {"page": webpages.PAYWALL},
    "cookies": {"page": webpages.COOKIES},
    "captcha": {"page": webpages.CAPTCHA, "status": 403},
    "missing": {"page": webpages.MISSING, "status": 404},
    "softly missing": {"page": webpages.MISSING},
    "broken": {"page": webpages.article(), "cut": 50},
    "slow": {"page": webpages.article(), "delay": 9},
    "huge": {"page": webpages.article() + "x" * 300_000},
    "pdf": {"page": b"%PDF-1.7", "content_type": "application/pdf"},
    "log in": {"page": "", "status": 302, "headers": {"Location": "/login"}},
    "private": {"page": "", "status": 302, "headers": {"Location": "http://192.168.7.7/"}},
    "circle": {"page": "", "status": 302, "headers": {"Location": "/circle"}},
}


@pytest.fixture(scope="module")
def after_bad_pages(tmp_path_factory):
    """The archive after a round over feeds whose pages are bad, one a feed; and the round."""
    of = settings(tmp_path_factory.mktemp("bad"), max_bytes=200_000)
    with FeedServer() as server:
        html(server, "/login", webpages.LOGIN)
        urls = []
        for name, answer in BAD.items():
            path = f"/{name.replace(' ', '-')}"
            link = html(server, path, answer["page"], **{k: v for k, v in answer.items() if k != "page"})  # fmt: skip
            # Each under a headline of its own, so that no two are one story.
            urls.append(server.serve(f"{path}.xml", feed(item(link, name))))
        urls.append(server.serve("/inside.xml", feed(item("http://10.0.0.1/a", "inside"))))
        done = collect(of, *urls)
        return of, done[0]


def test_no_bad_page_fails_its_feed(after_bad_pages):
    _, counts = after_bad_pages
    assert (counts.feeds, counts.failed, counts.new) == (len(BAD) + 1, 0, len(BAD) + 1)


def test_a_bad_page_leaves_the_feeds_own_text_and_no_capture(after_bad_pages):
    of, _ = after_bad_pages
    assert {entry.text for entry in archived(of)} == {CUT}
    assert all(address.endswith(".xml") for address, _ in kept(of))


def test_a_feed_that_did_not_ask_for_it_has_no_page_fetched(tmp_path, server):
    of = settings(tmp_path)
    link = html(server, "/a", webpages.article())
    collect(of, server.serve("/feed.xml", feed(item(link))), full_text=False)
    assert not server.asked("/a")
    assert archived(of)[0].text == CUT


def many(server: FeedServer, count: int) -> list[str]:
    """Items of as many articles, newest first, each of its own."""
    made = []
    for n in range(count):
        title = f"{webpages.TITLE}, part {n}"
        own = (f"{webpages.TEASER} This is part {n} of {count}.", *webpages.PARAGRAPHS[1:])
        link = html(server, f"/a/{n}", webpages.article(own, title))
        made.append(item(link, str(n), title))
    return made


def test_the_newest_come_first_one_after_another_and_no_more_than_asked(tmp_path, server):
    of = settings(tmp_path, pages_per_feed=3, host_spacing=0.15)
    collect(of, server.serve("/feed.xml", feed(*many(server, 5))))
    pages = [one for one in server.requests if one.path.startswith("/a/")]
    assert [one.path for one in pages] == ["/a/0", "/a/1", "/a/2"]
    assert all(later.at - earlier.at >= 0.14 for earlier, later in pairwise(server.requests))
    assert {"text/html" in one.headers["accept"] for one in pages} == {True}
    assert sorted(len(one.text) > 200 for one in archived(of)) == [False] * 2 + [True] * 3


@pytest.mark.parametrize("status", [403, 503])
def test_a_server_that_wants_no_more_is_asked_no_more(tmp_path, server, status):
    of = settings(tmp_path)
    items = many(server, 4)
    html(server, "/a/1", b"no", status=status)
    collect(of, server.serve("/feed.xml", feed(*items)))
    assert [one.path for one in server.requests[1:]] == ["/a/0", "/a/1"]


def test_what_a_site_says_to_everybody_is_no_articles_text(tmp_path, server):
    of = settings(tmp_path)
    links = [html(server, f"/a/{n}", webpages.article()) for n in range(3)]
    collect(of, server.serve("/feed.xml", feed(*(item(link, link) for link in links))))
    assert {entry.text for entry in archived(of)} == {CUT}


def test_links_that_lead_to_no_article_of_their_own_are_not_followed(tmp_path, server):
    of = settings(tmp_path)
    shared = html(server, "/today", webpages.article())
    items = (
        item(server.url("/"), "front"),
        item(server.url("/talk.mp3"), "sound"),
        item(server.url("/app#!/news/1"), "route"),
        item(shared, "one", "One thing"),
        item(shared, "two", "Another thing"),
    )
    collect(of, server.serve("/feed.xml", feed(*items)))
    assert len(server.requests) == 1


def test_a_log_in_goes_to_the_feeds_own_server_only(tmp_path, server):
    of = settings(tmp_path)
    title, said = (
        "The mayor opens a park",
        ("The mayor opened a park. " * 9, *webpages.PARAGRAPHS[1:]),
    )
    with FeedServer() as other:
        home = html(server, "/a", webpages.article())
        away = html(other, "/b", webpages.article(said, title))
        own = away.replace("http://", "http://eve:guess@")
        source = server.serve("/feed.xml", feed(item(home, "1"), item(own, "2", title, said[0])))
        collect(of, source.replace("http://", "http://ann:secret@"))
        assert server.asked("/a")[0].headers["authorization"].startswith("Basic ")
        assert "authorization" not in other.asked("/b")[0].headers
        assert {address for address, _ in kept(of)} == {source, home, away}
    with gzip.open(next((of.archive.directory / "captures").iterdir())) as file:
        assert b"secret" not in file.read()
