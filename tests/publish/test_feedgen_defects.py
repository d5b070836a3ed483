"""What feedgen 1.0 writes wrong, or stops at: each is worked around, here seen in the outcome."""

from __future__ import annotations

import json
import locale
from datetime import UTC, datetime, timedelta, timezone

import feedrules
import pytest
from feedrules import ATOM, CONTENT, DC, MEDIA
from lxml import etree
from madepages import SITE, WHEN, entry, page
from msgspec.structs import replace
from publishing import HISTORY

from aggregator.model.entry import Enclosure
from aggregator.model.topic import Detail, Topic
from aggregator.publish import documents

SY = "{http://purl.org/rss/1.0/modules/syndication/}"


def made(*entries, site=SITE, **more):
    """(Atom, RSS channel, JSON) of a page, trees; whatever it is, all of it is valid."""
    found = documents(page(*entries, **more), site)
    assert feedrules.problems(found) == []
    by_end = {path.rpartition(".")[2]: data for path, data in found.items()}
    return (
        etree.fromstring(by_end["atom"]),
        etree.fromstring(by_end["rss"])[0],
        json.loads(by_end["json"]),
    )


def one(**given):
    """(Atom entry, RSS item) of one entry."""
    feed, channel, _ = made(entry(1, **given))
    return feed.find(f"{ATOM}entry"), channel.find("item")


def links(parent, rel):
    return [
        dict(a.attrib) for a in parent.findall(f"{ATOM}link") if a.get("rel", "alternate") == rel
    ]


def test_links_of_an_entry_keep_their_attributes():  # 1
    atom, _ = one()
    assert links(atom, "enclosure")[0] == {
        "rel": "enclosure", "href": "https://one.example/a.mp3", "type": "audio/mpeg", "length": "12",
    }  # fmt: skip
    assert links(atom, "related") == [
        {"rel": "related", "href": "https://two.example/s", "title": "Two"}
    ]
    assert len(links(atom, "alternate")) == 1


def test_enclosures_beside_a_link():  # 2, 8, 34
    several = tuple(
        Enclosure(url=f"https://one.example/{n}", type="", length=None) for n in range(3)
    )
    atom, item = one(enclosures=several)
    assert len(links(atom, "enclosure")) == 3
    (enclosure,) = item.findall("enclosure")
    assert (enclosure.get("length"), enclosure.get("type")) == ("0", "application/octet-stream")


def test_content_is_html_that_says_so():  # 3, 20
    atom, item = one()
    assert atom.find(f"{ATOM}content").get("type") == "html"
    assert item.findtext(f"{CONTENT}encoded").startswith("<p>One")


def test_authors():  # 4, 15, 16
    atom, item = one(authors=("Ida Morrow", "jo@example.org"))
    assert [a.text for a in atom.findall(f"{ATOM}author/{ATOM}name")] == [
        "Ida Morrow",
        "jo@example.org",
    ]
    assert [a.text for a in item.findall(f"{DC}creator")] == ["Ida Morrow", "jo@example.org"]
    assert item.find("author") is None


def test_the_image_is_no_media_group():  # 5
    for found in one():
        assert found.find(f"{MEDIA}thumbnail").get("url") == "https://one.example/i.jpg"
        assert found.find(f".//{MEDIA}group") is None


def test_nothing_of_what_it_cannot_write():  # 6, 7
    _, channel, _ = made(entry(1))
    assert not [e.tag for e in channel.iter() if str(e.tag).startswith(SY)]
    assert channel.find("textInput") is None
    assert channel.find("cloud") is None


def test_a_feed_has_an_author_though_no_entry_has():  # 9
    feed, _, _ = made(entry(1, authors=()))
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == SITE.title


def test_an_entry_without_any_text_has_content_of_its_own():  # 10
    atom, item = one(url=None, html="", text="", summary="")
    content = atom.find(f"{ATOM}content")
    assert (content.get("src"), content.get("type")) == (None, "html")
    assert item.findtext("description")


def test_years_that_no_format_takes():  # 12
    atom, item = one(
        published=datetime(824, 1, 1, tzinfo=UTC), updated=datetime(824, 1, 1, tzinfo=UTC)
    )
    assert atom.findtext(f"{ATOM}published").startswith("1000-01-01")
    assert item.findtext("pubDate") == "Wed, 01 Jan 1000 00:00:00 +0000"


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=5, minutes=30, seconds=20))])
def test_only_utc_gets_in(zone):  # 11, 35
    with pytest.raises(ValueError, match="UTC"):
        entry(1, published=datetime(2026, 1, 1, tzinfo=zone))


def test_the_channel_leads_to_its_page():  # 13
    _, channel, _ = made(entry(1), site=replace(SITE, hubs=("https://hub.example/",)))
    assert channel.findtext("link") == "https://news.example/out/topics/torres.html"


def test_links_of_the_channel():  # 14, 25
    hubs = replace(SITE, hubs=("https://hub.example/",))
    for feed in made(entry(1), site=hubs)[:2]:
        assert links(feed, "hub")[0]["href"] == "https://hub.example/"
        assert links(feed, "prev-archive")
    for feed in made(entry(1), number=2, previous=1, next=3)[:2]:
        for rel in ("self", "current", "prev-archive", "next-archive"):
            assert len(links(feed, rel)) == 1, rel
        assert feed.find(f"{HISTORY}archive") is not None
    assert b"ns0:" not in documents(page(entry(1)), SITE)["topics/torres.atom"]


def test_the_source_says_all_it_must():  # 17
    atom, item = one(origin_feed_id="tag:one.example,2020:feed")
    source = atom.find(f"{ATOM}source")
    assert source.findtext(f"{ATOM}id") == "tag:one.example,2020:feed"
    assert source.findtext(f"{ATOM}title") == "One & only"
    assert source.findtext(f"{ATOM}updated") == atom.findtext(f"{ATOM}updated")
    assert links(source, "self")[0]["href"] == "https://one.example/rss?x=1&y=2"
    assert (
        atom.findtext(f"{DC}identifier") == item.findtext(f"{DC}identifier") == "tag:one.example,1"
    )
    assert item.findtext(f"{DC}source") == "tag:one.example,2020:feed"
    # Without an id of its own, or with what is none, a feed is known by its address.
    for given in ("", "no id"):
        atom, item = one(origin_feed_id=given)
        assert atom.findtext(f"{ATOM}source/{ATOM}id") == "https://one.example/rss?x=1&y=2"


def test_no_clock_is_in_a_document():  # 18
    first = documents(page(entry(1), entry(2)), SITE)
    assert first == documents(page(entry(1), entry(2)), SITE)
    _, channel, _ = made(entry(1), updated=WHEN)
    assert channel.findtext("lastBuildDate") == "Mon, 02 Nov 2026 12:00:00 +0000"


def test_the_order_is_the_pages():  # 19
    feed, channel, items = made(entry(3), entry(1), entry(2))
    ids = [entry(n).id for n in (3, 1, 2)]
    assert [e.text for e in feed.findall(f"{ATOM}entry/{ATOM}id")] == ids
    assert [e.text for e in channel.findall("item/guid")] == ids
    assert [e["id"] for e in items["items"]] == ids


def test_summary_beside_content():  # 21, 22
    atom, item = one()
    assert atom.findtext(f"{ATOM}summary") == item.findtext("description") == "A summary."
    assert "One &amp; two" in atom.findtext(f"{ATOM}content")
    assert "One &amp; two" in item.findtext(f"{CONTENT}encoded")


@pytest.mark.parametrize(
    ("title", "kind", "text"),
    [
        ("Less <b> than", "html", "Less &lt;b&gt; than"),
        ("1 < 2 & 3", "html", "1 &lt; 2 &amp; 3"),
        ("Café & co", None, "Café & co"),
        ("&lt; as written", None, "&lt; as written"),
    ],
)
def test_a_title_is_what_it_says(title, kind, text):  # 23
    atom, item = one(title=title)
    found = atom.find(f"{ATOM}title")
    assert (found.get("type"), found.text) == (kind, text)
    assert item.findtext("title") == title


def test_categories():  # 24, 37
    atom, item = one(categories=("Football", " ", "Football"))
    assert [dict(c.attrib) for c in atom.findall(f"{ATOM}category")] == [{"term": "Football"}]
    assert [c.text for c in item.findall("category")] == ["Football"]


def test_languages():  # 26
    atom, item = one(lang="pt-BR")
    assert atom.get("{http://www.w3.org/XML/1998/namespace}lang") == "pt-BR"
    assert item.findtext(f"{DC}language") == "pt-BR"


def test_an_id_is_no_address():  # 27
    assert one()[1].find("guid").get("isPermaLink") == "false"


@pytest.mark.parametrize("extension", ["atom", "rss"])
@pytest.mark.parametrize(("number", "up"), [(None, "../"), (2, "../../")])
def test_a_style_sheet(extension, number, up):  # 28
    found = documents(page(entry(1), number=number), SITE)
    (data,) = [data for path, data in found.items() if path.endswith(f".{extension}")]
    assert (
        data.split(b"\n")[1] == f'<?xml-stylesheet type="text/css" href="{up}feed.css"?>'.encode()
    )


def test_signs_that_xml_refuses():  # 29, 30
    atom, item = one(title="a\x00b\x0bc\ufffed", summary="\ud800 half", authors=("\x07Jo",))
    assert atom.findtext(f"{ATOM}title") == item.findtext("title") == "abcd"
    assert atom.findtext(f"{ATOM}summary") == "half"


def test_no_title():  # 31
    atom, item = one(title="")
    assert atom.findtext(f"{ATOM}title") == "A summary."
    assert item.find("title") is None


@pytest.mark.parametrize("detail", Detail)
def test_nothing_but_a_line(detail):  # 31, in RSS
    topic = Topic(slug="torres", title="Torres", query="torres", detail=detail)
    bare = {"title": "", "html": "", "also_in": ()}
    told = entry(1, summary="One line.", text="", **bare)
    _, channel, _ = made(told, entry(2, summary="", text="One line.", **bare), topic=topic)
    for item in channel.findall("item"):
        assert "One line." in (item.findtext("title") or item.findtext("description"))


def test_html_that_is_no_xml():  # 32
    atom, _ = one(html="<p>one&nbsp;two<br>three", also_in=())
    assert atom.findtext(f"{ATOM}content") == "<p>one&nbsp;two<br>three"


def test_relations_that_it_refuses():  # 33
    atom, _ = one()
    assert {a.get("rel", "alternate") for a in atom.findall(f"{ATOM}link")} == {
        "alternate", "enclosure", "related",
    }  # fmt: skip


def test_the_locale_stays_as_it_is(monkeypatch):  # 36
    switched = []
    monkeypatch.setattr(locale, "setlocale", lambda *given: switched.append(given) or "C")
    made(entry(1), entry(2))
    assert [given for given in switched if len(given) > 1 and given[1] is not None] == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("שלום abc", True),
        ("«مرحبا» said the captain", True),
        ("100 – שלום", True),
        ("The ferry, שלום", False),
        ("100 – 99", False),
    ],
)
def test_what_runs_from_right_to_left_is_published_so(text, kept):
    atom, item = one(html=f"<p>{text}</p>", text=text)
    body = atom.find(f"{ATOM}content").text
    assert body.startswith(f'<div dir="rtl"><p>{text}</p></div>' if kept else f"<p>{text}</p>")
    assert item.find(CONTENT + "encoded").text == body
