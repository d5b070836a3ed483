"""Query text → tree; every mistake has its column and its mend."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from aggregator.model.compiled import kept_beside
from aggregator.query.mistakes import MistakeError, refusal
from aggregator.query.shaping import ToTree, refuse_beginnings
from aggregator.query.tree import (
    QUOTES,
    TEXT_FIELDS,
    Everything,
    Near,
    Node,
    Pattern,
    Phrase,
    leaves,
)

MAX_LENGTH = 4000
"""Characters of a query."""
MAX_DEPTH = 30
"""Parentheses and operators inside each other."""
MAX_LEAVES = 400

_STRAIGHT = str.maketrans(dict.fromkeys(QUOTES, '"'))
_TAKES_A_NAME = (
    ("person:", "one name in quotes", 'person:"Ida Morrow" OR person:"Ada Hill"'),
    ("topic:", "the name of a topic", "topic:name, by itself"),
)
# What the signs of the grammar mean nothing in: quoted text; a pattern, where a word begins.
_CLOSED = rf'["{QUOTES}][^"{QUOTES}]*["{QUOTES}]'
_PATTERN = r"(?<![^\s(:!+-])/(?:[^/\\]|\\.)+/(?=[\s)]|$)"
_PIECES = re.compile(rf"(?P<quoted>{_CLOSED})|(?P<pattern>{_PATTERN})|[\"{QUOTES}()]", re.DOTALL)


def parse_tree(text: str) -> Node:
    """The tree of a query. Raises QueryError with a 1-based column."""
    straight = _straightened(text)
    try:
        _check_outside(straight)
        tree: Node = _parser().parse(straight)
        _check_inside(tree)
    except MistakeError as mistake:
        raise refusal(mistake, text) from None
    except VisitError as error:
        inner = error.orig_exc
        if not isinstance(inner, MistakeError):
            raise
        raise refusal(inner, text) from None
    except UnexpectedInput as error:
        told = _explain(error, straight)
        raise refusal(told, text) from None
    return tree


def _straightened(text: str) -> str:
    """The text with straight quotes; a pattern keeps its own."""
    return _PIECES.sub(
        lambda piece: piece[0] if piece["pattern"] else piece[0].translate(_STRAIGHT), text
    )


@lru_cache(maxsize=1)
def _parser() -> Any:
    file = Path(__file__).with_name("grammar.lark")
    kept = kept_beside(file)
    return Lark(
        file.read_text("utf-8"),
        parser="lalr",
        transformer=ToTree(),
        propagate_positions=False,
        # To read the grammar takes ten times as long as to load what was made of it.
        cache=str(kept) if kept else False,
    )


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
    for piece in _PIECES.finditer(text):
        sign, column = piece[0], piece.start() + 1
        if sign == '"':
            raise MistakeError('this " is not closed', column, 'put a " at the end of the phrase')
        if sign == "(":
            opened.append(column)
            if len(opened) > MAX_DEPTH:
                raise MistakeError(
                    f"more than {MAX_DEPTH} parentheses deep", column, "write it flatter"
                )
        elif sign == ")" and not opened:
            raise MistakeError("this ) closes nothing", column, "take it out, or open it before")
        elif sign == ")":
            opened.pop()
    if opened:
        raise MistakeError("this ( is not closed", opened[-1], "put a ) where the group ends")


def _check_inside(tree: Node) -> None:
    found = list(leaves(tree))
    if len(found) > MAX_LEAVES:
        raise MistakeError(
            f"more than {MAX_LEAVES} words", found[MAX_LEAVES][1].column, "split the query"
        )
    for field, leaf in found:
        if isinstance(leaf, Phrase | Near) and (not field or field in TEXT_FIELDS):
            refuse_beginnings(leaf.text, leaf.column)
        if isinstance(leaf, Pattern) and not field:
            raise MistakeError(
                "a pattern belongs to a field",
                leaf.column,
                f"write title:/{leaf.text}/ or text:/{leaf.text}/",
            )
    if len(found) > 1:
        for field, leaf in found:
            if isinstance(leaf, Everything) and not field:
                raise MistakeError(
                    "* stands for everything and stands alone", leaf.column, "take it out"
                )


def _explain(error: UnexpectedInput, text: str) -> MistakeError:
    """What a syntax error is, where, and the mend."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        words_before = text.rstrip().split()
        last = words_before[-1] if words_before else ""
        column = len(text.rstrip()) - len(last) + 1
        return MistakeError(
            f"the query ends after {last}, where something must follow",
            max(column, 1),
            f"put a word after {last}, or take it out",
        )
    column = error.pos_in_stream + 1 if error.pos_in_stream is not None else 1
    before = text[: column - 1].rstrip().lower()
    for kind, what, mend in _TAKES_A_NAME:
        if before.endswith(kind):
            return MistakeError(f"{kind} takes {what}", column, f"write {mend}")
    if isinstance(error, UnexpectedCharacters):
        sign = text[column - 1 : column]
        if sign in "[{" and not re.search(r"[\]}]", text[column:]):
            return MistakeError(
                f"this {sign} is not closed", column, "write [2026-01-01 TO 2026-01-31]"
            )
        return MistakeError(
            f"{sign} cannot stand here",
            column,
            "put the words in quotes if you look for the sign",
        )
    token = str(getattr(error, "token", ""))
    return MistakeError(
        f"{token} cannot stand here", column, "a word, a phrase or a ( must come first"
    )
