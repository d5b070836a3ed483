"""Which recurring lines are values: other entries say something else in their place.

"The inspection found no violations" ends many reports, and the next one ends in what was
found. Where every entry has something to say, it is a slot for facts, however often one
of them comes. A template's line stands in its place in nearly all entries that have
anything there; the others have nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from aggregator.model.boilerplate import TITLE, Carrier, Saying
from aggregator.model.entry import EntryKey
from aggregator.normalize.characters import key
from aggregator.normalize.facts import Sayings, ends
from aggregator.normalize.standing import ALWAYS, WORDS, is_words, size

_SENTENCE_END = re.compile(r"[.!?…。！？؟۔।։።។။][\"'»“”’」』）)\]]*$")
# A word, or two neighbouring signs of a script without blanks.
_WORD = re.compile(r"(?=([\u3040-\u30ff\u3400-\u9fff]{2}))|([^\W_\u3040-\u30ff\u3400-\u9fff]+)")
_KANA = re.compile(r"[\u3040-\u309f]")
# What has as many letters tells what a line is about, if the lines above it do not have it.
_MATTER = 5
# Values of one slot often share so many of their words: "The air is good", "The air is bad".
_ALIKE = 3


class _Line(NamedTuple):
    """A folded line of an entry, and which of the frequent blocks it is (b"": none)."""

    text: str
    block: bytes


_Row = Sequence[_Line]
_ANY = _Line("", b"")


class _Place(NamedTuple):
    """Where a block stands: so many lines from an end, or beside a frequent block (side 0: it
    comes before)."""

    side: int
    lines: int = 0
    beside: bytes = b""


class _Filler(NamedTuple):
    """What an entry has in the place of a block.

    ``when``: it came before (-1), between (0) or after (1) those that carry the block.
    ``certain``: the entry is of the same form as they are.
    """

    line: _Line
    when: int
    certain: bool


def slots_among(
    said: Mapping[bytes, Saying], run: Sequence[Carrier], sayings: Sayings
) -> frozenset[bytes]:
    """Those of the blocks, all a template's by where they stand, that are values of a slot.

    A block that came only before, or only after, the others in its place is of a template that
    changed.
    """
    bearing = _bearing({block for block, one in said.items() if _may_be_value(one)}, run)
    if all(_is_one_end(places, len(run)) for places in bearing.values()):
        return frozenset()
    reader = _Reader(said)
    known = _Known(said, {at: reader.row(text) for at, text in sayings.texts(run).items()})
    known.believe(said.keys() - bearing.keys())
    found = {}
    # The most frequent first: by then it is known what frames the others.
    for block in sorted(bearing, key=lambda one: (-len(bearing[one]), one)):
        one = found[block] = _Doubt(block, [run[at] for at in bearing[block]], run, known)
        if not one.is_value and one.is_common:
            known.believe({block})
    return frozenset(_with_others(found))


def _may_be_value(one: Saying) -> bool:
    return is_words(one) and not one.linked


def _bearing(blocks: set[bytes], run: Sequence[Carrier]) -> dict[bytes, list[int]]:
    """Which entries of the run carry each of the blocks, of those that not all of them carry."""
    found: dict[bytes, list[int]] = {block: [] for block in blocks}
    for at, entry in enumerate(run):
        for block in blocks.intersection(entry.blocks):
            found[block].append(at)
    return {block: places for block, places in found.items() if len(places) < len(run)}


def _is_one_end(places: Sequence[int], run: int) -> bool:
    """Whether these are the first entries of a run of so many, or the last."""
    together = places[-1] - places[0] < len(places)
    return together and (places[0] == 0 or places[-1] == run - 1)


class _Known:
    """What is known of a run: its frequent blocks, and the lines of its entries."""

    def __init__(self, said: Mapping[bytes, Saying], rows: Mapping[EntryKey, _Row]) -> None:
        self.said, self._rows = said, rows
        self.sure: set[bytes] = set()
        self._rests: dict[EntryKey, _Row] = {}

    def believe(self, blocks: Set[bytes]) -> None:
        """These are a template's for sure."""
        self.sure |= blocks
        self._rests.clear()

    def row(self, at: EntryKey) -> _Row:
        """The lines of an entry."""
        return self._rows.get(at, ())

    def rest(self, at: EntryKey) -> _Row:
        """Those that no template says for sure."""
        if at not in self._rests:
            self._rests[at] = [line for line in self.row(at) if line.block not in self.sure]
        return self._rests[at]

    def heads(self, block: bytes) -> bool:
        """Whether it may be a label of what stands below it."""
        one = self.said[block]
        label = one.text.endswith((":", "："))
        return one.heading or label or (not one.linked and is_words(one) and size(one.text) < WORDS)


class _Reader:
    """Tells the lines of entries, and which of them are frequent blocks."""

    def __init__(self, said: Mapping[bytes, Saying]) -> None:
        folded = {block: key(one.text) for block, one in said.items() if not one.image}
        self._blocks = {text: block for block, text in folded.items() if TITLE not in text}
        self._titled = [
            (text.partition(TITLE)[0], text.rpartition(TITLE)[2], block)
            for block, text in folded.items()
            if TITLE in text
        ]

    def row(self, text: str) -> _Row:
        lines = ends([key(line) for line in text.split("\n\n")])
        return [_Line(line, self._blocks.get(line) or self._titled_as(line)) for line in lines]

    def _titled_as(self, line: str) -> bytes:
        for first, last, block in self._titled:
            if line.startswith(first) and line.endswith(last):
                return block
        return b""


class _Doubt:
    """A frequent block that may be a value, and what other entries have in its place."""

    def __init__(
        self, block: bytes, bearing: Sequence[Carrier], run: Sequence[Carrier], known: _Known
    ) -> None:
        self._block, self._known = block, known
        carrying, feeds = {one.key for one in bearing}, {one.feed for one in bearing}
        self._times = len(bearing)
        # Of a site's other feeds the template may be another.
        others = [one.key for one in run if one.feed in feeds and one.key not in carrying]
        self.is_common = _nearly_all(self._times, self._times + len(others))
        self._where = [at for at in sorted(carrying) if _holds(known.row(at), block)]
        self._form = self._usual_form()
        self._framed = self._is_framed()
        places = self._places()
        first, last = min(carrying), max(carrying)
        self._fillers = [
            _Filler(line, (at > last) - (at < first), len(known.rest(at)) == self._form)
            for at in others
            if (line := self._in_place(at, places))
        ]
        self.is_value = self._is_value()

    def others(self) -> set[bytes]:
        """The frequent blocks that other entries have in its place."""
        return {filler.line.block for filler in self._fillers if filler.line.block}

    def _is_value(self) -> bool:
        fillers = self._counted()
        if self._framed:
            text = self._known.said[self._block].text
            fillers = [one for one in fillers if not one.line.block or _alike(text, one.line.text)]
        elif any(one.certain for one in fillers):
            return True
        if not _nearly_all(self._times, self._times + len(fillers)):
            return True
        return not self._framed and self._is_matter_of([one.line for one in fillers])

    def _counted(self) -> list[_Filler]:
        """Those that came between; and the texts around, where it came for a while and went again."""
        between = [one for one in self._fillers if not one.when]
        around = [one for one in self._fillers if one.when and not one.line.block]
        return between + around if len({one.when for one in around}) > 1 else between

    def _is_matter_of(self, fillers: Sequence[_Line]) -> bool:
        """Whether one of these speaks of what the block speaks of, and the texts above it do not."""
        text = key(self._known.said[self._block].text)
        shared = {
            word
            for word in _words(text)
            if size(word) >= _MATTER and not _KANA.search(word)
            if any(word in one.text for one in fillers)
        }
        for at in self._where if shared else ():
            for line in self._known.rest(at):
                if line.block != self._block:
                    shared = {word for word in shared if word not in line.text}
        return bool(shared)

    def _usual_form(self) -> int:
        """How many lines most of the entries have that carry it; 0 where they differ."""
        lengths = Counter(len(self._known.rest(at)) for at in self._where)
        length, times = lengths.most_common(1)[0] if lengths else (0, 0)
        return length if times * 2 > len(self._where) else 0

    def _places(self) -> list[_Place]:
        """Where it stands in nearly all entries that carry it."""
        found = Counter(place for at in self._where for place in self._places_in(at))
        return [one for one, times in found.items() if _nearly_all(times, len(self._where))]

    def _places_in(self, entry: EntryKey) -> Iterator[_Place]:
        rest = self._known.rest(entry)
        at = _find(rest, self._block)
        yield _Place(0, lines=at)
        yield _Place(1, lines=len(rest) - 1 - at)
        for side, beside in enumerate(self._neighbours(entry)):
            if beside:
                yield _Place(side, beside=beside)

    def _neighbours(self, entry: EntryKey) -> tuple[bytes, bytes]:
        row = self._known.row(entry)
        at = _find(row, self._block)
        return row[at - 1].block if at else b"", row[at + 1].block if at + 1 < len(row) else b""

    def _in_place(self, entry: EntryKey, places: Iterable[_Place]) -> _Line | None:
        """What an entry that does not carry it has in its place, if it is no template's line."""
        row, rest = self._known.row(entry), self._known.rest(entry)
        if len(rest) < (self._form or 2) or _holds(row, self._block):
            return None
        if not places:
            # It stands anywhere among the lines of texts, and so do the others.
            return None if self._framed else _ANY
        lines = (_line_at(row if place.beside else rest, place) for place in places)
        return next((one for one in lines if one and one.block not in self._known.sure), None)

    def _is_framed(self) -> bool:
        """Whether it stands beside a template's lines in nearly all entries: between two, or by
        one, if it is no sentence."""
        sides = [self._neighbours(at) for at in self._where]
        sure = self._known.sure
        before = sum(one in sure and not self._known.heads(one) for one, _ in sides)
        after = sum(one in sure for _, one in sides)
        framing = [bool(sides) and _nearly_all(times, len(sides)) for times in (before, after)]
        text = self._known.said[self._block].text
        return all(framing) or (any(framing) and not _SENTENCE_END.search(text))


def _holds(row: _Row, block: bytes) -> bool:
    return any(line.block == block for line in row)


def _find(row: _Row, block: bytes) -> int:
    """At which place of a row it stands first; -1: at none."""
    return next((at for at, line in enumerate(row) if line.block == block), -1)


def _line_at(row: _Row, place: _Place) -> _Line | None:
    if place.beside:
        beside = _find(row, place.beside)
        at = beside + (-1 if place.side else 1) if beside >= 0 else -1
    else:
        at = len(row) - 1 - place.lines if place.side else place.lines
    return row[at] if 0 <= at < len(row) else None


def _with_others(doubts: Mapping[bytes, _Doubt]) -> Set[bytes]:
    """The values, and what takes turns with them in longer stretches."""
    new = found = {block for block, one in doubts.items() if one.is_value}
    while new:
        near = {other for block in new for other in doubts[block].others() if other in doubts}
        new = {one for one in near - found if doubts[one].others() & found}
        found = found | new
    return found


def _nearly_all(times: int, of: int) -> bool:
    return times * 100 >= of * ALWAYS


def _alike(one: str, other: str) -> bool:
    """Whether two lines share many of their words."""
    words, others = _words(one), _words(other)
    return len(words & others) * _ALIKE >= min(len(words), len(others))


def _words(text: str) -> set[str]:
    return {pair or word for pair, word in _WORD.findall(key(text))}
