"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1): bytes → Head and Items."""

from __future__ import annotations

import json
from typing import Any

from aggregator.model.entry import Enclosure
from aggregator.model.errors import NotAFeed
from aggregator.normalize import dates
from aggregator.normalize.blocks import from_lines, from_text
from aggregator.normalize.item import Head, Item, Parsed
from aggregator.normalize.links import absolute

_DIGITS = 400


def looks_like_json(body: bytes, content_type: str) -> bool:
    """Whether to read the body as JSON: by its first sign, whatever the server calls it."""
    first = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return first == b"{" or ("feed+json" in content_type and first not in {b"<", b""})


def parse(body: bytes, *, url: str) -> Parsed:
    """Read a JSON Feed. Raises NotAFeed; an item that is no object is left out and named."""
    try:
        data = json.loads(body.decode("utf-8-sig", "replace"), parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(f"the JSON cannot be read: {error}"[:300], url=url) from None
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise NotAFeed("the answer is JSON, but no JSON Feed", url=url)
    items = [item for item in data["items"] if isinstance(item, dict)]
    left_out = len(data["items"]) - len(items)
    head = Head(
        version="json11" if _text(version).endswith("1.1") else "json1",
        title=_text(data.get("title")),
        home=_address(data.get("home_page_url"), url) or "",
        description=_text(data.get("description")),
        authors=_authors(data),
        lang=_text(data.get("language")),
        hubs=tuple(
            address
            for hub in _list(data.get("hubs"))
            if isinstance(hub, dict) and (address := _address(hub.get("url"), url))
        ),
        self_url=_address(data.get("feed_url"), url),
        previous_archive=_address(data.get("next_url"), url),
        problems=(f"{left_out} items are no objects",) if left_out else (),
    )
    found = [_item(item, at, data, url) for at, item in enumerate(items)]
    return Parsed(head=head, items=found)


def _integer(digits: str) -> int | str:
    """A number that is too long to be one is a name."""
    return int(digits) if len(digits) <= _DIGITS else digits


def _item(item: dict[str, Any], position: int, feed: dict[str, Any], url: str) -> Item:
    link = _address(item.get("url") or item.get("external_url"), url)
    published, updated = _text(item.get("date_published")), _text(item.get("date_modified"))
    plain = _text(item.get("content_text")).replace("&", "&amp;").replace("<", "&lt;")
    return Item(
        position=position,
        guid=_text(item.get("id")).strip(),
        link=link,
        title=_text(item.get("title")),
        title_is_text=True,
        summary=from_text(_text(item.get("summary"))),
        content=_text(item.get("content_html")) or from_lines(plain),
        authors=_authors(item),
        categories=tuple(tag for tag in _list(item.get("tags")) if isinstance(tag, str) and tag),
        enclosures=_enclosures(item, url),
        image=_address(item.get("image") or item.get("banner_image"), url),
        lang=_text(item.get("language")) or _text(feed.get("language")),
        base=link or url,
        published=dates.moment(published),
        updated=dates.moment(updated),
        dates=(published, updated),
    )


def _authors(holder: dict[str, Any]) -> tuple[str, ...]:
    found = holder.get("authors") or [holder.get("author")]
    names = (
        [one.get("name") for one in found if isinstance(one, dict)]
        if isinstance(found, list)
        else []
    )
    return tuple(name for name in names if isinstance(name, str) and name)


def _enclosures(item: dict[str, Any], url: str) -> tuple[Enclosure, ...]:
    found = []
    for one in _list(item.get("attachments")):
        address = _address(one.get("url"), url) if isinstance(one, dict) else None
        if address:
            size = one.get("size_in_bytes")
            length = size if isinstance(size, int) and 0 <= size < 2**62 else None
            found.append(Enclosure(url=address, type=_text(one.get("mime_type")), length=length))
    return tuple(found)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else ""


def _address(value: Any, base: str) -> str | None:
    return absolute(value, base) if isinstance(value, str) else None
