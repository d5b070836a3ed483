"""Mistakes in queries: found by column, told with the query and the place it stands at."""

from __future__ import annotations

import re

from aggregator.model.errors import QueryError


class MistakeError(Exception):
    """A mistake found in a query; becomes a QueryError with file and key. ``column`` is 1-based."""

    def __init__(self, what: str, column: int, hint: str) -> None:
        super().__init__(what)
        self.what, self.column, self.hint = what, column, hint


def refusal(
    mistake: MistakeError, text: str, *, file: str = "", key: str = "", line: int | None = None
) -> QueryError:
    """A mistake in a query as the reader is told it: with the query, and where it stands."""
    return QueryError(
        mistake.what,
        query=re.sub(r"\s", " ", text),
        column=mistake.column,
        file=file,
        key=key,
        line=line,
        hint=mistake.hint,
    )
