"""What an index is asked, in FTS5's words (sqlite.org/fts5.html, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.query import All, Came, Dated, Starts, Terms, Wanted
from aggregator.query import Any as AnyOf

_SHORT = 5
"""Letters of a beginning, the sign of its language included, that many words may have."""


def match_text(wanted: Wanted) -> str:
    """The text for MATCH; of feeds and times nothing may be asked any more."""
    match wanted:
        case Terms(fields=fields, sequences=sequences, near=near):
            columns = f"{{{' '.join(fields)}}}: "
            return "(" + " OR ".join(columns + _sequence(one, near) for one in sequences) + ")"
        case Starts(fields=fields, stems=stems, form=form):
            columns = f"{{{' '.join(fields)}}}: "
            each = [f"{{forms}}: {_quoted(form)} *"] if form else []
            each += [f"{columns}{_quoted(stem)} *" for stem in stems]
            return "(" + " OR ".join(each) + ")"
        case All(parts=parts):
            return "(" + " AND ".join(map(match_text, parts)) + ")"
        case AnyOf(parts=parts):
            return "(" + " OR ".join(map(match_text, parts)) + ")"
        case Came() | Dated():
            raise LookupError(f"{wanted} stands for marks")


def without_beginnings(wanted: Wanted) -> Wanted | None:
    """The same without short beginnings of words; None where nothing is left to ask.

    FTS5 gathers all entries with any such word before it gives the first: of a million entries a
    word that begins in one of ten takes 10 ms, one that begins in each 150 ms. An index of
    beginnings (``prefix=``) would more than double what it costs to store an entry.
    """
    match wanted:
        case Starts(stems=stems) if len(stems[0]) <= _SHORT:
            return None
        case All(parts=parts):
            known = tuple(one for one in map(without_beginnings, parts) if one is not None)
            return All(parts=known) if known else None
        case AnyOf(parts=parts):
            known = tuple(one for one in map(without_beginnings, parts) if one is not None)
            return AnyOf(parts=known) if len(known) == len(parts) else None
        case _:
            return wanted


def _sequence(words: Sequence[str], near: int | None) -> str:
    if near is None or len(words) == 1:
        return " + ".join(map(_quoted, words))
    # FTS5 counts all words between the first and the last, the sought ones too.
    return f"NEAR({' '.join(map(_quoted, words))}, {near + len(words) - 2})"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
