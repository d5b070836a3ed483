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

from collections.abc import Sequence
from dataclasses import replace

from aggregator.archive import Archive, Blocks
from aggregator.model.boilerplate import (
    NO_ENTRY,
    BlockRecord,
    Carrier,
    Group,
    Lesson,
    Ruled,
    Ruling,
    Taught,
    feed_group,
)
from aggregator.model.entry import EntryKey
from aggregator.model.errors import UsageError
from aggregator.model.feed import Feed, FeedKey
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import counts, learn, without_again, words_of

# Entries read at a time: whole ones, and only what they carry.
_PORTION, _CARRIERS = 200, 2000
_CANDIDATES = 30
# A block that came so often may become boilerplate, and is listed.
_RECURS = 2


def reclean(archive: Archive, settings: NormalizeSettings) -> int:
    """Learn from the entries that came since last time, and show entries as they are to be shown.

    Returns how many are shown otherwise than before. No revision is made, nothing
    is announced. Raises ArchiveError.
    """
    rule = _rule(settings)
    with archive.blocks(write=True) as blocks:
        feeds = blocks.behind(rule)
        if not feeds:
            return 0
        changed = _Lessons(blocks, settings).follow(feeds)
        blocks.settle(rule)
    return changed


def _rule(settings: NormalizeSettings) -> str:
    return (
        f"{settings.boilerplate_entries}/{settings.boilerplate_percent}"
        f"/{settings.boilerplate_window}"
    )


class _Lessons:
    """What groups teach, and the entries that follow it."""

    def __init__(self, blocks: Blocks, settings: NormalizeSettings) -> None:
        self._blocks = blocks
        self._settings = settings
        self._from: dict[FeedKey, EntryKey] = {}
        """The feeds to look at, and after which of their entries."""

    def follow(self, feeds: Sequence[FeedKey]) -> int:
        sites = {site.name: site for feed in feeds if (site := self._blocks.site(feed))}
        for group in (*sites.values(), *map(feed_group, feeds)):
            before = self._blocks.lesson(group).since
            if self._learn(group) or not group.is_site:
                for feed in group.feeds:
                    self._from[feed] = min(self._from.get(feed, before), before)
        return sum(show(self._blocks, feed, after) for feed, after in sorted(self._from.items()))

    def _learn(self, group: Group) -> bool:
        """Whether the group teaches anything else now."""
        lesson = held = self._blocks.lesson(group)
        portion = _CARRIERS + 2 * self._settings.boilerplate_window
        run: list[Carrier] | None = None
        while run is None or len(run) == portion:
            run = self._blocks.carriers(group, lesson.since, portion)
            lesson = self._worded(learn(run, lesson, self._settings, site=group.is_site), run)
        if lesson != held:
            self._blocks.keep(group, lesson)
        return lesson != held

    def _worded(self, lesson: Lesson, run: Sequence[Carrier]) -> Lesson:
        """With the texts of what was not known before, read in an entry that carries it."""
        texts = _texts(self._blocks, [span.hash for span in lesson.spans if not span.text], run)
        return replace(
            lesson,
            spans=tuple(
                replace(span, text=texts[span.hash]) if span.hash in texts else span
                for span in lesson.spans
            ),
        )


def show(blocks: Blocks, feed: FeedKey, after: EntryKey = NO_ENTRY) -> int:
    """Show a feed's entries, those after one, without their boilerplate; returns how many changed."""
    taught, changed = blocks.taught(feed), 0
    while carriers := blocks.carriers(feed_group(feed), after, _CARRIERS):
        changed += _show(blocks, taught, carriers)
        after = carriers[-1].key
    return changed


def _show(blocks: Blocks, taught: Taught, carriers: Sequence[Carrier]) -> int:
    removed = blocks.removed([one.key for one in carriers])
    wanted = {one.key: taught.unwanted(one) for one in carriers}
    wrong = [key for key, hashes in wanted.items() if set(hashes) != removed.get(key, set())]
    for start in range(0, len(wrong), _PORTION):
        changed = []
        for stored in blocks.stored(wrong[start : start + _PORTION]):
            unwanted = {one: taught.text(one) for one in wanted[stored.key]}
            changed.append((stored, without_again(stored, unwanted) if unwanted else None))
        blocks.show(changed)
    return len(wrong)


def _texts(blocks: Blocks, wanted: Sequence[bytes], run: Sequence[Carrier]) -> dict[bytes, str]:
    """What these blocks say, each read in the newest entry that carries it."""
    carrying: dict[EntryKey, set[bytes]] = {}
    missing = set(wanted)
    for one in reversed(run):
        if found := missing.intersection(one.blocks):
            carrying[one.key] = found
            missing -= found
        if not missing:
            break
    return {
        block: words_of(stored, block)
        for stored in blocks.stored(list(carrying))
        for block in carrying[stored.key]
    }


def boilerplate(archive: Archive, feed: Feed) -> tuple[BlockRecord, ...]:
    """The blocks of a feed for people: ruled on, learned, and what recurs; most frequent first."""
    with archive.blocks() as blocks:
        return _records(blocks, feed.key)


def _records(blocks: Blocks, feed: FeedKey) -> tuple[BlockRecord, ...]:
    own = feed_group(feed)
    lesson, site, rulings = blocks.lesson(own), blocks.site(feed), blocks.rulings(feed)
    run = blocks.carriers(own, lesson.since)
    came, of = counts(one for one in run if one.counts), sum(one.counts for one in run)
    texts = {one: (ruled.ruling.value, "feed", ruled.text) for one, ruled in rulings.items()}
    for group, name in ((own, "feed"), (site, site.name if site else "")):
        for span in blocks.lesson(group).spans if group else ():
            if span.last is None:
                texts.setdefault(span.hash, ("learned", name, span.text))
    recurring = [one for one, times in came.most_common() if times >= _RECURS and one not in texts]
    words = _texts(blocks, recurring[:_CANDIDATES], run)
    texts |= {one: ("candidate", "feed", words[one]) for one in recurring[:_CANDIDATES]}
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
        found = block_named(_records(blocks, feed.key), block)
        ruled = Ruled(ruling=ruling, text=found.text) if ruling else None
        blocks.rule(feed.key, bytes.fromhex(found.id), ruled)
        return show(blocks, feed.key)


def block_named(known: Sequence[BlockRecord], name: str) -> BlockRecord:
    """The block of this id, or whose id begins so. Raises UsageError where none or several do."""
    found = [one for one in known if one.id.startswith(name.strip().lower())]
    if len(found) != 1:
        what = f"{len(found)} blocks begin with" if found else "no block of this feed is called"
        raise UsageError(f"{what} {name!r}", hint="aggregator feeds boilerplate FEED lists them")
    return found[0]
