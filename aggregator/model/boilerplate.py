"""What a publisher repeats around its texts: counted, learned, taken out of what readers see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct, field

from aggregator.model.entry import EntryKey
from aggregator.model.feed import FeedKey

TITLE = "\ufffc"
"""Stands for an entry's own title in the text of a block ("The post … appeared first on")."""


NO_ENTRY = EntryKey(0)
"""Less than the key of every entry."""


class Carrier(Struct, frozen=True, kw_only=True):
    """An archived entry and the hashes of the blocks it carries, each once, packed.

    ``counts`` is False for a copy of a story that was there already: it repeats
    a text, and says nothing of what stands around texts.
    """

    key: EntryKey
    feed: FeedKey
    hashes: bytes
    counts: bool = True

    @property
    def blocks(self) -> tuple[bytes, ...]:
        return unpacked(self.hashes)


class Saying(Struct, frozen=True, kw_only=True):
    """What a block says: ``text`` as in ``Learned``.

    ``image``: it is one, and the text its address; ``listed``: an item of a list;
    ``linked``: with a link in it; ``heading``: it is one.
    """

    text: str
    image: bool = False
    listed: bool = False
    linked: bool = False
    heading: bool = False


class Span(Struct, frozen=True, kw_only=True):
    """The entries of a group among which a block is boilerplate, by first and last key.

    ``last`` is None while the block still comes. ``text`` as in ``Learned``.
    """

    hash: bytes
    first: EntryKey
    last: EntryKey | None
    text: str = ""

    def covers(self, key: EntryKey) -> bool:
        return self.first <= key and (self.last is None or key <= self.last)


class Lesson(Struct, frozen=True, kw_only=True):
    """What a group's entries teach: ``spans``, and after which entry the newest run begins.

    ``learned``: from how many entries, the group's first to begin with.
    """

    spans: tuple[Span, ...] = ()
    since: EntryKey = NO_ENTRY
    learned: int = 0


class Group(Struct, frozen=True, kw_only=True):
    """Whose entries are counted together: those of one feed, or of all feeds of one site.

    ``entries``: how many they are.
    """

    name: str
    feeds: tuple[FeedKey, ...]
    entries: int

    @property
    def is_site(self) -> bool:
        return not self.name.startswith(_FEED)


_FEED = "feed:"


def feed_name(feed: FeedKey) -> str:
    """The name of the group of one feed's entries."""
    return f"{_FEED}{feed}"


def site_of(home: str, url: str) -> str:
    """The host that a feed belongs to, without www; "" where neither address has one."""
    for address in filter(None, (home, url)):
        try:
            host = urlsplit(address).hostname
        except ValueError:
            continue
        if host:
            return host.removeprefix("www.")
    return ""


class Ruling(StrEnum):
    """What a person decided about a block of a feed."""

    PINNED = "pinned"
    """Always taken out."""
    FREED = "freed"
    """Never taken out."""


class Ruled(Struct, frozen=True, kw_only=True):
    """A ruling, and the block's text as in ``Learned``."""

    ruling: Ruling
    text: str = ""


class Taught(Struct, frozen=True, kw_only=True):
    """All that decides which blocks of a feed's entries are taken out, by hash of the block."""

    spans: Mapping[bytes, Sequence[Span]] = field(default_factory=dict)
    rulings: Mapping[bytes, Ruled] = field(default_factory=dict)

    @staticmethod
    def of(spans: Iterable[Span], rulings: Mapping[bytes, Ruled] | None = None) -> Taught:
        """What these spans, of a feed and of its site, and a person's rulings come to."""
        found: dict[bytes, list[Span]] = {}
        for span in spans:
            found.setdefault(span.hash, []).append(span)
        return Taught(spans=found, rulings=rulings or {})

    def unwanted(self, carrier: Carrier) -> dict[bytes, str]:
        """The blocks of an entry that are boilerplate, with their texts."""
        if not self.spans and not self.rulings:
            return {}
        found = {}
        for block in carrier.blocks:
            text = self._text(block, carrier.key)
            if text is not None:
                found[block] = text
        return found

    def _text(self, block: bytes, key: EntryKey) -> str | None:
        if ruled := self.rulings.get(block):
            return ruled.text if ruled.ruling is Ruling.PINNED else None
        spans = self.spans.get(block, ())
        return next((span.text for span in spans if span.covers(key)), None)


class Stored(Struct, frozen=True, kw_only=True):
    """The clean form of an archived entry, as its newest revision keeps it."""

    key: EntryKey
    title: str
    html: str
    text: str
    summary: str
    lang: str
    image: str | None
    original: bytes


class BlockRecord(Struct, frozen=True, kw_only=True):
    """A block of a feed for people: what it says, how often it came, what is done about it.

    ``entries`` of the last ``of`` entries carry it. ``state`` is learned, pinned,
    freed, or candidate (it recurs, not yet often enough); ``group`` says whose
    entries it was learned from: "feed", or the site's host.
    """

    id: str
    state: str
    group: str
    entries: int
    of: int
    text: str


def packed(hashes: Iterable[bytes]) -> bytes:
    """Hashes of 8 bytes as one run of bytes."""
    return b"".join(hashes)


def unpacked(run: bytes) -> tuple[bytes, ...]:
    """The hashes that :func:`packed` joined."""
    return tuple(run[at : at + 8] for at in range(0, len(run), 8))
