"""topics.toml: one table a topic, its key the slug; and [mute], what no topic shows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from aggregator.config.toml import line_of, read_toml
from aggregator.model.errors import ConfigError, QueryError
from aggregator.model.interests import Interests
from aggregator.model.period import Period
from aggregator.model.person import Person
from aggregator.model.topic import Collapse, Detail, Mute, Topic
from aggregator.query import Bindings, is_one_word, parse, query_sign, quoted, words

# Its documents' names end in ".corrections.json", say, and a page's number; file systems take 255 bytes.
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
# The beginning of a BCP 47 tag (RFC 5646): two or three letters, and what narrows them.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_CHOICES: dict[str, type[Collapse | Detail | Period]] = {
    "collapse": Collapse,
    "detail": Detail,
    "digest": Period,
}
_YES_OR_NO = {"private", "corrections"}
_LISTS = {"include", "exclude", "languages", "must", "must_not", "words", "authors", "feeds"}
_SAMPLES = {"must", "must_not"}
_NUMBERS = {
    "minimum_length": "characters",
    "cap_per_day": "stories",
    "cap_per_source": "stories",
}
_NAMES = (
    "a topic's name is its address: up to 100 small letters a-z, digits and -, such as [la-liga]"
)
_MISTAKES_TOLD = 20
_MUTE = "mute"
_MUTE_KEYS = {"query", "words", "authors", "feeds"}


def read_interests(file: Path, people: Sequence[Person]) -> Interests:
    """The topics in order of the file, and what none of them shows, with the people; their queries
    are understood and what they refer to is found.

    Raises ConfigError, QueryError.
    """
    mistakes, topics, mute = list[ConfigError](), list[Topic](), Mute()
    for name, value in _tables(file).items():
        table = _Table(file, name, value)
        try:
            if name == _MUTE:
                mute = _mute(table)
            elif _is_topic(name):
                topics.append(_topic(table))
        except ConfigError as error:
            mistakes.append(error)
    # What a topic refers to can be told only where all are understood.
    _refuse(mistakes)
    interests = Interests(topics=tuple(topics), people=tuple(people), mute=mute)
    _refuse(list(_unbound(interests, file)))
    return interests


def read_topic_keys(file: Path) -> tuple[str, ...]:
    """The names of all topics, in order of the file. Raises ConfigError."""
    return tuple(filter(_is_topic, _tables(file)))


def _tables(file: Path) -> dict[str, Any]:
    hint = "texts stand in quotes ('…' where there is a \" in them), true, false and numbers do not"
    # An editor that is saving, or a full disk, leaves an empty file: no reason to take all down.
    empty = 'put the topics back; where there are to be none, write a comment: "# no topics"'
    return read_toml(file, hint=hint, names=_NAMES, empty=empty)


def _is_topic(name: str) -> bool:
    return name != _MUTE and not name.startswith("_")


def _unbound(interests: Interests, file: Path) -> Iterator[ConfigError]:
    """The mistakes in what queries refer to."""
    bindings = Bindings(interests.topics, interests.people)
    for topic in interests.topics:
        try:
            bindings.bind(parse(topic.query), name=topic.slug)
        except QueryError as error:
            yield _placed(error, file, topic.slug, "query")
    for text in interests.mute.queries:
        try:
            bindings.bind(parse(text), name=_MUTE, file=str(file), key=_MUTE)
        except QueryError as error:
            yield error


def exposed(interests: Interests, file: Path) -> Iterator[str]:
    """A warning for each private topic that a public one refers to: what that finds, its key and the
    words that matched are published."""
    private = {f"topic:{topic.slug}" for topic in interests.topics if topic.private}
    if not private:
        return
    bindings = Bindings(interests.topics, interests.people)
    for topic in interests.topics:
        if topic.private:
            continue
        rests = bindings.bind(parse(topic.query), name=topic.slug).rests
        for name in sorted(private & rests.keys()):
            line = line_of(file, topic.slug, "query")
            yield (
                f"{file}:{line}: {topic.slug} is public and shows {name}, which is private: its key, "
                "stories and words are published (make both private, or write its words out)"
            )


def _refuse(mistakes: Sequence[ConfigError]) -> None:
    """Raises the first of the mistakes, with a line for each of the others."""
    if not mistakes:
        return
    first, *others = mistakes
    lines = [line for one in others for line in (one.sentence, *one.further)]
    if len(lines) > _MISTAKES_TOLD:
        lines[_MISTAKES_TOLD:] = [f"and {len(lines) - _MISTAKES_TOLD:,} more"]
    first.further = (*first.further, *lines)
    raise first


class _Table(Struct, frozen=True):
    """A table of the file as it was read, and how a mistake in it is told."""

    file: Path
    name: str
    data: Any

    def refuse(self, what: str, key: str = "", hint: str = "") -> ConfigError:
        if isinstance(self.data, Mapping):
            line = line_of(self.file, self.name, key) or line_of(self.file, self.name)
        else:
            line = line_of(self.file, "", self.name)
        named = f"{self.name}.{key}" if key else self.name
        return ConfigError(what, file=str(self.file), key=named, line=line, hint=hint)

    def values(self, known: Collection[str]) -> dict[str, Any]:
        """The values by key. Raises ConfigError for keys that are not known, and wrong values."""
        values, mistakes = dict[str, Any](), list[ConfigError]()
        for key, value in self.data.items():
            if key not in known:
                mistakes.append(self._unknown(key, value, known))
                continue
            try:
                values[key] = _value(key, value)
            except ValueError as error:
                mistakes.append(self.refuse(str(error), key))
        _refuse(mistakes)
        return values

    def _unknown(self, key: str, value: Any, known: Collection[str]) -> ConfigError:
        near = difflib.get_close_matches(key, sorted(known), 1, 0.5)
        mend = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
        if isinstance(value, Mapping):
            # A table in a table: [topics.halden].
            line, place = line_of(self.file, f"{self.name}.{key}"), f"{self.name}.{key}"
            mend = f"write [{key}] for a topic of that name"
            what = "a topic has no tables in it"
            return ConfigError(what, file=str(self.file), key=place, line=line, hint=mend)
        return self.refuse("there is no such key", key, mend)

    def check_query(self, query: str, key: str) -> str:
        """The query itself. Raises QueryError where it cannot be understood."""
        try:
            parse(query)
        except QueryError as error:
            raise _placed(error, self.file, self.name, key) from None
        return query

    def refuse_query(self, text: str, key: str) -> None:
        """Raises ConfigError for what is written as a query, where a text is taken as it stands: it
        would be looked for with its operator or field, and never be found."""
        if sign := query_sign(text):
            small = "" if sign.endswith(":") else f"; where the word is meant, write {sign.lower()}"
            hint = f"what is a query stands in query = '{text}'{small}"
            raise self.refuse(f"{sign} means nothing in {key}: {text}", key, hint)


def _placed(error: QueryError, file: Path, table: str, key: str) -> QueryError:
    """With the place, which is looked for only now: the file is long where topics are many."""
    return error.at(str(file), f"{table}.{key}", line_of(file, table, key))


def _topic(table: _Table) -> Topic:
    if not isinstance(table.data, Mapping):
        if table.name in Topic.__struct_fields__ or table.name in _MUTE_KEYS:
            raise table.refuse(
                "this stands outside a table", hint="it belongs below a line such as [my-topic]"
            )
        hint = f'write [{table.name}], then title = "…" and query = "…"'
        raise table.refuse("a topic is a table", hint=hint)
    if not _SLUG.fullmatch(table.name):
        raise table.refuse("a topic cannot be called so", hint=_NAMES)
    known = set(Topic.__struct_fields__) - {"slug"}
    values = {"slug": table.name, "title": table.name, **table.values(known)}
    if not values.get("query"):
        raise table.refuse("a topic needs a query", hint='write query = "word AND word"')
    table.check_query(values["query"], "query")
    return Topic(**values)


def _mute(table: _Table) -> Mute:
    """Words and authors, as they stand, and the query become queries, of which any one mutes."""
    if not isinstance(table.data, Mapping):
        raise table.refuse("this is a table", hint='write [mute], then words = ["…", "…"]')
    values = table.values(_MUTE_KEYS)
    queries = [table.check_query(query, "query") for query in [values.get("query", "")] if query]
    for word in values.get("words", ()):
        if not words(word):
            raise table.refuse("there is a text without a word", "words", "take it out")
        table.refuse_query(word, "words")
        queries.append(table.check_query(_literal(word, table), "words"))
    for author in values.get("authors", ()):
        if not words(author):
            raise table.refuse("there is a name without a letter", "authors", "take it out")
        table.refuse_query(author, "authors")
        queries.append(table.check_query(f"author:{quoted(author)}", "authors"))
    return Mute(queries=tuple(queries), feeds=values.get("feeds", ()))


def _literal(text: str, table: _Table) -> str:
    """The query for a text that is meant as it stands: one word in any of its forms (or begin*), several
    side by side; what would be an operator or a field is none."""
    if any(map(str.isspace, text)):
        return quoted(text)
    signs = "".join(sign for sign in text if not sign.isalnum())
    bare = text.lstrip(signs).rstrip(signs.replace("*", ""))
    for one in (text, bare):
        if is_one_word(one):
            return one
    if text.endswith("*"):
        hint = "write it without the *"
        raise table.refuse(f"{text} is no word of three letters or more with a *", "words", hint)
    return quoted(text)


def _value(key: str, value: Any) -> Any:
    if key in _CHOICES:
        kind = _CHOICES[key]
        if value not in {one.value for one in kind}:
            raise ValueError(f"takes one of {', '.join(one.value for one in kind)}")
        return kind(value)
    if key in _LISTS:
        return _texts(key, value)
    if key in _NUMBERS:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"takes a number of {_NUMBERS[key]}")
        return value
    if key in _YES_OR_NO:
        if not isinstance(value, bool):
            raise ValueError("takes true or false, without quotes")
        return value
    if not isinstance(value, str):
        raise ValueError("takes a text in quotes")
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("takes a list of texts")
    if key in _SAMPLES and not all(map(str.strip, value)):
        raise ValueError("has an empty text: take it out")
    if key == "languages" and (odd := [one for one in value if not _LANGUAGE.fullmatch(one)]):
        raise ValueError(f'takes codes such as "en" or "pt-BR"; {odd[0]} is none')
    return tuple(value)
