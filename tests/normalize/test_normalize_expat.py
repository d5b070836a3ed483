"""The hastened feedparser finds what the plain one finds."""

import copy
import io
from pathlib import Path
from typing import Any

import feedparser
import feedparser.api
import feedparser.mixin
import feedparser.urls
import pytest

from aggregator.normalize import document, expat
from aggregator.normalize.item import Parsed

OURS = Path(__file__).parents[1] / "documents"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
_LARGE = 30_000


def parse(body: bytes) -> Any:
    return document._feedparser(body, "", "https://news.example/feed")


def comparable(value: Any) -> Any:
    """Without the base addresses, which the plain one carries from one item into the next."""
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items() if name != "base"}
    return [comparable(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("folder", [OURS, CORPUS], ids=["ours", "corpus"])
def test_it_finds_what_the_plain_one_finds(folder, monkeypatch):
    bodies = {
        path.name: path.read_bytes()
        for path in sorted(folder.glob("*.xml"))
        if path.stat().st_size < _LARGE
    }
    hastened = {name: parse(body) for name, body in bodies.items()}
    assert expat.__name__ in feedparser.api.PREFERRED_XML_PARSERS
    monkeypatch.setattr(feedparser.api, "PREFERRED_XML_PARSERS", [])
    monkeypatch.setattr(
        feedparser.api, "StrictFeedParser", feedparser.api.StrictFeedParser.__mro__[1]
    )
    monkeypatch.setattr(feedparser.mixin, "copy", copy)
    monkeypatch.setattr(
        feedparser.mixin, "make_safe_absolute_uri", feedparser.urls.make_safe_absolute_uri
    )
    for name, body in bodies.items():
        plain = feedparser.parse(
            io.BytesIO(body),
            response_headers={
                "content-type": "application/xml",
                "content-location": "https://news.example/feed",
            },
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        for field in ("feed", "entries", "version", "encoding", "bozo"):
            found, wanted = hastened[name].get(field), plain.get(field)
            assert comparable(found) == comparable(wanted), (name, field)


ODD = """<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">
<channel><title>T</title>{channel}<item><title>One{loose}</title><link>https://a.example/1</link>{item}</item>
<item><title>Two</title><guid>2</guid></item></channel></rss>"""


def odd(*, channel: str = "", item: str = "", loose: str = "") -> Parsed:
    body = ODD.format(channel=channel, item=item, loose=loose).encode()
    url = "https://a.example/f"
    return document.parse(body, content_type="application/rss+xml", url=url, seen={})


@pytest.mark.parametrize("loose", ["", " & all"])
def test_attributes_of_an_element_do_not_stand_in_the_place_of_its_text(loose):
    name = "feedburner:origLink"
    read = odd(
        channel='<ttl a="b">60</ttl><sy:updatePeriod a="b">daily</sy:updatePeriod>',
        item=f'<{name} a="b">https://b.example/1</{name}>',
        loose=loose,
    )
    assert [one.link or "" for one in read.items] == ["https://b.example/1", ""]
    assert (read.head.ttl, read.head.update_period) == (3600, 86400)


@pytest.mark.parametrize("place", ["channel", "item"])
@pytest.mark.parametrize("attributes", ["", ' a="b"'])
@pytest.mark.parametrize("loose", ["", " & all"])
@pytest.mark.parametrize(
    "element", "links tags enclosures authors contributors summary_detail published_parsed".split()
)
def test_an_element_called_as_feedparser_calls_what_it_found_costs_nothing(
    element, place, attributes, loose
):
    read = odd(**{place: f"<{element}{attributes}>x</{element}>"}, loose=loose)
    assert [one.title for one in read.items] == [f"One{loose}", "Two"]
    assert read.items[0].link == "https://a.example/1"
