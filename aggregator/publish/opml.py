"""topics.opml: all topic feeds in one file that a reader imports (OPML 2.0)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from aggregator.model.topic import Series, TopicState
from aggregator.publish.site import Site, stem
from aggregator.publish.text import one_line
from aggregator.publish.wording import describes, further_feeds

# What lxml calls ``_Element`` is no public name.
_Element = Any


def topics_opml(states: Sequence[TopicState], site: Site) -> bytes:
    """A subscription list of the topics' Atom feeds, in the order given; then of their digests, then of
    their corrections."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = one_line(site.title)
    body = etree.SubElement(root, "body")
    for state in states:
        _outline(body, state, site, Series.STORIES)
    for series in (Series.DIGEST, Series.CORRECTIONS):
        for state in states:
            if series in state.topic.series:
                _outline(body, state, site, series)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _outline(parent: _Element, state: TopicState, site: Site, series: Series) -> None:
    topic = state.topic
    title = one_line(topic.title) or topic.slug
    further = dict(further_feeds(topic))
    if series:
        title = f"{title}: {further[series]}"
    etree.SubElement(
        parent,
        "outline",
        type="rss",
        text=title,
        title=title,
        description=one_line(describes(topic, series)),
        xmlUrl=site.url(f"{stem(state, series)}.atom"),
        htmlUrl=site.url(f"{stem(state, series)}.html"),
    )
