"""Whom an item that names no author has it from, in every format and by both ways of reading."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import process_time

import pytest

from aggregator.model.feed import FeedIdentity
from aggregator.normalize import document, jsonfeed, read
from aggregator.normalize.bylines import of_feed, same
from aggregator.normalize.item import Head

URL = "https://harbour.example/feed"
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:a="http://www.w3.org/2005/Atom"'
)
ANNA = "<author><name>Anna Berg</name></author>"
BEA = "<author><name>Bea Holm</name></author>"
OWNER = "<itunes:owner><itunes:name>Harbour Radio Ltd</itunes:name><itunes:email>a@harbour.example</itunes:email></itunes:owner>"


def atom(head: str, inside: str = "", tail: str = "") -> bytes:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES}><title>Harbour Times</title>'
        f'<link href="https://harbour.example/"/><id>urn:h</id>{head}'
        f'<entry><title>Ferry</title><id>urn:h:1</id><link href="https://harbour.example/1"/>{inside}</entry>{tail}</feed>'
    ).encode()


def rss(head: str, inside: str = "", tail: str = "") -> bytes:
    return (
        f'<rss version="2.0" {SPACES}><channel><title>Harbour Times</title><link>https://harbour.example/</link>{head}'
        f"<item><title>Ferry</title><link>https://harbour.example/1</link>{inside}</item>{tail}</channel></rss>"
    ).encode()


def rdf(head: str, inside: str = "") -> bytes:
    return (
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" {SPACES}>'
        f"<channel><title>Harbour Times</title>{head}</channel><item><title>Ferry</title>"
        f"<link>https://harbour.example/1</link>{inside}</item></rdf:RDF>"
    ).encode()


def feed(of_feed: object, of_item: object = None, name: str = "authors") -> bytes:
    item = {"id": "1", "title": "Ferry", "content_text": "It sails.", name: of_item}
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "Harbour Times", name: of_feed, "items": [item]}
    ).encode()  # fmt: skip


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def authors(body: bytes) -> tuple[str, ...]:
    (entry,) = read(
        body, content_type="", url=URL, feed=FeedIdentity("harbour.example/feed"), seen=frozenset(),
        now=datetime(2026, 11, 24, tzinfo=UTC), max_entries=9,
    ).entries  # fmt: skip
    return entry.authors


CASES = {
    "atom": (atom(ANNA), ["Anna Berg"]),
    "atom with an address": (atom(f"{ANNA[:-9]}<uri>https://a.example/</uri></author>"), ["Anna Berg"]),
    "atom with mail": (atom(f"{ANNA[:-9]}<email>a@harbour.example</email></author>"), ["Anna Berg"]),
    "atom, two": (atom(ANNA + BEA), ["Anna Berg", "Bea Holm"]),
    "atom, after the entries": (atom("", tail=ANNA), ["Anna Berg"]),
    "atom, its own": (atom(ANNA, BEA), ["Bea Holm"]),
    "atom, an empty element": (atom(ANNA, "<author/>"), ["Anna Berg"]),
    "atom, an empty name": (atom(ANNA, "<author><name> </name></author>"), ["Anna Berg"]),
    "atom, no feed's": (atom(""), []),
    "atom, a contributor": (atom(ANNA.replace("author", "contributor")), []),
    "atom, its source's": (atom(ANNA, f"<source><title>Other</title>{BEA}</source>"), ["Bea Holm"]),
    "atom, its own before its source's": (atom("", f"{ANNA}<source><title>Other</title>{BEA}</source>"), ["Anna Berg"]),
    "atom, its own after its source's": (atom("", f"<source><title>Other</title>{BEA}</source>{ANNA}"), ["Anna Berg"]),
    "atom, its source says nothing": (atom(ANNA, "<source><title>Other</title></source>"), ["Anna Berg"]),
    "atom, its source is called so": (atom(ANNA, f"<source><title>Bea Holm</title>{BEA}</source>"), []),
    "rss, dc": (rss("<dc:creator>Anna Berg</dc:creator>"), ["Anna Berg"]),
    "rss, dc after the items": (rss("", tail="<dc:creator>Anna Berg</dc:creator>"), ["Anna Berg"]),
    "rss, mail with a name": (rss("<author>a@harbour.example (Anna Berg)</author>"), ["Anna Berg"]),
    "rss, its own": (rss("<dc:creator>Anna Berg</dc:creator>", "<dc:creator>Bea Holm</dc:creator>"), ["Bea Holm"]),
    "rss, an empty element": (rss("<dc:creator>Anna Berg</dc:creator>", "<dc:creator/>"), ["Anna Berg"]),
    "a podcast": (rss("<itunes:author>Anna Berg</itunes:author>"), ["Anna Berg"]),
    "a podcast of an owner": (rss(f"<itunes:author>Anna Berg</itunes:author>{OWNER}"), ["Anna Berg"]),
    "an owner's podcast": (rss(f"{OWNER}<itunes:author>Anna Berg</itunes:author>"), ["Anna Berg"]),
    "nobody's but an owner's": (rss(OWNER), []),
    "an episode's": (rss("<itunes:author>Anna Berg</itunes:author>", "<itunes:author>Bea Holm</itunes:author>"), ["Bea Holm"]),
    "an editor": (rss("<managingEditor>b@harbour.example (Bea Holm)</managingEditor>"), []),
    "an editor beside": (rss("<itunes:author>Anna Berg</itunes:author><managingEditor>b@harbour.example (Bea Holm)</managingEditor>"), ["Anna Berg"]),
    "who looks after the site": (rss("<webMaster>b@harbour.example (Bea Holm)</webMaster>"), []),
    "rdf": (rdf("<dc:creator>Anna Berg</dc:creator>"), ["Anna Berg"]),
    "rdf, its own": (rdf("<dc:creator>Anna Berg</dc:creator>", "<dc:creator>Bea Holm</dc:creator>"), ["Bea Holm"]),
    "json": (feed(named("Anna Berg", "Bea Holm")), ["Anna Berg", "Bea Holm"]),
    "json 1.0": (feed({"name": "Anna Berg"}, name="author"), ["Anna Berg"]),
    "json, its own": (feed(named("Anna Berg"), named("Bea Holm")), ["Bea Holm"]),
    "json, an empty list": (feed(named("Anna Berg"), []), ["Anna Berg"]),
    "json, an empty name": (feed(named("Anna Berg"), named(" ")), ["Anna Berg"]),
    "json, the feed's title": (feed(named("Harbour Times")), []),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES)
def test_an_item_has_its_own_author_or_its_source_s_or_its_feed_s(body, expected):
    assert list(authors(body)) == expected


@pytest.mark.parametrize(
    "body", [body for body, _ in CASES.values() if body[:1] == b"<"], ids=[one for one, (body, _) in CASES.items() if body[:1] == b"<"]
)  # fmt: skip
def test_both_ways_of_reading_find_the_same_authors(body):
    quick, slow = (
        document.parse(body, content_type="application/xml", url=URL, seen={}, quick=quick)
        for quick in (True, False)
    )
    assert quick == slow


def test_what_the_feed_says_is_none_of_the_item_s_own():
    assert jsonfeed.parse(feed(named("Anna Berg")), url=URL).items[0].authors == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna Berg", True),
        ("Harbour Times Sports Desk", True),
        ("Борис", True),
        ("田中", True),
        ("Harbour Times", False),
        (" harbour  times ", False),
        ("harbour.example", False),
        ("www.harbour.example", False),
        ("feeds.example", False),
        ("https://harbour.example/about", False),
        ("news@harbour.example", False),
        ("WordPress", False),
        ("WordPress 6.4.1", False),
        ("Word Presser", True),
        ("(author unknown)", False),
        ("Admin", False),
        ("Adminah Cole", True),
        ("Joomla!", False),
        ("Jekyll 4.3", False),
        ("Hugo", True),
        ("-", False),
        ("42", False),
        ("Blur 182", True),
    ],
)
def test_what_is_no_name_is_no_author_of_a_feed_s_items(name, shown):
    head = Head(version="rss20", title="Harbour Times", home="https://www.harbour.example/", authors=(name,))  # fmt: skip
    assert bool(of_feed(head, "https://feeds.example/h")) is shown


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("anna@harbour.example (Anna Berg)", ["Anna Berg"]),
        ("mailto:anna@harbour.example(Anna Berg)", ["Anna Berg"]),
        ("&lt;anna@harbour.example> (Anna Berg)", ["Anna Berg"]),
        ("Anna Berg (anna@harbour.example)", ["Anna Berg"]),
        ("Anna Berg &lt;mailto:anna@harbour.example>", ["Anna Berg"]),
        ("Anna Berg (&lt;anna@harbour.example>)", ["Anna Berg"]),
        ("Anna Berg (@anna@harbour.example)", ["Anna Berg"]),
        ("Anna Berg (Ferries) (anna@harbour.example)", ["Anna Berg (Ferries)"]),
        ("Anna Berg (anna@harbour.example), Bea Holm (bea@harbour.example)", ["Anna Berg", "Bea Holm"]),
        ("Anna Berg (anna at harbour)", ["Anna Berg (anna at harbour)"]),
        ("Anna Berg (@anna)", ["Anna Berg (@anna)"]),
        ("@anna@harbour.example", ["@anna@harbour.example"]),
    ],
)  # fmt: skip
def test_a_name_beside_an_address_is_the_author(said, names):
    assert list(authors(rss("", f"<author>{said}</author>"))) == names


@pytest.mark.parametrize(
    "sign",
    ["@", "(@", "a@(", "a (@", "a@b (", "x@x,", ") ,", "@ ", "x&lt;a@", "a@b.c (d) ", " ", ") "],
)
def test_no_name_takes_long(sign):
    said = f"a{sign * (990 // len(sign.replace('&lt;', '.')))}b"
    began = process_time()
    authors(rss("", f"<author>{said}</author>"))
    assert process_time() - began < 0.2


def test_what_an_item_says_itself_stays_whatever_it_is():
    own = "<dc:creator>Harbour Times</dc:creator>"
    assert authors(rss("<dc:creator>Anna Berg</dc:creator>", own)) == ("Harbour Times",)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (["Anna Berg", "Bea Holm"], ["BEA HOLM", "Anna Berg"], True),
        (["Anna Berg"], ["Anna Berg", "Bea Holm"], False),
        ([], [], True),
        (["Anna Berg"], [], False),
    ],
)
def test_bylines_read_the_same_in_any_case_and_order(one, other, expected):
    assert same(one, other) is expected
