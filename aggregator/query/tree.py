"""A query as a tree. Every node knows its column, for errors and for explain.

::

    And(parts)  Or(parts)  Not(part)      how clauses combine
    InField(name, part)                   where its part is looked for
    Word(words)                           one word as typed: usually one folded word
    Prefix(start)                         coach*
    Phrase(words)                         "as written"
    Near(units, most)                     "any order"~5
    Range(low, high)                      published:[now-7d TO *]
    Everything()                          *: alone, every entry; in a field, that it is not empty
    Pattern(text)                         title:/…/
    Named(name, person)                   person:"Fernando Torres"
    Reference(name)                       topic:name; ``bind`` puts what it means in its place

Fields of later kinds are further leaves; whoever looks at a tree takes leaves by type.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from aggregator.model.person import Person

TEXT_FIELDS = ("title", "text")
"""Fields whose words are in the index; a clause without a field looks in both."""

QUOTES = "“”„‟❝❞«»‹›〝〞〟＂「」『』｢｣"
"""What stands for a straight quote."""

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


class Word(Struct, frozen=True, kw_only=True, tag=True):
    """A word as typed. ``words`` are its folded words: several for O'Neill, which then adjoin.

    ``open``: there are several, and the last is only the beginning of one (``o'n*``, ``3位``,
    since the text may go on where a lone sign is the last that was asked for).
    """

    text: str
    words: tuple[str, ...]
    column: int
    open: bool = False


class Prefix(Struct, frozen=True, kw_only=True, tag=True):
    """Words that begin with ``start`` (folded)."""

    text: str
    start: str
    column: int


class Phrase(Struct, frozen=True, kw_only=True, tag=True):
    """The folded words as written, side by side and in order. ``open`` as in Word."""

    text: str
    words: tuple[str, ...]
    column: int
    open: bool = False


class Near(Struct, frozen=True, kw_only=True, tag=True):
    """The ``units`` (words; several folded words in one unit adjoin) by their stems, in any order.

    At most ``most`` words lie between the first unit and the last, sought ones included, as in
    FTS5's NEAR; or the units adjoin, with no other word among them.
    """

    text: str
    units: tuple[tuple[str, ...], ...]
    most: int
    column: int


class Moment(Struct, frozen=True, kw_only=True, tag=True):
    """An end of a range of times: a day (``at``), or so long before now (``ago``); neither: open."""

    at: datetime | None = None
    ago: timedelta | None = None

    def when(self, now: datetime) -> datetime | None:
        """The moment itself, seen from ``now``; None where the range is open."""
        if self.ago is None:
            return self.at
        try:
            return now - self.ago
        except OverflowError:
            return None


class Range(Struct, frozen=True, kw_only=True, tag=True):
    """Times from ``low`` on and before ``high``, whichever brackets were written."""

    text: str
    low: Moment
    high: Moment
    column: int


class Everything(Struct, frozen=True, kw_only=True, tag=True):
    """Any entry; in a field: any entry that has one."""

    column: int


class Pattern(Struct, frozen=True, kw_only=True, tag=True):
    """A regular expression on a field as it is written; ``text`` is without its slashes."""

    text: str
    column: int


class Named(Struct, frozen=True, kw_only=True, tag=True):
    """The entry names a person. ``person`` is known by name alone until the query is bound."""

    text: str
    person: Person
    column: int


class Reference(Struct, frozen=True, kw_only=True, tag=True):
    """Another topic's query, by the topic's name."""

    text: str
    column: int


class InField(Struct, frozen=True, kw_only=True, tag=True):
    name: str
    part: Node
    column: int


class Not(Struct, frozen=True, kw_only=True, tag=True):
    part: Node
    column: int


class And(Struct, frozen=True, kw_only=True, tag=True):
    parts: tuple[Node, ...]
    column: int


class Or(Struct, frozen=True, kw_only=True, tag=True):
    parts: tuple[Node, ...]
    column: int


Leaf = Word | Prefix | Phrase | Near | Range | Everything | Pattern | Named | Reference
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
