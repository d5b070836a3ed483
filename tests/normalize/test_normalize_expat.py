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
