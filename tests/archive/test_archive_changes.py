"""What publishers revised or took away, newest first, on each database."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from archivedesk import NOON, ONE, TWO, item

from aggregator.archive import changes, open_archive
from aggregator.model.settings import ArchiveSettings
from aggregator.query import parse

HOUR = timedelta(hours=1)


def told(archive, **asked):
    return [(one.at, one.entry.title, one.number, one.changed) for one in archive.changes(**asked)]


@pytest.fixture
def changed(desk):
    """Torres was revised twice, rain vanished, and came back; the mayor is gone."""
    desk.subscribe(ONE, TWO)
    torres, rain, mayor, old = item("torres"), item("rain"), item("mayor"), item("old")
    desk.bring(ONE, torres, rain, mayor, old, at=NOON)
    desk.bring(ONE, item("torres", title="Torres leaves"), rain, mayor, old, at=NOON + HOUR)
    desk.bring(ONE, item("torres", title="Torres leaves"), mayor, old, at=NOON + 2 * HOUR)
    desk.bring(ONE, item("torres", title="Torres stays", text="He does."), old, at=NOON + 3 * HOUR)
    desk.bring(ONE, item("torres", title="Torres stays", text="He does."), rain, old, at=NOON + 4 * HOUR)  # fmt: skip
    desk.bring(TWO, item("other", feed=TWO), at=NOON)
    return desk.archive


def test_revisions_and_what_vanished_come_newest_first(changed):
    assert told(changed) == [
        (NOON + 4 * HOUR, "Title of mayor", 1, None),
        (NOON + 3 * HOUR, "Torres stays", 3, ("title", "text")),
        (NOON + HOUR, "Torres stays", 2, ("title",)),
    ]


def test_since_and_query_narrow_them(changed):
    assert [row[0] for row in told(changed, since=NOON + 3 * HOUR)] == [NOON + 4 * HOUR, NOON + 3 * HOUR]  # fmt: skip
    assert [row[2] for row in told(changed, query=parse("stays"))] == [3, 2]
    assert told(changed, query=parse("leaves")) == []


def test_what_came_was_revised_vanished_or_came_back_since_then_is_exported(changed):
    def exported(since):
        return {one.title for one in changed.export(changed=since)}

    assert exported(NOON + 3 * HOUR) == {"Torres stays", "Title of mayor", "Title of rain"}
    assert exported(NOON + 4 * HOUR) == {"Title of mayor", "Title of rain"}
    assert exported(NOON + 5 * HOUR) == set()
    assert len(exported(NOON)) == 5


@pytest.mark.parametrize("portion", [1, 2, 3])
def test_portions_leave_nothing_out_and_tell_nothing_twice(desk, monkeypatch, portion):
    monkeypatch.setattr(changes, "_PORTION", portion)
    names = [f"n{n}" for n in range(5)]
    desk.bring(ONE, *map(item, names), item("last"))
    # All of one moment, as a batch is.
    desk.bring(ONE, *(item(name, title="Other") for name in names), item("last"), at=NOON + HOUR)
    for hours in (2, 3):
        desk.bring(ONE, item("last"), at=NOON + hours * HOUR)
    found = [(one.at, one.entry.id, one.number, one.changed) for one in desk.archive.changes()]
    assert len(found) == len(set(found)) == 10
    assert [one[0] for one in found] == [NOON + 3 * HOUR] * 5 + [NOON + HOUR] * 5


def test_the_indices_made_for_them_are_used(tmp_path):
    """On SQLite, which plans the same whatever the tables hold."""
    queries = []

    def note(_connection, _cursor, statement, parameters, *_):
        queries.append((statement, parameters))

    of = ArchiveSettings(directory=tmp_path, free_space=0)
    with open_archive(of, write=True) as archive, archive._database.reading() as connection:
        sa.event.listen(connection.engine, "before_cursor_execute", note)
        assert list(archive.changes(since=NOON)) == []
        asked = [one for one in queries if one[0].startswith("SELECT")]
        plan = "".join(
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
            for statement, values in asked
        )
    assert "revisions_changes" in plan
    assert "entries_vanished" in plan
    assert "TEMP B-TREE" not in plan
