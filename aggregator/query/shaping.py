"""What the grammar found → our nodes; what has a form but no meaning is refused here."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from lark import Token, Transformer

from aggregator.model.person import person_by_name
from aggregator.query.analysis import is_paired, words
from aggregator.query.mistakes import MistakeError
from aggregator.query.patterns import PatternError, check_pattern
from aggregator.query.tree import (
    FIELDS,
    TEXT_FIELDS,
    And,
    Everything,
    InField,
    Moment,
    Named,
    Near,
    Node,
    Not,
    Or,
    Pattern,
    Phrase,
    Prefix,
    Range,
    Reference,
    Word,
    leaves,
)

MIN_PREFIX = 3
"""Letters before the ``*``; fewer find nearly everything. One is enough in Chinese, Japanese, Korean."""
MAX_NEAR = 100

_RANGE = re.compile(r"([\[{])\s*(\S+)\s+TO\s+(\S+)\s*([\]}])", re.IGNORECASE)
_AGO = re.compile(r"now(?:-(\d{1,5})([hdwmy]))?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CODE = re.compile(r"[a-z]{2,3}(?![^\W_])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_ONE_DAY, _NEXT = timedelta(days=1), timedelta(microseconds=1)
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_KINDS: dict[type, str] = {Named: "person", Reference: "topic"}
_BEFORE_COLONS = (*FIELDS, *_KINDS.values())
# An address may begin so (feed://).
_FIELD = re.compile(rf"({'|'.join(_BEFORE_COLONS)}):(?!//)", re.IGNORECASE)
# Shorter ones would be refused outside as well: "5* hotel", "A* search".
_BEGINS = re.compile(rf"\w{{{MIN_PREFIX},}}\*(?=\s|$)")
_ONE_FIELD = "name one field for each word, or quote it to look for the text itself"
_OPERATORS = {"AND", "OR", "NOT", "&&", "||"}


class ToTree(Transformer[Token, Node]):
    """lark's matches → our nodes, as the parser finds them."""

    def either(self, items: list[Any]) -> Node:
        parts = tuple(item for item in items if not isinstance(item, Token))
        return parts[0] if len(parts) == 1 else Or(parts=_flat(parts, Or), column=parts[0].column)

    def both(self, items: list[Any]) -> Node:
        parts = tuple(item for item in items if not isinstance(item, Token))
        return parts[0] if len(parts) == 1 else And(parts=_flat(parts, And), column=parts[0].column)

    def negate(self, items: list[Any]) -> Node:
        part: Node = items[1]
        # Twice no is yes; so that no row of signs makes a deep tree.
        return part.part if isinstance(part, Not) else Not(part=part, column=_column(items[0]))

    def plain(self, items: list[Any]) -> Node:
        node: Node = items[-1]
        return node

    def in_field(self, items: list[Any]) -> Node:
        token, part = items
        name, column = str(token)[:-1].lower(), _column(token)
        if name not in FIELDS:
            raise _no_such_field(name, part, column)
        if isinstance(part, Word) and (second := _FIELD.match(part.text)):
            raise MistakeError(f"{second[0]} stands inside {name}:", part.column, _ONE_FIELD)
        for inner, leaf in leaves(part):
            if isinstance(leaf, Reference) or (isinstance(leaf, Named) and name not in TEXT_FIELDS):
                raise MistakeError(
                    f"{_KINDS[type(leaf)]}: stands inside {name}:",
                    leaf.column,
                    "put it beside the field, not into it",
                )
            if inner and inner != name:
                raise MistakeError(f"{inner}: stands inside {name}:", leaf.column, _ONE_FIELD)
            if name == "lang" and isinstance(leaf, Word | Phrase) and not _CODE.match(leaf.text):
                raise MistakeError(
                    f"{leaf.text} is no code of a language",
                    leaf.column,
                    "write two or three letters, such as lang:en or lang:pt-BR",
                )
            if (name == "published") is not isinstance(leaf, Range):
                told = "published: takes" if name == "published" else "published: alone takes"
                raise MistakeError(
                    f"{told} a time range",
                    leaf.column,
                    "write published:[2026-01-01 TO 2026-01-31] or published:[now-7d TO *]",
                )
        return InField(name=name, part=part, column=column)

    def pattern(self, items: list[Token]) -> Node:
        pattern, column = str(items[0])[1:-1], _column(items[0])
        plain = pattern.replace("\\/", "/")
        try:
            check_pattern(plain)
        except PatternError as error:
            place = column + 1 + error.at + pattern[: error.at].count("\\/")
            raise MistakeError(error.what, place, error.hint) from None
        return Pattern(text=plain, column=column)

    def person(self, items: list[Token]) -> Node:
        column = _column(items[0])
        name = str(items[1]).strip('"').strip()
        if items[1].type != "PHRASE":
            raise MistakeError(
                "person: takes a name in quotes",
                _column(items[1]),
                f'write person:"{name.rpartition("~")[0] or name}"'.replace('""', '"'),
            )
        if not words(name):
            raise MistakeError(
                "there is no name in the quotes", _column(items[1]), 'write person:"Ida Morrow"'
            )
        return Named(text=name, person=person_by_name(name), column=column)

    def topic(self, items: list[Token]) -> Node:
        name = str(items[1]).strip('"').lower()
        if not _SLUG.fullmatch(name):
            raise MistakeError(
                f"{name} is no topic's name",
                _column(items[1]),
                "write topic:name, the name that stands in [ ] in topics.toml",
            )
        return Reference(text=name, column=_column(items[0]))

    def phrase(self, items: list[Token]) -> Node:
        inner, column = str(items[0])[1:-1], _column(items[0])
        found, opened = _asked(inner)
        if not found:
            raise MistakeError("there is no word in the quotes", column, "take them out")
        if opened and len(found) == 1:
            return Prefix(text=inner, start=found[0], column=column)
        return Phrase(text=inner, words=found, column=column, open=opened)

    def near(self, items: list[Token]) -> Node:
        quoted, _, distance = str(items[0]).rpartition("~")
        column = _column(items[0])
        if len(distance) > len(str(MAX_NEAR)) or int(distance) > MAX_NEAR:
            raise MistakeError(
                f"~ takes {MAX_NEAR} at the most", column, "use AND for any distance"
            )
        units = []
        for piece in quoted[1:-1].split():
            found, opened = _asked(piece)
            if opened:
                raise MistakeError(f"{piece} is too short here", column, "give two signs or more")
            units += [found] if found else []
        if len(units) < 2:
            raise MistakeError(
                "nearness needs two words", column, 'write "one two"~5, or the word without ~'
            )
        return Near(text=quoted[1:-1], units=tuple(units), most=int(distance), column=column)

    def range(self, items: list[Token]) -> Node:
        token, column = str(items[0]), _column(items[0])
        found = _RANGE.fullmatch(token)
        if not found:
            raise MistakeError("this is no range", column, "write [2026-01-01 TO 2026-01-31]")
        first, low, high, last = found.groups()
        begin = _moment(low, column, after=first == "{")
        end = _moment(high, column, after=last == "]")
        if (begin.at and end.at and begin.at >= end.at) or (
            begin.ago is not None and end.ago is not None and begin.ago <= end.ago
        ):
            raise MistakeError(
                "this range ends before it begins", column, "write the earlier time first"
            )
        return Range(text=token, low=begin, high=end, column=column)

    def word(self, items: list[Token]) -> Node:
        token, column = str(items[0]), _column(items[0])
        if token == "*":  # noqa: S105
            return Everything(column=column)
        if "://" not in token:
            _refuse_signs(token, column)
        begins = token.endswith("*")
        found, opened = _asked(token.removesuffix("*"), begins=begins)
        if not found:
            raise MistakeError(f"{token} has no letter or digit", column, "take it out")
        if not opened:
            return Word(text=token, words=found, column=column)
        if len(found) > 1:
            return Word(text=token, words=found, column=column, open=True)
        if len(found[0]) < MIN_PREFIX and not is_paired(found[0]):
            raise MistakeError(
                f"{token} is too short", column, f"give {MIN_PREFIX} letters before the *"
            )
        return Prefix(text=token, start=found[0], column=column)


def _asked(text: str, *, begins: bool = False) -> tuple[tuple[str, ...], bool]:
    """The folded words of what was asked for, and whether the last is only the beginning of one.

    In signs that are cut into pairs a text may go on where the query ends: there the last sign,
    which stands by itself, goes where a pair before it holds it, and else is a beginning.
    """
    found = words(text)
    if not found or not is_paired(found[-1]):
        return tuple(found), begins and bool(found)
    last = found[-1]
    if len(last) > 1:
        return tuple(found), False
    if len(found) > 1 and len(found[-2]) == 2 and is_paired(found[-2]) and found[-2][1] == last:
        return tuple(found[:-1]), False
    return tuple(found), True


def _no_such_field(name: str, part: Node, column: int) -> MistakeError:
    if isinstance(part, Word) and part.text.startswith("//"):
        return MistakeError(
            "an address by itself is no query", column, f"write url:{name}:{part.text}"
        )
    near = difflib.get_close_matches(name, _BEFORE_COLONS, 1)
    mend = f"did you mean {near[0]}:" if near else f"fields are {', '.join(_BEFORE_COLONS)}"
    return MistakeError(
        f"there is no field {name}:", column, f"{mend}; quote it to look for the text itself"
    )


def _refuse_signs(token: str, column: int) -> None:
    """Refuse what other query languages have, and what could be meant in two ways."""
    if token in _OPERATORS:
        raise MistakeError(
            f"{token} has nothing before it or nothing after it", column, "take it out"
        )
    if token.upper() in _OPERATORS:
        raise MistakeError(
            f"{token} could be a word or an operator",
            column,
            f'write {token.upper()} for the operator, "{token}" for the word',
        )
    if "&&" in token or "||" in token:
        raise MistakeError("&& and || stand between blanks", column, "or write AND, OR")
    if "*" in token[:-1] or ("?" in token[:-1] and "/" not in token):
        raise MistakeError(
            "* stands at the end of a word only, and ? for no letter",
            column,
            "look for the beginning of the word",
        )
    if "~" in token or "^" in token:
        raise MistakeError(
            "likeness (~) and weight (^) are not known here", column, 'for nearness: "two words"~5'
        )
    if token[0] in "-+!" and len(token) > 1:
        # The grammar takes these signs wherever they have a meaning; behind a field they have none.
        raise MistakeError(
            f"{token[0]} stands before the field", column, f"write {token[0]}field:word"
        )
    if token.endswith(":") and token[:-1].lower() in _BEFORE_COLONS:
        raise MistakeError(
            f"nothing follows {token}", column, f"write {token}word, without a blank"
        )


def refuse_beginnings(quoted: str, column: int) -> None:
    """Refuse a word in quotes that would be the beginning of one outside."""
    if found := _BEGINS.search(quoted):
        raise MistakeError(
            f"{found[0]} stands in quotes, where words are whole",
            column + 1 + found.start(),
            f"write {found[0]} outside of them, or take the * out",
        )


def _moment(text: str, column: int, *, after: bool) -> Moment:
    """The beginning of a time as written; ``after``: its end, that is, the end of the day."""
    if text == "*":
        return Moment()
    if ago := _AGO.fullmatch(text.lower()):
        count, unit = ago.groups()
        back = timedelta(hours=int(count) * _HOURS[unit]) if count else timedelta()
        return Moment(ago=back - _NEXT if after else back)
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        step = _ONE_DAY if _DAY.fullmatch(text) else _NEXT
        return Moment(at=at + step if after else at)
    except (ValueError, OverflowError):
        raise MistakeError(
            f"{text} is no time", column, "write 2026-01-31, now, now-7d (h d w m y) or *"
        ) from None


def _flat(parts: tuple[Node, ...], kind: type[And | Or]) -> tuple[Node, ...]:
    return tuple(
        inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))
    )


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1
