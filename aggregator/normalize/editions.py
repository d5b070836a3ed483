"""Whether what has a name in common with an older item is its next edition: another item.

A column has one page that is filled anew each day, or one headline and teaser over a new
page each day; a guid without a page is handed on. Hours lie between two editions, while what
is only edited keeps something.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model.batch import KnownEntry, Said
from aggregator.model.entry import Entry
from aggregator.normalize.likeness import SHARED, shared, wording
from aggregator.query import words

HALF_A_DAY = 12 * 3600
"""Seconds: editions of a daily column are a day apart, more or less."""

STILL_ITSELF = 0.3
"""Of the shorter text's runs of words: what keeps so much was edited, however much else is new."""
_HEADLINE = 0.6
"""Of the words of the shorter headline, figures aside: what keeps so much is about the same."""

_TELLING = {"title", "published", "content", "summary"}

Parts = Sequence[tuple[str, bytes]]
"""(field, hash) as in ``Entry.parts``."""


def agree(one: Parts, other: Parts) -> bool:
    """Whether the headline, the date or the text of two items is the same."""
    before = dict(other)
    return any(hashed and before.get(name) == hashed for name, hashed in one if name in _TELLING)


def is_half_a_day_apart(one: Parts, other: Parts) -> bool:
    """Whether half a day or more lies between the dates of two items; not where one has none."""
    # As numbers these bytes count seconds.
    first, second = dict(one).get("published"), dict(other).get("published")
    if not first or not second:
        return False
    return abs(int.from_bytes(first) - int.from_bytes(second)) >= HALF_A_DAY


def is_next_edition(one: Parts, other: Parts) -> bool:
    """Whether nothing that two items say is the same, and their dates are half a day apart."""
    return not agree(one, other) and is_half_a_day_apart(one, other)


def same_text(one: Parts, other: Parts) -> bool:
    """Whether two items say the same under their headlines, also where both say nothing."""
    first, second = dict(one), dict(other)
    return all(first.get(name, b"") == second.get(name, b"") for name in ("summary", "content"))


def stayed(entry: Entry, said: Said) -> float:
    """The share of the shorter text's runs of words that an item and a revision both have; 0 where
    one of them has no text."""
    now, before = entry.text or entry.summary, said.text or said.summary
    return shared(wording("", now), wording("", before)) if now and before else 0.0


def have_nothing_in_common(entry: Entry, held: KnownEntry, said: Said) -> bool:
    """Whether an item can be no edit of the entry's last revision: headline and text are others.

    Half a day later what two items share may be the site's own, which it writes under every text.
    """
    first, second = (
        {word for word in words(title) if not word.isdigit()} for title in (entry.title, said.title)
    )
    if len(first & second) >= _HEADLINE * max(1, min(len(first), len(second))):
        return False
    least = SHARED if is_half_a_day_apart(entry.parts, held.parts) else STILL_ITSELF
    return stayed(entry, said) < least
