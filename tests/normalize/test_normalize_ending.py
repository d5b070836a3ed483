"""Documents that break off, at every byte: what they broke off in is neither new nor an edit."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from archivedesk import ONE, Desk

from aggregator.archive import open_archive
from aggregator.model.entry import Document
from aggregator.model.errors import NotAFeed
from aggregator.model.feed import FeedIdentity
from aggregator.model.settings import ArchiveSettings
from aggregator.normalize import read as read_document

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:c="http://purl.org/rss/1.0/modules/content/">
<channel><title>H\u00e4fen &amp; Meer</title><link>https://one.example/</link><atom:link rel="self" href="https://one.example/feed"/><image><url>i</url><width/></image><cloud/>
<item><title>First ferry</title><link>https://one.example/1</link><guid>a1</guid><description>First &lt;b&gt;text&lt;/b&gt;, \u00e9.</description></item>
<item><title>Second ferry</title><link>https://one.example/2</link><description>Second text</description><c:encoded><![CDATA[<p>Ends are <code></item></rss></code> here.</p>]]></c:encoded></item>
<!-- <item><title>none</title></item> -->
<item><title>Third ferry</title><link>https://one.example/3</link></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:f</id><link href="https://one.example/"/>
<entry><id>urn:1</id><title>First \u2013 ferry</title><link href="https://one.example/1"/><summary>Words of one</summary></entry>
<entry><id>urn:2</id><title>Second ferry</title><link href="https://one.example/2"/><content type="html">Words &lt;p&gt;of two</content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="https://one.example/"><title>T</title><items><rdf:Seq><rdf:li rdf:resource="https://one.example/1"/></rdf:Seq></items></channel>
<item rdf:about="https://one.example/1"><title>First ferry</title><link>https://one.example/1</link><description>Words of one</description></item><item rdf:about="https://one.example/2"><title>Second ferry</title><link>https://one.example/2</link></item></rdf:RDF>"""
NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://one.example/1</loc><n:news><n:publication_date>2026-11-01</n:publication_date><n:title>First ferry</n:title></n:news></url><url><loc>https://one.example/2</loc><n:news><n:publication_date>2026-11-01</n:publication_date><n:title>Second ferry</n:title></n:news></url></urlset>"""
DOCUMENTS = {
    "RSS": RSS.encode(),
    "ill-formed RSS": RSS.replace("Second text", "This & that &nbsp; <br> text").encode(),
    "Atom": ATOM.encode(),
    "prefixed Atom": (
        b"<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>T</a:title><a:entry><a:id>urn:1</a:id>"
        b"<a:title>One</a:title><a:summary>Words</a:summary></a:entry></a:feed>"
    ),
    "RDF": RDF.encode(),
    "UTF-16": ATOM.encode("utf-16"),
    "news": NEWS.encode(),
}


# What the server says of the encoding is wrong, and a cut within a letter must not make it true.
TYPE = "text/xml; charset=iso-8859-1"


def read(body: bytes) -> Document:
    return read_document(
        body, content_type=TYPE, url="https://one.example/feed",
        feed=FeedIdentity("one.example/feed"), seen=frozenset(), now=NOW, max_entries=5000,
    )  # fmt: skip


def said(document: Document) -> set[tuple[str | None, ...]]:
    return {(one.guid, one.title, one.text, one.summary, one.url) for one in document.entries}


def cuts(body: bytes) -> Iterator[Document]:
    for end in range(len(body)):
        try:
            yield read(body[:end])
        except NotAFeed:
            continue


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = ArchiveSettings(directory=tmp_path, free_space=0)
    with open_archive(settings, write=True, purpose="a test") as archive:
        yield Desk(archive, settings)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_wherever_it_breaks_off_nothing_is_said_that_the_whole_does_not_say(name: str) -> None:
    whole = read(DOCUMENTS[name])
    counts = set()
    for document in cuts(DOCUMENTS[name]):
        assert said(document) <= said(whole)
        assert document.title in {"", whole.title}
        counts.add(len(document.entries))
    assert counts == set(range(1, len(whole.entries) + 1))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_one_that_breaks_off_before_an_item_is_whole_is_no_feed(name: str) -> None:
    body = DOCUMENTS[name]
    first = min(
        body.find(one)
        for one in (b"<item", b"entry>", b"<url>", "<entry".encode("utf-16-le"))
        if one in body
    )
    for end in (first, first + 2, first + 20):
        with pytest.raises(NotAFeed, match=r"breaks off before|no feed|cannot be read"):
            read(body[:end])
    with pytest.raises(NotAFeed, match="breaks off before its first item"):
        read(body[: first + 20])


@pytest.mark.parametrize(
    "empty",
    [
        "<rss version='2.0'><channel><title>T</title></channel></rss>",
        "<rss version='2.0'><channel><title>T</title><br></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title></feed>\n<!-- made at noon -->",
        '<urlset xmlns="x" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"></urlset>',
    ],
)
def test_one_that_merely_lists_nothing_is_a_feed(empty: str) -> None:
    document = read(empty.encode())
    assert (document.entries, document.complete) == ((), True)


@pytest.mark.parametrize("known", [False, True], ids=["fresh", "known"])
@pytest.mark.parametrize("name", ["RSS", "Atom", "RDF"])
def test_it_leaves_no_trace_in_the_archive_once_it_is_whole(
    desk: Desk, name: str, known: bool
) -> None:
    body = DOCUMENTS[name]
    desk.subscribe(ONE, now=NOW)
    if known:
        bring(desk, body, NOW)
    at = NOW
    for end in range(body.index(b"ferry") - 40, len(body), 7):
        at += timedelta(minutes=10)
        bring(desk, body[:end], at)
    bring(desk, body, at + timedelta(hours=1))
    kept = list(desk.archive.export())
    whole = read(body)
    assert {(one.title, one.url) for one in kept} == {(one.title, one.url) for one in whole.entries}
    assert len(kept) == len(whole.entries)
    assert {len(desk.archive.history(one.id)) for one in kept} == {1}


def bring(desk: Desk, body: bytes, at: datetime) -> None:
    try:
        fetched = desk.read(ONE, body, at, content_type=TYPE)
    except NotAFeed as error:
        desk.fail(ONE, error, at)
    else:
        desk.write([fetched], at=at)


@pytest.mark.parametrize(
    "tail", ["<item><title>Half", "<item><title>A</title></ite", "<item rdf:a='"]
)
def test_what_it_breaks_off_in_is_left_out_and_told(tail: str) -> None:
    document = read(RSS.replace("</channel></rss>", tail).encode())
    assert len(document.entries) == 3
    assert not document.complete
    assert "breaks off" in document.problems[0]


@pytest.mark.parametrize(
    "ill",
    [
        RSS.replace("Third ferry", "Third & ferry"),
        RSS.replace("Third ferry</title>", "Third ferry</title><br>"),
        RSS.replace("https://one.example/3</link></item>", "https://one.example/3</link>"),
        RSS.replace("<link>https://one.example/3", "<description><![CDATA[x</description><link>3"),
    ],
)
def test_one_that_is_ill_formed_and_has_its_end_keeps_all_items(ill: str) -> None:
    document = read(ill.encode())
    assert len(document.entries) == 3
    assert document.complete


def test_a_gzip_file_that_breaks_off_is_a_document_that_does() -> None:
    packed = gzip.compress(DOCUMENTS["RSS"])
    for end in range(20, len(packed)):
        try:
            assert said(read(packed[:end])) <= said(read(DOCUMENTS["RSS"]))
        except NotAFeed:
            continue


def test_json_that_breaks_off_is_refused() -> None:
    items = [{"id": str(n), "title": "T", "content_text": "x"} for n in range(2)]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    assert len(read(body).entries) == 2
    assert not list(cuts(body))
