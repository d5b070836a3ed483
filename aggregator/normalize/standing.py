"""Which recurring blocks stand as a template's do: in nearly all entries, or always in one place.

What says little recurs among texts as well: "The match was postponed", a player of the
line-up, an ingredient. So the less a block says, the more of the entries must carry it,
unless it leads somewhere, or always comes with a line that is a template's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence, Set

from aggregator.model.boilerplate import Carrier, Saying

# What has less signs is a word or two, a short line, a sentence; what has more is a template's.
WORDS, _LINE, _SENTENCE = 16, 36, 80
# In so many of a hundred entries each of them must stand.
_NEVER, _NEARLY_ALL, _MOST, _HALF = 101, 90, 75, 50
# What stands beside a block in so many of its entries stands there always.
ALWAYS = 90
_ADDRESS = re.compile(r"://|www\.|@|©")
# A sign that says as much as some letters do.
_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTERS = 3


def templates_among(said: Mapping[bytes, Saying], run: Sequence[Carrier]) -> frozenset[bytes]:
    """Those of the blocks, all frequent in this run, that stand as a template's do."""
    places = _places(said.keys(), run)
    able = {block for block, one in said.items() if not _chosen(one, places[block], said)}
    found = {
        one
        for one in able
        if places[one].times * 100 >= _least(said[one], places[one], said) * len(run)
    }
    # A label goes with the line that it stands above, and that with the next. An image draws
    # nothing along: that of rain stands above "Rain".
    lines = {one for one in found if not said[one].image}
    new = lines
    while new:
        beside = {near for block in new for near in places[block].beside() if near in able}
        new = {one for one in beside - found if _comes_along(one, lines, places)}
        found |= new
        lines = lines | new
    return frozenset(found)


class _Place:
    """In how many entries a block stands, and what stands before and after it there (b"": nothing)."""

    def __init__(self) -> None:
        self.times = 0
        self.sides: tuple[Counter[bytes], Counter[bytes]] = (Counter(), Counter())

    def beside(self) -> set[bytes]:
        return self.sides[0].keys() | self.sides[1].keys()

    def often(self, times: int) -> bool:
        """Whether so many entries are as good as all that carry the block."""
        return times * 100 >= self.times * ALWAYS

    def is_outside(self, frequent: Container[bytes]) -> bool:
        """Whether on one side of it there always stands what is frequent as well, or nothing."""
        return any(
            self.often(sum(times for one, times in side.items() if not one or one in frequent))
            for side in self.sides
        )

    def is_steady(self) -> bool:
        """Whether on one side of it there always stands the same."""
        return any(self.often(max(side.values())) for side in self.sides)


def _places(wanted: Set[bytes], run: Iterable[Carrier]) -> dict[bytes, _Place]:
    found = {block: _Place() for block in wanted}
    for entry in run:
        blocks = entry.blocks
        for at, block in enumerate(blocks):
            if block in found:
                place = found[block]
                place.times += 1
                place.sides[0][blocks[at - 1] if at else b""] += 1
                place.sides[1][blocks[at + 1] if at + 1 < len(blocks) else b""] += 1
    return found


def _least(said: Saying, place: _Place, frequent: Container[bytes]) -> int:
    """In how many of a hundred entries the block must stand."""
    if not is_words(said):
        return 0
    signs = size(said.text)
    if said.linked:
        return _HALF if signs < WORDS else 0
    if signs < WORDS and not place.is_outside(frequent):
        return _NEVER
    if signs < WORDS or said.listed:
        return _NEARLY_ALL
    if signs < _LINE:
        return _MOST
    return 0 if signs >= _SENTENCE or place.is_steady() else _HALF


def is_words(said: Saying) -> bool:
    """Whether it is no image, and tells no address."""
    return not said.image and not _ADDRESS.search(said.text)


def size(text: str) -> int:
    """How much a text says: a Chinese, Japanese or Korean sign as much as some letters."""
    return len(text) + (_LETTERS - 1) * len(_WIDE.findall(text))


def _chosen(one: Saying, place: _Place, said: Mapping[bytes, Saying]) -> bool:
    """Whether it is one of a list that is put together anew each time, of the same items."""
    if not one.listed or not is_words(one) or size(one.text) >= _LINE:
        return False
    return any(
        said[other].listed and not place.often(times)
        for side in place.sides
        for other, times in side.items()
        if other in said
    )


def _comes_along(block: bytes, found: Set[bytes], places: Mapping[bytes, _Place]) -> bool:
    """Whether it stands beside a template's line wherever either of them stands."""
    place = places[block]
    return any(
        place.often(times) and places[other].often(times)
        for side in place.sides
        for other, times in side.items()
        if other in found
    )
