"""What columns hold: the archive's types, alike on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_NAME = 400


class Moment(TypeDecorator[datetime]):
    """An aware UTC time as microseconds since 1970: exact, ordered, alike on both databases."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return _microseconds(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return _moment(value)

    # Without the steps between that the base class takes: a feed's row has a dozen of them.

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[datetime | None], int | None]:
        return _microseconds

    def result_processor(
        self, dialect: sa.Dialect, coltype: object
    ) -> Callable[[Any], datetime | None]:
        return _moment


def _microseconds(value: datetime | None) -> int | None:
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _moment(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Text of any length. What no database can hold (NUL, lone surrogates) becomes U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return _storable(value)

    # As above: an entry has forty of them.

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[str | None], str | None]:
        return _storable


def _storable(value: str | None) -> str | None:
    return None if value is None else storable(value)


class Header(TypeDecorator[str]):
    """A header's value as its very bytes: it goes back to the server as it came."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else value.encode("utf-8", "surrogateescape")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else bytes(value).decode("utf-8", "surrogateescape")


class Name(Words):
    """Text that is looked up: compared by code point on both databases, not by a locale's rules.

    (An index under a locale's rules goes wrong when the system's C library is upgraded.)
    """

    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        collation = "C" if dialect.name == "postgresql" else None
        return sa.Text(collation=collation)


def storable(text: str) -> str:
    """The text without what PostgreSQL (NUL) or UTF-8 (lone surrogates) cannot hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def name_of(text: str) -> str:
    """A publisher's name for something, as it is looked up: long ones end in a hash of themselves.

    (PostgreSQL's indexes take no more than 2,700 bytes.)
    """
    text = storable(text)
    if len(text) <= _LONGEST_NAME:
        return text
    return f"{text[:200]}…{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
