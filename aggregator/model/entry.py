"""An entry: as normalize hands it on, and as readers of the archive see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NewType

from msgspec import Struct

from aggregator.model.time import iso, require_utc

EntryKey = NewType("EntryKey", int)
"""Row number of an entry; grows with arrival. Never leaves the database."""

TOLD_APART = "\n"
"""Stands in the identity of an entry between its name, which others of its document had too, and
what told it apart from them."""

EntryId = NewType("EntryId", str)
"""``urn:uuid:`` UUIDv5 of the feed's identity and the entry's identity."""

StoryKey = NewType("StoryKey", int)

StoryId = NewType("StoryId", str)
"""``urn:uuid:`` UUIDv5, in a name space of its own, of the story's first entry's id."""


class Enclosure(Struct, frozen=True, kw_only=True):
    """A file that comes with an entry. ``length`` in bytes, None where not given."""

    url: str
    type: str = ""
    length: int | None = None


class Indexed(Struct, frozen=True, kw_only=True):
    """An entry's text analysed for finding (see ``aggregator.query``).

    Each is words joined by one space, in order: ``title`` and ``text`` hold
    language-tagged stems, ``forms`` the distinct folded surface words that
    differ from their stem. ``version`` names the analysis that made them.
    """

    title: str
    text: str
    forms: str
    version: int


class Shown(Struct, frozen=True, kw_only=True):
    """What readers see of an entry where learned blocks were taken out of it.

    ``removed`` are the hashes of the blocks that count as boilerplate in it.
    """

    removed: tuple[bytes, ...]
    html: str
    text: str
    summary: str
    image: str | None


class Entry(Struct, frozen=True, kw_only=True):
    """The clean form of one item, with a stable identity in its feed.

    ``title``, ``summary`` and ``text`` are plain text, ``html`` is safe HTML with
    absolute URLs; "" where absent. ``lang`` is a BCP 47 tag or "". Times are
    aware UTC or None where the publisher gave none that can be believed.
    """

    id: EntryId
    identity: str
    position: int
    """Place in the document, from 0."""
    item_hash: bytes
    """32 bytes by which the item is recognised at the next poll; equal means nothing to do."""
    guid: str = ""
    """id/guid as published, "" where absent."""
    url: str | None = None
    canonical_url: str | None = None
    """``url`` without what does not identify: scheme, www, tracking."""
    title: str = ""
    summary: str = ""
    html: str = ""
    text: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    lang: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    fingerprint: bytes = b""
    """16 bytes that change when, and only when, a reader would call it changed.

    Taken before learned rules, so that a newly learned block makes no revision.
    """
    parts: tuple[tuple[str, bytes], ...] = ()
    """(field, hash) of what the fingerprint covers: tells which field changed.

    8 bytes, none where the field is empty; of ``published`` they sort as the moments do.
    """
    second_name: str = ""
    """The identity it gets where its first proves to be another item's; "" where it has no other."""
    second_id: EntryId | None = None
    """The id it gets then."""
    likeness: str | None = None
    """Equal for what one feed publishes again under another name: the same headline at the same
    moment, else the same headline and text. None where neither is enough to tell."""
    text_hash: bytes | None = None
    """16 bytes over title and text, quotes and case folded; None for too short a text."""
    sample: tuple[int, ...] = ()
    """Hashes of 6 bytes of some runs of the text's words: near copies share some of them."""
    original: bytes = b""
    """The uncleaned item (see ``model.original``)."""
    blocks: tuple[bytes, ...] = ()
    """8 bytes of a hash of each block, in order, of which boilerplate is learned."""
    shown: Shown | None = None
    """Without learned blocks; None where it has none. What is found and published is this."""
    indexed: Indexed | None = None
    """Of what is shown."""

    def __post_init__(self) -> None:
        require_utc(self.published, "published")
        require_utc(self.updated, "updated")

    @property
    def reading(self) -> Entry | Shown:
        """Where ``html``, ``text``, ``summary`` and ``image`` are as readers see them."""
        return self.shown or self


class Unfit(StrEnum):
    """Why the page an entry links to leaves the entry the text of its feed."""

    EMPTY = "empty"
    """No text of an article was found in it."""
    OTHER = "other"
    """It is not plainly the article that the feed announces: an index, an error, a log-in."""
    CLOSED = "closed"
    """It stops at a wall: subscribers only, a consent, a captcha, a browser that runs scripts."""
    SHORTER = "shorter"
    """It says no more than the feed."""


class Document(Struct, frozen=True, kw_only=True):
    """A feed document: its head, and its items as clean entries in document order.

    ``known`` are items that were recognised by their hash and not parsed again,
    as (position, hash). ``problems`` are sentences for the person who looks.
    ``ttl`` and ``update_period`` are seconds, None where the publisher gives none.
    """

    version: str
    title: str = ""
    home: str = ""
    description: str = ""
    lang: str = ""
    entries: tuple[Entry, ...] = ()
    known: tuple[tuple[int, bytes], ...] = ()
    ttl: float | None = None
    update_period: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    """Monday is 0."""
    hubs: tuple[str, ...] = ()
    self_url: str | None = None
    previous_archive: str | None = None
    complete: bool = True
    """False where items were left out (a limit, or no end), so that absence means nothing."""
    breaks_off: bool = False
    """Whether its end is missing: what was listed before may stand in what did not come."""
    left_out: int = 0
    """Items beyond ``collect.max_entries``: the oldest, which were not read."""
    problems: tuple[str, ...] = ()
    id: str = ""
    """The id that an Atom feed gives itself; "" where it has none."""


class EntryRecord(Struct, frozen=True, kw_only=True):
    """One entry as readers of the archive get it: the contract's JSON, typed.

    ``feed`` is the feed's URL as the OPML has it; ``revisions`` counts the states
    seen (1 = never changed); ``topics`` are slugs that hold its story.
    """

    key: EntryKey
    id: EntryId
    feed: str
    feed_title: str
    folders: tuple[str, ...]
    url: str | None
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    lang: str
    published: datetime | None
    updated: datetime | None
    first_seen: datetime
    summary: str
    html: str
    text: str
    story: StoryId
    lead: bool
    revisions: int
    vanished: datetime | None
    topics: tuple[str, ...]
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The object of ``search --json``, ``show --json`` and ``export``; keys in order."""
        return {
            "id": self.id,
            "feed": self.feed,
            "url": self.url,
            "title": self.title,
            "authors": list(self.authors),
            "categories": list(self.categories),
            "lang": self.lang,
            "published": iso(self.published),
            "updated": iso(self.updated),
            "first_seen": iso(self.first_seen),
            "summary": self.summary,
            "html": self.html,
            "text": self.text,
            "story": self.story,
            "lead": self.lead,
            "revisions": self.revisions,
            "vanished": iso(self.vanished),
            "topics": list(self.topics),
            "feed_title": self.feed_title,
        }


class RevisionRecord(Struct, frozen=True, kw_only=True):
    """One state of an entry that we saw. ``number`` counts from 1.

    ``changed`` names the fields that differ from the state before; ``original``
    is the uncleaned item as a dict; ``capture`` is "file:offset" or None, and so is
    ``page_capture``, for the linked page where that was read. ``page_seen`` is when the page
    came whose text this is, as late as that was; None where the text is the feed's own.
    """

    number: int
    seen: datetime
    changed: tuple[str, ...]
    title: str
    summary: str
    html: str
    text: str
    url: str | None
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    original: dict[str, object]
    capture: str | None
    page_capture: str | None = None
    page_seen: datetime | None = None
    lang: str = ""
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()


class ChangeRecord(Struct, frozen=True, kw_only=True):
    """What a publisher did to an entry after it was published, and when we saw it.

    ``changed`` names the fields in which state ``number`` differs from the one before; None
    where the entry is gone from its feed, in that state. ``entry`` is as it is now.
    """

    at: datetime
    entry: EntryRecord
    number: int
    changed: tuple[str, ...] | None

    def as_json(self) -> dict[str, object]:
        """The object of ``changes --json``; keys in order."""
        return {
            "entry": self.entry.id,
            "at": iso(self.at),
            "what": "vanished" if self.changed is None else "revised",
            "revision": self.number,
            "changed": list(self.changed or ()),
            "title": self.entry.title,
            "url": self.entry.url,
            "feed": self.entry.feed,
        }


class SightingRecord(Struct, frozen=True, kw_only=True):
    """An entry that brought a story, for ``show``: who, when, and how it was recognised.

    ``how`` is first, url, text or near.
    """

    entry: EntryId
    feed: str
    feed_title: str
    url: str | None
    title: str
    first_seen: datetime
    published: datetime | None
    how: str

    @property
    def dated(self) -> datetime:
        """When the source had it: the publisher's date, our first sight where it gives none."""
        return min(self.published or self.first_seen, self.first_seen)

    def as_json(self) -> dict[str, object]:
        """An object of ``sightings`` in ``show --sightings --json``; keys in order."""
        return {
            "entry": self.entry,
            "feed": self.feed,
            "title": self.title,
            "url": self.url,
            "published": iso(self.published),
            "first_seen": iso(self.first_seen),
            "known_by": self.how,
        }


class StoryRecord(Struct, frozen=True, kw_only=True):
    """A story as lists show it. Counts are of the time that was asked for.

    ``title`` and ``feed_title`` are of its lead, and so is ``opening``, the first signs of
    what it says; ``first_seen`` and ``newest`` the first sight of its first and last entry.
    """

    id: StoryId
    lead: EntryId
    title: str
    opening: str
    feed_title: str
    url: str | None
    entries: int
    feeds: int
    first_seen: datetime
    newest: datetime

    def as_json(self) -> dict[str, object]:
        """The object of ``stories --json``; keys in order."""
        return {
            "story": self.id,
            "lead": self.lead,
            "title": self.title,
            "url": self.url,
            "entries": self.entries,
            "feeds": self.feeds,
            "first_seen": iso(self.first_seen),
            "newest": iso(self.newest),
        }


def pack_parts(parts: Sequence[tuple[str, bytes]]) -> str:
    """(field, hash) pairs as text: ``title=hex summary=hex``."""
    return " ".join(f"{name}={hashed.hex()}" for name, hashed in parts)


def unpack_parts(text: str) -> tuple[tuple[str, bytes], ...]:
    """The pairs that :func:`pack_parts` packed."""
    pairs = (one.split("=") for one in text.split())
    return tuple((name, bytes.fromhex(hashed)) for name, hashed in pairs)
