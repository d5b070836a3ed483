"""Alembic, for archives of an older version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from aggregator.archive.database import SCHEMA_VERSION, Database
from aggregator.archive.schema import meta

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(database: Database, before: str | None) -> None:
    """Run the migrations after ``before`` (None: all) in one transaction, foreign keys off on SQLite.

    Row counts of the archived tables must not fall, or nothing is changed.
    """
    scripts = ScriptDirectory(str(_SCRIPTS))
    steps = list(scripts.iterate_revisions(SCHEMA_VERSION, before or "base"))
    with database.told(), database.engine.connect() as plain:
        if database.sqlite:
            plain.exec_driver_sql("COMMIT")
            plain.exec_driver_sql("PRAGMA foreign_keys=OFF")
            plain.exec_driver_sql("BEGIN IMMEDIATE")
        context = MigrationContext.configure(plain)
        with Operations.context(context):
            for step in reversed(steps):
                step.module.upgrade()
        plain.execute(sa.update(meta).where(meta.c.name == "schema").values(value=SCHEMA_VERSION))
        plain.commit()
        if database.sqlite:
            plain.exec_driver_sql("PRAGMA foreign_keys=ON")
