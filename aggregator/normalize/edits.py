"""What a reader would call edited, between an item and its entry's last revision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from aggregator.model.batch import KnownEntry, Said
from aggregator.model.entry import Entry, EntryKey
from aggregator.normalize.characters import key
from aggregator.normalize.ephemera import lasting

# A sentence that comes or goes in so many items of one document at once is the template's.
_TEMPLATE = 3
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")


def edited(
    entry: Entry, held: KnownEntry, *, readdressed: bool, template: frozenset[str], said: Said | None
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
            name
            for name in fields
            if name not in texts or _without(template, texts[name][0]) != _without(template, texts[name][1])
        ]
    return tuple(fields)


def differing(entry: Entry, held: KnownEntry) -> tuple[str, ...]:
    """Names of the parts whose hashes differ."""
    if entry.fingerprint == held.fingerprint:
        return ()
    before = dict(held.parts)
    return tuple(name for name, hashed in entry.parts if before.get(name, b"") != hashed)


def template_of(
    pairs: Iterable[tuple[Entry, KnownEntry]], said: Mapping[EntryKey, Said]
) -> frozenset[str]:
    """The sentences that several entries lost, won or show alike: an advert of the day, no edit."""
    counts: Counter[str] = Counter()
    for entry, held in pairs:
        before = said.get(held.key)
        if before is None:
            continue
        old = {*_sentences(before.summary), *_sentences(before.text)}
        new = {*_sentences(entry.summary), *_sentences(entry.text)}
        counts.update(old | new)
    return frozenset(sentence for sentence, count in counts.items() if count >= _TEMPLATE)


def _only_later(name: str, entry: Entry, held: KnownEntry) -> bool:
    """Whether all that is new of a date is that it is later: the item was brought to the top again."""
    if name != "published":
        return False
    before, after = dict(held.parts).get(name, b""), dict(entry.parts)[name]
    return bool(before) and before < after


def _without(template: frozenset[str], text: str) -> list[str]:
    return [sentence for sentence in _sentences(text) if sentence not in template]


def _sentences(text: str) -> Sequence[str]:
    """What of a plain text lasts, folded, sentence by sentence."""
    blocks = lasting(key(block) for block in text.split("\n") if block)
    return [part for block in blocks for part in _SENTENCE.split(block)]
