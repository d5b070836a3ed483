"""What a reader would call edited, between an item and its entry's last revision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from aggregator.model.batch import KnownEntry, Said
from aggregator.model.entry import Entry, EntryKey
from aggregator.normalize.characters import key

# A sentence that comes or goes in so many items of one document at once is the template's, if
# so large a share of its texts changed at all: a correction is added to the few that need it.
_TEMPLATE, _CHANGED = 3, 0.5
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")


def edited(
    entry: Entry,
    held: KnownEntry,
    *,
    readdressed: bool,
    template: frozenset[str],
    said: Said | None,
) -> tuple[str, ...]:
    """Names of the fields that were edited. ``readdressed``: another link is only its address.

    ``said`` is what the last revision says, ``template`` the sentences that are no edits
    (see :func:`template_of`).
    """
    fields = [name for name in differing(entry, held) if not _only_later(name, entry, held)]
    if not readdressed:
        fields.append("link")
    if said and template:
        texts = {"summary": (said.summary, entry.summary), "content": (said.text, entry.text)}
        fields = [
            name for name in fields if name not in texts or _says_more(*texts[name], template)
        ]
    return tuple(fields)


def _says_more(old: str, new: str, template: frozenset[str]) -> bool:
    """Whether two texts differ in more than the template's sentences, and what gave way to them."""
    before, after = _sentences(old), _sentences(new)
    if [one for one in before if one not in template] == [
        one for one in after if one not in template
    ]:
        return False
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    lost, won = before[first : len(before) - last], after[first : len(after) - last]
    return not won or len(lost) > len(won) or any(one not in template for one in won)


def differing(entry: Entry, held: KnownEntry) -> tuple[str, ...]:
    """Names of the parts whose hashes differ."""
    if entry.fingerprint == held.fingerprint:
        return ()
    before = dict(held.parts)
    return tuple(name for name, hashed in entry.parts if before.get(name, b"") != hashed)


def template_of(
    pairs: Iterable[tuple[Entry, KnownEntry]], said: Mapping[EntryKey, Said], listed: int
) -> frozenset[str]:
    """The sentences that several entries lost, won or show alike: an advert of the day, no edit.

    ``listed``: how many entries that we have the document lists, those that were not read included.
    """
    counts: Counter[str] = Counter()
    changed = 0
    for entry, held in pairs:
        before = said.get(held.key)
        if before is None:
            continue
        old = {*_sentences(before.summary), *_sentences(before.text)}
        new = {*_sentences(entry.summary), *_sentences(entry.text)}
        changed += old != new
        counts.update(old | new)
    if changed < _CHANGED * listed:
        return frozenset()
    return frozenset(sentence for sentence, count in counts.items() if count >= _TEMPLATE)


def _only_later(name: str, entry: Entry, held: KnownEntry) -> bool:
    """Whether all that is new of a date is that it is later: the item was brought to the top again."""
    if name != "published":
        return False
    before, after = dict(held.parts).get(name, b""), dict(entry.parts)[name]
    return bool(before) and before < after


def _sentences(text: str) -> Sequence[str]:
    """What of a plain text lasts, folded, sentence by sentence."""
    # Its patterns take a while to compile, and most rounds see no edit.
    from aggregator.normalize.ephemera import lasting

    blocks = lasting(key(block) for block in text.split("\n") if block)
    return [part for block in blocks for part in _SENTENCE.split(block)]
