"""Query text → tree; every mistake has its column and its mend."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from aggregator.model.errors import QueryError
from aggregator.query.analysis import is_cjk, words
from aggregator.query.tree import (
    FIELDS,
    And,
    Everything,
    InField,
    Moment,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
    leaves,
)

MAX_LENGTH = 4000
"""Characters of a query."""
MAX_DEPTH = 30
"""Parentheses and operators inside each other."""
MAX_LEAVES = 400
MIN_PREFIX = 3
"""Letters before the ``*``; fewer find nearly everything. One is enough in Chinese, Japanese, Korean."""

_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "＂": '"'})
_RANGE = re.compile(r"([\[{])\s*(\S+)\s+TO\s+(\S+)\s*([\]}])", re.IGNORECASE)
_AGO = re.compile(r"now(?:-(\d{1,5})([hdwmy]))?")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}


class _MistakeError(Exception):
    """A mistake found while the tree is made; becomes a QueryError with file and key."""

    def __init__(self, what: str, column: int, hint: str) -> None:
        super().__init__(what)
        self.what, self.column, self.hint = what, column, hint


def parse_tree(text: str, *, file: str = "", key: str = "") -> Node:
    """The tree of a query. Raises QueryError with a 1-based column, and ``file`` and ``key``."""

    def refuse(what: str, column: int, hint: str) -> QueryError:
        shown = text.replace("\n", " ")
        return QueryError(what, query=shown, column=column, file=file, key=key, hint=hint)

    straight = text.translate(_STRAIGHT)
    try:
        _check_outside(straight)
        tree: Node = _parser().parse(straight)
        _check_inside(tree)
    except _MistakeError as mistake:
        raise refuse(mistake.what, mistake.column, mistake.hint) from None
    except VisitError as error:
        inner = error.orig_exc
        if not isinstance(inner, _MistakeError):
            raise
        raise refuse(inner.what, inner.column, inner.hint) from None
    except UnexpectedInput as error:
        raise refuse(*_explain(error, straight)) from None
    return tree


@lru_cache(maxsize=1)
def _parser() -> Any:
    grammar = files("aggregator.query").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", transformer=_ToTree(), propagate_positions=False)


def _check_outside(text: str) -> None:
    """What is told better before the grammar looks: emptiness, size, unclosed signs."""
    if not text.strip():
        raise _MistakeError("the query is empty", 1, "give a word, or * for everything")
    if len(text) > MAX_LENGTH:
        raise _MistakeError(
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
                raise _MistakeError(
                    f"more than {MAX_DEPTH} parentheses deep", column, "write it flatter"
                )
        elif sign == ")" and not opened:
            raise _MistakeError("this ) closes nothing", column, "take it out, or open it before")
        elif sign == ")":
            opened.pop()
    if quoted:
        raise _MistakeError('this " is not closed', quoted, 'put a " at the end of the phrase')
    if opened:
        raise _MistakeError("this ( is not closed", opened[-1], "put a ) where the group ends")


def _check_inside(tree: Node) -> None:
    found = list(leaves(tree))
    if len(found) > MAX_LEAVES:
        raise _MistakeError(
            f"more than {MAX_LEAVES} words", found[MAX_LEAVES][1].column, "split the query"
        )
    if len(found) > 1:
        for field, leaf in found:
            if isinstance(leaf, Everything) and not field:
                raise _MistakeError(
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
        return (
            f"{sign} cannot stand here",
            column,
            "put the words in quotes if you look for the sign",
        )
    token = str(getattr(error, "token", ""))
    return f"{token} cannot stand here", column, "a word, a phrase or a ( must come first"


class _ToTree(Transformer[Token, Node]):
    """lark's matches → our nodes, as the parser finds them."""

    def either(self, items: list[Any]) -> Node:
        parts = tuple(item for item in items if not isinstance(item, Token))
        return parts[0] if len(parts) == 1 else Or(parts=_flat(parts, Or), column=parts[0].column)

    def both(self, items: list[Any]) -> Node:
        parts = tuple(item for item in items if not isinstance(item, Token))
        return parts[0] if len(parts) == 1 else And(parts=_flat(parts, And), column=parts[0].column)

    def negate(self, items: list[Any]) -> Node:
        return Not(part=items[1], column=_column(items[0]))

    def plain(self, items: list[Any]) -> Node:
        node: Node = items[-1]
        return node

    def in_field(self, items: list[Any]) -> Node:
        token, part = items
        name, column = str(token)[:-1].lower(), _column(token)
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 1)
            mend = f"did you mean {near[0]}:" if near else f"fields are {', '.join(FIELDS)}"
            raise _MistakeError(
                f"there is no field {name}:",
                column,
                f"{mend}; quote it to look for the text itself",
            )
        for _, leaf in leaves(part):
            if name == "url" and isinstance(leaf, Word):
                continue
            if (name == "published") is not isinstance(leaf, Range):
                raise _MistakeError(
                    "a time range belongs to published:, and nothing else does",
                    leaf.column,
                    "write published:[2026-01-01 TO 2026-02-01] or published:[now-7d TO *]",
                )
        return InField(name=name, part=part, column=column)

    def phrase(self, items: list[Token]) -> Node:
        return _phrase(items[0], str(items[0])[1:-1], None)

    def near(self, items: list[Token]) -> Node:
        quoted, _, distance = str(items[0]).rpartition("~")
        if int(distance) > 100:
            raise _MistakeError(
                "~ takes 100 at the most", _column(items[0]), "use AND for any distance"
            )
        return _phrase(items[0], quoted[1:-1], int(distance))

    def range(self, items: list[Token]) -> Node:
        token, column = items[0], _column(items[0])
        found = _RANGE.fullmatch(str(token))
        if not found:
            raise _MistakeError("this is no range", column, "write [2026-01-01 TO 2026-02-01]")
        first, low, high, last = found.groups()
        if first == "{" or last == "}":
            raise _MistakeError("a range stands in [ ]", column, "the end is never part of it")
        return Range(
            text=str(token), low=_moment(low, column), high=_moment(high, column), column=column
        )

    def word(self, items: list[Token]) -> Node:
        token, column = str(items[0]), _column(items[0])
        if token == chr(42):
            return Everything(column=column)
        if "://" in token:
            return Word(text=token, words=tuple(words(token)), column=column)
        _refuse_signs(token, column)
        if token.endswith("*"):
            return _prefix(token, column)
        found = tuple(words(token))
        if not found:
            raise _MistakeError(f"{token} has no letter or digit", column, "take it out")
        if len(found) == 1 and is_cjk(found[0]) and len(found[0]) == 1:
            return Prefix(text=token, start=found[0], column=column)
        return Word(text=token, words=_whole_pairs(found), column=column)


def _refuse_signs(token: str, column: int) -> None:
    if token in {"AND", "OR", "NOT", "&&", "||"}:
        raise _MistakeError(
            f"{token} has nothing before it or nothing after it", column, "take it out"
        )
    if token in {"and", "or", "not"}:
        raise _MistakeError(
            f"{token} in small letters could be a word or an operator",
            column,
            f'write {token.upper()} for the operator, "{token}" for the word',
        )
    if "*" in token[:-1] or "?" in token:
        raise _MistakeError(
            "* stands at the end of a word only", column, "look for the beginning of it"
        )
    if "~" in token or "^" in token:
        raise _MistakeError(
            "likeness (~) and weight (^) are not known here", column, 'for nearness: "two words"~5'
        )
    if token.startswith("/") and token.endswith("/") and len(token) > 1:
        raise _MistakeError("patterns in / / are not known here", column, "use words and word*")


def _prefix(token: str, column: int) -> Node:
    found = words(token[:-1])
    if len(found) > 1 and not is_cjk(token):
        raise _MistakeError(f"{token} is more than one word", column, f'write "{token[:-1]}"')
    start = found[0] if found else ""
    if not start or (len(start) < MIN_PREFIX and not is_cjk(start)):
        raise _MistakeError(
            f"{token} is too short", column, f"give {MIN_PREFIX} letters before the *"
        )
    if is_cjk(token) and len(found) > 1:
        return Phrase(text=token, words=_whole_pairs(tuple(found)), near=None, column=column)
    return Prefix(text=token, start=start, column=column)


def _phrase(token: Token, inner: str, near: int | None) -> Node:
    column, found = _column(token), _whole_pairs(tuple(words(inner)))
    if not found:
        raise _MistakeError("there is no word in the quotes", column, "take them out")
    if near is None and len(found) == 1 and len(found[0]) == 1 and is_cjk(found[0]):
        return Prefix(text=inner, start=found[0], column=column)
    return Phrase(text=inner, words=found, near=near, column=column)


def _whole_pairs(found: tuple[str, ...]) -> tuple[str, ...]:
    """Without the lone last sign of a run: in the text, the run may go on."""
    return tuple(
        word
        for at, word in enumerate(found)
        if not (
            len(word) == 1
            and is_cjk(word)
            and at
            and found[at - 1].endswith(word)
            and len(found[at - 1]) == 2
        )
    )


def _moment(text: str, column: int) -> Moment:
    if text == "*":
        return Moment()
    if ago := _AGO.fullmatch(text.lower()):
        count, unit = ago.groups()
        return Moment(ago=timedelta(hours=int(count) * _HOURS[unit]) if count else timedelta())
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _MistakeError(
            f"{text} is no time", column, "write 2026-01-31, now, now-7d (h d w m y) or *"
        ) from None
    return Moment(at=at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))


def _flat(parts: tuple[Node, ...], kind: type[And | Or]) -> tuple[Node, ...]:
    return tuple(
        inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))
    )


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1
