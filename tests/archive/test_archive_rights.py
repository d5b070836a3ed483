"""Who may read what holds the addresses of private topics: its owner alone."""

import os
import stat
import tarfile

import pytest
from archivedesk import ONE, Desk, item
from msgspec.structs import replace

from aggregator.archive import open_archive, restore


@pytest.fixture(autouse=True)
def usual_rights():
    """What most systems give a new file: everybody may read it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_backup_is_its_owners_alone_and_so_is_what_is_restored_of_it(desk, settings, tmp_path):
    desk.bring(ONE, item("a"))
    desk.archive.backup(tmp_path / "b.tar")
    assert rights(tmp_path / "b.tar") == 0o600
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert tar.getmember("archive.db").mode == 0o600
    fresh = replace(settings, directory=tmp_path / "fresh", database="")
    restore(tmp_path / "b.tar", fresh)
    assert rights(fresh.directory / "archive.db") == 0o600


ON_SQLITE = pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_a_new_database_is_its_owners_alone_with_what_is_beside_it(desk, settings):
    desk.bring(ONE, item("a"))
    files = list(settings.directory.glob("archive.db*"))
    assert {path.name for path in files} >= {"archive.db", "archive.db-wal", "archive.db-shm"}
    assert {rights(path) for path in files if path.suffix != ".lock"} == {0o600}


@ON_SQLITE
def test_the_rights_of_a_database_that_is_there_are_left(settings):
    with open_archive(settings, write=True):
        pass
    file = settings.directory / "archive.db"
    file.chmod(0o640)
    with open_archive(settings, write=True) as archive:
        Desk(archive, settings).subscribe(ONE)
    assert rights(file) == 0o640


@ON_SQLITE
def test_a_database_that_is_a_link_to_another_disk_is_made_there(settings, tmp_path):
    settings.directory.mkdir()
    (settings.directory / "archive.db").symlink_to(tmp_path / "real.db")
    with open_archive(settings, write=True):
        pass
    assert rights(tmp_path / "real.db") == 0o600
    assert (settings.directory / "archive.db").is_symlink()
