"""PostgreSQL's index: an entry as lexemes, and what is asked of them.

Lexemes have no positions: for a phrase every entry that has its words would be
read from the table to look at them, and common words meet everywhere. Instead two
words that adjoin make a lexeme of their own, hashed into so few that the index
stays small; now and then it brings an entry too many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from zlib import crc32

from aggregator.model.entry import Indexed
from aggregator.query import All, Came, Dated, Starts, Terms, Wanted
from aggregator.query import Any as AnyOf

# array_to_tsvector refuses words beyond 2,046 bytes, and beyond 1 MiB in all it silently
# loses words; each word costs some bytes besides itself.
_WORD_BYTES, _ALL_BYTES, _WORD_COST = 200, 1_000_000, 8
# Stands in for what had to be left out: such an entry is a candidate of every query.
_CUT = "=\x01"
_SIGNS = {"title": "^", "text": "", "marks": "~"}
_FORM, _PAIR = "=", "<"
_PAIRS = 0xFFFFF
"""Distinct lexemes of pairs: of 200 words, one entry in 5,000 has any of them by chance."""


def lexemes_of(one: Indexed, marks: str) -> list[str]:
    """What PostgreSQL indexes of an entry: ``^`` before a title's stems, ``=`` before forms,
    ``~`` before marks, ``<`` before pairs."""
    title, text = one.title.split(), one.text.split()
    found = [f"{_SIGNS['title']}{word}" for word in title]
    found += [f"{_FORM}{word}" for word in one.forms.split()]
    found += [f"{_SIGNS['marks']}{word}" for word in marks.split()]
    found += text
    found += [f"{_SIGNS['title']}{pair}" for pair in _pairs(title)]
    found += _pairs(text)
    distinct = list(dict.fromkeys(map(_cut, found)))
    # At four bytes a character it fits in any case: then nothing need be counted.
    if (sum(map(len, distinct)) * 4 + _WORD_COST * len(distinct)) <= _ALL_BYTES:
        return distinct
    kept, left = [_CUT], _ALL_BYTES
    for word in distinct:
        left -= len(word.encode()) + _WORD_COST
        if left < 0:
            return kept
        kept.append(word)
    return distinct


def tsquery(wanted: Wanted) -> str:
    """The query in PostgreSQL's words, with entries whose words had to be cut; of feeds and times
    nothing may be asked any more."""
    return f"({_terms(wanted)} | {_lexeme(_CUT)})"


def _terms(wanted: Wanted) -> str:
    match wanted:
        case Terms(fields=fields, sequences=sequences, near=near):
            each = [_sequence(one, fields, near) for one in sequences]
            return "(" + " | ".join(each) + ")"
        case Starts(fields=fields, stems=stems, form=form):
            each = [_lexeme(_FORM + form) + ":*"] if form else []
            each += [_in_fields(stem, fields, ":*") for stem in stems]
            return "(" + " | ".join(each) + ")"
        case All(parts=parts):
            return "(" + " & ".join(map(_terms, parts)) + ")"
        case AnyOf(parts=parts):
            return "(" + " | ".join(map(_terms, parts)) + ")"
        case Came() | Dated():
            raise LookupError(f"{wanted} stands for marks")


def _sequence(words: Sequence[str], fields: Sequence[str], near: int | None) -> str:
    """All the words, in any field; of those that adjoin the pairs, which say more."""
    if near is None and len(words) > 1 and "marks" not in fields:
        words = list(_pairs(words))
    return "(" + " & ".join(_in_fields(word, fields) for word in dict.fromkeys(words)) + ")"


def _pairs(words: Sequence[str]) -> Iterator[str]:
    for one, next_one in pairwise(words):
        yield f"{_PAIR}{crc32(f'{one} {next_one}'.encode()) & _PAIRS:x}"


def _in_fields(word: str, fields: Sequence[str], suffix: str = "") -> str:
    return "(" + " | ".join(_lexeme(_SIGNS[field] + word) + suffix for field in fields) + ")"


def _lexeme(word: str) -> str:
    return "'" + _cut(word).replace("\\", "\\\\").replace("'", "''") + "'"


def _cut(word: str) -> str:
    if len(word) * 4 <= _WORD_BYTES:
        return word
    return word.encode()[:_WORD_BYTES].decode("utf-8", "ignore")
