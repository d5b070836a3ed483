"""JSON Feed 1.1. What the format has no word for stands in ``_aggregator`` (its section on extensions)."""

from __future__ import annotations

import json
from typing import Any

from aggregator.model.entry import Enclosure
from aggregator.model.time import exact_iso, iso
from aggregator.model.topic import Page, PageEntry, Topic
from aggregator.publish.site import Site, feed_id, hubs_of, neighbours
from aggregator.publish.wording import content, describes, heading, summary

_VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(page: Page, site: Site) -> bytes:
    """The page as a JSON Feed document, UTF-8. ``page`` must be safe."""
    near, topic = neighbours(page, site, "json"), page.topic
    feed: dict[str, Any] = {
        "version": _VERSION,
        "title": topic.title,
        "home_page_url": near.html,
        "feed_url": near.own,
        "description": describes(topic),
        "authors": [{"name": site.title}],
    }
    if near.older:
        feed["next_url"] = near.older
    if len(topic.languages) == 1:
        feed["language"] = topic.languages[0]
    if hubs := hubs_of(page, site):
        feed["hubs"] = [{"type": "WebSub", "url": hub} for hub in hubs]
    own_id = feed_id(topic.slug, page.series)
    feed["_aggregator"] = {"id": own_id, "query": topic.query, "total": page.total}
    feed["items"] = [_item(topic, entry) for entry in page.entries]
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _item(topic: Topic, entry: PageEntry) -> dict[str, Any]:
    html, plain = content(topic, entry), summary(topic, entry)
    item: dict[str, Any] = {"id": entry.id}
    if entry.url:
        item["url"] = entry.url
    if entry.title:
        item["title"] = entry.title
    if html:
        item["content_html"] = html
    else:
        item["content_text"] = plain or heading(entry)
    optional: dict[str, Any] = {
        "summary": plain if html else "",
        "image": entry.image,
        "date_published": iso(entry.published),
        "date_modified": exact_iso(entry.updated),
        "authors": [{"name": name} for name in _authors(entry)],
        "tags": list(entry.categories),
        "language": entry.lang,
        "attachments": [_attachment(enclosure) for enclosure in entry.enclosures],
    }
    item |= {key: value for key, value in optional.items() if value}
    item["_aggregator"] = _extension(entry)
    return item


def _authors(entry: PageEntry) -> tuple[str, ...]:
    """An item without authors has the feed's, which is us; so one that a publisher wrote is by the feed
    that it came from, as in Atom."""
    source = entry.origin_title or entry.origin_feed
    return entry.authors or ((source,) if source else ())


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    attachment = {
        "url": enclosure.url,
        "mime_type": enclosure.type or "application/octet-stream",
        "size_in_bytes": enclosure.length,
    }
    return {key: value for key, value in attachment.items() if value}


def _extension(entry: PageEntry) -> dict[str, Any]:
    origin = {
        "id": entry.origin_id,
        "title": entry.origin_title,
        "feed_id": entry.origin_feed_id,
        "feed_url": entry.origin_feed,
        "home_page_url": entry.origin_home,
    }
    return {
        "entry": entry.entry,
        "origin": {key: value for key, value in origin.items() if value},
        "also_in": [{"title": source.title, "url": source.url} for source in entry.also_in],
        "reason": entry.reason,
        "corrected": entry.corrected,
        "vanished": iso(entry.vanished_at) if entry.vanished_at else entry.vanished,
    }
