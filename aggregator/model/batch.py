"""What travels between the stages of one write: known → decide → match → store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from aggregator.model.entry import (
    Document,
    Enclosure,
    Entry,
    EntryId,
    EntryKey,
    StoryId,
    StoryKey,
    unpack_parts,
)
from aggregator.model.errors import FeedError
from aggregator.model.feed import Feed, FeedKey, Postponed, Response
from aggregator.model.notice import Noted
from aggregator.model.push import HubSeen
from aggregator.model.topic import Hit


class LinkedPage(Struct, frozen=True, kw_only=True):
    """The page that an entry links to, as it came. ``taken``: the entry's text is from it."""

    entry: EntryId
    response: Response
    taken: bool


class OwedPage(Struct, frozen=True, kw_only=True):
    """A linked page that could not be had ``since`` then, though its server was asked ``tries``
    times: why, and when it is asked for again; ``next_try`` is None where it came by now, or is
    waited for no longer."""

    entry: EntryId
    since: datetime
    tries: int
    next_try: datetime | None = None
    failure: str = ""


class KeptText(Struct, frozen=True, kw_only=True):
    """The page's text that an entry has, which came ``at`` then and is in that ``capture`` (its key).

    It stays while the page of a revision that changes none of it is owed. ``entry`` has it, as it was.
    """

    entry: Entry
    at: datetime
    capture: int | None


class Fetched(Struct, frozen=True, kw_only=True):
    """The end of one feed's fetch: a response, or why there is none.

    ``document`` is None where the response said nothing new (304, same bytes).
    ``pages`` are those that its new entries link to, where they were wanted; ``owed`` tells
    of those that could not be had, and ``kept`` are texts that stay meanwhile. ``late`` are
    archived entries whose page came at last, as they are with its text.
    ``archived``: it is an archive document of the feed (RFC 5005), which says nothing of
    the feed as it is now.
    """

    feed: Feed
    at: datetime
    response: Response | None = None
    failure: FeedError | None = None
    body_hash: bytes | None = None
    document: Document | None = None
    pages: tuple[LinkedPage, ...] = ()
    owed: tuple[OwedPage, ...] = ()
    kept: tuple[KeptText, ...] = ()
    late: tuple[Entry, ...] = ()
    archived: bool = False

    @property
    def unchanged(self) -> bool:
        return self.failure is None and self.document is None

    @property
    def repeated(self) -> tuple[tuple[int, bytes, EntryKey], ...]:
        """The items that came word for word as the feed lists them: position, hash, entry."""
        if self.document is None or not self.document.known:
            return ()
        by_hash = {item.item_hash: EntryKey(item.entry_key) for item in self.feed.listing}
        return tuple(
            (position, item_hash, by_hash[item_hash])
            for position, item_hash in self.document.known
            if item_hash in by_hash
        )


class KnownEntry(Struct, frozen=True, kw_only=True):
    """What the archive holds of an entry: enough to decide whether it changed."""

    key: EntryKey
    feed: FeedKey
    id: EntryId
    identity: str
    canonical_url: str | None
    url: str | None
    fingerprint: bytes
    packed: str
    """``parts`` as they are kept: of most entries nobody asks for them."""
    revisions: int
    vanished: datetime | None
    story: StoryId
    story_key: StoryKey
    lead: bool
    text_hash: bytes | None = None
    likeness: str | None = None
    first_seen: datetime | None = None
    news: bool = True
    """Whether it was news when it was first seen, not a feed's backlog."""

    @property
    def parts(self) -> tuple[tuple[str, bytes], ...]:
        """(field, hash) of what the fingerprint covers, as in ``Entry``."""
        return unpack_parts(self.packed)


class Said(Struct, frozen=True, kw_only=True):
    """The plain texts of an entry's last revision, its authors, and the files that came with it."""

    title: str
    summary: str
    text: str
    authors: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


class Lead(Struct, frozen=True, kw_only=True):
    """What decides whether another entry leads a story better: source, and characters of text."""

    feed: str
    """The feed's URL."""
    folders: tuple[str, ...]
    length: int
    dated: datetime | None = None
    """Its publisher's date, of one that came in this batch."""


class KnownStory(Struct, frozen=True, kw_only=True):
    """A story that a new entry may belong to, by one of its entries: ``feed``, ``page`` (canonical
    URL) and ``packed`` parts are that one's, ``newest`` is its first sight."""

    key: StoryKey
    id: StoryId
    newest: datetime
    feed: FeedKey
    page: str | None
    packed: str
    lead: Lead | None = None

    @property
    def parts(self) -> tuple[tuple[str, bytes], ...]:
        return unpack_parts(self.packed)


class KnownText(Struct, frozen=True, kw_only=True):
    """An archived entry whose words a new one may repeat; ``story`` is its own, by it."""

    key: EntryKey
    story: KnownStory
    title: str
    text: str


class Known(Struct, kw_only=True):
    """The truth that decides, read inside the write transaction, for one batch.

    ``entries`` by (feed, identity), also by the second name (``Entry.second_name``) of items
    that another may have the first of, ``by_url`` by (feed, canonical URL), ``by_likeness``
    by (feed, likeness), ``listed`` by entry key for what the feeds' last listings name, but for
    those of which the item came again word for word: of most of them ``kept`` has the id, by key;
    ``late`` by id those whose page came late; ``said`` holds texts and files of those entries whose
    item, or what may be theirs, has another; ``stories_by_url``
    (by each entry of the page, oldest first) and ``stories_by_text`` over all feeds; ``alike``
    maps a new entry to archived ones with which it shares words, most first; ``crowded`` are
    hashes of runs that too many stories carry to tell any; ``hits`` maps (topic, story) to the entries that
    stood for it, the one shown now last, each with whether it was ever announced;
    ``announced`` counts, by (topic, feed URL), the stories announced this day, of topics
    that have a cap.
    """

    entries: dict[tuple[FeedKey, str], KnownEntry] = field(default_factory=dict)
    by_url: dict[tuple[FeedKey, str], KnownEntry] = field(default_factory=dict)
    by_likeness: dict[tuple[FeedKey, str], KnownEntry] = field(default_factory=dict)
    listed: dict[EntryKey, KnownEntry] = field(default_factory=dict)
    kept: dict[EntryKey, EntryId] = field(default_factory=dict)
    late: dict[EntryId, KnownEntry] = field(default_factory=dict)
    said: dict[EntryKey, Said] = field(default_factory=dict)
    stories_by_url: dict[str, tuple[KnownStory, ...]] = field(default_factory=dict)
    stories_by_text: dict[bytes, KnownStory] = field(default_factory=dict)
    alike: dict[EntryId, tuple[KnownText, ...]] = field(default_factory=dict)
    crowded: frozenset[int] = frozenset()
    hits: dict[tuple[str, StoryId], dict[EntryId, bool]] = field(default_factory=dict)
    announced: dict[tuple[str, str], int] = field(default_factory=dict)

    def groups(self) -> tuple[Mapping[Any, KnownEntry], ...]:
        """All the entries that are known whole, one mapping a way to find them."""
        return self.entries, self.by_url, self.by_likeness, self.listed, self.late


class ChangeKind(StrEnum):
    NEW = "new"
    REVISED = "revised"
    MOVED = "moved"
    """The same entry at a new address, under another name or later date: recorded, no revision."""
    COMPLETED = "completed"
    """Its page came late: the state that it is in has the page's text now, and is no other."""
    VANISHED = "vanished"
    RETURNED = "returned"


class StoryChoice(Struct, frozen=True, kw_only=True):
    """The story a new entry belongs to, and how that was recognised.

    ``key`` is None for a story that this batch makes; ``how`` is first, url,
    text or near.
    """

    id: StoryId
    key: StoryKey | None
    how: str

    @property
    def new(self) -> bool:
        return self.how == "first"


class Change(Struct, frozen=True, kw_only=True):
    """One thing that happened to one entry. ``entry`` is None for VANISHED and RETURNED.

    ``id`` is the entry's public id (an existing entry keeps its id whatever its
    item now says); ``key`` is None for NEW. ``revision`` is the number of the
    state after this change. ``lead``: it leads its story, from now on where it is
    NEW. ``announce``: recent enough for a subscription page. ``first_seen`` is None
    where that is now. ``new_addresses``: of one that MOVED, its files have others, which
    the state that it is in takes over.
    """

    kind: ChangeKind
    feed: Feed
    id: EntryId
    key: EntryKey | None
    entry: Entry | None
    revision: int
    story: StoryChoice
    lead: bool
    announce: bool
    fields: tuple[str, ...] = ()
    first_seen: datetime | None = None
    new_addresses: bool = False


class Decision(Struct, frozen=True, kw_only=True):
    """What normalize decided about one fetched feed.

    ``changes`` are in the order they are to be stored: oldest item first.
    ``listing`` are the items now listed, in document order, then those missing
    for one poll, as (item hash, entry id, polls missing); None where the
    response said nothing new. ``missed``: this poll and the last do not overlap,
    so entries may have been missed. ``doubtful``: what entries say otherwise was taken for
    their feed's template, or other addresses for those of the same files, and is in no revision.
    """

    fetched: Fetched
    changes: tuple[Change, ...] = ()
    listing: tuple[tuple[bytes, EntryId, int], ...] | None = None
    missed: bool = False
    doubtful: bool = False

    @property
    def new(self) -> int:
        """How many entries came that were not archived before."""
        return sum(change.kind is ChangeKind.NEW for change in self.changes)

    @property
    def revised(self) -> int:
        """How many archived entries changed."""
        return sum(change.kind is ChangeKind.REVISED for change in self.changes)


class NextPoll(Struct, frozen=True, kw_only=True):
    """When a feed is next due, why, and what cadence wants to remember.

    ``retry_after``: until when the server asked us to stay away, or None.
    """

    due: datetime
    reason: str
    retry_after: datetime | None = None
    rhythm: dict[str, float] = field(default_factory=dict)


class Address(Struct, frozen=True, kw_only=True):
    """Where a feed is fetched next, and the permanent redirect seen so far."""

    fetch_url: str
    moved_to: str | None = None
    moved_count: int = 0


class Settled(Struct, frozen=True, kw_only=True):
    """Everything decided about one fetched feed, ready to be stored."""

    decision: Decision
    poll: NextPoll
    address: Address
    hub: HubSeen = field(default_factory=HubSeen)
    noted: Noted | None = None


class Batch(Struct, frozen=True, kw_only=True):
    """One write: feeds settled, in order, and what topics caught of their changes."""

    at: datetime
    settled: tuple[Settled, ...]
    hits: tuple[Hit, ...]
    away: tuple[Postponed, ...] = ()
    """Hosts that want to be left alone, and until when: kept over restarts."""


class Counts(Struct, frozen=True, kw_only=True):
    """What a write, or a whole round, came to. ``seconds`` is wall time."""

    feeds: int = 0
    unchanged: int = 0
    failed: int = 0
    new: int = 0
    revised: int = 0
    vanished: int = 0
    new_stories: int = 0
    seconds: float = 0.0
    completed: int = 0
    """Entries of which the page, and so the whole text, came late."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            feeds=self.feeds + other.feeds,
            unchanged=self.unchanged + other.unchanged,
            failed=self.failed + other.failed,
            new=self.new + other.new,
            revised=self.revised + other.revised,
            vanished=self.vanished + other.vanished,
            new_stories=self.new_stories + other.new_stories,
            seconds=self.seconds + other.seconds,
            completed=self.completed + other.completed,
        )
