"""The one matcher: whether an entry satisfies a query, by which words, or what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.query.analysis import fold
from aggregator.query.subject import Subject
from aggregator.query.tree import (
    TEXT_FIELDS,
    And,
    Everything,
    InField,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A clause and the words that satisfied it. ``found`` is "" where the clause says it all."""

    clause: str
    found: str
    field: str

    def __str__(self) -> str:
        found = f" → {self.found}" if self.found and fold(self.found) != fold(self.clause) else ""
        return f"{self.clause}{found} ({self.field})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why an entry satisfies a query."""

    evidence: tuple[Evidence, ...]

    @property
    def reason(self) -> str:
        """Short, for people: ``torres (title), coach* → coaching (text)``."""
        return ", ".join(dict.fromkeys(map(str, self.evidence))) or "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
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


def explain(node: Node, subject: Subject, now: datetime) -> Explanation:
    """Which clauses hold and which do not, whether or not the whole does."""
    satisfied: list[Evidence] = []
    failed: list[str] = []

    def look(part: Node, field: str) -> None:
        match part:
            case And(parts=parts) | Or(parts=parts):
                for inner in parts:
                    look(inner, field)
            case InField(name=name, part=inner):
                look(inner, name)
            case Not(part=inner):
                found = satisfy(inner, subject, now, field)
                if found is not None:
                    failed.append("NOT " + ", ".join(map(str, found)))
            case _:
                found = _leaf(part, subject, now, field)
                if found is None:
                    failed.append(f"{field}:{_text(part)}" if field else _text(part))
                else:
                    satisfied.extend(found)

    look(node, "")
    whole = satisfy(node, subject, now) is not None
    return Explanation(matches=whole, satisfied=tuple(satisfied), failed=tuple(failed))


def _text(leaf: Leaf) -> str:
    if isinstance(leaf, Everything):
        return "*"
    if not isinstance(leaf, Phrase):
        return leaf.text
    return f'"{leaf.text}"' + (f"~{leaf.near}" if leaf.near is not None else "")


def _leaf(leaf: Leaf, subject: Subject, now: datetime, field: str) -> tuple[Evidence, ...] | None:
    if isinstance(leaf, Everything):
        return ()
    if isinstance(leaf, Range):
        return _in_range(leaf, subject, now)
    if field in {"url", "lang", "feed"} and isinstance(leaf, Word):
        return _in_address(leaf, subject, field)
    for name in (field,) if field else TEXT_FIELDS:
        found = _LOOK[type(leaf)](leaf, subject, name)
        if found is not None:
            return (Evidence(clause=_text(leaf), found=found, field=name),)
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
    written, wanted = subject.folded(field), fold(leaf.text)
    if field == "lang":
        held = written == wanted or written.startswith(f"{wanted}-")
    else:
        held = wanted in written or (field == "feed" and _word(leaf, subject, field) is not None)
    return (Evidence(clause=leaf.text, found="", field=field),) if held else None


def _word(leaf: Word, subject: Subject, name: str) -> str | None:
    """A word's stem among the field's stems; several folded words must adjoin."""
    wanted = [subject.stem_of[word] for word in leaf.words]
    if wanted[0] not in subject.stem_set(name):
        return None
    if len(wanted) == 1:
        return _surface(subject, name, wanted[0], leaf.words[0])
    at = _adjoining(wanted, subject.stems(name))
    return None if at is None else leaf.text


def _surface(subject: Subject, name: str, stem: str, word: str) -> str:
    """The word as it stands in the entry, folded: ``coaching`` where ``coach`` was asked for."""
    known = subject.words(name)
    if word in known:
        return word
    return known[subject.stems(name).index(stem)]


def _prefix(leaf: Prefix, subject: Subject, name: str) -> str | None:
    for word in subject.words(name):
        if word.startswith(leaf.start):
            return word
    return None


def _phrase(leaf: Phrase, subject: Subject, name: str) -> str | None:
    if leaf.near is not None:
        return _near(leaf, subject, name, leaf.near)
    stems = [subject.stem_of[word] for word in leaf.words]
    # The stems are at hand and must adjoin too; the words of the text are costly to know.
    if stems[0] not in subject.stem_set(name) or _adjoining(stems, subject.stems(name)) is None:
        return None
    return None if _adjoining(leaf.words, subject.words(name)) is None else ""


def _near(leaf: Phrase, subject: Subject, name: str, most: int) -> str | None:
    """All stems in any order, with at most ``most`` other words between first and last."""
    wanted = [subject.stem_of[word] for word in leaf.words]
    if not subject.stem_set(name).issuperset(wanted):
        return None
    text, need = subject.stems(name), {stem: wanted.count(stem) for stem in wanted}
    span, places = len(wanted) + most, [at for at, stem in enumerate(text) if stem in need]
    held: dict[str, int] = dict.fromkeys(need, 0)
    first = 0
    for last, at in enumerate(places):
        held[text[at]] += 1
        while at - places[first] >= span:
            held[text[places[first]]] -= 1
            first += 1
        if all(held[stem] >= count for stem, count in need.items()):
            return " ".join(subject.words(name)[places[first] : places[last] + 1])
    return None


def _adjoining(wanted: Sequence[str], text: list[str]) -> int | None:
    """Where the words stand side by side in the text; None if nowhere."""
    first, count, at = wanted[0], len(wanted), -1
    while True:
        try:
            at = text.index(first, at + 1)
        except ValueError:
            return None
        if text[at : at + count] == list(wanted):
            return at


_LOOK: dict[type, Callable[..., str | None]] = {Word: _word, Prefix: _prefix, Phrase: _phrase}
