"""Queries: text → tree; the one analysis of text; the one matcher that says whether, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

from msgspec import Struct, field

from aggregator.model.errors import QueryError
from aggregator.model.person import Person
from aggregator.model.topic import Topic
from aggregator.query.analysis import (
    ANALYSIS_VERSION,
    NUMBER_BITS,
    analyse,
    fold,
    is_language,
    language,
    languages,
    numbers,
    primary_of,
    words,
)
from aggregator.query.candidates import (
    MARKS,
    OF_FEED,
    All,
    Any,
    Came,
    Dated,
    Starts,
    Terms,
    Wanted,
    wanted,
)
from aggregator.query.kept import KeptTrees, keep_trees
from aggregator.query.marks import NOWHERE, feed_mark, marks_between, marks_of
from aggregator.query.matching import (
    Evidence,
    Explanation,
    Holds,
    Match,
    as_typed,
    compiled,
    explain,
    satisfy,
)
from aggregator.query.mistakes import MistakeError, refusal
from aggregator.query.names import as_called
from aggregator.query.places import called, goes_by
from aggregator.query.subject import Subject
from aggregator.query.tree import (
    FIELDS,
    QUOTES,
    InField,
    Named,
    Node,
    Phrase,
    Prefix,
    Reference,
    Word,
    leaves,
)

# Before a word, and after one, as no punctuation of a sentence is.
_SIGN = re.compile(r"(?<!\S)[.#@$€£+&]+\w|\w[+#%&]+(?!\S)")
_NO_QUOTES = str.maketrans(dict.fromkeys('"' + QUOTES, " "))


class Query(Struct, frozen=True, kw_only=True, dict=True):
    """A query that was understood. Make it with :func:`parse`."""

    text: str
    tree: Node
    rests: Mapping[str, str] = field(default_factory=dict)
    """What its meaning rests on besides its words, by clause: people, other topics' queries."""

    @cached_property
    def refers(self) -> bool:
        """Whether it names people or topics, and so has to be bound."""
        return any(isinstance(leaf, Named | Reference) for _, leaf in leaves(self.tree))

    @property
    def people(self) -> tuple[str, ...]:
        """The names that it asks persons by, as typed."""
        return tuple(leaf.text for _, leaf in leaves(self.tree) if isinstance(leaf, Named))

    def match(self, subject: Subject, *, now: datetime) -> Match | None:
        """Why the entry satisfies the query, or None where it does not."""
        if not self.holds(subject, now=now):
            return None
        evidence = satisfy(self.tree, subject, now)
        return None if evidence is None else Match(evidence=evidence)

    def holds(self, subject: Subject, *, now: datetime) -> bool:
        """Whether the entry satisfies the query: quicker than to say why."""
        return self._compiled(subject, now)

    @cached_property
    def _compiled(self) -> Holds:
        return compiled(self.tree)

    def explain(self, subject: Subject, *, now: datetime) -> Explanation:
        """Which clauses the entry satisfies and which it fails."""
        return explain(self.tree, subject, now)

    def of_feeds(self) -> Iterator[tuple[str, Came]]:
        """What it asks of an entry's feed (its name, address, folders): each clause, as typed and to try."""
        for name, leaf in leaves(self.tree):
            if name in OF_FEED:
                asked = Came(part=InField(name=name, part=leaf, column=leaf.column))
                yield f"{name}:{as_typed(leaf)}", asked

    def signs(self) -> Iterator[tuple[str, str]]:
        """(as typed, what is looked for) of its words that had a sign which is no part of a word: C++, #goal."""
        for name, leaf in leaves(self.tree):
            if name in {*OF_FEED, "url", "lang"} or not isinstance(leaf, Word | Phrase):
                continue
            if _SIGN.search(leaf.text):
                yield as_typed(leaf), " ".join(leaf.words)

    def wanted(self, languages: tuple[str, ...]) -> Wanted | None:
        """What an index may look for (see ``query.candidates``); None: it can say nothing."""
        return wanted(self.tree, languages)


def parse(text: str, *, file: str = "", key: str = "", line: int | None = None) -> Query:
    """Understand a query. Raises QueryError, which names ``file``, ``key``, ``line`` if given."""
    try:
        return _parsed(text)
    except QueryError as error:
        raise error.at(file, key, line) from None


def is_one_word(text: str) -> bool:
    """Whether a query asks for one word (perhaps in quotes) or beginning of one, and nothing else."""
    try:
        return isinstance(parse(text).tree, Word | Prefix | Phrase)
    except QueryError:
        return False


_SIGNS = re.compile(
    rf"""
      (?<=\S\s) \s* (?P<between>AND|OR|NOT) (?=\s+\S)
    | ^\s* (?P<before>NOT) (?=\s+\S)
    | (?<!\S) [-+!(]* (?P<field>(?i:{"|".join((*FIELDS, "person", "topic"))}):) (?!//) (?=\S)
    | (?<=["{QUOTES}]) (?P<near>~\d+)
    """,
    re.VERBOSE,
)


def query_sign(text: str) -> str:
    """What a query would have for an operator between words, or a field before one; "" where a text
    has nothing of the kind. (Quotes are not among them: a text that is meant as it stands may have them.)"""
    found = _SIGNS.search(text)
    return found[found.lastgroup] if found and found.lastgroup else ""


def quoted(text: str) -> str:
    """The phrase that looks for a text as it stands; quotes in it go."""
    return f'"{text.translate(_NO_QUOTES)}"'


# Of a file, while there is one.
_KEPT: ContextVar[KeptTrees | None] = ContextVar("kept trees", default=None)


# Topics are read and compiled one after the other: all of their queries, or none, are remembered.
@lru_cache(maxsize=30_000)
def _parsed(text: str) -> Query:
    kept = _KEPT.get()
    if (tree := kept.get(text) if kept else None) is None:
        from aggregator.query.parsing import parse_tree

        tree = parse_tree(text)
    return Query(text=text, tree=tree)


@contextmanager
def remembering(file: Path) -> Iterator[Callable[[Iterable[str]], None]]:
    """While the context lasts, queries that ``file`` keeps need not be parsed. Gives what is to be
    told which ones it shall keep: it is written where there are others, or as many that are asked no
    more."""
    kept = KeptTrees(file)

    def keep(texts: Iterable[str]) -> None:
        wanted = set(texts)
        if any(text not in kept for text in wanted) or len(kept) > 2 * len(wanted):
            keep_trees(file, {text: _parsed(text).tree for text in wanted})

    token = _KEPT.set(kept)
    try:
        yield keep
    finally:
        _KEPT.reset(token)


class _Source(Struct, frozen=True, dict=True):
    """A topic's query, understood when a query first refers to it."""

    text: str

    @cached_property
    def tree(self) -> Node:
        return parse(self.text).tree


class Bindings:
    """What queries may refer to: topics by name, and people by name and alias."""

    def __init__(self, topics: Sequence[Topic], people: Sequence[Person]) -> None:
        from aggregator.query.binding import Binder, by_name

        self._binder = Binder({one.slug: _Source(one.query) for one in topics}, by_name(people))

    def bind(
        self,
        query: Query,
        *,
        name: str = "",
        file: str = "",
        key: str = "",
        line: int | None = None,
    ) -> Query:
        """The query with people and topics in place; as it is where it names none.

        ``name``: the topic whose query it is. Raises QueryError, as :func:`parse` does, and
        for a query it refers to that cannot be understood.
        """
        if not query.refers:
            return query
        try:
            bound = self._binder.bind(query.tree, (name,) if name else ())
        except MistakeError as mistake:
            raise refusal(mistake, query.text, file=file, key=key, line=line) from None
        return Query(text=query.text, tree=bound.tree, rests=bound.rests)


__all__ = [
    "ANALYSIS_VERSION",
    "MARKS",
    "NOWHERE",
    "NUMBER_BITS",
    "All",
    "Any",
    "Bindings",
    "Came",
    "Dated",
    "Evidence",
    "Explanation",
    "Match",
    "Query",
    "Starts",
    "Subject",
    "Terms",
    "Wanted",
    "analyse",
    "as_called",
    "called",
    "feed_mark",
    "fold",
    "goes_by",
    "is_language",
    "is_one_word",
    "language",
    "languages",
    "marks_between",
    "marks_of",
    "numbers",
    "parse",
    "primary_of",
    "query_sign",
    "quoted",
    "remembering",
    "words",
]
