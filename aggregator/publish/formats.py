"""A page in every format; the index. Pure: the same page gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from aggregator.model.notice import NoticeRecord
from aggregator.model.series import CorrectionsFeed, DigestFeed
from aggregator.model.topic import Page, TopicState
from aggregator.publish.site import (
    FEED_TYPES,
    Card,
    Overview,
    Site,
    document_path,
    is_told,
    snapshot_path,
)

RENDERING = 6
"""Grows with each change to what these functions write: it is then written again. Feeds of pages
that are full stay as they are."""

FULL_PAGES = 2
"""Grows where the feeds of full pages, too, must be written again: for a fault of theirs alone,
since a reader takes them for what never changes."""

FEEDS = tuple(FEED_TYPES)


def documents(page: Page, site: Site) -> dict[str, bytes]:
    """The four documents of a page by their paths below the output folder.

    ``topics/SLUG.atom``, ``.rss``, ``.json`` and ``.html``; for an archive page
    ``topics/SLUG/3.atom`` and so on; a page that still fills also by the path that
    the subscription page knows it by. No text of a feed makes it fail.
    """
    # Here, since feedgen, lxml and Jinja2 take longer to import than most commands to run.
    from aggregator.publish.feeds import atom, rss
    from aggregator.publish.jsonfeed import json_feed
    from aggregator.publish.pages import series_page, topic_page
    from aggregator.publish.wording import safe_page

    safe = safe_page(page)
    for_people = series_page if page.series else topic_page
    formats = {"atom": atom, "rss": rss, "json": json_feed, "html": for_people}
    made = {extension: write(safe, site) for extension, write in formats.items()}
    found = {document_path(page, extension): data for extension, data in made.items()}
    if page.number is not None and page.grown:
        found |= {snapshot_path(page, extension): made[extension] for extension in FEEDS}
    return found


def status_documents(
    notices: Sequence[NoticeRecord], site: Site, *, whole: bool
) -> dict[str, bytes]:
    """The four documents of the feeds' troubles by their paths: ``topics/_status.atom`` and so on.
    ``notices`` and ``whole`` as in :func:`status_page`."""
    from aggregator.publish.feeds import atom, rss
    from aggregator.publish.jsonfeed import json_feed
    from aggregator.publish.pages import status_html
    from aggregator.publish.status import status_page
    from aggregator.publish.wording import safe_page

    page = safe_page(status_page(notices, site, whole=whole))
    formats = {"atom": atom, "rss": rss, "json": json_feed, "html": status_html}
    return {
        document_path(page, extension): write(page, site) for extension, write in formats.items()
    }


def further_documents(feed: DigestFeed | CorrectionsFeed, site: Site) -> dict[str, bytes]:
    """The four documents of a topic's digest or corrections: ``topics/SLUG.digest.atom`` and so on."""
    from aggregator.publish.corrections import corrections_page
    from aggregator.publish.digests import digest_page

    made = digest_page(feed, site) if isinstance(feed, DigestFeed) else corrections_page(feed, site)
    return documents(made, site)


def fingerprint(document: bytes) -> bytes:
    """16 bytes that name a document's content."""
    return hashlib.blake2b(document, digest_size=16).digest()


def fingerprints(written: Mapping[str, bytes]) -> dict[str, bytes]:
    """The fingerprint by path of those of some documents that hubs are told of."""
    return {path: fingerprint(data) for path, data in written.items() if is_told(path)}


def index_page(cards: Sequence[Card], overview: Overview, site: Site) -> dict[str, bytes]:
    """``index.html``: what is collected, and some topics with what is newest in them; private ones
    are left out."""
    from aggregator.publish.pages import index_html

    shown = [card for card in cards if not card.state.token]
    return {"index.html": index_html(shown, overview, site)}


def directory(states: Sequence[TopicState], site: Site) -> dict[str, bytes]:
    """What changes with the topics themselves and not with what they catch: ``topics.html`` and
    ``topics.opml``, which name them all; style sheets and icon, which all pages use.

    Private topics are in neither.
    """
    from aggregator.publish.opml import topics_opml
    from aggregator.publish.pages import assets, directory_html

    shown = [state for state in states if not state.token]
    return {
        "topics.html": directory_html(shown, site),
        "topics.opml": topics_opml(shown, site),
        **assets(),
    }
