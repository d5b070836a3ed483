"""Whether an entry names a person: in full, or by a surname that can be nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

from aggregator.model.person import Person
from aggregator.query.analysis import is_paired, lexicon, words
from aggregator.query.bearers import other_given, other_given_signs
from aggregator.query.names import (
    Name,
    Writing,
    base,
    declines,
    given_before,
    name_of,
    places,
    read,
    signs,
    stands,
)
from aggregator.query.subject import Subject

# Where another bearer or a context word may stand besides the text: what came with the entry.
_AROUND = ("title", "text", "summary", "category", "url")


class _Called(Struct, frozen=True, kw_only=True):
    """A person's names, cut into words once."""

    surnames: tuple[Name, ...]
    given: tuple[Name, ...]
    """What stands before (in signs: with) a surname in the full name or an alias."""
    whole: tuple[Name, ...]
    """Names and aliases in which no surname ends."""
    context: tuple[Name, ...]
    others: tuple[Name, ...]

    @property
    def own(self) -> tuple[Name, ...]:
        """What has to do with the person where it adjoins the surname."""
        return (*self.given, *self.whole, *self.context)


class Anchors(Struct, frozen=True, kw_only=True):
    """What an index may look for, one of them: ``exact`` words, words that begin so (``begun``), or
    ``pairs`` that adjoin."""

    exact: tuple[str, ...]
    begun: tuple[str, ...]
    pairs: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1024)
def _called(person: Person) -> _Called:
    surnames = _names(person.surnames)
    given, whole = [], []
    for text in (person.name, *person.aliases):
        name = name_of(text)
        if name is None:
            continue
        before = next((one for last in surnames if (one := _without(name, last))), None)
        if before is None or before.paired:
            whole.append(name)
        if before is not None:
            given.append(before)
    return _Called(
        surnames=surnames,
        given=tuple(dict.fromkeys(given)),
        whole=tuple(dict.fromkeys(whole)),
        context=_names(person.context),
        others=_names(person.others),
    )


def _names(texts: tuple[str, ...]) -> tuple[Name, ...]:
    return tuple(name for text in texts if (name := name_of(text)) is not None)


def _without(name: Name, surname: Name) -> Name | None:
    """The name without the surname that it ends in; None where it does not, or is all of it."""
    count = len(surname.words)
    if len(name.words) <= count or name.words[-count:] != surname.words:
        return None
    return Name(words=name.words[:-count], proper=name.proper)


@lru_cache(maxsize=4096)
def anchors(person: Person, stemmer: str) -> Anchors:
    """What an entry in a language cannot do without if it names the person there."""
    called = _called(person)
    exact, begun, pairs = list[str](), list[str](), list[tuple[str, ...]]()
    for name in (*called.surnames, *called.whole):
        if name.paired:
            cut = words(max(filter(is_paired, name.words), key=len))
            # The last sign stands by itself only where the text ends there too.
            if len(cut) > 1 or len(cut[0]) > 1:
                pairs.append(tuple(cut[:-1] if len(cut) > 1 else cut))
            else:
                begun.append(cut[0])
        elif declines(stemmer):
            begun.append(base(name.anchor))
        else:
            exact += [name.anchor, f"{name.anchor}s"]
    return Anchors(exact=tuple(exact), begun=tuple(begun), pairs=tuple(pairs))


def may_name(person: Person, subject: Subject, field: str) -> bool:
    """Whether a field holds an anchor, which its index form tells quickly."""
    sought = anchors(person, subject.language)
    stem, held = lexicon(subject.language).stem, subject.stem_set(field)
    return (
        any(stem(word) in held for word in sought.exact)
        or any(subject.begins(field, begin) for begin in sought.begun)
        or any(subject.adjoins(field, [stem(one) for one in pair]) for pair in sought.pairs)
    )


def named(person: Person, subject: Subject, fields: tuple[str, ...]) -> tuple[str, str] | None:
    """(by what, in which of ``fields``) an entry names the person; None where it does not.

    In full or by an alias in one of the fields. Or by the surname alone, where the entry names no
    other bearer of it, and names the person elsewhere or has a word of their context.
    """
    called = _called(person)
    held = [field for field in fields if may_name(person, subject, field)]
    for field in held:
        for writing in _writings(subject, field):
            if full := _in_full(called, writing):
                return full, field
    alone = _by_surname(called, subject, held)
    if alone is None or _another_bearer(called, subject) is not None:
        return None
    surname, field = alone
    proof = _proof(called, subject)
    return None if proof is None else (f"{surname}, {proof}", field)


def not_named(person: Person, subject: Subject, fields: tuple[str, ...]) -> str:
    """Why an entry that has the surname does not name the person, of whom :func:`named` says so; ""
    where it has none."""
    called = _called(person)
    held = [field for field in fields if may_name(person, subject, field)]
    if _by_surname(called, subject, held) is None:
        return ""
    other = _another_bearer(called, subject)
    return (
        "its surname alone, without a word of the context"
        if other is None
        else f"another bearer: {other}"
    )


def _by_surname(called: _Called, subject: Subject, held: Sequence[str]) -> tuple[str, str] | None:
    """(surname, in which of the fields) an entry has the surname alone."""
    return next((one for field in held for one in _surname(called, subject, field)), None)


def _writings(subject: Subject, field: str) -> Iterator[Writing]:
    for text in subject.written(field):
        plain = unquote(text) if field == "url" else text
        yield read(plain, subject.lang, subject.language)


def _primary(subject: Subject) -> str:
    return subject.lang.lower()[:2]


def _in_full(called: _Called, writing: Writing) -> str:
    """The full name or alias that a text holds; "" where it holds none."""
    for surname in called.surnames:
        if surname.paired:
            continue
        for first, past in places(surname, writing):
            given = _given(called, first, past, writing)
            if given is not None and not _within_another(called, first, past, writing):
                return " ".join((*given.words, *surname.words))
    return next((" ".join(name.words) for name in called.whole if stands(name, writing)), "")


def _given(called: _Called, first: int, past: int, writing: Writing) -> Name | None:
    """Which of the person's given names belongs to a surname there."""
    for given in called.given:
        if not given.paired and given_before(given, first, past, writing):
            return given
    return None


def _within_another(called: _Called, first: int, past: int, writing: Writing) -> bool:
    """Whether a surname there is part of another's name that is listed: Fernando Torres Guerrero."""
    return any(
        begin <= first and past <= end and writing.tokens[end - 1].capital
        for other in called.others
        if not other.paired
        for begin, end in places(other, writing)
    )


def _surname(called: _Called, subject: Subject, field: str) -> Iterator[tuple[str, str]]:
    for writing in _writings(subject, field):
        for name in called.surnames:
            if stands(name, writing):
                yield " ".join(name.words), field


def _another_bearer(called: _Called, subject: Subject) -> str | None:
    """Whom else the entry names: one that is listed, or any given name before the surname."""
    small: frozenset[str] | None = None
    for field in _AROUND:
        for writing in _writings(subject, field):
            for name in called.others:
                if stands(name, writing):
                    return " ".join(name.words)
            if field == "url":
                continue
            if small is None:
                small = _small_words(subject)
            other = _unlisted(called, writing, _primary(subject), small)
            if other is not None:
                return other
    return None


def _unlisted(called: _Called, writing: Writing, lang: str, small: frozenset[str]) -> str | None:
    """The words in which a text names another bearer."""
    own = called.own
    for surname in called.surnames:
        if surname.paired:
            for start, end in signs(surname, writing):
                if given := other_given_signs(start, writing, own):
                    return given + writing.folded[start:end]
            continue
        for first, past in places(surname, writing):
            if other_given(first, writing, own, lang, small):
                return _as_written(writing, first - 1, past)
    return None


def _as_written(writing: Writing, first: int, past: int) -> str:
    return writing.text[writing.tokens[first].start : writing.tokens[past - 1].end]


def _small_words(subject: Subject) -> frozenset[str]:
    """The words that the entry has without a capital somewhere."""
    return frozenset(
        token.folded
        for field in ("title", "text")
        for writing in _writings(subject, field)
        for token in writing.tokens
        if not token.capital
    )


def _proof(called: _Called, subject: Subject) -> str | None:
    """The full name elsewhere in what came with the entry, or a context word; None: neither."""
    fields = (*_AROUND, "feed")
    for field in fields:
        for writing in _writings(subject, field):
            if full := _in_full(called, writing):
                return full
    for field in fields:
        for writing in _writings(subject, field):
            for name in called.context:
                if stands(name, writing):
                    return " ".join(name.words)
    return None
