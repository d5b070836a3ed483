"""A query as a tree. Every node knows its column, for errors and for explain.

::

    And(parts)  Or(parts)  Not(part)      how clauses combine
    InField(name, part)                   where its part is looked for
    Word(words)                           one word as typed: usually one folded word
    Prefix(start)                         coach*
    Phrase(words, near)                   "as written", or any order with near=5: "…"~5
    Everything()                          *, alone in a query
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

TEXT_FIELDS = ("title", "text")
"""Fields whose words are in the index; a clause without a field looks in both."""

FIELDS = (
    *TEXT_FIELDS,
    "summary",
    "feed",
    "folder",
    "author",
    "category",
    "lang",
    "url",
    "published",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word as typed. ``words`` are its folded words: several for O'Neill, which then adjoin."""

    text: str
    words: tuple[str, ...]
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Words that begin with ``start`` (folded)."""

    text: str
    start: str
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """``near`` None: the folded words as written, in order. Else: stems in any order, with at
    most ``near`` other words between the first and the last."""

    text: str
    words: tuple[str, ...]
    near: int | None
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An end of a range of times: a day (``at``), or so long before now (``ago``); neither: open."""

    at: datetime | None = None
    ago: timedelta | None = None

    def when(self, now: datetime) -> datetime | None:
        """The moment itself, seen from ``now``; None where the range is open."""
        return now - self.ago if self.ago is not None else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Times from ``low`` on and before ``high``."""

    text: str
    low: Moment
    high: Moment
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Any entry."""

    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InField:
    name: str
    part: Node
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: Node
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    parts: tuple[Node, ...]
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    parts: tuple[Node, ...]
    column: int


Leaf = Word | Prefix | Phrase | Range | Everything
Node = Leaf | InField | Not | And | Or


def leaves(node: Node, field: str = "") -> Iterator[tuple[str, Leaf]]:
    """(field, leaf) of every leaf, in order; "" where no field was named."""
    match node:
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from leaves(part, field)
        case Not(part=part):
            yield from leaves(part, field)
        case InField(name=name, part=part):
            yield from leaves(part, name)
        case _:
            yield field, node
