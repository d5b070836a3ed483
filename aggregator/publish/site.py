"""Where the output is reached, and how its documents are named and addressed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.hostnames import is_everywhere, shown_host
from aggregator.model.settings import BUILT_IN_HUB, Settings
from aggregator.model.topic import Page, Series, TopicState

FEED_TYPES: Mapping[str, str] = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
}
"""The media type of a feed document, by its extension."""

HUB_PATH = "/hub"
"""Where the built-in server's hub takes requests."""

# Name space of topic feeds' ids. Never changes: readers know feeds by these ids.
_FEEDS = UUID("2f1d7c52-6a0e-5b0c-9a53-7d1f0c8e4b36")
_SUBSCRIBED = re.compile(rf"topics/[^/_][^/]*\.({'|'.join(FEED_TYPES)})")
# What stays as it is in an address that stands in a header; the rest is percent-encoded.
_RESERVED = "/:?#[]@!$&'()*+,;=%~"


class Site(Struct, frozen=True, kw_only=True):
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
        """The Link header of a document that hubs are told of (WebSub, section 4); "" without hubs,
        and of all others."""
        if not self.hubs or not is_told(path):
            return ""
        links = [(hub, "hub") for hub in self.hubs] + [(self.url(path), "self")]
        return ", ".join(f'<{quote(url, safe=_RESERVED)}>; rel="{rel}"' for url, rel in links)


def site_of(settings: Settings, *, bound: str = "") -> Site:
    """Where the output is reached: ``publish.base_url``, else the built-in server (``bound``)."""
    server = settings.server
    host = shown_host(server.host)
    own = bound if bound and not server.port else f"http://{host}:{server.port}"
    base = settings.publish.base_url.rstrip("/") or own
    hub = settings.publish.hub
    hubs = (f"{base}{HUB_PATH}" if hub == BUILT_IN_HUB else hub,) if hub else ()
    return Site(base_url=base, title=settings.publish.title, hubs=hubs)


def only_here(settings: Settings) -> str:
    """Why readers on other machines cannot follow what is published, though they are meant to come;
    "" where they can."""
    if settings.publish.base_url or not is_everywhere(settings.server.host):
        return ""
    site = site_of(settings)
    return f"everything published leads to {site.base_url}, which is each reader's own machine"


class Overview(Struct, frozen=True, kw_only=True):
    """Counts for the index page: feeds in all, collected at least once, failing; entries, stories;
    topics that are not private."""

    feeds: int
    collected: int
    failing: int
    entries: int
    stories: int
    topics: int


class Card(Struct, frozen=True, kw_only=True):
    """A topic on the index page, with the titles of what it announced last."""

    state: TopicState
    titles: tuple[str, ...]


def feed_id(slug: str, series: Series = Series.STORIES) -> str:
    """The permanent id of a topic's feed: of its slug and series alone, never of an address."""
    return uuid5(_FEEDS, _with_series(slug, series)).urn


def _with_series(name: str, series: Series) -> str:
    return f"{name}.{series}" if series else name


STATUS = "topics/_status"
"""Where the feeds' troubles stand as a feed of their own."""
PRIVATE = "private"
"""The folder of the topics whose addresses are secret."""
TOKEN_SIGNS = 32
"""Hexadecimal digits of such an address."""


def stem(topic: Page | TopicState, series: Series = Series.STORIES) -> str:
    """Where a topic's documents stand: ``topics/SLUG``, or ``private/TOKEN``; those of its further
    feeds at ``topics/SLUG.digest`` and the like."""
    place = f"{PRIVATE}/{topic.token}" if topic.token else f"topics/{topic.topic.slug}"
    return _with_series(place, series)


def stems(state: TopicState) -> tuple[str, ...]:
    """Where all documents of a topic stand."""
    return tuple(stem(state, series) for series in state.topic.series)


def feed_paths(state: TopicState, series: Series) -> tuple[str, ...]:
    """Paths of the newest documents of one of a topic's feeds, in each format; none of one that it
    does not have."""
    place = stem(state, series)
    return tuple(f"{place}.{one}" for one in FEED_TYPES) if series in state.topic.series else ()


def document_path(page: Page, extension: str) -> str:
    """Path of a page below the output folder: ``topics/SLUG.atom``, ``topics/SLUG/3.atom``."""
    number = "" if page.number is None else f"/{page.number}"
    return f"{stem(page, page.series)}{number}.{extension}"


def snapshot_path(page: Page, extension: str) -> str:
    """Path of a page that still fills, as it is now: ``topics/SLUG/3-117.atom``.

    A client that keeps archive documents by their addresses asks again only for an
    address that it does not know: so that it misses nothing, the page before the
    subscription page is known by another one each time it has grown.
    """
    return f"{stem(page)}/{page.number}-{page.grown}.{extension}"


def is_told(path: str) -> bool:
    """Whether hubs are told of a document: of the feeds that a topic's subscribers read, unless they
    are private. Who would subscribe to one of those at a hub would tell it the secret."""
    return _SUBSCRIBED.fullmatch(path) is not None


def shown_path(path: str) -> str:
    """A path as it may be shown and logged: without the secret of a private topic."""
    folder, _, rest = path.partition("/")
    return f"{folder}/…{rest[TOKEN_SIGNS:]}" if folder == PRIVATE and rest else path


def hubs_of(page: Page, site: Site) -> tuple[str, ...]:
    """The hubs that a page's feeds name. An archive page has nothing to announce, and must not change
    with the hubs."""
    return site.hubs if is_told(document_path(page, "atom")) else ()


class Neighbours(Struct, frozen=True, kw_only=True):
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

    def url(number: int | None) -> str:
        return site.url(document_path(replace(page, number=number), extension))

    older = None if page.previous is None else url(page.previous)
    if page.number is None and page.grown:
        older = site.url(snapshot_path(replace(page, number=page.previous), extension))
    return Neighbours(
        own=url(page.number),
        html=site.url(document_path(page, "html")),
        current=None if page.number is None else url(None),
        older=older,
        newer=None if page.next is None else url(page.next),
    )
