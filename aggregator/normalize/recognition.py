"""Which archived entry an item is, whatever it is called today: docs/identity.md has the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct, field

from aggregator.model.address import canonical_url
from aggregator.model.batch import Known, KnownEntry
from aggregator.model.entry import Document, Entry, EntryId, EntryKey
from aggregator.model.feed import Feed
from aggregator.normalize.editions import agree, is_next_edition
from aggregator.normalize.identity import base_of
from aggregator.normalize.likeness import shared, wording

# What two states of one item have alike when only its name in the document differs.
_TWIN = ("title", "published")
# So many items show that a whole feed moved; fewer may have changed by themselves.
_FLEET = 3
_STILL_ITSELF = 0.3
"""Of the shorter text's runs of words: what keeps so much was edited, however much else is new."""
T = TypeVar("T")


class Recognised(Struct, frozen=True, kw_only=True):
    """An archived entry that an item is. ``readdressed``: a new link is its address, no edit."""

    held: KnownEntry
    readdressed: bool


def recognise(
    document: Document, feed: Feed, known: Known, cut: Collection[EntryId]
) -> dict[int, Recognised]:
    """The archived entry each item is, by position in the document; each entry once.

    By identity first, for all of them, unless nothing else agrees; what is left by the
    page it leads to; then by what it was called before a twin came or went; then by what
    it says. ``cut`` are
    the entries of items that were not parsed again.
    """
    if not feed.listing and not any(known.groups()):
        # A new feed, among others.
        return {}
    return _Roll(document.entries, feed, known, set(cut)).call()


class _Roll(Struct):
    """The items of one document, and the entries they turn out to be."""

    entries: Sequence[Entry]
    feed: Feed
    known: Known
    taken: set[EntryId]
    _found: dict[int, KnownEntry] = field(default_factory=dict)

    def call(self) -> dict[int, Recognised]:
        unmoved = len(self.taken)
        twins = _grouped((base_of(held.identity), held) for held in self._listed())
        self._find(self._by_identity)
        self._find(self._by_page)
        self._find(lambda entry: _twin(entry, twins.get(base_of(entry.identity), ())))
        named = len(self._found) + unmoved
        said = self._find(self._by_likeness)
        word_for_word = self._only_ones_with("title", "summary", "content")
        if len(said) + len(word_for_word) >= max(_FLEET, named + 1):
            # The feed moved: what was edited on the way is told by what stayed of it.
            said += self._claim(word_for_word)
            for name in ("title", "content", "published"):
                said += self._claim(self._only_ones_with(name))
        urls = {entry.position: entry.url for entry in self.entries}
        moved = [at for at, held in self._found.items() if _page(held.url) != _page(urls[at])]
        fleet = len(moved) >= _FLEET and len(moved) * 2 > len(self._found) + unmoved
        return {
            at: Recognised(
                held=held, readdressed=fleet or at in said or same_place(held.url, urls[at])
            )
            for at, held in self._found.items()
        }

    def _find(self, way: Callable[[Entry], KnownEntry | None]) -> list[int]:
        """Claim what this way finds for the items not found yet; returns their positions."""
        return self._claim(
            {
                entry.position: held
                for entry in self.entries
                if entry.position not in self._found and (held := way(entry))
            }
        )

    def _claim(self, found: dict[int, KnownEntry]) -> list[int]:
        fresh: list[int] = []
        for position, held in found.items():
            if held.id not in self.taken:
                self._found[position] = held
                self.taken.add(held.id)
                fresh.append(position)
        return fresh

    def _listed(self) -> list[KnownEntry]:
        keys = (EntryKey(item.entry_key) for item in self.feed.listing)
        return [held for key in keys if (held := self.known.listed.get(key))]

    def _by_identity(self, entry: Entry) -> KnownEntry | None:
        held = self.known.entries.get((self.feed.key, entry.identity))
        return held if held and (entry.page_id is None or _agree(entry, held)) else None

    def _by_page(self, entry: Entry) -> KnownEntry | None:
        if not entry.canonical_url:
            return None
        held = self.known.by_url.get((self.feed.key, entry.canonical_url))
        return None if held and self._is_filled_anew(entry, held) else held

    def _is_filled_anew(self, entry: Entry, held: KnownEntry) -> bool:
        """Whether the page has another item by now, which has a name of its own: a daily column's."""
        said = self.known.said.get(held.key)
        if entry.page_id is None or said is None or not is_next_edition(entry.parts, held.parts):
            return False
        before = wording("", said.text or said.summary)
        return shared(wording("", entry.text or entry.summary), before) < _STILL_ITSELF

    def _by_likeness(self, entry: Entry) -> KnownEntry | None:
        if not entry.likeness:
            return None
        return self.known.by_likeness.get((self.feed.key, entry.likeness))

    def _only_ones_with(self, *names: str) -> dict[int, KnownEntry]:
        """Of the items and listed entries still left: the pairs that nothing else is like, by
        position; alike in these parts, the first of which and one more must say something."""
        left = [entry for entry in self.entries if entry.position not in self._found]
        if not left:
            return {}
        held_by = _grouped(
            (_said(held.parts, names), held) for held in self._listed() if held.id not in self.taken
        )
        here = Counter(_said(entry.parts, names) for entry in left)
        return {
            entry.position: held_by[said][0]
            for entry in left
            if (said := _said(entry.parts, names))
            and here[said] == 1
            and len(held_by.get(said, ())) == 1
        }


def same_place(old: str | None, new: str | None) -> bool:
    """Whether two addresses are one page, or the same place on another host."""
    if _page(old) == _page(new):
        return True
    before, after = urlsplit(old or ""), urlsplit(new or "")
    return bool(after.path.strip("/")) and (before.path, before.query) == (after.path, after.query)


def _said(parts: Sequence[tuple[str, bytes]], names: Sequence[str]) -> tuple[bytes, ...]:
    """These parts, or nothing where they say too little to tell an item by."""
    by_name = dict(parts)
    found = tuple(by_name.get(name, b"") for name in names)
    return found if found[0] and (len(found) == 1 or any(found[1:])) else ()


def _page(url: str | None) -> str:
    return canonical_url(url) if url else ""


def _grouped(pairs: Iterable[tuple[T, KnownEntry]]) -> dict[T, list[KnownEntry]]:
    found: dict[T, list[KnownEntry]] = {}
    for name, held in pairs:
        found.setdefault(name, []).append(held)
    return found


def _agree(entry: Entry, held: KnownEntry) -> bool:
    """Whether an item and the entry of its guid have anything else in common: the page, the
    headline, the date or the text. If not, the guid has been given to another item."""
    return _page(held.url) == _page(entry.url) or agree(entry.parts, held.parts)


def _twin(entry: Entry, likely: Iterable[KnownEntry]) -> KnownEntry | None:
    """An item whose name grew or shrank because another of the same name came or went."""
    parts = dict(entry.parts)
    for held in likely:
        before = dict(held.parts)
        alike = all(before.get(name) == parts.get(name) for name in _TWIN)
        if alike and _page(held.url) == _page(entry.url):
            return held
    return None
