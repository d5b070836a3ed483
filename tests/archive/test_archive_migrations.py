"""A fresh schema equals all migrations, and a migration can lose nothing."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from archivedesk import NOON, ONE, TWO, Desk, item

from aggregator.archive import database as database_of
from aggregator.archive import migrating, open_archive
from aggregator.archive.database import SCHEMA_VERSION, Database
from aggregator.archive.schema import (
    meta,
    metadata,
)
from aggregator.model.errors import ArchiveError
from aggregator.model.topic import Collapse, Topic

VERSIONS = Path(migrating.__file__).parent / "migrations"


def shape(database):
    """Tables, columns, keys and indexes, as the database itself tells them."""
    with database.reading() as connection:
        found = sa.inspect(connection)
        told = {}
        for table in found.get_table_names():
            columns = [
                (
                    one["name"],
                    str(one["type"]),
                    getattr(one["type"], "collation", None),
                    one["nullable"],
                )
                for one in found.get_columns(table)
            ]
            keys = sorted(
                (
                    tuple(one["constrained_columns"]),
                    one["referred_table"],
                    one["options"].get("ondelete"),
                )
                for one in found.get_foreign_keys(table)
            )
            indexes = sorted(
                (one["name"], tuple(one["column_names"]), bool(one["unique"]))
                for one in found.get_indexes(table)
            )
            unique = sorted(
                tuple(one["column_names"]) for one in found.get_unique_constraints(table)
            )
            primary = found.get_pk_constraint(table)["constrained_columns"]
            told[table] = (columns, keys, indexes, unique, primary)
        return told


@pytest.fixture
def archive_url(database_url):
    """Nothing is there yet: it is made before the test's eyes."""
    return database_url


def test_a_fresh_schema_equals_all_migrations(settings, tmp_path, request):
    settings.directory.mkdir()
    fresh, migrated = Database(settings), None
    fresh.create()
    if settings.database:
        import postgres

        other = postgres.database(request.getfixturevalue("postgres_server"))
        with other as url:
            migrated = Database(type(settings)(directory=tmp_path, database=url))
            migrating.upgrade(migrated, None)
            assert shape(migrated) == shape(fresh)
            migrated.close()
    else:
        migrated = Database(type(settings)(directory=tmp_path))
        migrating.upgrade(migrated, None)
        assert shape(migrated) == shape(fresh)
        migrated.close()
    assert set(shape(fresh)) >= set(metadata.tables)
    fresh.close()


def test_nothing_is_deleted_with_something_else():
    for table in metadata.tables.values():
        assert all(key.ondelete is None for key in table.foreign_keys)


def test_the_newest_migration_is_the_schemas_version():
    names = sorted(path.name[:4] for path in (VERSIONS / "versions").glob("0*.py"))
    assert names[-1] == SCHEMA_VERSION


NEXT = f"{int(SCHEMA_VERSION) + 1:04}"
STEP = """
import sqlalchemy as sa
from alembic import op
revision = "{to}"
down_revision = "{before}"
def upgrade():
    {what}
"""


@pytest.fixture
def next_step(tmp_path, monkeypatch):
    """Makes a program that knows one migration more."""
    scripts = tmp_path / "migrations"
    shutil.copytree(VERSIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))

    def make(what: str) -> None:
        (scripts / "versions" / f"{NEXT}_next.py").write_text(
            STEP.format(what=what, to=NEXT, before=SCHEMA_VERSION)
        )
        from aggregator.archive import opening

        monkeypatch.setattr(opening, "SCHEMA_VERSION", NEXT)
        real = migrating.upgrade
        monkeypatch.setattr(
            migrating,
            "upgrade",
            lambda held, before: real(held, before, to=NEXT, scripts=scripts),
        )

    return make


@pytest.fixture
def stocked(settings):
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE)
        desk.bring(ONE, item("a"), item("b"))
        desk.bring(ONE, item("a", title="revised"), item("b"))
        return [archive.history(one.id) for one in archive.export()]


def test_opening_migrates_and_keeps_everything(stocked, settings, next_step):
    next_step('op.add_column("stories", sa.Column("weight", sa.Integer(), server_default="1"))')
    with pytest.raises(ArchiveError, match="older version") as raised:
        open_archive(settings)
    assert "archive migrate" in raised.value.hint
    with open_archive(settings, write=True) as archive:
        assert [archive.history(one.id) for one in archive.export()] == stocked
        with archive._database.reading() as connection:
            held = connection.scalar(sa.select(meta.c.value).where(meta.c.name == "schema"))
            assert held == NEXT
            assert connection.exec_driver_sql("SELECT sum(weight) FROM stories").scalar() == 2
    if not settings.database:
        copy = settings.directory / f"archive.db.before-{NEXT}"
        assert copy.stat().st_mode & 0o777 == 0o600


def test_rebuilding_a_table_loses_no_rows_that_refer_to_it(stocked, settings, next_step):
    """A batch migration drops and makes the table again: with foreign keys on, that takes others along."""
    next_step(
        'with op.batch_alter_table("entries", recreate="auto") as batch:\n'
        '        batch.add_column(sa.Column("weight", sa.Integer(), server_default="1"))'
    )
    with open_archive(settings, write=True) as archive:
        assert [archive.history(one.id) for one in archive.export()] == stocked


@pytest.mark.parametrize(
    "what",
    ['op.execute("DELETE FROM revisions")', 'op.execute("DELETE FROM revisions WHERE number=2")'],
)
def test_a_migration_that_loses_rows_changes_nothing(
    stocked, settings, next_step, what, monkeypatch
):
    next_step(what)
    with pytest.raises(ArchiveError, match="would lose rows of revisions"):
        open_archive(settings, write=True)
    monkeypatch.undo()
    with open_archive(settings, write=True) as archive:
        assert [archive.history(one.id) for one in archive.export()] == stocked


def test_a_migration_that_fails_half_way_changes_nothing(stocked, settings, next_step, monkeypatch):
    next_step('op.execute("UPDATE revisions SET title = \'x\'"); op.execute("no such thing")')
    with pytest.raises(ArchiveError):
        open_archive(settings, write=True)
    monkeypatch.undo()
    with open_archive(settings, write=True) as archive:
        assert [archive.history(one.id) for one in archive.export()] == stocked
    assert database_of.SCHEMA_VERSION == SCHEMA_VERSION
    assert NOON


def test_topics_that_were_counted_by_stories_are_counted_by_what_they_show(settings):
    """As 0004 does it, of an archive of before."""
    topics = [
        Topic(slug=one.value, title="All", query="*", collapse=one)
        for one in (Collapse.STORY, Collapse.NONE)
    ]
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE, TWO)
        desk.topics(*topics)
        for feed in (ONE, TWO):
            desk.bring(feed, item("a", feed=feed, title="a", text="The same words."))
        right = [(one.stories, one.announced) for one in archive.topics.states()]
        with archive._database.writing() as connection:
            for statement in (
                "UPDATE topics SET stories = 1, announced = 1, published_version = version",
                "DROP INDEX entries_returned",
                "ALTER TABLE entries DROP COLUMN returned",
                "UPDATE meta SET value = '0003' WHERE name = 'schema'",
            ):
                connection.exec_driver_sql(statement)
    with open_archive(settings, write=True) as archive:
        assert [(one.stories, one.announced) for one in archive.topics.states()] == right
        assert right == [(1, 1), (2, 2)]
        assert [one.topic.slug for one in archive.published.behind()] == ["none"]
