"""Query text → tree; every mistake has its column and its mend."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from aggregator.model.errors import QueryError
from aggregator.query.shaping import MistakeError, ToTree
from aggregator.query.tree import Everything, Node, leaves

MAX_LENGTH = 4000
"""Characters of a query."""
MAX_DEPTH = 30
"""Parentheses and operators inside each other."""
MAX_LEAVES = 400

_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "＂": '"'})


def parse_tree(text: str, *, file: str = "", key: str = "", line: int | None = None) -> Node:
    """The tree of a query. Raises QueryError with a 1-based column, and where the query stands."""

    def refuse(what: str, column: int, hint: str) -> QueryError:
        shown = text.replace("\n", " ")
        return QueryError(
            what, query=shown, column=column, file=file, key=key, line=line, hint=hint
        )

    straight = text.translate(_STRAIGHT)
    try:
        _check_outside(straight)
        tree: Node = _parser().parse(straight)
        _check_inside(tree)
    except MistakeError as mistake:
        raise refuse(mistake.what, mistake.column, mistake.hint) from None
    except VisitError as error:
        inner = error.orig_exc
        if not isinstance(inner, MistakeError):
            raise
        raise refuse(inner.what, inner.column, inner.hint) from None
    except UnexpectedInput as error:
        raise refuse(*_explain(error, straight)) from None
    return tree


@lru_cache(maxsize=1)
def _parser() -> Any:
    grammar = files("aggregator.query").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", transformer=ToTree(), propagate_positions=False)


def _check_outside(text: str) -> None:
    """What is told better before the grammar looks: emptiness, size, unclosed signs."""
    if not text.strip():
        raise MistakeError("the query is empty", 1, "give a word, or * for everything")
    if len(text) > MAX_LENGTH:
        raise MistakeError(
            f"the query has {len(text)} characters, {MAX_LENGTH} is the most",
            MAX_LENGTH,
            "split it into several topics",
        )
    _check_closed(text)


def _check_closed(text: str) -> None:
    opened: list[int] = []
    quoted = 0
    for column, sign in enumerate(text, 1):
        if sign == '"':
            quoted = 0 if quoted else column
        elif quoted:
            continue
        elif sign == "(":
            opened.append(column)
            if len(opened) > MAX_DEPTH:
                raise MistakeError(
                    f"more than {MAX_DEPTH} parentheses deep", column, "write it flatter"
                )
        elif sign == ")" and not opened:
            raise MistakeError("this ) closes nothing", column, "take it out, or open it before")
        elif sign == ")":
            opened.pop()
    if quoted:
        raise MistakeError('this " is not closed', quoted, 'put a " at the end of the phrase')
    if opened:
        raise MistakeError("this ( is not closed", opened[-1], "put a ) where the group ends")


def _check_inside(tree: Node) -> None:
    found = list(leaves(tree))
    if len(found) > MAX_LEAVES:
        raise MistakeError(
            f"more than {MAX_LEAVES} words", found[MAX_LEAVES][1].column, "split the query"
        )
    if len(found) > 1:
        for field, leaf in found:
            if isinstance(leaf, Everything) and not field:
                raise MistakeError(
                    "* stands for everything and stands alone", leaf.column, "take it out"
                )


def _explain(error: UnexpectedInput, text: str) -> tuple[str, int, str]:
    """(what, column, mend) of a syntax error."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        words_before = text.rstrip().split()
        last = words_before[-1] if words_before else ""
        column = len(text.rstrip()) - len(last) + 1
        return (
            f"the query ends after {last}, where something must follow",
            max(column, 1),
            f"put a word after {last}, or take it out",
        )
    column = error.pos_in_stream + 1 if error.pos_in_stream is not None else 1
    if isinstance(error, UnexpectedCharacters):
        sign = text[column - 1 : column]
        if sign in "[{" and not re.search(r"[\]}]", text[column:]):
            return f"this {sign} is not closed", column, "write [2026-01-01 TO 2026-01-31]"
        return (
            f"{sign} cannot stand here",
            column,
            "put the words in quotes if you look for the sign",
        )
    token = str(getattr(error, "token", ""))
    return f"{token} cannot stand here", column, "a word, a phrase or a ( must come first"
