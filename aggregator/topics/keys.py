"""Which words a query cannot do without, so that most topics are never looked at.

Of what a query requires, the rarest is its key and a second its guard: a topic
whose key does not stand in an entry is not tried. Keys are made per language, as
stems are. How rare a word is, is guessed from its length: wrong guesses cost
time, never a hit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.query import (
    MARKS,
    All,
    Any,
    Came,
    Dated,
    Query,
    Starts,
    Subject,
    Terms,
    Wanted,
)

Key = frozenset[str]
"""Of these an entry must have at least one: tagged stems, or ``*`` and how a word begins."""

_FEW = 20
"""Words up to which to look for each costs less than to gather all that an entry has: of 400
words, about 3 µs each against 80 µs."""

HEAD = 3
"""Letters of a prefix that make a key: what every prefix has, but for a sign or two of CJK."""


def required(query: Query, lang: str) -> list[Key]:
    """What the query requires of an entry in a language, rarest first; empty: it requires none."""
    found = query.wanted((lang,))
    return sorted(_keys(found), key=_commonness) if found is not None else []


def _keys(wanted: Wanted) -> list[Key]:
    match wanted:
        case Terms(fields=fields) | Starts(fields=fields) if fields == MARKS:
            # Of an entry on its way only title and text are at hand as words.
            return []
        case Terms(sequences=sequences):
            count = min(map(len, sequences))
            return [frozenset(sequence[at] for sequence in sequences) for at in range(count)]
        case Starts(form=form):
            return [frozenset((f"*{form[:HEAD]}",))] if form and len(form) >= HEAD else []
        case All(parts=parts):
            return [key for part in parts for key in _keys(part)]
        case Any(parts=parts):
            each = [_keys(part) for part in parts]
            if not all(each):
                return []
            # One key for the alternatives: the rarest of each.
            return [frozenset().union(*(min(keys, key=_commonness) for keys in each))]
        case Came() | Dated():
            return []


def _commonness(key: Key) -> tuple[bool, int, int]:
    """Stems before beginnings, few before many, long before short."""
    return _by_head(key), len(key), -min(map(len, key))


def _by_head(key: Iterable[str]) -> bool:
    return any(token[0] == "*" for token in key)


class Keyring:
    """The queries by their keys, for entries in one language."""

    def __init__(self, queries: Sequence[Query], lang: str) -> None:
        self._keyless: list[int] = []
        self._keyed: dict[str, list[tuple[int, Key | None]]] = {}
        for number, query in enumerate(queries):
            keys = required(query, lang)
            if not keys:
                self._keyless.append(number)
                continue
            guard = keys[1] if len(keys) > 1 and not _by_head(keys[1]) else None
            for token in keys[0]:
                self._keyed.setdefault(token, []).append((number, guard))
        guards = (guard for each in self._keyed.values() for _, guard in each if guard)
        self._asked = frozenset(self._keyed).union(*guards)
        self._heads = frozenset(token[1:] for token in self._keyed if token[0] == "*")

    def candidates(self, subject: Subject) -> list[int]:
        """The numbers of the queries that the entry may satisfy, in their order."""
        if not self._heads and len(self._asked) <= _FEW:
            tokens = subject.stems_among(self._asked)
        else:
            tokens = subject.all_stems
        if self._heads:
            tokens |= {f"*{head}" for head in self._heads & subject.heads(HEAD)}
        found = set(self._keyless)
        for token in self._keyed.keys() & tokens:
            for number, guard in self._keyed[token]:
                if guard is None or not guard.isdisjoint(tokens):
                    found.add(number)
        return sorted(found)
