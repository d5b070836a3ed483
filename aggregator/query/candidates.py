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
* words, phrases and prefixes in **author** and **category**: the same, among the marks;
* what is asked of **lang**: the marks of the languages that fit;
* a **range** of times: what is between them, by day;
* what is asked of **feed** and **folder**: which feeds fit, whoever knows them must say;
* everything else (patterns, summary and url, NOT, ``*``): nothing can be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.person import Person
from aggregator.query.analysis import NO_STEMMER, language, lexicon
from aggregator.query.marks import (
    AUTHOR,
    AUTHOR_FORM,
    CATEGORY,
    CATEGORY_FORM,
    NOWHERE,
    language_mark,
)
from aggregator.query.matching import compiled
from aggregator.query.naming import anchors
from aggregator.query.subject import Subject
from aggregator.query.tree import (
    TEXT_FIELDS,
    And,
    InField,
    Moment,
    Named,
    Near,
    Node,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
    leaves,
)

MARKS = ("marks",)
"""The field of the index where marks stand."""
OF_FEED = ("feed", "folder")
"""The fields that tell nothing of an entry but which feed it came by."""

_SIGNS = {"author": (AUTHOR, AUTHOR_FORM), "category": (CATEGORY, CATEGORY_FORM)}
_NEVER = datetime.min.replace(tzinfo=UTC)
T = TypeVar("T")


class Terms(Struct, frozen=True, kw_only=True):
    """One of ``sequences`` must stand in one of ``fields`` (title, text, or marks); the words of
    each adjoin, unless ``near`` is given: then they stand in any order, and no more than ``near`` words that
    are not of the sequence lie between the first and the last."""

    fields: tuple[str, ...]
    sequences: tuple[tuple[str, ...], ...]
    near: int | None = None


class Starts(Struct, frozen=True, kw_only=True):
    """A word in ``fields`` begins with one of ``stems``, or a word of ``forms`` with ``form``."""

    fields: tuple[str, ...]
    stems: tuple[str, ...]
    form: str | None = None


class All(Struct, frozen=True, kw_only=True):
    parts: tuple[Wanted, ...]


class Any(Struct, frozen=True, kw_only=True):
    parts: tuple[Wanted, ...]


class Came(Struct, frozen=True, kw_only=True):
    """The entry's feed must satisfy this: what is asked of its name, address and folders."""

    part: InField

    def fit(self, subjects: Iterable[tuple[T, Subject]]) -> Iterator[T]:
        """Whose subject satisfies it: entries that have nothing but their feed and language."""
        holds = compiled(self.part)
        return (one for one, subject in subjects if holds(subject, _NEVER))


class Dated(Struct, frozen=True, kw_only=True):
    """The entry must be of a time between these (where it has none, first seen then)."""

    low: Moment
    high: Moment


Wanted = Terms | Starts | All | Any | Came | Dated


def wanted(node: Node, languages: Iterable[str]) -> Wanted | None:
    """What a matching entry must have, if it is in one of ``languages``; None: nothing can be said.

    ``languages`` are BCP 47 tags or "" as entries carry them.
    """
    tags = tuple(sorted(set(languages)))
    signs = tuple(sorted({language(tag) for tag in tags})) or ("",)
    return _wanted(node, _Asked(tags=tags, signs=signs, fields=TEXT_FIELDS))


class _Asked(Struct, frozen=True, kw_only=True):
    """Where a clause is looked for: ``fields`` of the index, none where it cannot tell.

    ``tags`` are the languages of entries, ``signs`` the same as far as stems go. Among marks,
    ``stem`` stands before a stem and ``form`` before a word that is not its own.
    """

    tags: tuple[str, ...]
    signs: tuple[str, ...]
    fields: tuple[str, ...]
    stem: str = ""
    form: str = ""

    def tagged(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """The words as the index has them, in each language."""
        found = (
            tuple(self.stem + lexicon(lang).stem(word) for word in words) for lang in self.signs
        )
        return tuple(dict.fromkeys(found))


def _wanted(node: Node, asked: _Asked) -> Wanted | None:
    match node:
        case And(parts=parts):
            known = tuple(one for part in parts if (one := _wanted(part, asked)) is not None)
            return All(parts=known) if known else None
        case Or(parts=parts):
            each = [_wanted(part, asked) for part in parts]
            known = tuple(one for one in each if one is not None)
            return Any(parts=known) if len(known) == len(each) else None
        case InField():
            return _in_field(node, asked)
        case Range(low=low, high=high):
            return Dated(low=low, high=high)
        case _:
            return _of_words(node, asked) if asked.fields else None


def _in_field(node: InField, asked: _Asked) -> Wanted | None:
    name, part = node.name, node.part
    alone = all(not field and not isinstance(leaf, Named | Range) for field, leaf in leaves(part))
    if name in OF_FEED and alone:
        return Came(part=node)
    if name == "lang" and alone:
        holds = compiled(part, name)
        fit = [tag for tag in asked.tags if holds(Subject(title="", text="", lang=tag), _NEVER)]
        marks = dict.fromkeys(map(language_mark, fit)) or (NOWHERE,)
        return Terms(fields=MARKS, sequences=tuple((mark,) for mark in marks))
    if name in TEXT_FIELDS:
        return _wanted(part, replace(asked, fields=(name,), stem="", form=""))
    if name in _SIGNS:
        stem, form = _SIGNS[name]
        return _wanted(part, replace(asked, fields=MARKS, stem=stem, form=form))
    return _wanted(part, replace(asked, fields=()))


def _of_words(node: Node, asked: _Asked) -> Wanted | None:
    match node:
        case Word(words=words, open=open_) | Phrase(words=words, open=open_):
            sure = words[:-1] if open_ else words
            return Terms(fields=asked.fields, sequences=asked.tagged(sure))
        case Near(units=units, most=most):
            sought = tuple(word for unit in units for word in unit)
            return Terms(fields=asked.fields, sequences=asked.tagged(sought), near=most)
        case Prefix(start=start):
            signs = (lexicon(lang).sign if lang else NO_STEMMER for lang in asked.signs)
            tagged = tuple(f"{asked.stem}{sign}{start}" for sign in signs)
            if asked.form:
                return Starts(fields=asked.fields, stems=(*tagged, asked.form + start))
            return Starts(fields=asked.fields, stems=tagged, form=start)
        case Named(person=person) if asked.fields != MARKS:
            return _anchored(person, asked)
        case _:
            return None


def _anchored(person: Person, asked: _Asked) -> Wanted:
    """One of the anchors that ``naming`` asks for, in one of the languages."""
    fields = asked.fields
    sequences: dict[tuple[str, ...], None] = {}
    begun: dict[str, dict[str, None]] = {}
    for lang in asked.signs:
        known, sought = lexicon(lang), anchors(person, lang)
        for word in sought.exact:
            sequences[(known.stem(word),)] = None
        for pair in sought.pairs:
            sequences[tuple(map(known.stem, pair))] = None
        for begin in sought.begun:
            begun.setdefault(begin, {})[known.sign + begin] = None
    parts: list[Wanted] = [
        Starts(fields=fields, stems=tuple(stems_), form=form) for form, stems_ in begun.items()
    ]
    # Each length by itself: what words all have in common is asked of sequences of one length.
    for length in sorted({len(one) for one in sequences}):
        same = tuple(one for one in sequences if len(one) == length)
        parts.append(Terms(fields=fields, sequences=same))
    return parts[0] if len(parts) == 1 else Any(parts=tuple(parts))
