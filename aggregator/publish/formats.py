"""A page in every format; the index. Pure: the same page gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from aggregator.model.topic import Page, TopicState
from aggregator.publish.site import FEED_TYPES, Overview, Site, document_path

RENDERING = 1
"""Grows with each change to what these functions write: the whole output is then written again.

Archive pages that are full must not change for readers, so a step is for a mend, not for taste.
"""


def documents(page: Page, site: Site) -> dict[str, bytes]:
    """The four documents of a page by their paths below the output folder.

    ``topics/SLUG.atom``, ``.rss``, ``.json`` and ``.html``; for an archive page
    ``topics/SLUG/3.atom`` and so on. No text of a feed makes it fail.
    """
    # Here, since feedgen, lxml and Jinja2 take longer to import than most commands to run.
    from aggregator.publish.feeds import atom, rss
    from aggregator.publish.jsonfeed import json_feed
    from aggregator.publish.pages import topic_page
    from aggregator.publish.wording import safe_page

    safe = safe_page(page)
    formats = {"atom": atom, "rss": rss, "json": json_feed, "html": topic_page}
    return {
        document_path(page.topic.slug, page.number, extension): write(safe, site)
        for extension, write in formats.items()
    }


def fingerprint(document: bytes) -> bytes:
    """16 bytes that name a document's content."""
    return hashlib.blake2b(document, digest_size=16).digest()


def fingerprints(written: Mapping[str, bytes]) -> dict[str, bytes]:
    """The fingerprint by path of the feeds among some documents, not of the page for people."""
    return {
        path: fingerprint(data)
        for path, data in written.items()
        if path.rpartition(".")[2] in FEED_TYPES
    }


def index_page(states: Sequence[TopicState], overview: Overview, site: Site) -> dict[str, bytes]:
    """``index.html`` and ``topics.opml``, with the style sheets and the icon that all pages use."""
    from aggregator.publish.opml import topics_opml
    from aggregator.publish.pages import assets, index_html

    return {
        "index.html": index_html(states, overview, site),
        "topics.opml": topics_opml([state.topic for state in states], site),
        **assets(),
    }
