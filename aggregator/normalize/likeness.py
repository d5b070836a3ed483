"""Whether two texts are one story. Pure; docs/stories.md tells the reasons and the figures.

Precision comes before recall. Copies share most of their words in order, and begin
alike. A story's next stage, a reaction, a live blog's next edition share paragraphs
too, but begin anew: so what the two begin with decides where they are not nearly equal.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from aggregator.normalize.shingles import MOST_SIGNS, MOST_WORDS
from aggregator.query import words

# Shares of runs of three words, from 0 to 1. Tuned with benchmarks/stories.py.
EQUAL = 0.8
"""So much of both texts together is shared: one is the other, edited."""
INSIDE = (0.95, 0.6)
"""(of the shorter, of both): the shorter stands whole in the longer, and is most of it."""
SHARED = 0.6
"""Of the shorter text: less is never a copy, unless the two are nearly equal."""
BEGINS = 0.5
"""Of the first words of each, found near the beginning of the other."""
TITLE = 0.9
"""Of the words of the shorter title."""
SHORT = 60
"""Words; texts below it are judged as notes."""
FORM = 150
"""Words; what a site publishes again by mistake is longer, what it fills anew each day is not."""
NOTE_INSIDE = 0.9
"""Of a note, in a full text that it is to be a summary of."""
NOTE_EQUAL = 0.9
"""Of both of two notes under different headlines."""
NOTE_SHARED = 0.8
"""Of the shorter of two notes under one headline."""

_RUN = 3
_BEGINNING, _NEAR = 40, 130
_HEADLINE = 5
"""Words that make a headline tell a thing: "Match report" is told of many."""
_SENTENCE = 15
"""Words that a note must have to be known under another headline."""
_OWN = 5
"""Words in a row that only one of two texts has: what is left may be the site's footer."""
_SAME_NAMES = 0.5
"""Of the words of the shorter of two titles: with fewer they tell of other things."""
_FRAME = 2
"""Words beside a figure by which it is known what it counts: "crowd of 8,115"."""
_FILLED = 2
"""Figures that are others in one text: one alone may have been corrected."""
_LEAST = 8
"""Words that any note must have: "Today's results in brief" comes again tomorrow."""

# Titles of texts that grow during the day, or are filled anew each time.
_ROLLING = re.compile(
    r"\b(?:LIVE|RECAP)\b|(?i:^live\b|[:|–—-] *(?:live|recap)\b|\b(?:live|recap) *[:|–—-]"
    r"|\b(?:live ?(?:blog|text|ticker|scores?|updates?)|as it happened|minute[ -]by[ -]minute|latest news"
    r"|en direct|en vivo|en directo|minuto a minuto|in diretta|ao vivo)\b)"
)

_Run = tuple[str, ...]


class Wording(Struct, frozen=True):
    """A title and a text as they are compared: folded words, and the text's runs of three."""

    title: tuple[str, ...]
    words: tuple[str, ...]
    runs: frozenset[_Run]
    rolling: bool


def wording(title: str, text: str) -> Wording:
    """Prepare an entry for :func:`same_story`. Of an entry without text the title is the text."""
    head = tuple(words(title))
    body = tuple(words(text[:MOST_SIGNS])[:MOST_WORDS]) or head
    return Wording(head, body, _runs(body), bool(_ROLLING.search(title)))


def shared(one: Wording, other: Wording) -> float:
    """The share of the shorter text's runs that the other has, from 0 to 1."""
    return len(one.runs & other.runs) / max(1, min(len(one.runs), len(other.runs)))


def same_story(one: Wording, other: Wording, *, one_site: bool = False) -> bool:
    """Whether one of the two is a copy of the other: edited, cut, lengthened or re-ordered.

    Of ``one_site`` much that texts share is the site's own, whether or not it was
    learned: there no two are copies that each say something that the other does not.
    """
    if not _alike_enough(one, other):
        return False
    return not one_site or min(_own(one, other), _own(other, one)) < _OWN


def _alike_enough(one: Wording, other: Wording) -> bool:
    short, long = sorted((one, other), key=lambda each: len(each.words))
    common = len(short.runs & long.runs)
    inside = shared(short, long)
    both = common / max(1, len(short.runs) + len(long.runs) - common)
    if len(long.words) < SHORT:
        return _same_note(short, long, inside, both)
    if inside < SHARED:
        return False
    begins = min(_begins(short, long), _begins(long, short))
    titled = _alike(short.title, long.title) >= TITLE
    if len(short.words) < _SENTENCE and not titled:
        # A teaser that may stand over many articles.
        return False
    if _scores_differ(short.title, long.title) or _filled_anew(short, long):
        return False
    if both >= EQUAL or (inside >= INSIDE[0] and both >= INSIDE[1]):
        # Under another headline, with nothing of the old beginning: the old text as background.
        return begins > 0 or titled
    if short.rolling and long.rolling:
        return False
    if len(short.words) < SHORT and inside >= NOTE_INSIDE and _begins(short, long) >= BEGINS:
        return True
    return begins >= BEGINS or titled


def _scores_differ(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two headlines tell of other figures and of other names: reports of two matches that
    one form was filled with."""
    first, second = ({word for word in title if word.isdigit()} for title in (one, other))
    return bool(first and second and not first & second) and _alike(one, other) < _SAME_NAMES


def _filled_anew(one: Wording, other: Wording) -> bool:
    """Whether two texts, under headlines of other names, are one form with other figures in it: what a
    copy says of a figure, cut or rewritten as it may be, it says of the same one."""
    if _alike(one.title, other.title) >= _SAME_NAMES:
        return False
    first, second = _framed(one.words), _framed(other.words)
    frames = first.keys() & second.keys()
    kept = {figure for frame in frames for figure in first[frame] & second[frame]}
    anew = [frame for frame in frames if not first[frame] & second[frame]]
    common = _all_of(first) & _all_of(second)
    least = min(
        len({figure for frame in anew for figure in framed[frame]} - common)
        for framed in (first, second)
    )
    return least >= _FILLED and least > len(kept)


def _all_of(framed: Mapping[_Run, set[_Run]]) -> set[_Run]:
    return {figure for found in framed.values() for figure in found}


def _framed(text: Sequence[str]) -> defaultdict[_Run, set[_Run]]:
    """The figures of a text, by the words before each and by the words behind it."""
    found: defaultdict[_Run, set[_Run]] = defaultdict(set)
    for start, end in _of_figures(text):
        figure = tuple(text[start:end])
        if start >= _FRAME:
            found[*text[start - _FRAME : start], ""].add(figure)
        if end + _FRAME <= len(text):
            found["", *text[end : end + _FRAME]].add(figure)
    return found


def _of_figures(text: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the runs of words with figures in them begin and end: "2-0" and "21,040" are two words."""
    at = 0
    for figures, run in groupby(text, key=_has_figure):
        start, at = at, at + sum(1 for _ in run)
        if figures:
            yield start, at


def _has_figure(word: str) -> bool:
    return any(sign.isdigit() for sign in word)


def _same_note(short: Wording, long: Wording, inside: float, both: float) -> bool:
    """Two notes of a sentence or two: what is filled into one form differs in a name or a figure."""
    if _figures(short) != _figures(long):
        return False
    if len(short.title) >= _HEADLINE and _same_headline(short.title, long.title):
        return inside >= NOTE_SHARED and len(short.words) >= _LEAST
    return both >= NOTE_EQUAL and len(short.words) >= _SENTENCE


def _same_headline(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two titles are word for word one, the name of the site behind it aside."""
    least = min(len(one), len(other))
    return list(one[:least]) == list(other[:least]) and abs(len(one) - len(other)) <= 3


def _begins(one: Wording, other: Wording) -> float:
    """The share of the first words of one that stand near the beginning of the other."""
    first = _runs(one.words[: min(_BEGINNING, len(other.words))])
    return len(first & _runs(other.words[:_NEAR])) / max(1, len(first))


def _own(one: Wording, other: Wording) -> int:
    """Words of one that the other has not: the most in a row, and those of the title with them."""
    longest = covered = 0
    for at, run in enumerate(zip(one.words, one.words[1:], one.words[2:], strict=False)):
        if run in other.runs:
            longest = max(longest, at - covered)
            covered = at + _RUN
    longest = max(longest, len(one.words) - covered)
    return longest and longest + len(set(one.title) - set(other.title))


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of the shorter title's words that the other has; 0 where one is missing."""
    first, second = set(one), set(other)
    return len(first & second) / max(1, min(len(first), len(second)))


def _figures(one: Wording) -> frozenset[str]:
    return frozenset(word for word in (*one.title, *one.words) if word.isdigit())


def _runs(of: Sequence[str]) -> frozenset[_Run]:
    if len(of) < _RUN:
        return frozenset({tuple(of)} if of else ())
    return frozenset(zip(of, of[1:], of[2:], strict=False))
