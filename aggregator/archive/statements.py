"""Statements that both databases take in one go, each in its own way, for any number of values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    execute_many(connection, sa.insert(table), rows)


def execute_many(
    connection: sa.Connection, statement: Any, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement for each of some rows, which all name the same parameters."""
    dialect = connection.dialect
    if dialect.name != "sqlite":
        connection.execute(statement, list(rows))
        return
    # By column: row by row, as SQLAlchemy does it, costs a third more.
    compiled = statement.compile(dialect=dialect, column_keys=list(rows[0]))
    values = []
    for name in compiled.positiontup or ():
        bind = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        column = [row[name] for row in rows]
        values.append(map(bind, column) if bind else column)
    connection.exec_driver_sql(str(compiled), list(zip(*values, strict=True)))


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
    statement = _begun(connection, table)
    values = {name: statement.excluded[name] for name in replace}
    values |= {name: table.c[name] + statement.excluded[name] for name in add}
    key = list(table.primary_key.columns)
    if values:
        statement = statement.on_conflict_do_update(index_elements=key, set_=values)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    execute_many(connection, statement, rows)


def _begun(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that may go on where the row is there. Each dialect is loaded where it is used."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        return insert_sqlite(table)
    from sqlalchemy.dialects.postgresql import insert

    return insert(table)
