"""Alembic, for archives of an older version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from aggregator.archive.database import SCHEMA_VERSION, Database
from aggregator.archive.schema import meta
from aggregator.model.errors import ArchiveError

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(
    database: Database, before: str | None, *, to: str = SCHEMA_VERSION, scripts: Path = _SCRIPTS
) -> None:
    """Run the migrations after ``before`` (None: all) in one transaction. Raises ArchiveError.

    No table may have lost a row afterwards, or nothing is changed.
    """
    steps = list(ScriptDirectory(str(scripts)).iterate_revisions(to, before or "base"))
    with _changing(database) as connection:
        held = _counts(connection)
        with Operations.context(MigrationContext.configure(connection)):
            for step in reversed(steps):
                step.module.upgrade()
        now = _counts(connection)
        fewer = [name for name, count in held.items() if now.get(name, 0) < count]
        if fewer:
            raise ArchiveError(
                f"the migration to {to} would lose rows of {', '.join(fewer)}: nothing was changed",
                where=database.location,
                hint="please report this",
            )
        if before is not None:
            connection.execute(sa.update(meta).where(meta.c.name == "schema").values(value=to))


@contextmanager
def _changing(database: Database) -> Iterator[sa.Connection]:
    """The write transaction; on SQLite with foreign keys off, as changing a table needs, and checked
    before it is committed (sqlite.org/lang_altertable.html, section 7)."""
    if not database.sqlite:
        with database.writing() as connection:
            yield connection
        return
    with database.outside() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise ArchiveError(
                    "a migration would break references: nothing was changed",
                    where=database.location,
                    hint="please report this",
                )
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.rollback()


def _counts(connection: sa.Connection) -> dict[str, int]:
    names = [name for name in sa.inspect(connection).get_table_names() if "search" not in name]
    return {
        name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
        for name in names
    }
