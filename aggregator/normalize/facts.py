"""Which recurring blocks are facts: a form that other entries fill with other values.

"Half-time: 0-0" comes often among reports of matches, and is no template of theirs:
"Half-time: 5-1" stands in its place in the next. What a publisher puts around texts
says one thing ("Follow us: @club") until it says another for good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from aggregator.model.boilerplate import Carrier
from aggregator.model.entry import EntryKey
from aggregator.normalize.characters import key

# "Label: value"; "Kick-off 15:30" is none, nor an address.
_LABELLED = re.compile(r"([^:：]{0,60}[^\s\d:：])\s*[:：](?!//)\s*(\S.{0,79})")
_LABEL, _VALUE = 5, 8
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
# "© 2026" follows "© 2025", and neither is a fact.
_YEAR = re.compile(r"(?:19|20)\d\d")
# Of a longer entry its two ends are looked at: there the templates are.
_FIRST, _LAST = 16, 32
# No other value makes a block so much longer.
_LONGER = 100
# Entries read at a time, newest first: mostly a few are enough.
_PORTION = 25


T = TypeVar("T")


class Sayings(Protocol):
    """What is said by blocks that are counted as hashes, and by the entries they stand in."""

    def words(self, blocks: Sequence[bytes], run: Sequence[Carrier]) -> Mapping[bytes, str]:
        """What these blocks say, each read in an entry of the run."""
        ...

    def texts(self, entries: Sequence[Carrier]) -> Mapping[EntryKey, str]:
        """The whole texts of entries: their blocks, with empty lines between them."""
        ...


def facts_among(
    blocks: Sequence[bytes], run: Sequence[Carrier], sayings: Sayings
) -> frozenset[bytes]:
    """Those of the blocks, all frequent in this run, whose form has other values in other entries.

    One other value that comes only before, or only behind, is a template that changed.
    """
    said = {block: key(text) for block, text in sayings.words(blocks, run).items()}
    doubted = {block: _Doubt(text, block, run) for block, text in said.items() if forms(text)}
    for end in range(len(run), 0, -_PORTION):
        open_ = [one for one in doubted.values() if not one.is_fact]
        lacking = [one for one in run[max(0, end - _PORTION) : end] if _lacks(one, open_)]
        if lacking:
            _compare(open_, lacking, sayings.texts(lacking))
    return frozenset(block for block, one in doubted.items() if one.is_fact)


class _Doubt:
    """A block that may be a fact, and what stands in its place elsewhere."""

    def __init__(self, said: str, block: bytes, run: Sequence[Carrier]) -> None:
        carrying = [one.key for one in run if block in one.blocks]
        self.said, self.carrying = said, frozenset(carrying)
        self._first, self._last = min(carrying), max(carrying)
        self._others: set[str] = set()
        self.is_fact = False

    def meet(self, other: str, at: EntryKey) -> None:
        """Another value, in an entry that does not carry the block."""
        self._others.add(other)
        self.is_fact |= self._first < at < self._last or len(self._others) > 1


def _lacks(entry: Carrier, open_: Iterable[_Doubt]) -> bool:
    return any(entry.key not in one.carrying for one in open_)


def _compare(
    open_: Sequence[_Doubt], entries: Sequence[Carrier], texts: Mapping[EntryKey, str]
) -> None:
    by_form: dict[str, list[_Doubt]] = {}
    longest = max(len(one.said) for one in open_) + _LONGER
    for one in open_:
        for form in forms(one.said):
            by_form.setdefault(form, []).append(one)
    for entry in entries:
        for line in ends(texts.get(entry.key, "").split("\n\n")):
            said = key(line) if len(line) <= longest else ""
            for form in by_form.keys() & forms(said):
                for one in by_form[form]:
                    if said != one.said and entry.key not in one.carrying:
                        one.meet(said, entry.key)
                by_form[form] = [one for one in by_form[form] if not one.is_fact]


def ends(blocks: Sequence[T]) -> Sequence[T]:
    """Those of an entry's blocks, or of its lines, that are looked at."""
    return blocks if len(blocks) <= _FIRST + _LAST else (*blocks[:_FIRST], *blocks[-_LAST:])


def forms(said: str) -> tuple[str, ...]:
    """What is left of a folded block without its value, and without its figures; of most nothing."""
    last = said.rpartition(" ")[2]
    if "://" in last or "@" in last:
        # Where somebody is found: "Telegram: https://…", "Follow us: @club".
        return ()
    labelled = _LABELLED.fullmatch(said)
    found = []
    if labelled and len(labelled[1].split()) <= _LABEL and len(labelled[2].split()) <= _VALUE:
        found.append(f"{labelled[1]}:")
    bare = _FIGURE.sub(_unfigured, said)
    return (*found, bare) if bare != said else tuple(found)


def _unfigured(figure: re.Match[str]) -> str:
    return figure[0] if _YEAR.fullmatch(figure[0]) else "\0"
