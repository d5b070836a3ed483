"""Which blocks are boilerplate: those that recur over entries that came one after another.

Pure, and the same whatever the batches were: entries are looked at in runs of
``boilerplate_window``, each run half a window after the one before, and what the
newest entries say is looked at anew each time. A block is boilerplate in the runs
where it is frequent, stands as a template's does (see ``standing``), is no fact (see
``facts``) and fills no slot for facts (see ``slots``), and no longer in those where it has
stopped; what an earlier run taught stays
true of the entries of that run.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from aggregator.model.boilerplate import Carrier, Lesson, Saying, Span
from aggregator.model.entry import EntryKey
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize.facts import Sayings, facts_among
from aggregator.normalize.slots import slots_among
from aggregator.normalize.standing import templates_among

# What a site teaches must stand in the entries of so many of its feeds.
_FEEDS_OF_A_SITE = 2
_FEW, _STEP = 25, 5


def enough(entries: int) -> int:
    """From how many of a group's entries is learned: of few from each, then from every fifth on.

    (To look at a hundred entries for each new one would cost more than it tells.)
    """
    return entries if entries <= _FEW else entries - entries % _STEP


def learn(
    run: Sequence[Carrier],
    held: Lesson,
    settings: NormalizeSettings,
    *,
    site: bool = False,
    sayings: Sayings | None = None,
) -> Lesson:
    """Learn from these, all entries after ``held.since`` in order of arrival.

    Without ``sayings`` no block is known to be a fact.
    """
    size = max(2, settings.boilerplate_window)
    past = [span for span in held.spans if span.last is not None]
    start = 0
    while len(run) - start > size:
        window = run[start : start + size]
        found = _unwanted(window, settings, site, sayings)
        past += _spans(found, window[0].key, window[-1].key)
        start += size // 2
    now = _unwanted(run[start:], settings, site, sayings)
    spans = (*_joined(past), *(_spans(now, run[start].key, None) if now else ()))
    texts = {span.hash: span.text for span in held.spans}
    return replace(
        held,
        spans=tuple(replace(span, text=texts.get(span.hash, "")) for span in spans),
        since=run[start - 1].key if start else held.since,
    )


def _spans(found: Iterable[bytes], first: EntryKey, last: EntryKey | None) -> list[Span]:
    return [Span(hash=one, first=first, last=last) for one in sorted(found)]


def _unwanted(
    window: Sequence[Carrier], settings: NormalizeSettings, site: bool, sayings: Sayings | None
) -> list[bytes]:
    """The blocks that are boilerplate among these entries."""
    found = frequent(window, settings, site=site)
    if not found or sayings is None:
        return found
    counted = [one for one in window if one.counts]
    # Of an image that stands beside the text nothing may be known.
    said = {**dict.fromkeys(found, Saying(text="", image=True)), **sayings.words(found, counted)}
    templates = templates_among(said, counted)
    facts = facts_among({one: said[one].text for one in templates}, counted, sayings)
    left = {one: said[one] for one in found if one in templates and one not in facts}
    slots = slots_among(left, counted, sayings)
    return [one for one in left if one not in slots]


def frequent(
    window: Sequence[Carrier], settings: NormalizeSettings, *, site: bool = False
) -> list[bytes]:
    """The blocks that stand in enough of these entries."""
    if settings.boilerplate_entries < 1:
        return []
    counted = [one for one in window if one.counts]
    share = -(-len(counted) * settings.boilerplate_percent // 100)
    least = max(settings.boilerplate_entries, share)
    if len(counted) < least:
        return []
    numbers = _numbers(counted)
    if max(numbers.values(), default=0) < least:
        return []
    found = [_hash(one) for one, times in numbers.items() if times >= least]
    return [one for one in found if not site or _feeds(one, counted) >= _FEEDS_OF_A_SITE]


def counts(window: Iterable[Carrier]) -> Counter[bytes]:
    """In how many of these entries each block stands."""
    return Counter({_hash(one): times for one, times in _numbers(window).items()})


def _numbers(window: Iterable[Carrier]) -> Counter[int]:
    # As numbers of 8 bytes they are counted many times as quickly.
    return Counter(array("Q", b"".join(one.hashes for one in window)))


def _hash(number: int) -> bytes:
    return number.to_bytes(8, sys.byteorder)


def _feeds(block: bytes, window: Sequence[Carrier]) -> int:
    return len({one.feed for one in window if block in one.blocks})


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Spans of one block that overlap are one."""
    found: dict[bytes, list[Span]] = {}
    for span in sorted(spans, key=lambda one: (one.hash, one.first)):
        known = found.setdefault(span.hash, [])
        before = known[-1] if known else None
        if before and before.last and span.last and span.first <= before.last:
            known[-1] = replace(before, last=max(before.last, span.last))
        else:
            known.append(span)
    return [span for known in found.values() for span in known]
