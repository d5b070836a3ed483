"""Boilerplate: learned from what entries carry, and taken out of those stored before it was known.

::

    archive.blocks ─► Carrier      which entry carries which blocks, in order of arrival
        normalize.learn ─► Lesson  what recurs in a feed, or over the feeds of a site
      archive.keep
        normalize.without_again ─► Shown
      archive.show                 what readers see; revisions stay as they are

What is shown follows from the archived entries alone, however they were batched:
run again, or after a crash, it changes what is missing and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec.structs import replace

from aggregator import normalize
from aggregator.archive import Archive, Blocks
from aggregator.model.boilerplate import (
    NO_ENTRY,
    BlockRecord,
    Carrier,
    Group,
    Lesson,
    Ruled,
    Ruling,
    Saying,
    Taught,
)
from aggregator.model.entry import EntryKey
from aggregator.model.errors import UsageError
from aggregator.model.feed import Feed, FeedKey
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import counts, enough, learn

# With another number all archives learn again: by the rules of now other blocks may be boilerplate.
_RULE = 3
# Entries read at a time: whole ones, and only what they carry.
_PORTION, _CARRIERS = 200, 2000
# Feeds looked at together.
_FEEDS = 200
_CANDIDATES = 30
# A block that came so often may become boilerplate, and is listed.
_RECURS = 2


def reclean(archive: Archive, settings: NormalizeSettings) -> int:
    """Learn from the entries that came since last time, and show entries as they are to be shown.

    Returns how many are shown otherwise than before. No revision is made, nothing
    is announced. Raises ArchiveError.
    """
    rule = (
        f"{_RULE}/{settings.boilerplate_entries}/{settings.boilerplate_percent}"
        f"/{settings.boilerplate_window}"
    )
    changed = 0
    with archive.blocks(write=True) as blocks:
        feeds, mark = blocks.behind(rule)
        for start in range(0, len(feeds), _FEEDS):
            changed += _Pupil(blocks, settings, mark, feeds[start : start + _FEEDS]).follow()
        if feeds:
            blocks.settle(rule)
    return changed


class _Pupil:
    """Learns from some feeds and their sites; their entries follow. ``mark``: the last entry
    that was learned from before."""

    def __init__(
        self, blocks: Blocks, settings: NormalizeSettings, mark: EntryKey, feeds: Sequence[FeedKey]
    ) -> None:
        self._blocks = blocks
        self._settings = settings
        self._mark = mark
        self._feeds = feeds
        self._sites = {site.name: site for feed in feeds if (site := blocks.site(feed))}
        members = {*feeds, *(feed for site in self._sites.values() for feed in site.feeds)}
        self._held = blocks.lessons([*self._sites.values(), *map(blocks.group, members)])
        self._rulings = blocks.rulings(sorted(members))
        self._sayings = _Said(blocks)

    def follow(self) -> int:
        """Returns how many entries are shown otherwise now."""
        # What was learned by another rule is forgotten, and may be shown without still.
        touched = dict.fromkeys(self._feeds if self._mark == NO_ENTRY else (), NO_ENTRY)
        learned: dict[str, Lesson] = {}
        reworded: set[str] = set()
        for group in (*self._sites.values(), *map(self._blocks.group, self._feeds)):
            before = self._held[group.name]
            lesson = self._learned(group)
            if lesson is before:
                continue
            learned[group.name] = self._held[group.name] = lesson
            if lesson.spans != before.spans:
                reworded.add(group.name)
            if (lesson.spans, lesson.since) != (before.spans, before.since):
                for feed in group.feeds:
                    touched[feed] = min(before.since, touched.get(feed, before.since))
        self._blocks.keep(learned, reworded)
        taught = {feed: self._taught(feed) for feed in {*self._feeds, *touched}}
        # Where nothing is unwanted, only what was left out before can change.
        idle = sorted(feed for feed in touched if not (taught[feed].spans or taught[feed].rulings))
        idle_for_good = set(idle) - self._blocks.altered(idle)
        changed = sum(
            _follow(self._blocks, feed, taught[feed], after)
            for feed, after in sorted(touched.items())
            if feed not in idle_for_good
        )
        # Of the others only new entries may differ.
        taught = {feed: one for feed, one in taught.items() if feed not in touched}
        teaching = [feed for feed, one in taught.items() if one.spans or one.rulings]
        new = self._blocks.carriers(teaching, self._mark) if teaching else []
        return changed + _show(
            self._blocks, {one.key: taught[one.feed].unwanted(one) for one in new}
        )

    def _learned(self, group: Group) -> Lesson:
        """What the group teaches now; the very lesson that is held where nothing was learned."""
        lesson = self._held[group.name]
        upto = enough(group.entries)
        if upto == lesson.learned:
            return lesson
        portion = _CARRIERS + 2 * self._settings.boilerplate_window
        run: list[Carrier] | None = None
        while run is None or len(run) == portion:
            run = self._blocks.carriers(group.feeds, lesson.since, portion)
            late = 0 if len(run) == portion else group.entries - upto
            run_of = run[: max(0, len(run) - late)]
            lesson = learn(
                run_of, lesson, self._settings, site=group.is_site, sayings=self._sayings
            )
            lesson = self._worded(lesson, run_of)
        return replace(lesson, learned=upto)

    def _worded(self, lesson: Lesson, run: Sequence[Carrier]) -> Lesson:
        """With the texts of what was not known before, read in an entry that carries it."""
        new = [span.hash for span in lesson.spans if not span.text]
        if not new:
            return lesson
        said = self._sayings.words(new, run)
        spans = (
            one if one.text or one.hash not in said else replace(one, text=said[one.hash].text)
            for one in lesson.spans
        )
        return replace(lesson, spans=tuple(spans))

    def _taught(self, feed: FeedKey) -> Taught:
        groups = _groups(self._blocks, feed)
        spans = (span for group in groups for span in self._held[group.name].spans)
        return Taught.of(spans, self._rulings.get(feed))


class _Said:
    """What archived blocks and entries say; a block is read once."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._words: dict[bytes, Saying] = {}

    def words(self, blocks: Sequence[bytes], run: Sequence[Carrier]) -> dict[bytes, Saying]:
        unread = [block for block in blocks if block not in self._words]
        self._words |= _sayings(self._blocks, unread, run)
        return {block: self._words[block] for block in blocks if block in self._words}

    def texts(self, entries: Sequence[Carrier]) -> dict[EntryKey, str]:
        return self._blocks.texts([one.key for one in entries])


def _groups(blocks: Blocks, feed: FeedKey) -> tuple[Group, ...]:
    """Those whose entries teach about a feed's: its own, and its site's."""
    own, site = blocks.group(feed), blocks.site(feed)
    return (own, site) if site else (own,)


def _follow(blocks: Blocks, feed: FeedKey, taught: Taught, after: EntryKey) -> int:
    """Show a feed's entries, those after one, as they are to be shown; returns how many changed."""
    changed = 0
    while carriers := blocks.carriers([feed], after, _CARRIERS):
        changed += _show(blocks, {one.key: taught.unwanted(one) for one in carriers})
        after = carriers[-1].key
    return changed


def _show(blocks: Blocks, wanted: Mapping[EntryKey, Mapping[bytes, str]]) -> int:
    """Show entries without their unwanted blocks (hash → text); returns how many changed."""
    removed = blocks.removed(list(wanted))
    wrong = [key for key, texts in wanted.items() if set(texts) != removed.get(key, set())]
    for start in range(0, len(wrong), _PORTION):
        changed = []
        for stored in blocks.stored(wrong[start : start + _PORTION]):
            unwanted = wanted[stored.key]
            shown = normalize.without_again(stored, unwanted) if unwanted else None
            changed.append((stored, shown))
        blocks.show(changed)
    return len(wrong)


def _sayings(
    blocks: Blocks, wanted: Sequence[bytes], run: Sequence[Carrier]
) -> dict[bytes, Saying]:
    """What these blocks say, each read in the newest entry that carries it."""
    carrying: dict[EntryKey, set[bytes]] = {}
    missing = set(wanted)
    for one in reversed(run):
        if not missing:
            break
        if found := missing.intersection(one.blocks):
            carrying[one.key] = found
            missing -= found
    read: dict[bytes, Saying] = {}
    for stored in blocks.stored(list(carrying)):
        said = normalize.sayings_of(stored)
        read |= {block: said[block] for block in carrying[stored.key] if block in said}
    return read


def boilerplate(archive: Archive, feed: Feed) -> tuple[BlockRecord, ...]:
    """The blocks of a feed for people: ruled on, learned, and what recurs; most frequent first."""
    with archive.blocks() as blocks:
        return _records(blocks, feed.key)


def _records(blocks: Blocks, feed: FeedKey) -> tuple[BlockRecord, ...]:
    own, lessons = blocks.group(feed), blocks.lessons(_groups(blocks, feed))
    run = blocks.carriers([feed], lessons[own.name].since)
    came, of = counts(one for one in run if one.counts), sum(one.counts for one in run)
    rulings = blocks.rulings([feed]).get(feed, {})
    texts = {one: (ruled.ruling.value, "feed", ruled.text) for one, ruled in rulings.items()}
    for name, lesson in lessons.items():
        for span in lesson.spans:
            if span.last is None:
                texts.setdefault(
                    span.hash, ("learned", "feed" if name == own.name else name, span.text)
                )
    recurring = [one for one, times in came.most_common() if times >= _RECURS and one not in texts]
    said = _sayings(blocks, recurring[:_CANDIDATES], run)
    texts |= {
        one: ("candidate", "feed", said[one].text if one in said else "")
        for one in recurring[:_CANDIDATES]
    }
    return tuple(
        BlockRecord(id=one.hex(), state=state, group=name, entries=came[one], of=of, text=text)
        for one, (state, name, text) in sorted(
            texts.items(), key=lambda item: (item[1][0] == "candidate", -came[item[0]], item[0])
        )
    )


def rule_on(archive: Archive, feed: Feed, block: str, ruling: Ruling | None) -> int:
    """Pin or free a block (None: leave it to learning again) and show the feed's entries so.

    ``block`` is its id, or how it begins. Returns how many entries are shown
    otherwise. Raises UsageError where it names no block, or several.
    """
    with archive.blocks(write=True) as blocks:
        return _rule(blocks, feed.key, block, ruling)


def _rule(blocks: Blocks, feed: FeedKey, block: str, ruling: Ruling | None) -> int:
    found = block_named(_records(blocks, feed), block)
    ruled = Ruled(ruling=ruling, text=found.text) if ruling else None
    blocks.rule(feed, bytes.fromhex(found.id), ruled)
    lessons = blocks.lessons(_groups(blocks, feed)).values()
    spans = (span for lesson in lessons for span in lesson.spans)
    taught = Taught.of(spans, blocks.rulings([feed]).get(feed))
    return _follow(blocks, feed, taught, NO_ENTRY)


def ask_rule(archive: Archive, feed: Feed, block: str, ruling: Ruling | None) -> None:
    """Have whoever writes the archive do as :func:`rule_on` does. Raises UsageError as it does."""
    with archive.blocks(write=True) as blocks:
        found = block_named(_records(blocks, feed.key), block)
        blocks.ask_rule(feed.key, bytes.fromhex(found.id), ruling)


def rule_asked(archive: Archive) -> int | None:
    """Do what :func:`ask_rule` asked for. Returns how many entries are shown otherwise; None where
    nothing was asked for. Raises ArchiveError."""
    with archive.blocks() as blocks:
        if not blocks.asked_rules():
            return None
    changed = 0
    with archive.blocks(write=True) as blocks:
        for feed, block, ruling in blocks.asked_rules():
            # A block may be gone since, with all entries that carried it.
            with suppress(UsageError):
                changed += _rule(blocks, feed, block.hex(), ruling)
        blocks.forget_asked()
    return changed


def block_named(known: Sequence[BlockRecord], name: str) -> BlockRecord:
    """The block of this id, or whose id begins so. Raises UsageError where none or several do."""
    found = [one for one in known if one.id.startswith(name.strip().lower())]
    if len(found) != 1:
        what = f"{len(found)} blocks begin with" if found else "no block of this feed is called"
        raise UsageError(f"{what} {name!r}", hint="aggregator feeds boilerplate FEED lists them")
    return found[0]
