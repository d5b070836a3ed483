"""Full text from linked pages, through the whole walk: what is asked, what is archived, what is kept."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import webpages
from feedserver import FeedServer
from warcio.archiveiterator import ArchiveIterator

from aggregator.archive import open_archive
from aggregator.model.entry import EntryRecord
from aggregator.model.feed import Subscription
from aggregator.model.settings import ArchiveSettings, Captures, CollectSettings, Settings
from aggregator.pipeline import open_pipeline, prepare
from aggregator.query import parse
from aggregator.rounds import Round, collect_round

CUT = webpages.TEASER[:70] + "…"


def settings(folder: Path, **collect: object) -> Settings:
    shipped = {"allow_networks": ("127.0.0.0/8",), "host_spacing": 0, "timeout": 2}
    return Settings(
        archive=ArchiveSettings(directory=folder / "archive", free_space=0),
        collect=CollectSettings(**(shipped | collect)),
    )


def item(link: str, name: str = "1", title: str = webpages.TITLE, summary: str = CUT) -> str:
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><title>{title}</title><link>{link}</link>"
        f"<description>{summary}</description></item>"
    )


def feed(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>Post</title>{''.join(items)}</channel></rss>".encode()


def collect(of: Settings, *urls: str, full_text: bool = True) -> Round:
    """One round over all these feeds."""

    async def go() -> Round:
        with open_archive(of.archive, write=True, purpose="test") as archive:
            asked = [Subscription(url=url, full_text=full_text) for url in urls]
            matcher = prepare(archive, of, asked, ())
            async with open_pipeline(archive, of, matcher) as pipeline:
                return await collect_round(pipeline, everything=True)

    return asyncio.run(go())


def archived(of: Settings) -> list[EntryRecord]:
    with open_archive(of.archive) as archive:
        return list(archive.export())


def kept(of: Settings) -> list[tuple[str, bytes]]:
    """(address, body) of every response that was captured."""
    found = []
    for path in sorted((of.archive.directory / "captures").glob("*.warc.gz")):
        for record in ArchiveIterator(io.BytesIO(path.read_bytes())):
            if record.rec_type == "response":
                address = record.rec_headers.get_header("WARC-Target-URI")
                found.append((address, record.content_stream().read()))
    return found


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


def html(server: FeedServer, path: str, page: str | bytes, **answer: object) -> str:
    body = page.encode() if isinstance(page, str) else page
    return server.serve(path, body, **({"content_type": "text/html; charset=utf-8"} | answer))


def test_a_truncated_entry_is_archived_whole_with_its_page_captured(tmp_path, server):
    of = settings(tmp_path)
    page = webpages.article()
    link = html(server, "/news/ferry", page, gzipped=True)
    source = server.serve("/feed.xml", feed(item(link)))
    assert collect(of, source).counts.new == 1
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


def test_a_page_is_asked_for_once_whatever_it_says_later(tmp_path, server):
    of = settings(tmp_path)
    link = html(server, "/a", webpages.article())
    source = server.serve("/feed.xml", feed(item(link)))
    collect(of, source)
    html(server, "/a", webpages.article((*webpages.PARAGRAPHS, "A last sentence, added later.")))
    # The item as raw bytes is another one, and says the same.
    server.serve("/feed.xml", feed(item(link).replace("<item>", "<item>\n<!-- seen 7 times -->")))
    again = collect(of, source)
    assert (again.counts.new, again.counts.revised) == (0, 0)
    server.serve("/feed.xml", feed(item(link), item(server.url("/none"), "2", "Another", "Short.")))
    collect(of, source)
    assert len(server.asked("/a")) == 1
    assert [one.revisions for one in archived(of)] == [1, 1]


def test_a_revision_is_read_again(tmp_path, server):
    of = settings(tmp_path)
    link = html(server, "/a", webpages.article())
    source = server.serve("/feed.xml", feed(item(link)))
    collect(of, source)
    html(server, "/a", webpages.article((*webpages.PARAGRAPHS, "A last sentence, added later.")))
    server.serve("/feed.xml", feed(item(link, title=webpages.TITLE + ", board says")))
    assert collect(of, source).counts.revised == 1
    (entry,) = archived(of)
    assert "A last sentence" in entry.text
    assert len(server.asked("/a")) == 2
    with open_archive(of.archive) as archive:
        first, second = archive.history(entry.id)
    assert second.changed == ("title",)
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
        return of, done


def test_no_bad_page_fails_its_feed(after_bad_pages):
    _, done = after_bad_pages
    assert (done.counts.feeds, done.counts.failed) == (len(BAD) + 1, 0)
    assert done.counts.new == len(BAD) + 1


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


@pytest.mark.parametrize("status", [403, 429, 500, 503])
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
        item(shared, "one", "One thing"),
        item(shared, "two", "Another thing"),
    )
    collect(of, server.serve("/feed.xml", feed(*items)))
    assert len(server.requests) == 1


def test_a_log_in_goes_to_the_feeds_own_server_only(tmp_path, server):
    of = settings(tmp_path)
    with FeedServer() as other:
        home = html(server, "/a", webpages.article())
        away = html(other, "/b", webpages.article(title="Something else entirely here"))
        own = away.replace("http://", "http://eve:guess@")
        items = (item(home, "1"), item(own, "2", "Something else entirely here"))
        source = server.serve("/feed.xml", feed(*items))
        collect(of, source.replace("http://", "http://ann:secret@"))
        assert server.asked("/a")[0].headers["authorization"].startswith("Basic ")
        assert "authorization" not in other.asked("/b")[0].headers
    assert {"secret" in address for address, _ in kept(of)} == {False}
    with open_archive(of.archive) as archive:
        assert len(kept(of)) == 3
        assert all("secret" not in str(state) for one in archived(of) for state in archive.history(one.id) if state.number and not state.original.get("guid", "").startswith("http"))  # fmt: skip


@pytest.mark.parametrize(("captures", "count"), [("changed", 2), ("all", 3), ("off", 0)])
def test_which_pages_are_kept(tmp_path, server, captures, count):
    of = settings(tmp_path)
    of = replace(of, archive=replace(of.archive, captures=Captures(captures)))
    items = (
        item(html(server, "/good", webpages.article()), "1"),
        item(html(server, "/wall", webpages.PAYWALL), "2", "The other one"),
    )
    collect(of, server.serve("/feed.xml", feed(*items)))
    assert len(kept(of)) == count


def test_turning_it_on_is_enough_and_off_again(tmp_path, server):
    of = settings(tmp_path)
    items = many(server, 3)
    source = server.serve("/feed.xml", feed(items[2]))
    collect(of, source, full_text=False)
    server.serve("/feed.xml", feed(*items[1:]))
    collect(of, source, full_text=True)
    server.serve("/feed.xml", feed(*items))
    collect(of, source, full_text=False)
    assert [one.path for one in server.requests if one.path.startswith("/a/")] == ["/a/1"]
