"""Statements that both databases take in one go, each in its own way, for any number of values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa

from aggregator.archive.columns import Key, Name

_CHUNK = 500
T = TypeVar("T")


def among(
    connection: sa.Connection, column: sa.Column[T], values: Iterable[T]
) -> sa.ColumnElement[bool]:
    """That a column of numbers or names holds one of these: one statement and one parameter,
    however many they are."""
    wanted = sorted(values)  # type: ignore[type-var]
    if connection.dialect.name == "sqlite":
        each = sa.func.json_each(json.dumps(wanted)).table_valued("value")
        return column.in_(sa.select(each.c.value))
    kind = sa.Text if isinstance(column.type, Name) else sa.BigInteger
    return column == sa.any_(sa.cast(wanted, sa.ARRAY(kind)))


def given(connection: sa.Connection, pairs: Sequence[tuple[int, str]]) -> sa.Subquery:
    """A table of (number, name) as one parameter: one statement for any number of pairs."""
    if connection.dialect.name == "sqlite":
        each = sa.func.json_each(json.dumps(pairs)).table_valued("value")
        return sa.select(
            sa.func.json_extract(each.c.value, "$[0]").label("number"),
            sa.func.json_extract(each.c.value, "$[1]").label("name"),
        ).subquery()
    columns = (
        sa.func.unnest(
            sa.cast([number for number, _ in pairs], sa.ARRAY(Key)),
            sa.cast([name for _, name in pairs], sa.ARRAY(sa.Text())),
        )
        .table_valued(sa.column("number", Key), sa.column("name", sa.Text))
        .render_derived()
    )
    # Compared as the columns are that it is joined with, so that their index serves.
    named = sa.collate(columns.c.name, "C").label("name")
    return sa.select(columns.c.number, named).subquery()


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Portions that a statement can carry as parameters."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows that all name the same columns."""
    if not rows:
        return
    execute_many(connection, _insert(table), rows)


def execute_many(
    connection: sa.Connection, statement: Any, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement for each of some rows, which all name the same parameters.

    The statement is one that is made once: what it comes to in SQL is kept.
    """
    dialect = connection.dialect
    if dialect.name != "sqlite":
        connection.execute(statement, list(rows))
        return
    # By column: row by row, as SQLAlchemy does it, costs a third more.
    text, parameters = _compiled(statement, dialect, tuple(rows[0]))
    values = []
    for name, bind in parameters:
        column = [row[name] for row in rows]
        values.append(map(bind, column) if bind else column)
    connection.exec_driver_sql(text, list(zip(*values, strict=True)))


@lru_cache(maxsize=256)
def _compiled(
    statement: Any, dialect: sa.Dialect, names: tuple[str, ...]
) -> tuple[str, tuple[tuple[str, Callable[[Any], Any] | None], ...]]:
    """The text of a statement, and its parameters in order with what makes a value fit for the
    driver."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    binds = ((name, compiled.binds[name].type) for name in compiled.positiontup or ())
    return str(compiled), tuple(
        (name, kind.dialect_impl(dialect).bind_processor(dialect)) for name, kind in binds
    )


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    replace: Iterable[str] = (),
    add: Iterable[str] = (),
) -> None:
    """Insert; where the primary key is there already, replace or add to the named columns."""
    if not rows:
        return
    statement = _upsert(table, connection.dialect.name, tuple(replace), tuple(add))
    execute_many(connection, statement, rows)


@lru_cache(maxsize=64)
def _insert(table: sa.Table) -> Any:
    return sa.insert(table)


@lru_cache(maxsize=64)
def _upsert(
    table: sa.Table, dialect_name: str, replace: tuple[str, ...], add: tuple[str, ...]
) -> Any:
    """An INSERT that goes on where the row is there. Each dialect is loaded where it is used."""
    if dialect_name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    statement: Any = insert(table)
    key = list(table.primary_key.columns)
    values = {name: statement.excluded[name] for name in replace}
    values |= {name: table.c[name] + statement.excluded[name] for name in add}
    if values:
        return statement.on_conflict_do_update(index_elements=key, set_=values)
    return statement.on_conflict_do_nothing(index_elements=key)
