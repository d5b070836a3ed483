"""News sitemaps: what sites list for search engines, an input where they have no feed.

A plain sitemap says only where pages are, and is refused; one of news has a headline and a
date for each article (developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap).
"""

from __future__ import annotations

import re
from typing import Any

from aggregator.model.errors import NotAFeed
from aggregator.normalize import dates
from aggregator.normalize.ending import BREAKS_OFF, came_whole, too_early
from aggregator.normalize.item import Head, Item, Parsed
from aggregator.normalize.links import absolute

_URLSET = re.compile(rb"<(?:\w+:)?urlset\b[^>]*schemas/sitemap-news/", re.IGNORECASE)
_CLOSED = re.compile(rb"</(?:\w+:)?urlset\s*>", re.IGNORECASE)
_ARTICLES = frozenset({b"url"})
_LOOKED_AT = 20_000


def looks_like_news(body: bytes) -> bool:
    """Whether to read the body as a news sitemap: its root declares their name space."""
    return _URLSET.search(body, 0, _LOOKED_AT) is not None


def parse(body: bytes, *, url: str) -> Parsed:
    """Read a news sitemap, newest article first. Raises NotAFeed; addresses without news are left out."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    breaks_off = False
    if not _CLOSED.search(body, max(0, len(body) - _LOOKED_AT)):
        body, breaks_off = came_whole(body, "", _ARTICLES)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None or _name(root) != "urlset":
        raise NotAFeed("the news sitemap cannot be read", url=url)
    told = [one for place in root if (one := _told(place, url)) is not None]
    if breaks_off and not told:
        raise too_early(url)
    # What is too old for it leaves it wherever it stood: in order of age, that is at its end.
    told.sort(key=lambda one: dates.moment(one["date"]) or dates.EARLIEST, reverse=True)
    first = told[0] if told else {"name": "", "lang": ""}
    head = Head(
        version="news",
        title=first["name"],
        home=absolute("/", url) or "",
        lang=first["lang"],
        complete=not breaks_off,
        breaks_off=breaks_off,
        problems=(
            *((BREAKS_OFF,) if breaks_off else ()),
            *(("not well-formed",) if parser.error_log else ()),
        ),
    )
    return Parsed(head=head, items=[_item(one, at) for at, one in enumerate(told)])


def _told(place: Any, url: str) -> dict[str, str] | None:
    """What a ``url`` element says of an article; None where it has no news or no address."""
    said: dict[str, str] = dict.fromkeys(("loc", "title", "date", "keywords", "name", "lang"), "")
    names = {
        "title": "title", "publication_date": "date", "keywords": "keywords", "name": "name", "language": "lang",
    }  # fmt: skip
    for element in place.iter():
        name, text = _name(element), " ".join((element.text or "").split())
        if name == "loc" and element.getparent() is place:
            said["loc"] = absolute(text, url) or ""
        elif name == "loc" and _name(element.getparent()) == "image":
            said.setdefault("image", absolute(text, url) or "")
        elif name in names and "sitemap-news" in str(element.tag):
            said[names[name]] = text
    return said if said["loc"] and said["title"] else None


def _item(said: dict[str, str], position: int) -> Item:
    published = dates.moment(said["date"])
    return Item(
        position=position,
        guid=said["loc"],
        link=said["loc"],
        title=said["title"].replace("&", "&amp;").replace("<", "&lt;"),
        categories=tuple(word for one in said["keywords"].split(",") if (word := one.strip())),
        image=said.get("image") or None,
        lang=said["lang"],
        base=said["loc"],
        published=published,
        dates=(said["date"], ""),
    )


def _name(element: Any) -> str:
    """The name of an element without its name space; "" of a comment."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""
