"""What an index is asked, in FTS5's words (sqlite.org/fts5.html, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aggregator.query import MARKS, NOWHERE, All, Came, Dated, Starts, Terms, Wanted
from aggregator.query import Any as AnyOf

Beginning = Callable[[str], Sequence[str] | None]
"""The words of the index that begin so; None where they are too many to name."""


def match_text(wanted: Wanted) -> str:
    """The text for MATCH; of feeds and times nothing may be asked any more."""
    match wanted:
        case Terms(fields=fields, sequences=sequences, near=near):
            each = [_columns(fields, one) + _sequence(one, near) for one in sequences]
            return "(" + " OR ".join(each) + ")"
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


def spelled_out(wanted: Wanted, beginning: Beginning) -> Wanted:
    """The same with all words that begin so in place of a beginning, where they can be named.

    Of words that are named FTS5 reads no more than it needs (see ``words``).
    """
    match wanted:
        case Starts(fields=fields, stems=stems, form=form):
            found: list[Terms] = []
            for start, where in [(form, _FORMS), *((stem, fields) for stem in stems)]:
                words = beginning(start) if start else ()
                if words is None:
                    return wanted
                if words:
                    found.append(Terms(fields=where, sequences=tuple((word,) for word in words)))
            return AnyOf(parts=tuple(found)) if found else _NOTHING
        case All(parts=parts):
            return All(parts=tuple(spelled_out(part, beginning) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(parts=tuple(spelled_out(part, beginning) for part in parts))
        case _:
            return wanted


def without_beginnings(wanted: Wanted) -> Wanted | None:
    """The same without beginnings of words; None where nothing is left to ask."""
    match wanted:
        case Starts():
            return None
        case All(parts=parts):
            known = tuple(one for one in map(without_beginnings, parts) if one is not None)
            return All(parts=known) if known else None
        case AnyOf(parts=parts):
            known = tuple(one for one in map(without_beginnings, parts) if one is not None)
            return AnyOf(parts=known) if len(known) == len(parts) else None
        case _:
            return wanted


def has_sequences(wanted: Wanted) -> bool:
    """Whether words are sought side by side, or near each other."""
    match wanted:
        case Terms(sequences=sequences):
            return any(len(one) > 1 for one in sequences)
        case All(parts=parts) | AnyOf(parts=parts):
            return any(map(has_sequences, parts))
        case _:
            return False


_FORMS, _SAID = ("forms",), ("title", "text")
_NOTHING = Terms(fields=MARKS, sequences=((NOWHERE,),))


def _columns(fields: tuple[str, ...], words: Sequence[str]) -> str:
    """A filter of fields. It costs a fifth of the time that a phrase takes, and none needs it that
    is sought in title and text: tagged stems do not stand side by side in any other field."""
    return "" if fields == _SAID and len(words) > 1 else f"{{{' '.join(fields)}}}: "


def _sequence(words: Sequence[str], near: int | None) -> str:
    if near is None or len(words) == 1:
        return " + ".join(map(_quoted, words))
    # FTS5 counts all words between the first and the last, the sought ones too.
    return f"NEAR({' '.join(map(_quoted, words))}, {near + len(words) - 2})"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
