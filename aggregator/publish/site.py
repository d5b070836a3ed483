"""Where the output is reached, and how its documents are named and addressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID, uuid5

from aggregator.model.topic import Page

FEED_TYPES: Mapping[str, str] = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
}
"""The media type of a feed document, by its extension."""

# Name space of topic feeds' ids. Never changes: readers know feeds by these ids.
_FEEDS = UUID("2f1d7c52-6a0e-5b0c-9a53-7d1f0c8e4b36")
# What stays as it is in an address that stands in a header; the rest is percent-encoded.
_RESERVED = "/:?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place of all documents.

    ``base_url`` is absolute and ends without a slash; ``title`` names the whole;
    ``hubs`` are WebSub hubs that are told of changes.
    """

    base_url: str
    title: str = "aggregator"
    hubs: tuple[str, ...] = ()

    def url(self, path: str) -> str:
        """The absolute address of a document."""
        return f"{self.base_url.rstrip('/')}/{path}"

    def link_header(self, path: str) -> str:
        """The Link header of a document that hubs are told of (WebSub, section 4); "" without hubs."""
        if not self.hubs:
            return ""
        links = [(hub, "hub") for hub in self.hubs] + [(self.url(path), "self")]
        return ", ".join(f'<{quote(url, safe=_RESERVED)}>; rel="{rel}"' for url, rel in links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Counts for the index page: feeds in all, collected at least once, failing; entries, stories."""

    feeds: int
    collected: int
    failing: int
    entries: int
    stories: int


def feed_id(slug: str) -> str:
    """The permanent id of a topic's feed: of its slug alone, never of an address."""
    return uuid5(_FEEDS, slug).urn


def document_path(slug: str, number: int | None, extension: str) -> str:
    """Path of a document below the output folder: ``topics/SLUG.atom``, ``topics/SLUG/3.atom``."""
    page = "" if number is None else f"/{number}"
    return f"topics/{slug}{page}.{extension}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Absolute addresses of the documents around one page, in one format (RFC 5005, section 4).

    ``current`` and ``newer`` are None on the subscription page; ``newer`` also on
    the newest archive page.
    """

    own: str
    html: str
    current: str | None
    older: str | None
    newer: str | None


def neighbours(page: Page, site: Site, extension: str) -> Neighbours:
    """The addresses that a document of ``page`` names."""
    slug = page.topic.slug

    def url(number: int | None) -> str:
        return site.url(document_path(slug, number, extension))

    return Neighbours(
        own=url(page.number),
        html=site.url(document_path(slug, page.number, "html")),
        current=None if page.number is None else url(None),
        older=None if page.previous is None else url(page.previous),
        newer=None if page.next is None else url(page.next),
    )
