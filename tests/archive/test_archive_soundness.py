"""Damage of the archive is found where it stands, by a backup and by whoever asks."""

import os
import sqlite3
import tarfile
from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, Desk, answer, item

from aggregator.archive import check_restore, open_archive
from aggregator.model.errors import ArchiveError
from aggregator.model.settings import ArchiveSettings

DAYS = [NOON, NOON + timedelta(days=1)]


@pytest.fixture
def kept(archive_url, tmp_path):
    """Settings of an archive with two capture files of two records each, on each database."""
    settings = ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE)
        for at in DAYS:
            for name in ("a", "b"):
                body = os.urandom(3000)
                desk.bring(ONE, item(f"{name}{at:%d}"), at=at, response=answer(ONE, at, body))
    return settings


def files_of(settings):
    return sorted((settings.directory / "captures").iterdir())


def nothing(settings):
    return []


def a_sign(settings):
    path, _ = files_of(settings)
    with path.open("r+b") as file:
        file.seek(1500)
        byte = file.read(1)
        file.seek(1500)
        file.write(bytes([byte[0] ^ 1]))
    return [f"{path.name}: 1 of 2 captures cannot be read"]


def a_hole(settings):
    path, _ = files_of(settings)
    size = path.stat().st_size
    path.write_bytes(bytes(size))
    return [f"{path.name}: 2 of 2 captures cannot be read"]


def an_end(settings):
    _, path = files_of(settings)
    os.truncate(path, path.stat().st_size - 8)
    return [f"{path.name}: 1 of 2 captures cannot be read"]


def a_file(settings):
    _, path = files_of(settings)
    path.unlink()
    return [f"{path.name} is not there; captures in it: 2"]


def a_folder_in_its_place(settings):
    _, path = files_of(settings)
    path.unlink()
    path.mkdir()
    return [f"{path.name} cannot be read: Is a directory; captures in it: 2"]


def both(settings):
    return [*a_sign(settings), *a_file(settings)]


def what_nobody_refers_to(settings):
    _, path = files_of(settings)
    with path.open("ab") as file:
        file.write(b"half a record")
    (path.parent / "20250101-another.warc.gz").write_bytes(b"no record")
    return []


@pytest.mark.parametrize(
    "damage", [nothing, a_sign, a_hole, an_end, a_file, both, what_nobody_refers_to]
)
def test_a_damaged_capture_is_told_by_a_backup_and_by_who_asks(kept, damage, tmp_path):
    told = damage(kept)
    with open_archive(kept) as archive:
        assert list(archive.backup(tmp_path / "b.tar")) == told
        assert list(archive.damaged_captures()) == told
        found = archive.examine()
    assert (list(found.captures), found.database, found.read) == (told, (), 4)
    assert found.whole is (told == [])
    # What a restore of it says, where nothing makes good what it lacks.
    fresh = ArchiveSettings(directory=tmp_path / "fresh", free_space=0)
    if not told:
        assert check_restore(tmp_path / "b.tar", fresh) == ()
        return
    with pytest.raises(ArchiveError, match="lacks some") as raised:
        check_restore(tmp_path / "b.tar", fresh)
    assert len(raised.value.further) == len(told)


def test_what_no_disk_reads_is_one_fault_among_others(kept):
    told = a_folder_in_its_place(kept)
    with open_archive(kept) as archive:
        assert list(archive.damaged_captures()) == told


def test_a_backup_of_damaged_captures_holds_all_that_is_there(kept, tmp_path):
    a_sign(kept)
    with open_archive(kept) as archive:
        archive.backup(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        for path in files_of(kept):
            assert tar.extractfile(f"captures/{path.name}").read() == path.read_bytes()


def test_progress_counts_every_capture(kept):
    a_file(kept)
    seen = []
    with open_archive(kept) as archive:
        archive.damaged_captures(lambda advance, name: seen.append((advance, name)))
        assert archive.count_captures() == 4
    assert sum(advance for advance, _ in seen) == 4
    assert len({name for _, name in seen}) == 2


ON_SQLITE = pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)


def page_of(file, name):
    """Where the first page of a table or index begins, and how long pages are."""
    with sqlite3.connect(file) as plain:
        (root,) = plain.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", [name]
        ).fetchone()
        (size,) = plain.execute("PRAGMA page_size").fetchone()
    plain.close()
    return (root - 1) * size, size


@ON_SQLITE
@pytest.mark.parametrize("name", ["captures_file", "revisions", "search_docsize"])
def test_a_damaged_page_is_found(kept, name):
    file = kept.directory / "archive.db"
    begin, size = page_of(file, name)
    with file.open("r+b") as database:
        database.seek(begin)
        database.write(os.urandom(size))
    with open_archive(kept) as archive:
        found = archive.examine()
    assert found.database
    assert not found.whole


@ON_SQLITE
def test_a_row_that_an_index_does_not_know_is_found(kept):
    """A page of another time, each sound by itself: what a look at single pages passes over."""
    file = kept.directory / "archive.db"
    begin, size = page_of(file, "captures_file")
    before = file.read_bytes()[begin : begin + size]
    with open_archive(kept, write=True) as archive:
        desk = Desk(archive, kept)
        desk.bring(ONE, item("late"), at=DAYS[1], response=answer(ONE, DAYS[1], b"late"))
    with file.open("r+b") as database:
        database.seek(begin)
        database.write(before)
    with open_archive(kept) as archive:
        assert "captures_file" in " ".join(archive.examine().database)


@ON_SQLITE
def test_a_reference_to_nothing_is_found(kept):
    with sqlite3.connect(kept.directory / "archive.db") as plain:
        plain.execute("PRAGMA foreign_keys = OFF")
        plain.execute("DELETE FROM entries")
    plain.close()
    with open_archive(kept) as archive:
        found = archive.examine()
    assert any("refers to a row of entries that is not there" in line for line in found.database)


@pytest.mark.parametrize("archive_url", ["postgresql"], indirect=True)
def test_a_table_that_a_server_cannot_read_is_found(kept):
    with open_archive(kept, write=True) as archive, archive._database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE fetches RENAME TO lost")
    try:
        with open_archive(kept) as archive:
            (fault,) = archive.examine().database
        assert fault.startswith("fetches: ")
    finally:
        with open_archive(kept, write=True) as archive, archive._database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE lost RENAME TO fetches")


def test_to_look_beside_a_writer_changes_nothing(kept, tmp_path):
    with open_archive(kept, write=True) as writer:
        before = {path: path.read_bytes() for path in files_of(kept)}
        with open_archive(kept) as archive:
            assert archive.examine().whole
        assert {path: path.read_bytes() for path in files_of(kept)} == before
        Desk(writer, kept).bring(ONE, item("after"))


@ON_SQLITE
def test_what_is_no_damage_is_no_finding(kept, monkeypatch):
    def locked(_):
        raise ArchiveError("the database is locked by another program")

    monkeypatch.setattr("aggregator.archive.soundness._sqlite_faults", locked)
    with open_archive(kept) as archive, pytest.raises(ArchiveError, match="locked"):
        archive.examine()
