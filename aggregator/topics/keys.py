"""Which words a query cannot do without, so that most topics are never looked at.

Of the words a query requires, the rarest is its key and a second its guard. A
topic whose key does not stand in an entry is not tried. How rare a word is, is
guessed from its length: wrong guesses cost time, never a hit.
"""

from __future__ import annotations

from aggregator.query import All, Any, Query, Starts, Terms, Wanted, languages

Key = frozenset[str]
"""Tagged stems of which an entry must have at least one."""


def required(query: Query) -> list[Key]:
    """The query's required stems, rarest first; empty where it requires none."""
    found = query.wanted(languages())
    keys = [] if found is None else _keys(found)
    return sorted(keys, key=lambda key: (len(key), -min(map(len, key))))


def _keys(wanted: Wanted) -> list[Key]:
    match wanted:
        case Terms(sequences=sequences):
            count = min(map(len, sequences))
            return [frozenset(sequence[at] for sequence in sequences) for at in range(count)]
        case All(parts=parts):
            return [key for part in parts for key in _keys(part)]
        case Any(parts=parts):
            each = [_keys(part) for part in parts]
            if not all(each):
                return []
            # One key for the alternatives: the rarest of each.
            return [frozenset().union(*(min(keys, key=_commonness) for keys in each))]
        case Starts():
            return []


def _commonness(key: Key) -> int:
    return -min(map(len, key))
