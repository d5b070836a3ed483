"""Which recurring blocks are facts: a form that other entries fill with other values.

"Half-time: 0-0" comes often among reports of matches, and is no template of theirs:
"Half-time: 5-1" stands in its place in the next. What a publisher puts around texts
says one thing ("Follow us: @club") until it says another for good. A form is "Label: value",
a line with figures in it, or a short one of which a word or two differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from aggregator.model.boilerplate import TITLE, Carrier, Saying
from aggregator.model.entry import EntryKey
from aggregator.normalize.characters import key

# "Label: value"; "Kick-off 15:30" is none, nor an address.
_LABELLED = re.compile(r"([^:：]{0,60}[^\s\d:：])(?:\s*[:：](?!//)\s*|\s+[-–—]\s+)(\S.{0,79})")
_LABEL, _VALUE = 5, 8
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
# "© 2026" follows "© 2025", and neither is a fact.
_YEAR = re.compile(r"(?:19|20)\d\d")
# A longer block is a template's, whatever like it is said elsewhere; so is one of which more differs.
_LINE, _DIFFERENT, _SAME = 80, 2, 2
# Of a longer entry its two ends are looked at: there the templates are.
_FIRST, _LAST = 16, 32
# No other value makes a block so much longer.
_LONGER = 100
# Entries read at a time, newest first: mostly a few are enough.
_PORTION = 25


T = TypeVar("T")


class Sayings(Protocol):
    """What is said by blocks that are counted as hashes, and by the entries they stand in."""

    def words(self, blocks: Sequence[bytes], run: Sequence[Carrier]) -> Mapping[bytes, Saying]:
        """What these blocks say, each read in an entry of the run."""
        ...

    def texts(self, entries: Sequence[Carrier]) -> Mapping[EntryKey, str]:
        """The whole texts of entries: their blocks, with empty lines between them."""
        ...


def facts_among(
    said: Mapping[bytes, str], run: Sequence[Carrier], sayings: Sayings
) -> frozenset[bytes]:
    """Those of the blocks, all frequent in this run, whose form has other values in other entries.

    One other value that comes only before, or only behind, is a template that changed, unless
    it has the same label.
    """
    doubted = {
        block: _Doubt(folded, block, run)
        for block, text in said.items()
        if may_be_fact(folded := key(text))
    }
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

    def meet(self, other: str, at: EntryKey, *, labelled: bool) -> None:
        """Another value, in an entry that does not carry the block."""
        self._others.add(other)
        self.is_fact |= labelled or self._first < at < self._last or len(self._others) > 1


def _lacks(entry: Carrier, open_: Iterable[_Doubt]) -> bool:
    return any(entry.key not in one.carrying for one in open_)


def _compare(
    open_: Sequence[_Doubt], entries: Sequence[Carrier], texts: Mapping[EntryKey, str]
) -> None:
    known = _Forms(open_)
    longest = max(len(one.said) for one in open_) + _LONGER
    for entry in entries:
        for line in ends(texts.get(entry.key, "").split("\n\n")):
            if len(line) > longest:
                continue
            said = key(line)
            for one, labelled in known.like(said):
                if said != one.said and entry.key not in one.carrying:
                    one.meet(said, entry.key, labelled=labelled)


class _Forms:
    """Doubted blocks, to be found by a line of the same form."""

    def __init__(self, doubts: Iterable[_Doubt]) -> None:
        self._by_form: dict[str, list[_Doubt]] = {}
        self._by_word: dict[tuple[int, str], list[tuple[_Doubt, list[str]]]] = {}
        for one in doubts:
            for form in forms(one.said):
                self._by_form.setdefault(form, []).append(one)
            if is_line(one.said):
                words = one.said.split()
                for end in _outer(words):
                    self._by_word.setdefault(end, []).append((one, words))

    def like(self, said: str) -> Iterator[tuple[_Doubt, bool]]:
        """The undecided ones whose form the line has, and whether that is a label."""
        for form in self._by_form.keys() & forms(said):
            for one in self._by_form[form]:
                if not one.is_fact:
                    yield one, form.endswith(":")
        if not self._by_word or not is_line(said):
            return
        words = said.split()
        for end in _outer(words):
            for one, others in self._by_word.get(end, ()):
                if not one.is_fact and varies(words, others):
                    yield one, False


def ends(blocks: Sequence[T]) -> Sequence[T]:
    """Those of an entry's blocks, or of its lines, that are looked at."""
    return blocks if len(blocks) <= _FIRST + _LAST else (*blocks[:_FIRST], *blocks[-_LAST:])


def forms(said: str) -> tuple[str, ...]:
    """What is left of a folded block without its value, and without its figures; of most nothing."""
    labelled = _LABELLED.fullmatch(said)
    alone = not labelled or " " not in labelled[2]
    last = said.rpartition(" ")[2]
    if "://" in last or (alone and _is_address(last)):
        # "Telegram: https://…", "Follow us: @club", but not "Photo: Ann @ann".
        return ()
    found = []
    if labelled and len(labelled[1].split()) <= _LABEL and len(labelled[2].split()) <= _VALUE:
        found.append(f"{labelled[1]}:")
    bare = _FIGURE.sub(_unfigured, said)
    return (*found, bare) if bare != said else tuple(found)


def _unfigured(figure: re.Match[str]) -> str:
    return figure[0] if _YEAR.fullmatch(figure[0]) else "\0"


def _is_address(word: str) -> bool:
    """Where somebody is found: "https://…", "@club"."""
    return "://" in word or "@" in word


def may_be_fact(said: str) -> bool:
    """Whether a folded block has a form that other values may fill."""
    return is_line(said) or bool(forms(said))


def is_line(said: str) -> bool:
    """Whether it is so short, of some words, that it may be the same line with other words in it."""
    if len(said) >= _LINE or said.count(" ") < _SAME or TITLE in said:
        return False
    return not _is_address(said.rpartition(" ")[2])


def _outer(words: Sequence[str]) -> set[tuple[int, str]]:
    """The two words at each end of a line: of those that differ by two words some are the same."""
    return {(0, words[0]), (1, words[1]), (-1, words[-1]), (-2, words[-2])}


def varies(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two lines say the same but for a word or two; years count as the same word."""
    if len(words) == len(others):
        same = sum(_is_same(*pair) for pair in zip(words, others, strict=True))
    else:
        least = min(len(words), len(others))
        start = _common(words, others, least)
        same = start + _common(words[::-1], others[::-1], least - start)
    different = max(len(words), len(others)) - same
    return 0 < different <= _DIFFERENT and same >= max(different, _SAME)


def _is_same(one: str, other: str) -> bool:
    return one == other or bool(_YEAR.fullmatch(one) and _YEAR.fullmatch(other))


def _common(words: Sequence[str], others: Sequence[str], most: int) -> int:
    """How many words two lines begin with alike."""
    for at in range(most):
        if words[at] != others[at]:
            return at
    return most
