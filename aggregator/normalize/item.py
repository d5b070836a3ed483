"""An item as published, before anything is cleaned: what both parsers hand on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct, field

from aggregator.model.entry import Enclosure
from aggregator.normalize.characters import line

_KEPT = (
    "guid", "link", "title", "summary", "content", "authors", "categories", "image", "lang", "dates",
)  # fmt: skip


class Item(Struct, frozen=True, kw_only=True):
    """One item of a feed document. Texts are as published; "" or None where absent.

    ``summary`` and ``content`` are HTML, or plain text without what looks like tags; ``title``
    likewise, unless ``title_is_text``: then it is as it reads. ``base`` is what their
    addresses resolve against. ``published`` and ``updated`` are believed times,
    ``dates`` the texts they were read from; ``source`` names the feed it was taken from, and
    ``source_authors`` are that feed's. ``authors`` are the item's own.
    ``position`` counts all items of the document from 0; ``hash`` is of its bytes (see
    ``cutting``), b"" where they were not told apart.
    """

    position: int
    hash: bytes = b""

    guid: str = ""
    link: str | None = None
    title: str = ""
    title_is_text: bool = False
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    lang: str = ""
    source: str = ""
    source_authors: tuple[str, ...] = ()
    base: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    dates: tuple[str, str] = ("", "")

    @property
    def headline(self) -> str:
        """The title as one line of plain text."""
        return line(self.title, markup=not self.title_is_text)


class Head(Struct, frozen=True, kw_only=True):
    """What a feed document says of itself; fields as in ``model.entry.Document``.

    ``authors``: whom it names as its own, as published.
    """

    version: str
    title: str = ""
    home: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    lang: str = ""
    ttl: float | None = None
    update_period: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    hubs: tuple[str, ...] = ()
    self_url: str | None = None
    previous_archive: str | None = None
    complete: bool = True
    breaks_off: bool = False
    problems: tuple[str, ...] = field(default=())
    id: str = ""


class Parsed(Struct, frozen=True, kw_only=True):
    """A feed document, parsed. ``known``: the items that were not, since they were seen before, as
    position → what was remembered of them."""

    head: Head
    items: Sequence[Item]
    known: Mapping[int, bytes] = field(default_factory=dict)


def original(item: Item) -> bytes:
    """The item as it is kept in its revision: compact JSON in UTF-8, not yet compressed."""
    kept = {name: value for name in _KEPT if (value := getattr(item, name))}
    if item.enclosures:
        kept["enclosures"] = [[one.url, one.type, one.length] for one in item.enclosures]
    try:
        return msgspec.json.encode(kept)
    except UnicodeEncodeError:
        # Half a character, of which nothing but its place is kept. The same form otherwise.
        whole = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
        return whole.encode("utf-8", "replace")
