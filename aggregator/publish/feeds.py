"""Atom 1.0 and RSS 2.0 through feedgen, whose defects are worked around here and nowhere else.

feedgen makes the tree of what it gets right: ids, titles, times (Atom), texts, authors
(Atom), categories, feed links (Atom). :class:`_FeedParts` and :class:`_EntryParts`, its
extension mechanism, write the rest:

- links of an entry other than its alternate (feedgen drops their ``rel`` and all else);
- in RSS, links of the channel other than its page, and every date: feedgen switches the
  locale of the whole process to write one. An :class:`_Unwritten` time keeps it from that;
- ``atom:source`` with id and time, ``source``, ``dc:creator`` (``author`` wants mail);
- the language of an entry, RFC 5005's marks, the type of a title.

An element of Atom's own is made without a namespace in Atom (feedgen declares ``xmlns``
as a plain attribute) and with it in RSS.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree
from msgspec import Struct

from aggregator.model.topic import Page, PageEntry
from aggregator.publish.site import Neighbours, Site, feed_id, hubs_of, neighbours
from aggregator.publish.wording import content, describes, heading, summary

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_HISTORY = "{http://purl.org/syndication/history/1.0}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMESPACES = {"dc": _DC[1:-1], "fh": _HISTORY[1:-1], "media": _MEDIA[1:-1]}
_GENERATOR = "aggregator"

# What lxml calls ``_Element`` is no public name.
_Element = Any


def atom(page: Page, site: Site) -> bytes:
    """The page as an Atom document (RFC 4287, RFC 5005). ``page`` must be safe."""
    near = neighbours(page, site, "atom")
    feed = _generator(page, site, near)
    feed.updated(page.updated)
    feed.author(name=site.title)
    feed.link(href=near.own, rel="self", type="application/atom+xml")
    for rel, href in _further_links(page, site, near):
        feed.link(href=href, rel=rel)
    feed.link(href=near.html, rel="alternate", type="text/html")
    for entry in page.entries:
        item = _entry(feed, page, entry)
        item.title(heading(entry))
        item.updated(entry.updated)
        item.published(_whole(entry.published))
        if entry.authors:
            item.author([{"name": name} for name in entry.authors])
        _texts(item, page, entry, summary_type="text")
    return _styled(feed.atom_str(pretty=True), page)


def rss(page: Page, site: Site) -> bytes:
    """The page as an RSS 2.0 document with the best-practices profile. ``page`` must be safe."""
    near = neighbours(page, site, "rss")
    feed = _generator(page, site, near)
    feed.updated(_Unwritten.of(page.updated))
    feed.link(href=near.own, rel="self", type="application/rss+xml")
    # The channel's <link> is the last link added, whatever its rel.
    feed.link(href=near.html, rel="alternate")
    for entry in page.entries:
        item = _entry(feed, page, entry)
        item.published(_Unwritten.of(entry.published))
        if not _texts(item, page, entry, summary_type="html") or entry.title:
            item.title(heading(entry))
    return _styled(feed.rss_str(pretty=True), page)


def _generator(page: Page, site: Site, near: Neighbours) -> Any:
    feed = FeedGenerator()
    feed.register_extension("parts", _FeedParts, _EntryParts)
    feed.parts.facts = _Facts(page=page, site=site, near=near)
    feed.id(feed_id(page.topic.slug, page.series))
    feed.title(page.topic.title)
    feed.subtitle(describes(page.topic))
    # Without our version: an upgrade must not change archive pages that are full.
    feed.generator(_GENERATOR)
    languages = page.topic.languages
    if len(languages) == 1:
        feed.language(languages[0])
    return feed


def _entry(feed: Any, page: Page, entry: PageEntry) -> Any:
    item = feed.add_entry(order="append")
    item.parts.entry = entry
    item.id(entry.id)
    if entry.url:
        item.link(href=entry.url, rel="alternate")
    for category in entry.categories:
        item.category(term=category)
    return item


def _texts(item: Any, page: Page, entry: PageEntry, *, summary_type: str) -> bool:
    """Summary and content; whether there is any. A description of RSS is HTML, so plain text is
    escaped for it."""
    html, plain = content(page.topic, entry), summary(page.topic, entry)
    if not html and not entry.url:
        # Atom wants content where there is no alternate link (RFC 4287, section 4.1.2).
        html = f"<p>{escape(plain or heading(entry))}</p>"
    if plain:
        item.summary(escape(plain, quote=False) if summary_type == "html" else plain)
    if html:
        item.content(html, type="html")
    return bool(plain or html)


def _further_links(page: Page, site: Site, near: Neighbours) -> list[tuple[str, str]]:
    links = [("hub", hub) for hub in hubs_of(page, site)]
    pages = (("current", near.current), ("prev-archive", near.older), ("next-archive", near.newer))
    return links + [(rel, href) for rel, href in pages if href]


def _styled(document: bytes, page: Page) -> bytes:
    """With a style sheet, so that a static file is readable in a browser."""
    up = "../" if page.number is None else "../../"
    declaration, rest = document.split(b"\n", 1)
    style = f'<?xml-stylesheet type="text/css" href="{up}feed.css"?>'.encode()
    return b"\n".join((declaration, style, rest))


def _whole(value: datetime) -> datetime:
    return value.replace(microsecond=0)


class _Unwritten(datetime):
    """A time that feedgen accepts and leaves out: it writes what is true."""

    @classmethod
    def of(cls, value: datetime) -> _Unwritten:
        return cls.fromtimestamp(0, value.tzinfo)

    def __bool__(self) -> bool:
        return False


class _Facts(Struct, frozen=True, kw_only=True):
    page: Page
    site: Site
    near: Neighbours


class _FeedParts(BaseExtension):  # type: ignore[misc]
    """What feedgen does not write of a feed."""

    facts: _Facts

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES

    def extend_atom(self, feed: _Element) -> _Element:
        _declare_text(feed, "title", "subtitle")
        self._mark(feed)
        return feed

    def extend_rss(self, feed: _Element) -> _Element:
        channel = feed[0]
        for rel, href in _further_links(self.facts.page, self.facts.site, self.facts.near):
            etree.SubElement(channel, f"{_ATOM}link", rel=rel, href=href)
        _text(channel, "lastBuildDate", format_datetime(_whole(self.facts.page.updated)))
        self._mark(channel)
        return feed

    def _mark(self, parent: _Element) -> None:
        """RFC 5005, section 4: an archive document, from when it is full."""
        if self.facts.page.next is not None:
            etree.SubElement(parent, f"{_HISTORY}archive")


class _EntryParts(BaseEntryExtension):  # type: ignore[misc]
    """What feedgen does not write of an entry."""

    entry: PageEntry

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES

    def extend_atom(self, element: _Element) -> _Element:
        entry = self.entry
        _declare_text(element, "title", "summary")
        if entry.lang:
            element.set(_XML_LANG, entry.lang)
        for enclosure in entry.enclosures:
            link = etree.SubElement(element, "link", rel="enclosure", href=enclosure.url)
            if enclosure.type:
                link.set("type", enclosure.type)
            if enclosure.length is not None:
                link.set("length", str(enclosure.length))
        for source in entry.also_in:
            etree.SubElement(element, "link", rel="related", href=source.url, title=source.title)
        if entry.origin_feed:
            self._atom_source(etree.SubElement(element, "source"))
        self._common(element)
        return element

    def _atom_source(self, source: _Element) -> None:
        """The feed it came from (RFC 4287, section 4.2.11), as of when this state reached us."""
        entry = self.entry
        _text(source, "id", entry.origin_feed_id or entry.origin_feed)
        _text(source, "title", entry.origin_title or entry.origin_feed)
        # As feedgen writes it of the entry: whoever compares the two as texts finds them the same.
        _text(source, "updated", entry.updated.isoformat())
        etree.SubElement(source, "link", rel="self", href=entry.origin_feed)
        if entry.origin_home:
            etree.SubElement(source, "link", rel="alternate", href=entry.origin_home)
        if not entry.authors and entry.origin_title:
            _text(etree.SubElement(source, "author"), "name", entry.origin_title)

    def extend_rss(self, element: _Element) -> _Element:
        entry = self.entry
        for name in entry.authors:
            _text(element, f"{_DC}creator", name)
        _text(element, "pubDate", format_datetime(_whole(entry.published)))
        if entry.lang:
            _text(element, f"{_DC}language", entry.lang)
        # One enclosure an item is what the profile allows; the others travel as Atom's.
        for enclosure in entry.enclosures[:1]:
            etree.SubElement(
                element,
                "enclosure",
                url=enclosure.url,
                length=str(enclosure.length or 0),
                type=enclosure.type or "application/octet-stream",
            )
        if entry.origin_feed:
            _text(element, "source", entry.origin_title or entry.origin_feed).set(
                "url", entry.origin_feed
            )
            _text(element, f"{_DC}source", entry.origin_feed_id or entry.origin_feed)
        self._common(element)
        return element

    def _common(self, element: _Element) -> None:
        _text(element, f"{_DC}identifier", self.entry.origin_id)
        if self.entry.image:
            etree.SubElement(element, f"{_MEDIA}thumbnail", url=self.entry.image)


def _declare_text(parent: _Element, *names: str) -> None:
    """Text with a "<" goes out as HTML that says so: some readers, and the validator, take for
    markup what only looks like it."""
    for name in names:
        for element in parent.findall(name):
            if "<" in (element.text or "") and element.get("type", "text") == "text":
                element.set("type", "html")
                element.text = escape(element.text, quote=False)


def _text(parent: _Element, name: str, text: str) -> _Element:
    element = etree.SubElement(parent, name)
    element.text = text
    return element
