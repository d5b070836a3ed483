"""Queries: text → tree; the one analysis of text; the one matcher that says whether, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from aggregator.query.analysis import ANALYSIS_VERSION, analyse, fold, language, languages, words
from aggregator.query.candidates import All, Any, Starts, Terms, Wanted, wanted
from aggregator.query.matching import (
    Evidence,
    Explanation,
    Holds,
    Match,
    compiled,
    explain,
    satisfy,
)
from aggregator.query.subject import Subject
from aggregator.query.tree import Node


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query that was understood. Make it with :func:`parse`."""

    text: str
    tree: Node

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

    def wanted(self, languages: tuple[str, ...]) -> Wanted | None:
        """What an index may look for (see ``query.candidates``); None: it can say nothing."""
        return wanted(self.tree, languages)


@lru_cache(maxsize=1024)
def parse(text: str, *, file: str = "", key: str = "", line: int | None = None) -> Query:
    """Understand a query. Raises QueryError, which names ``file``, ``key``, ``line`` if given."""
    from aggregator.query.parsing import parse_tree

    return Query(text=text, tree=parse_tree(text, file=file, key=key, line=line))


__all__ = [
    "ANALYSIS_VERSION",
    "All",
    "Any",
    "Evidence",
    "Explanation",
    "Match",
    "Query",
    "Starts",
    "Subject",
    "Terms",
    "Wanted",
    "analyse",
    "fold",
    "language",
    "languages",
    "parse",
    "words",
]
