"""What an index can say of a query: terms that any matching entry must have.

An index over :class:`~aggregator.model.entry.Indexed` asked with these terms
brings a superset of what the matcher accepts:

* a **word** or **phrase**, near or not: in the language of the entry, its stems
  stand in ``title`` or in ``text``; so, over the languages present, an OR of
  the adjoining (for near: all) tagged stems. Of a last word that is only a
  beginning nothing is asked;
* a **prefix**: a word of ``forms`` begins with it, or a tagged stem of ``title``
  or ``text`` begins with the sign of its language and the prefix; and a stem may
  itself be shorter than the prefix, which ``forms`` then holds;
* everything else (other fields, ranges, NOT, ``*``): nothing can be said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.query.analysis import NO_STEMMER, language, stems
from aggregator.query.tree import TEXT_FIELDS, And, InField, Near, Node, Or, Phrase, Prefix, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One of ``sequences`` must stand in one of ``fields`` (title, text); the words of each adjoin,
    unless ``near`` is given: then they stand in any order, and no more than ``near`` words that
    are not of the sequence lie between the first and the last."""

    fields: tuple[str, ...]
    sequences: tuple[tuple[str, ...], ...]
    near: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """A stem in ``fields`` begins with one of ``stems``, or a word of ``forms`` with ``form``."""

    fields: tuple[str, ...]
    stems: tuple[str, ...]
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    parts: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    parts: tuple[Wanted, ...]


Wanted = Terms | Starts | All | Any


def wanted(
    node: Node, languages: Iterable[str], fields: tuple[str, ...] = TEXT_FIELDS
) -> Wanted | None:
    """What a matching entry must have, if it is in one of ``languages``; None: nothing can be said.

    ``languages`` are BCP 47 tags or "" as entries carry them.
    """
    signs = sorted({language(tag) for tag in languages}) or [""]
    return _wanted(node, signs, fields)


def _wanted(node: Node, signs: list[str], fields: tuple[str, ...]) -> Wanted | None:
    match node:
        case Word(words=words, open=open_) | Phrase(words=words, open=open_):
            sure = words[:-1] if open_ else words
            return Terms(fields=fields, sequences=_stemmed(sure, signs))
        case Near(units=units, most=most):
            sought = tuple(word for unit in units for word in unit)
            return Terms(fields=fields, sequences=_stemmed(sought, signs), near=most)
        case Prefix(start=start):
            tagged = tuple((stems(lang).sign if lang else NO_STEMMER) + start for lang in signs)
            return Starts(fields=fields, stems=tagged, form=start)
        case InField(name=name, part=part):
            return _wanted(part, signs, (name,)) if name in TEXT_FIELDS else None
        case And(parts=parts):
            known = tuple(
                one for part in parts if (one := _wanted(part, signs, fields)) is not None
            )
            return All(parts=known) if known else None
        case Or(parts=parts):
            each = [_wanted(part, signs, fields) for part in parts]
            known = tuple(one for one in each if one is not None)
            return Any(parts=known) if len(known) == len(each) else None
        case _:
            return None


def _stemmed(words: tuple[str, ...], signs: list[str]) -> tuple[tuple[str, ...], ...]:
    found = dict.fromkeys(tuple(stems(lang)[word] for word in words) for lang in signs)
    return tuple(found)
