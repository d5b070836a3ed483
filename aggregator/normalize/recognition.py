"""Which archived entry an item is, whatever it is called today: docs/identity.md has the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import time
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct, field

from aggregator.model.address import anchor, canonical_url
from aggregator.model.batch import Known, KnownEntry
from aggregator.model.entry import Document, Entry, EntryId, EntryKey
from aggregator.model.feed import Feed
from aggregator.normalize.editions import (
    STILL_ITSELF,
    agree,
    have_nothing_in_common,
    is_next_edition,
    same_text,
    stayed,
)
from aggregator.normalize.identity import base_of
from aggregator.normalize.likeness import same_story, wording

# What two states of one item have alike when only its name in the document differs.
_TWIN = ("title", "published")
# So many items show that a whole feed moved; fewer may have changed by themselves.
_FLEET = 3
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
    page it leads to; then by what it was called before a twin came or went, or because its
    name was another's; then by what it says. ``cut`` are the entries of items that were not
    parsed again.
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
    _twins: dict[str, list[KnownEntry]] = field(default_factory=dict)

    def call(self) -> dict[int, Recognised]:
        unmoved = len(self.taken)
        self._twins = _grouped((base_of(held.identity), held) for held in self._listed())
        self._claim(self._handed_on())
        for way in (self._by_identity, self._by_page, self._by_twin, self._by_second_name):
            self._claim(self._likely(way))
        said = self._by_what_is_said(len(self._found) + unmoved)
        urls = {entry.position: entry.url for entry in self.entries}
        moved = [at for at, held in self._found.items() if _page(held.url) != _page(urls[at])]
        fleet = len(moved) >= _FLEET and len(moved) * 2 > len(self._found) + unmoved
        return {
            at: Recognised(
                held=held, readdressed=fleet or at in said or same_place(held.url, urls[at])
            )
            for at, held in self._found.items()
        }

    def _by_what_is_said(self, named: int) -> list[int]:
        """The positions of what is told by what it says, where so many are known by name or page."""
        alike = self._likely(self._by_likeness)
        whole = self._only_ones_with("title", "summary", "content")
        if len(alike | whole) < max(_FLEET, named + 1):
            by_position = {entry.position: entry for entry in self.entries}
            return self._claim(
                {at: held for at, held in alike.items() if self._repeats(by_position[at], held)}
            )
        # The feed moved: what was edited on the way is told by what stayed of it.
        said = self._claim(alike) + self._claim(whole)
        for name in ("title", "content", "published"):
            said += self._claim(self._only_ones_with(name))
        return said

    def _likely(self, way: Callable[[Entry], KnownEntry | None]) -> dict[int, KnownEntry]:
        """What this way finds for the items not found yet, by position, and no item has claimed."""
        return {
            entry.position: held
            for entry in self.entries
            if entry.position not in self._found
            and (held := way(entry))
            and held.id not in self.taken
        }

    def _claim(self, found: dict[int, KnownEntry]) -> list[int]:
        """Take these for what they are; returns their positions. Of one entry the first is it."""
        fresh: list[int] = []
        for position, held in found.items():
            if held.id not in self.taken and position not in self._found:
                self._found[position] = held
                self.taken.add(held.id)
                fresh.append(position)
        return fresh

    def _listed(self) -> list[KnownEntry]:
        keys = (EntryKey(item.entry_key) for item in self.feed.listing)
        return [held for key in keys if (held := self.known.listed.get(key))]

    def _handed_on(self) -> dict[int, KnownEntry]:
        """What items without a page are word for word, while their names are those of others or
        that entry's name is another item's by now: guids by place."""
        names = self.known.entries
        left = [
            (entry, held)
            for entry in self.entries
            if not entry.canonical_url
            and not ((held := names.get((self.feed.key, entry.identity))) and _is_same(entry, held))
        ]
        if not any(held for _, held in left):
            return {}
        nameless = {held.fingerprint: held for _, held in left if held and not held.canonical_url}
        listed = {held.fingerprint: held for held in self._listed() if not held.canonical_url}
        among = listed | nameless
        return {
            entry.position: found
            for entry, held in left
            if (found := (among if held else nameless).get(entry.fingerprint))
        }

    def _by_identity(self, entry: Entry) -> KnownEntry | None:
        held = self.known.entries.get((self.feed.key, entry.identity))
        if held is None or _is_same(entry, held) or _is_twin(entry, held):
            return held
        # What is archived under its second name has the first in its document all the same.
        twin = self._by_twin(entry)
        return twin or (None if self._is_another(entry, held) else held)

    def _by_page(self, entry: Entry) -> KnownEntry | None:
        if not entry.canonical_url:
            return None
        held = self.known.by_url.get((self.feed.key, entry.canonical_url))
        if held is None or _are_places_apart(entry, held) or self._is_filled_anew(entry, held):
            return None
        return held

    def _by_twin(self, entry: Entry) -> KnownEntry | None:
        """An item whose name grew or shrank because another of the same name came or went."""
        twins = self._twins.get(base_of(entry.identity), ())
        return next((held for held in twins if _is_twin(entry, held)), None)

    def _by_second_name(self, entry: Entry) -> KnownEntry | None:
        """An item of which another entry has the first name; edited, while it is listed."""
        if (self.feed.key, entry.identity) not in self.known.entries or entry.canonical_url:
            return None
        held = self.known.entries.get((self.feed.key, entry.second_name))
        likely = reversed(self._twins.get(entry.identity, ()))
        return held or next((one for one in likely if not self._is_another(entry, one)), None)

    def _is_another(self, entry: Entry, held: KnownEntry) -> bool:
        """Whether an item has nothing in common with the entry of its guid, not even the page: the
        guid has been given to another item."""
        # Of two items of one day, the day says little.
        timed = entry.published is not None and entry.published.time() != time()
        telling = [(name, said) for name, said in entry.parts if timed or name != "published"]
        if entry.second_id is None or agree(telling, held.parts):
            return False
        if any(one.key > held.key for one in self._twins.get(entry.identity, ())):
            # It was another's since.
            return True
        if entry.canonical_url and not _are_places_apart(entry, held):
            if _page(held.url) == _page(entry.url):
                return False
            if held.canonical_url and not agree(entry.parts, held.parts):
                return True
        said = self.known.said.get(held.key)
        return said is not None and have_nothing_in_common(entry, held, said)

    def _is_filled_anew(self, entry: Entry, held: KnownEntry) -> bool:
        """Whether the page has another item by now, which has a name of its own: a daily column's."""
        said = self.known.said.get(held.key)
        if not entry.guid or said is None or not is_next_edition(entry.parts, held.parts):
            return False
        return stayed(entry, said) < STILL_ITSELF

    def _repeats(self, entry: Entry, held: KnownEntry) -> bool:
        """Whether an item with an entry's headline and moment, under another name, is that entry: by
        what stayed of its text, and at another page by a text that is a copy."""
        said = self.known.said.get(held.key)
        if said is None or same_text(entry.parts, held.parts):
            return True
        now, before = entry.text or entry.summary, said.text or said.summary
        if not now or not before:
            return True
        if not entry.canonical_url or not held.canonical_url:
            return stayed(entry, said) >= STILL_ITSELF
        if entry.canonical_url == held.canonical_url and not _are_places_apart(entry, held):
            return True
        return same_story(wording(entry.title, now), wording(said.title, before))

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
    routes = {_page(one).partition("#")[2] for one in (old, new)}
    same = len(routes) == 1 and (before.path, before.query) == (after.path, after.query)
    return same and bool(after.path.strip("/") or any(routes))


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


def _are_places_apart(entry: Entry, held: KnownEntry) -> bool:
    """Whether an item is told of at another place of the page than the entry, and says other things:
    one page may list many releases. Places may have names that are new at each poll."""
    one, other = anchor(entry.url or ""), anchor(held.url or "")
    if not one or not other or one == other or same_text(entry.parts, held.parts):
        return False
    now, before = dict(entry.parts), dict(held.parts)
    return any(not now.get(name) or now[name] != before.get(name) for name in _TWIN)


def _is_same(entry: Entry, held: KnownEntry) -> bool:
    return entry.fingerprint == held.fingerprint


def _is_twin(entry: Entry, held: KnownEntry) -> bool:
    """Whether all but its name is as it was: headline, date and page."""
    now, before = dict(entry.parts), dict(held.parts)
    alike = all(before.get(name) == now.get(name) for name in _TWIN)
    return alike and _page(held.url) == _page(entry.url) and not _are_places_apart(entry, held)
