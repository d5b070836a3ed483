"""The one matcher: whether an entry satisfies a query, by which words, or what is missing.

Topics, search and explain all ask here; an index only brings candidates. Most
entries do not satisfy most queries, so :func:`compiled` first says yes or no,
and only a yes is looked at again for its evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from aggregator.query.analysis import fold, is_language
from aggregator.query.naming import named, not_named
from aggregator.query.patterns import find_pattern
from aggregator.query.subject import Subject
from aggregator.query.tree import (
    TEXT_FIELDS,
    And,
    Everything,
    InField,
    Leaf,
    Named,
    Near,
    Node,
    Not,
    Or,
    Pattern,
    Phrase,
    Prefix,
    Range,
    Reference,
    Word,
)

_ADDRESSES = {"url", "lang", "feed"}
"""Fields of which a part may be asked for, not only words."""
_SHOWN = 60
"""Characters of what a pattern found that a reason tells."""


class Evidence(Struct, frozen=True, kw_only=True):
    """A clause and the words that satisfied it. ``found`` is "" where the clause says it all."""

    clause: str
    found: str
    field: str

    def __str__(self) -> str:
        found = f" → {self.found}" if self.found and fold(self.found) != fold(self.clause) else ""
        return f"{self.clause}{found} ({self.field})"


class Match(Struct, frozen=True, kw_only=True):
    """Why an entry satisfies a query."""

    evidence: tuple[Evidence, ...]

    @property
    def reason(self) -> str:
        """Short, for people: ``torres (title), coach* → coaching (text)``."""
        return ", ".join(dict.fromkeys(map(str, self.evidence))) or "everything"


class Explanation(Struct, frozen=True, kw_only=True):
    """Each clause with the words that satisfied it, or without: then it failed."""

    matches: bool
    satisfied: tuple[Evidence, ...]
    failed: tuple[str, ...]


def satisfy(
    node: Node, subject: Subject, now: datetime, field: str = ""
) -> tuple[Evidence, ...] | None:
    """The evidence that the entry satisfies the node, or None where it does not."""
    match node:
        case And(parts=parts):
            found: tuple[Evidence, ...] = ()
            for part in parts:
                one = satisfy(part, subject, now, field)
                if one is None:
                    return None
                found += one
            return found
        case Or(parts=parts):
            for part in parts:
                one = satisfy(part, subject, now, field)
                if one is not None:
                    return one
            return None
        case Not(part=part):
            return () if satisfy(part, subject, now, field) is None else None
        case InField(name=name, part=part):
            return satisfy(part, subject, now, name)
        case _:
            return _leaf(node, subject, now, field)


Holds = Callable[[Subject, datetime], bool]


def compiled(node: Node, field: str = "") -> Holds:
    """A function that says whether an entry satisfies the node: ``satisfy`` without evidence."""
    match node:
        case And(parts=parts):
            every = tuple(compiled(part, field) for part in parts)
            return lambda subject, now: all(holds(subject, now) for holds in every)
        case Or(parts=parts):
            some = tuple(compiled(part, field) for part in parts)
            return lambda subject, now: any(holds(subject, now) for holds in some)
        case Not(part=part):
            denied = compiled(part, field)
            return lambda subject, now: not denied(subject, now)
        case InField(name=name, part=part):
            return compiled(part, name)
        case Word(words=(word,)) if not field:
            return lambda subject, _: subject.has(subject.stem_of(word))
        case Word(words=(word,), open=False) if field not in _ADDRESSES:
            return lambda subject, _: subject.adjoins(field, (subject.stem_of(word),))
        case Prefix(start=start):
            names = (field,) if field else TEXT_FIELDS
            return lambda subject, _: any(subject.begins(name, start) for name in names)
        case _:
            return lambda subject, now: _leaf(node, subject, now, field) is not None


def explain(node: Node, subject: Subject, now: datetime) -> Explanation:
    """Which clauses hold and which do not, whether or not the whole does."""
    satisfied, failed = _account(node, subject, now, "")
    return Explanation(matches=not failed, satisfied=satisfied, failed=failed)


def _account(
    node: Node, subject: Subject, now: datetime, field: str
) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """What of the node is satisfied, and what keeps it from holding: nothing where it holds."""
    match node:
        case And(parts=parts):
            each = [_account(part, subject, now, field) for part in parts]
            return tuple(e for held, _ in each for e in held), tuple(
                f for _, no in each for f in no
            )
        case Or(parts=parts):
            each = [_account(part, subject, now, field) for part in parts]
            for held, no in each:
                if not no:
                    return held, ()
            # None holds: any of them would do, and so they are one clause that failed.
            missing = " OR ".join(" AND ".join(no) for _, no in each)
            return tuple(e for held, _ in each for e in held), (missing,)
        case InField(name=name, part=part):
            return _account(part, subject, now, name)
        case Not(part=part):
            found = satisfy(part, subject, now, field)
            return (), () if found is None else ("NOT " + (", ".join(map(str, found)) or "*"),)
        case _:
            found = _leaf(node, subject, now, field)
            if found is None:
                return (), (_missed(node, subject, field),)
            return found, ()


def _missed(leaf: Leaf, subject: Subject, field: str) -> str:
    """A leaf that does not hold, as typed; of a person, why not, where the surname is there."""
    typed = f"{field}:{as_typed(leaf)}" if field else as_typed(leaf)
    if not isinstance(leaf, Named):
        return typed
    why = not_named(leaf.person, subject, (field,) if field else TEXT_FIELDS)
    return f"{typed} ({why})" if why else typed


def as_typed(leaf: Leaf) -> str:
    """A leaf as it was typed, without its field."""
    match leaf:
        case Everything():
            return "*"
        case Phrase(text=text):
            return f'"{text}"'
        case Near(text=text, most=most):
            return f'"{text}"~{most}'
        case Pattern(text=text):
            return f"/{text}/"
        case Named(text=text):
            return f'person:"{text}"'
        case Reference(text=text):
            return f"topic:{text}"
        case _:
            return leaf.text


def _leaf(leaf: Leaf, subject: Subject, now: datetime, field: str) -> tuple[Evidence, ...] | None:
    match leaf:
        case Range():
            return _in_range(leaf, subject, now)
        case Everything():
            return _anything(subject, field)
        case Named(person=person):
            proof = named(person, subject, (field,) if field else TEXT_FIELDS)
            return proof and (Evidence(clause=as_typed(leaf), found=proof[0], field=proof[1]),)
        case Pattern():
            return _patterned(leaf, subject, field)
        case Reference():
            raise LookupError(f"{as_typed(leaf)} was not bound")
        case Phrase(text=text) if field == "lang" and is_language(subject.lang, text):
            return (Evidence(clause=as_typed(leaf), found="", field=field),)
        case Word() if field in _ADDRESSES:
            return _in_address(leaf, subject, field)
    look = _LOOK[type(leaf)]
    for name in (field,) if field else TEXT_FIELDS:
        found = look(leaf, subject, name)
        if found is not None:
            return (Evidence(clause=as_typed(leaf), found=found, field=name),)
    return None


def _anything(subject: Subject, field: str) -> tuple[Evidence, ...] | None:
    if not field:
        return ()
    if not subject.written(field):
        return None
    return (Evidence(clause="*", found="", field=field),)


def _patterned(leaf: Pattern, subject: Subject, field: str) -> tuple[Evidence, ...] | None:
    for written in subject.written(field):
        found = find_pattern(leaf.text, written)
        if found is not None:
            shown = " ".join(found[:_SHOWN].split())
            return (Evidence(clause=as_typed(leaf), found=shown, field=field),)
    return None


def _in_range(leaf: Range, subject: Subject, now: datetime) -> tuple[Evidence, ...] | None:
    moment = subject.published or subject.first_seen
    if moment is None:
        return None
    low, high = leaf.low.when(now), leaf.high.when(now)
    if (low and moment < low) or (high and moment >= high):
        return None
    return (Evidence(clause=leaf.text, found=moment.date().isoformat(), field="published"),)


def _in_address(leaf: Word, subject: Subject, field: str) -> tuple[Evidence, ...] | None:
    """Part of an address; a language by itself or with its regions; a feed by title word too."""
    written, wanted = subject.folded(field), fold(leaf.text.removesuffix("*"))
    if field == "lang":
        held = is_language(written, wanted)
    else:
        held = wanted in written or (field == "feed" and _word(leaf, subject, field) is not None)
    return (Evidence(clause=leaf.text, found="", field=field),) if held else None


def _word(leaf: Word, subject: Subject, name: str) -> str | None:
    """A word's stem among the field's stems; several folded words must adjoin."""
    first = subject.stem_of(leaf.words[0])
    if first not in subject.stem_set(name):
        return None
    if len(leaf.words) == 1:
        return _surface(subject, name, first, leaf.words[0])
    if leaf.open:
        return _open_word(leaf, subject, name)
    wanted = [subject.stem_of(word) for word in leaf.words]
    at = _adjoining(wanted, subject.stems(name))
    return None if at is None else _whole(leaf.words, subject.words(name), at)


def _open_word(leaf: Word, subject: Subject, name: str) -> str | None:
    """As several words, but of the last only the beginning is known."""
    begun = [subject.stem_of(word) for word in leaf.words[:-1]]
    words = subject.words(name)
    for at in _places(begun, subject.stems(name)):
        if _begins(leaf.words[-1], words, at + len(begun)):
            return _whole(leaf.words, words, at)
    return None


def _surface(subject: Subject, name: str, stem: str, word: str) -> str:
    """The word as it stands in the entry, folded: ``coaching`` where ``coach`` was asked for."""
    known = subject.words(name)
    if word in known:
        return word
    return known[subject.stems(name).index(stem)]


def _whole(asked: Sequence[str], words: list[str], at: int) -> str:
    """The words that stand there; "" where they are those that were asked for."""
    found = words[at : at + len(asked)]
    return "" if found == list(asked) else " ".join(found)


def _prefix(leaf: Prefix, subject: Subject, name: str) -> str | None:
    for word in subject.words(name):
        if word.startswith(leaf.start):
            return word
    return None


def _phrase(leaf: Phrase, subject: Subject, name: str) -> str | None:
    fixed = leaf.words[:-1] if leaf.open else leaf.words
    stems = [subject.stem_of(word) for word in fixed]
    # The stems are at hand and must adjoin too; the words of the text are costly to know.
    if not subject.adjoins(name, stems):
        return None
    words = subject.words(name)
    for at in _places(fixed, words):
        if not leaf.open or _begins(leaf.words[-1], words, at + len(fixed)):
            return ""
    return None


def _begins(start: str, words: list[str], at: int) -> bool:
    return at < len(words) and words[at].startswith(start)


def _near(leaf: Near, subject: Subject, name: str) -> str | None:
    """All units by their stems, in any order, near each other."""
    units = [tuple(subject.stem_of(word) for word in unit) for unit in leaf.units]
    held = subject.stem_set(name)
    if not all(held.issuperset(unit) for unit in units):
        return None
    stems = subject.stems(name)
    need = {unit: units.count(unit) for unit in units}
    places = sorted((at, unit) for unit in need for at in _places(unit, stems))
    size, first = sum(map(len, units)), 0
    for begin, unit in places:
        need[unit] -= 1
        # Let go of what comes again later: the nearest window that ends here.
        while need[places[first][1]] < 0:
            need[places[first][1]] += 1
            first += 1
        if any(count > 0 for count in need.values()):
            continue
        start, end = places[first][0], begin + len(unit)
        between = begin - start - len(places[first][1])
        if between <= leaf.most or end - start == size:
            return " ".join(subject.words(name)[start:end])
    return None


def _adjoining(wanted: Sequence[str], text: list[str]) -> int | None:
    """Where the words first stand side by side in the text; None if nowhere."""
    return next(_places(wanted, text), None)


def _places(wanted: Sequence[str], text: list[str]) -> Iterator[int]:
    """All places where the words stand side by side in the text."""
    first, count, whole, at = wanted[0], len(wanted), list(wanted), -1
    while True:
        try:
            at = text.index(first, at + 1)
        except ValueError:
            return
        if count == 1 or text[at : at + count] == whole:
            yield at


_LOOK: dict[type, Callable[..., str | None]] = {
    Word: _word,
    Prefix: _prefix,
    Phrase: _phrase,
    Near: _near,
}
