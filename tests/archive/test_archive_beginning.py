"""A new archive begins where nothing tells of an earlier one, and nowhere else."""

import os
import shutil
from pathlib import Path

import pytest
from archivedesk import NOON, ONE, Desk, item
from msgspec.structs import replace

from aggregator.archive import open_archive, refuse_lost, restore
from aggregator.archive.lock import WriterLock
from aggregator.model.errors import AlreadyRunning, ArchiveError
from aggregator.model.settings import ArchiveSettings


@pytest.fixture
def empty(database_url, tmp_path):
    """Settings of an archive that was never made, on each database."""
    return ArchiveSettings(directory=tmp_path / "archive", database=database_url, free_space=0)


def a_capture(directory: Path) -> str:
    (directory / "captures").mkdir(parents=True)
    (directory / "captures" / "20260302-here.warc.gz").write_bytes(b"a record")
    return "captures holds captures; files: 1"


def a_link_to_nowhere(directory: Path) -> str:
    directory.mkdir()
    (directory / "captures").symlink_to(directory / "not mounted")
    return "captures is a link to a folder that is not there"


def published_elsewhere(directory: Path) -> str:
    return "the public folder"


def everything_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("left", [a_capture, a_link_to_nowhere, published_elsewhere])
def test_none_begins_where_something_of_an_earlier_one_is_left(empty, tmp_path, left):
    told = left(empty.directory)
    places = []

    def elsewhere(location: str) -> tuple[str, ...]:
        places.append(location)
        return (told,) if left is published_elsewhere else ()

    before = everything_in(tmp_path)

    def begin():
        open_archive(empty, write=True, elsewhere=elsewhere).close()

    if empty.database and left is not published_elsewhere:
        # They may be another database's.
        begin()
        return
    for refusing in (begin, lambda: refuse_lost(empty, elsewhere)):
        with pytest.raises(ArchiveError, match="what belongs to one is there") as raised:
            refusing()
        assert told in str(raised.value)
        assert "archive restore" in raised.value.hint
    assert len(places) == 2
    assert len(set(places)) == 1
    if not empty.database:
        # Nothing is made where a disk may be mounted later.
        assert everything_in(tmp_path) == before


def nothing(directory: Path) -> None:
    pass


def an_empty_folder(directory: Path) -> None:
    (directory / "captures").mkdir(parents=True)


def what_is_none_of_ours(directory: Path) -> None:
    (directory / "captures").mkdir(parents=True)
    (directory / "captures" / "notes").write_text("mine")
    (directory / "README.md").write_text("mine")


@pytest.mark.parametrize("there", [nothing, an_empty_folder, what_is_none_of_ours])
def test_one_begins_where_nothing_is_left(empty, there):
    there(empty.directory)
    refuse_lost(empty)
    for _ in range(2):
        with open_archive(empty, write=True) as archive:
            assert archive.stats().entries == 0


def test_one_that_is_there_is_opened_whatever_stands_elsewhere(empty):
    with open_archive(empty, write=True) as archive:
        desk = Desk(archive, empty)
        desk.subscribe(ONE)
        desk.bring(ONE, item("a"))
    told = ("the public folder",)
    refuse_lost(empty, lambda _: told)
    with open_archive(empty, write=True, elsewhere=lambda _: told) as archive:
        assert archive.stats().entries == 1


@pytest.fixture
def kept(tmp_path):
    """An archive with an entry and its capture, and its settings."""
    settings = ArchiveSettings(directory=tmp_path / "archive", free_space=0)
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE)
        desk.bring(ONE, item("a"), at=NOON)
        archive.backup(tmp_path / "b.tar")
    return settings


@pytest.mark.parametrize("empty_file", [False, True], ids=["gone", "empty"])
def test_a_database_that_was_lost_is_restored_beside_its_captures(kept, tmp_path, empty_file):
    file = kept.directory / "archive.db"
    file.unlink()
    if empty_file:
        file.touch()
    with pytest.raises(ArchiveError, match="what belongs to one is there"):
        open_archive(kept, write=True)
    restore(tmp_path / "b.tar", kept)
    with open_archive(kept, write=True) as archive:
        assert archive.stats().entries == 1


def test_a_restore_that_runs_is_waited_for(kept):
    (kept.directory / "archive.db").unlink()
    held = WriterLock(kept.directory, "aggregator archive restore")
    with pytest.raises(AlreadyRunning, match="aggregator archive restore"):
        open_archive(kept, write=True)
    held.release()
    with pytest.raises(ArchiveError, match="what belongs to one is there"):
        open_archive(kept, write=True)


def test_another_database_is_a_first_start(kept, postgres_url):
    """Its captures go beside those of the first: each database knows its own."""
    moved = replace(kept, database=postgres_url)
    with open_archive(moved, write=True) as archive:
        assert archive.stats().entries == 0


def test_the_log_of_a_database_that_was_lost_is_not_deleted(kept):
    shutil.rmtree(kept.directory / "captures")
    file, log = kept.directory / "archive.db", kept.directory / "archive.db-wal"
    file.unlink()
    log.write_bytes(b"what was committed last")
    with pytest.raises(ArchiveError, match="what belongs to one is there") as raised:
        open_archive(kept, write=True)
    assert str(raised.value).endswith(f"{log} is the log of a database")
    os.truncate(log, 0)
    with open_archive(kept, write=True):
        pass
