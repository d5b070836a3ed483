"""Whether one text is another with a slip of the pen put right: a letter here, a word there.

What is filled into one form each day differs as little, but in names, weekdays and figures: so a
word of a headline may only be spelt anew, and figures must stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from aggregator.model.batch import Said
from aggregator.model.entry import Entry
from aggregator.normalize.shingles import MOST_SIGNS, MOST_WORDS
from aggregator.query import words

_CHANGED = 2
"""Words, of the headline and of the text each."""
_LEAST = 12
"""Words of both: fewer tell too little."""
_LONG = 15
"""Words of a text, of which one may be another word altogether."""
_SPELLING = 0.8
"""Of the letters: "weathr" is "weather", but "Tuesday" is not "Thursday"."""


def is_corrected(entry: Entry, said: Said) -> bool:
    """Whether an item says what an entry's last revision said, but for a word or two."""
    before, after = words(said.title), words(entry.title)
    was, text = _words(said.text or said.summary), _words(entry.text or entry.summary)
    if len(after) + len(text) < _LEAST or _respelt(before, after) != 0:
        return False
    others = _respelt(was, text)
    return others is not None and others <= (len(text) >= _LONG)


def _words(text: str) -> Sequence[str]:
    return words(text[:MOST_SIGNS])[:MOST_WORDS]


def _respelt(before: Sequence[str], after: Sequence[str]) -> int | None:
    """How many of the words that differ are more than spelt anew; None where too many differ, or
    figures do."""
    if abs(len(before) - len(after)) > _CHANGED:
        return None
    differing = [
        (before[a:b], after[c:d])
        for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    if sum(max(len(old), len(new)) for old, new in differing) > _CHANGED:
        return None
    if any(sign.isdigit() for pair in differing for side in pair for word in side for sign in word):
        return None
    return sum(
        max(len(old), len(new))
        - sum(_is_spelling(one, other) for one, other in zip(old, new, strict=False))
        for old, new in differing
    )


def _is_spelling(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() > _SPELLING
