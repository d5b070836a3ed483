"""What a document changes: Entry* and what is known → Change*. Pure: old, new, clock in; intents out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.batch import (
    Change,
    ChangeKind,
    Decision,
    Fetched,
    Known,
    KnownEntry,
    StoryChoice,
)
from aggregator.model.entry import Document, Entry, EntryId, EntryKey
from aggregator.model.feed import Feed
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize.ages import Age, age_of
from aggregator.normalize.edits import (
    Template,
    credited,
    edited,
    in_doubt,
    is_at_new_addresses,
    template_of,
)
from aggregator.normalize.recognition import Recognised, recognise
from aggregator.normalize.stories import Sources, Stories

# An item is called vanished when it is missing for so many polls running.
_POLLS = 2
# Parts of a document that come one after another (226) make no longer list than this.
_LISTED_MOST = 500
_Listed = tuple[bytes, EntryId, int]
"""(hash of the item, id, polls that it is missing for)"""
# Of a feed's first document, so many undated items count as news.
_UNDATED_NEWS = 10


def decide(
    fetched: Sequence[Fetched], known: Known, *, now: datetime, settings: NormalizeSettings
) -> tuple[Decision, ...]:
    """Decide over a whole batch, in its order, so that two copies in it make one story."""
    window = timedelta(days=settings.story_window_days)
    recent = timedelta(days=settings.announce_days)
    stories = Stories(known, now, window, Sources(settings.prefer_sources))
    decisions = (
        _Desk(one, one.document, known, stories, now, recent).decide()
        if one.document is not None and one.failure is None
        else Decision(fetched=one)
        for one in fetched
    )
    return tuple(
        _completed(one, known, now - recent) if one.fetched.late else one for one in decisions
    )


def _completed(decision: Decision, known: Known, since: datetime) -> Decision:
    """With the entries of which the page came late, as far as they still say what it was read for."""
    feed = decision.fetched.feed
    others = {one.id for one in decision.changes if one.kind is not ChangeKind.MOVED}
    completed = [
        _change(
            ChangeKind.COMPLETED, feed, held, entry, announce=_is_still_news(entry, held, since)
        )
        for entry in decision.fetched.late
        if (held := known.late.get(entry.id))
        and held.fingerprint == entry.fingerprint
        and held.vanished is None
        and held.id not in others
    ]
    return replace(decision, changes=(*decision.changes, *completed))


def _is_still_news(entry: Entry, held: KnownEntry, since: datetime) -> bool:
    """As of a new one, but without a date it counts from first sight: backlog stays backlog."""
    at = entry.published or (held.first_seen if held.news else None)
    return at is not None and at >= since


def _change(
    kind: ChangeKind,
    feed: Feed,
    held: KnownEntry,
    entry: Entry | None = None,
    *,
    announce: bool = False,
    fields: tuple[str, ...] = (),
    new_addresses: bool = False,
) -> Change:
    """What happened to an entry that we have; ``fields`` are those that make another revision."""
    return Change(
        kind=kind,
        feed=feed,
        id=held.id,
        key=held.key,
        entry=entry,
        revision=held.revisions + 1 if fields else held.revisions,
        story=StoryChoice(id=held.story, key=held.story_key, how="known"),
        lead=held.lead,
        announce=announce,
        fields=fields,
        first_seen=held.first_seen,
        new_addresses=new_addresses,
    )


def _named(one: Entry | KnownEntry) -> tuple[object, ...]:
    return one.identity, one.url, one.likeness


class _Desk(Struct):
    """The decisions about one document."""

    fetched: Fetched
    document: Document
    known: Known
    stories: Stories
    now: datetime
    recent: timedelta
    _dated: bool = False
    _template: Template = Template()
    _doubts: bool = False

    def __post_init__(self) -> None:
        self._dated = all(entry.published is not None for entry in self.document.entries)

    @property
    def feed(self) -> Feed:
        return self.fetched.feed

    def decide(self) -> Decision:
        first_poll = not self.feed.listing and not self.feed.entries
        changes: list[Change] = []
        listed: dict[int, tuple[bytes, EntryId]] = {}
        met: dict[EntryId, EntryKey | None] = {}
        cut = self._cut()
        recognised = recognise(
            self.document, self.feed, self.known, {identifier for _, _, _, identifier in cut}
        )
        self._template = template_of(
            (
                (entry, recognised[entry.position].held)
                for entry in self.document.entries
                if entry.position in recognised
            ),
            self.known.said,
            listed=len(recognised) + len(cut),
            # As a rule: a document that lists one less today is the same template's.
            size=max(len(self.document.entries) + len(cut), len(self.feed.listing)),
        )
        # Oldest first, so that keys and places grow with time.
        for entry in sorted(self.document.entries, key=self._age):
            found = recognised.get(entry.position)
            held = found.held if found else None
            if found is None:
                entry = self._renamed(entry)
            identifier = held.id if held else entry.id
            if identifier in met or (held is None and self._is_taken(entry)):
                continue
            met[identifier] = held.key if held else None
            listed[entry.position] = (entry.item_hash, identifier)
            if found is None:
                changes.append(self._new(entry, first_poll))
            else:
                changes.extend(self._against(entry, found))
        for position, item_hash, key, identifier in cut:
            if identifier not in met:
                met[identifier] = key
                listed[position] = (item_hash, identifier)
                changes.extend(self._returned(self.known.listed.get(key)))
        listing = [
            (item_hash, identifier, 0) for _, (item_hash, identifier) in sorted(listed.items())
        ]
        gone, missing = self._missing(met, self._last(listed, met))
        # What is new alone came (226): it says nothing of what was there before.
        partial = self.fetched.response is not None and self.fetched.response.partial
        if partial:
            gone, listing = [], [*listing, *self._still_listed(met)]
        else:
            listing = self._in_place(listing, missing)
        overlap = partial or any(key is not None for key in met.values())
        if self.fetched.archived:
            # As they were when that document was closed: what is archived may be newer.
            new = tuple(one for one in changes if one.kind is ChangeKind.NEW)
            return Decision(fetched=self.fetched, changes=new)
        if not listed:
            # Nothing is told of what was listed before; what comes next is compared with that.
            return Decision(fetched=self.fetched)
        return Decision(
            fetched=self.fetched,
            changes=(*changes, *gone),
            listing=tuple(listing),
            missed=bool(self.feed.listing and met and not overlap and not self.document.breaks_off),
            doubtful=self._doubts or bool(self._template.sentences),
        )

    def _age(self, entry: Entry) -> tuple[float, int]:
        """Sorts oldest first: by date where every item has one, else the document backwards."""
        dated = self._dated and entry.published is not None
        return (entry.published.timestamp() if dated and entry.published else 0.0, -entry.position)

    def _cut(self) -> list[tuple[int, bytes, EntryKey, EntryId]]:
        """The items that were not parsed again, as (position, hash, key, id)."""
        return [
            (position, item_hash, key, identifier)
            for position, item_hash, key in self.fetched.repeated
            if (identifier := self._listed_id(key))
        ]

    def _listed_id(self, key: EntryKey) -> EntryId | None:
        held = self.known.listed.get(key)
        return held.id if held else self.known.kept.get(key)

    def _is_taken(self, entry: Entry) -> bool:
        """Whether a new item has the name of an archived entry, which another item here is by now.

        It waits in the capture: once the other is gone, it is that entry.
        """
        return (self.feed.key, entry.identity) in self.known.entries

    def _renamed(self, entry: Entry) -> Entry:
        """A new item, under its second name where its first is an archived entry's already."""
        namesake = (self.feed.key, entry.identity) in self.known.entries
        if not namesake or entry.second_id is None:
            return entry
        return replace(entry, id=entry.second_id, identity=entry.second_name)

    def _new(self, entry: Entry, first_poll: bool) -> Change:
        choice, leads = self.stories.choose(entry, self.feed)
        return Change(
            kind=ChangeKind.NEW,
            feed=self.feed,
            id=entry.id,
            key=None,
            entry=entry,
            revision=1,
            story=choice,
            lead=leads,
            announce=self._is_news(entry, first_poll),
        )

    def _is_news(self, entry: Entry, first_poll: bool) -> bool:
        if self.fetched.archived:
            return False
        if entry.published is not None:
            return self.now - entry.published <= self.recent
        return not first_poll or entry.position < _UNDATED_NEWS

    def _against(self, entry: Entry, found: Recognised) -> list[Change]:
        """What an item says of an entry we have: back again, revised, at a new address."""
        held = found.held
        namesake = self.known.entries.get((self.feed.key, entry.identity))
        if namesake and namesake.id != held.id:
            # The name is another's; the entry keeps the one it has.
            entry = replace(entry, identity=held.identity)
        changes, said = self._returned(held), self.known.said.get(held.key)
        fields = edited(
            entry, held, readdressed=found.readdressed, template=self._template, said=said
        )
        self._doubts |= in_doubt(entry, said)
        announce = _is_still_news(entry, held, self.now - self.recent)
        if fields:
            entry = credited(entry, said, fields)
            changes.append(
                _change(
                    ChangeKind.REVISED, self.feed, held, entry, announce=announce, fields=fields
                )
            )
        elif (again := is_at_new_addresses(entry, held, said)) or _named(entry) != _named(held):
            moved = _change(
                ChangeKind.MOVED, self.feed, held, entry, announce=announce, new_addresses=again
            )
            changes.append(moved)
        return changes

    def _returned(self, held: KnownEntry | None) -> list[Change]:
        if held is None or held.vanished is None:
            return []
        return [_change(ChangeKind.RETURNED, self.feed, held)]

    def _last(
        self, listed: dict[int, tuple[bytes, EntryId]], met: dict[EntryId, EntryKey | None]
    ) -> Age | None:
        """The age of the document's last item that it listed before, too: what was put below that is
        added late, and does not show that the document still goes so far back. Of a document that
        has its oldest items first, of the first."""
        before = {EntryKey(item.entry_key) for item in self.feed.listing}
        for position in sorted(listed, reverse=not self._runs(upwards=True)):
            key = met[listed[position][1]]
            if key is not None and key in before:
                held = self.known.listed.get(key)
                # Of one that came word for word no more is read than which it is.
                return age_of(held) if held else Age(None, key)
        return None

    def _missing(
        self, met: dict[EntryId, EntryKey | None], last: Age | None
    ) -> tuple[list[Change], list[_Listed]]:
        """Items listed last time and not now: vanished, missing for one poll, or rolled off.

        An item is missing only if the document still goes back further than it:
        if its last item is an older entry. Else newer items pushed it out. Of a
        document that is not complete nothing can be missing; what was, stays so.
        """
        if not self.document.complete or last is None:
            return [], self._still_missing(met)
        gone: list[Change] = []
        missing: list[_Listed] = []
        between = self._between(met) if self._runs(upwards=False) else ()
        for item in self.feed.listing:
            held = self.known.listed.get(EntryKey(item.entry_key))
            if held is None or held.id in met or held.vanished:
                continue
            if not last.is_before(age_of(held)) and held.key not in between:
                continue
            if item.missing + 1 >= _POLLS:
                gone.append(_change(ChangeKind.VANISHED, self.feed, held))
            else:
                missing.append((item.item_hash, held.id, item.missing + 1))
        return gone, missing

    def _runs(self, *, upwards: bool) -> bool:
        """Whether the document has listed its newest items last (``upwards``), or first: nearly all
        of them, since a list by what is read most has neither order."""
        keys = [item.entry_key for item in self.feed.listing]
        rising = sum(one < other for one, other in pairwise(keys))
        falling = len(keys) - 1 - rising
        with_it, against = (rising, falling) if upwards else (falling, rising)
        return with_it >= max(2, 3 * against)

    def _between(self, met: dict[EntryId, EntryKey | None]) -> set[EntryKey]:
        """What was listed below an item that is there still and above one that is, too, and is older:
        nothing pushed it out, at neither end, whatever was added late below it."""
        here = set(met.values())
        keys = [EntryKey(item.entry_key) for item in self.feed.listing]
        top = next((place for place, key in enumerate(keys) if key in here), len(keys))
        found: set[EntryKey] = set()
        oldest: EntryKey | None = None
        for key in reversed(keys[top:]):
            if key in here:
                oldest = key if oldest is None else min(oldest, key)
            elif oldest is not None and oldest < key:
                found.add(key)
        return found

    def _in_place(self, listing: list[_Listed], missing: list[_Listed]) -> list[_Listed]:
        """What is listed, and what is missing where it stood: after what it came after."""
        absent, present = ({one[1]: one for one in side} for side in (missing, listing))
        after: dict[EntryId | None, list[_Listed]] = {}
        last: EntryId | None = None
        for item in self.feed.listing if missing else ():
            identifier = self._listed_id(EntryKey(item.entry_key))
            if identifier in present:
                last = identifier
            elif identifier in absent:
                after.setdefault(last, []).append(absent[identifier])
        placed = list(after.get(None, ()))
        for one in listing:
            placed += (one, *after.get(one[1], ()))
        return placed

    def _still_listed(self, met: dict[EntryId, EntryKey | None]) -> list[_Listed]:
        """What was listed and still is, though only what is new came."""
        held = [
            (item, self.known.listed.get(EntryKey(item.entry_key))) for item in self.feed.listing
        ]
        return [
            (item.item_hash, one.id, item.missing)
            for item, one in held[:_LISTED_MOST]
            if one and one.id not in met
        ]

    def _still_missing(self, met: dict[EntryId, EntryKey | None]) -> list[_Listed]:
        return [
            (item.item_hash, held.id, item.missing)
            for item in self.feed.listing
            if item.missing
            and (held := self.known.listed.get(EntryKey(item.entry_key)))
            and held.id not in met
        ]
