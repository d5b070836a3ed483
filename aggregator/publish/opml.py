"""topics.opml: all topic feeds in one file that a reader imports (OPML 2.0)."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from aggregator.model.topic import Topic
from aggregator.publish.site import Site, public_stem
from aggregator.publish.text import one_line
from aggregator.publish.wording import describes


def topics_opml(topics: Sequence[Topic], site: Site) -> bytes:
    """A subscription list of the topics' Atom feeds, in the order given."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = one_line(site.title)
    body = etree.SubElement(root, "body")
    for topic in topics:
        title = one_line(topic.title) or topic.slug
        etree.SubElement(
            body,
            "outline",
            type="rss",
            text=title,
            title=title,
            description=one_line(describes(topic)),
            xmlUrl=site.url(f"{public_stem(topic)}.atom"),
            htmlUrl=site.url(f"{public_stem(topic)}.html"),
        )
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))
