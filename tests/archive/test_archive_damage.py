"""What stands in the database and is not what was written is told as damage, not as a bug of ours."""

import pytest
from archivedesk import NOON, ONE, item

from aggregator.model.errors import ArchiveError
from aggregator.query import parse


@pytest.mark.parametrize(
    "read",
    [
        lambda archive: archive.search(parse("words"), now=NOON),
        lambda archive: archive.entry(item("a").id),
        lambda archive: archive.history(item("a").id),
        lambda archive: list(archive.export()),
        lambda archive: list(archive.changes()),
    ],
    ids=["search", "entry", "history", "export", "changes"],
)
def test_a_damaged_value_is_told_as_damage(desk, read):
    desk.bring(ONE, item("a"))
    desk.bring(ONE, item("a", title="Another"))
    with desk.archive._database.writing() as connection:
        connection.exec_driver_sql("UPDATE revisions SET authors = '[\"Ida'")
    with pytest.raises(ArchiveError, match="damaged") as raised:
        read(desk.archive)
    assert "restore" in raised.value.hint
