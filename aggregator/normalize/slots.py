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
# Values of one slot often share so many of their words: "The air is good", "The air is bad".
_ALIKE = 3


class _Line(NamedTuple):
    """A folded line of an entry, and which of the frequent blocks it is (b"": none)."""

    text: str
    block: bytes


_Row = Sequence[_Line]
_SOME = _Line("", b"")


class _Place(NamedTuple):
    """Where a block stands: so many lines from an end, or beside a frequent block (side 0: it
    comes before)."""

    side: int
    lines: int = 0
    beside: bytes = b""


class _Filler(NamedTuple):
    """What an entry has in the place of a block.

    ``between``: it came between entries that carry the block. ``certain``: the entry is of
    the same form as they are.
    """

    line: _Line
    between: bool
    certain: bool


def slots_among(
    said: Mapping[bytes, Saying], run: Sequence[Carrier], sayings: Sayings
) -> frozenset[bytes]:
    """Those of the blocks, all a template's by where they stand, that are values of a slot.

    What came only before, or only after, the others in its place is a template that changed.
    """
    bearing = {block: [one for one in run if block in one.blocks] for block in said}
    doubted = {block for block, one in said.items() if _may_be_value(one)}
    doubted = {block for block in doubted if len(bearing[block]) < len(run)}
    if not doubted:
        return frozenset()
    reader = _Reader(said)
    rows = {at: reader.row(text) for at, text in sayings.texts(run).items()}
    known = _Known(said, said.keys() - doubted)
    found = {}
    # The most frequent first: by then it is known what frames the others.
    for block in sorted(doubted, key=lambda one: (-len(bearing[one]), one)):
        one = found[block] = _Doubt(block, bearing[block], run, rows, known)
        if not one.is_value and one.is_common:
            known.sure.add(block)
    return frozenset(_with_others(found))


def _may_be_value(one: Saying) -> bool:
    return is_words(one) and not one.linked and not one.listed


class _Known(NamedTuple):
    """The frequent blocks of a run, and which of them are a template's for sure."""

    said: Mapping[bytes, Saying]
    sure: set[bytes]

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
        self,
        block: bytes,
        bearing: Sequence[Carrier],
        run: Sequence[Carrier],
        rows: Mapping[EntryKey, _Row],
        known: _Known,
    ) -> None:
        self._block, self._known = block, known
        carrying, feeds = {one.key for one in bearing}, {one.feed for one in bearing}
        self._times = len(bearing)
        # Of a site's other feeds the template may be another.
        others = [one for one in run if one.feed in feeds and one.key not in carrying]
        self.is_common = _nearly_all(self._times, self._times + len(others))
        said = [rows[at] for at in sorted(carrying) if at in rows]
        self._rows = [row for row in said if any(line.block == block for line in row)]
        self._form = self._usual_form()
        first, last = min(carrying), max(carrying)
        places = self._places()
        self._fillers = [
            _Filler(line, first < one.key < last, certain)
            for one in others
            for line, certain in self._in_place(rows.get(one.key, ()), places)
        ]
        self.is_value = self._is_value(placed=bool(places))

    def others(self) -> set[bytes]:
        """The frequent blocks that other entries have in its place."""
        return {filler.line.block for filler in self._fillers if filler.line.block}

    def _is_value(self, *, placed: bool) -> bool:
        between = [one for one in self._fillers if one.between]
        if self._is_framed():
            text = self._known.said[self._block].text
            between = [one for one in between if not one.line.block or _alike(text, one.line.text)]
        elif placed and any(one.certain for one in between):
            return True
        return not _nearly_all(self._times, self._times + len(between))

    def _rest(self, row: _Row) -> list[_Line]:
        """The lines that no template says for sure."""
        return [line for line in row if line.block not in self._known.sure]

    def _usual_form(self) -> int:
        """How many lines most of the entries have that carry it; 0 where they differ."""
        lengths = Counter(len(self._rest(row)) for row in self._rows)
        length, times = lengths.most_common(1)[0] if lengths else (0, 0)
        return length if times * 2 > len(self._rows) else 0

    def _places(self) -> list[_Place]:
        """Where it stands in nearly all entries that carry it."""
        found = Counter(place for row in self._rows for place in self._places_in(row))
        return [one for one, times in found.items() if _nearly_all(times, len(self._rows))]

    def _places_in(self, row: _Row) -> Iterator[_Place]:
        rest = self._rest(row)
        at = self._at(rest)
        yield _Place(0, lines=at)
        yield _Place(1, lines=len(rest) - 1 - at)
        for side, beside in enumerate(self._neighbours(row)):
            if beside:
                yield _Place(side, beside=beside)

    def _at(self, row: _Row) -> int:
        return next(at for at, line in enumerate(row) if line.block == self._block)

    def _neighbours(self, row: _Row) -> tuple[bytes, bytes]:
        at = self._at(row)
        before = row[at - 1].block if at else b""
        return before, row[at + 1].block if at + 1 < len(row) else b""

    def _in_place(self, row: _Row, places: Iterable[_Place]) -> Iterator[tuple[_Line, bool]]:
        """What an entry that does not carry it has in its place, if it is no template's line."""
        rest = self._rest(row)
        if len(rest) < max(2, self._form) or any(line.block == self._block for line in row):
            return
        if not places and not self._is_framed():
            # It is one of the lines inside texts, whichever of the others takes its place.
            yield _SOME, False
        for place in places:
            line = _line_at(row if place.beside else rest, place)
            if line and line.block not in self._known.sure:
                yield line, len(rest) == self._form
                return

    def _is_framed(self) -> bool:
        """Whether it stands beside a template's lines in nearly all entries: between two, or by
        one, if it is no sentence."""
        sides = [self._neighbours(row) for row in self._rows]
        sure = self._known.sure
        before = sum(one in sure and not self._known.heads(one) for one, _ in sides)
        after = sum(one in sure for _, one in sides)
        framing = [_nearly_all(times, len(sides)) for times in (before, after)]
        text = self._known.said[self._block].text
        return all(framing) or (any(framing) and not _SENTENCE_END.search(text))


def _line_at(row: _Row, place: _Place) -> _Line | None:
    if not place.beside:
        at = len(row) - 1 - place.lines if place.side else place.lines
    else:
        found = [at for at, line in enumerate(row) if line.block == place.beside]
        at = found[0] + (-1 if place.side else 1) if found else -1
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
