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
* a **person**: a surname, or the longest word of an alias, in one of its forms;
* everything else (patterns, other fields, ranges, NOT, ``*``): nothing can be said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.model.person import Person
from aggregator.query.analysis import NO_STEMMER, language, stems
from aggregator.query.naming import anchors
from aggregator.query.tree import (
    TEXT_FIELDS,
    And,
    InField,
    Named,
    Near,
    Node,
    Or,
    Phrase,
    Prefix,
    Word,
)


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
        case Named(person=person):
            return _anchored(person, signs, fields)
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


def _anchored(person: Person, signs: list[str], fields: tuple[str, ...]) -> Wanted:
    """One of the anchors that ``naming`` asks for, in one of the languages."""
    sequences: dict[tuple[str, ...], None] = {}
    begun: dict[str, dict[str, None]] = {}
    for lang in signs:
        tagged, sought = stems(lang), anchors(person, lang)
        for word in sought.exact:
            sequences[(tagged[word],)] = None
        for pair in sought.pairs:
            sequences[tuple(tagged[one] for one in pair)] = None
        for begin in sought.begun:
            begun.setdefault(begin, {})[tagged.sign + begin] = None
    parts: list[Wanted] = [
        Starts(fields=fields, stems=tuple(stems_), form=form) for form, stems_ in begun.items()
    ]
    # Each length by itself: what words all have in common is asked of sequences of one length.
    for length in sorted({len(one) for one in sequences}):
        same = tuple(one for one in sequences if len(one) == length)
        parts.append(Terms(fields=fields, sequences=same))
    return parts[0] if len(parts) == 1 else Any(parts=tuple(parts))


def _stemmed(words: tuple[str, ...], signs: list[str]) -> tuple[tuple[str, ...], ...]:
    found = dict.fromkeys(tuple(stems(lang)[word] for word in words) for lang in signs)
    return tuple(found)
