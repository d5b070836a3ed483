"""What an index is asked, in FTS5's words (sqlite.org/fts5.html, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.query import All, Came, Dated, Starts, Terms, Wanted
from aggregator.query import Any as AnyOf


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


def _sequence(words: Sequence[str], near: int | None) -> str:
    if near is None or len(words) == 1:
        return " + ".join(map(_quoted, words))
    # FTS5 counts all words between the first and the last, the sought ones too.
    return f"NEAR({' '.join(map(_quoted, words))}, {near + len(words) - 2})"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
