"""Backup and restore as commands: a dry run refuses what the real one refuses."""

import os
import resource
import tarfile

import pytest

from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings


@pytest.fixture
def backed_up(collected, tmp_path):
    """A place with entries, and its backup b.tar."""
    assert collected.run("archive", "backup", "b.tar").code == 0
    return collected


def both(place, *command):
    """How the dry run ended, and then the command itself."""
    return place.run(*command, "--dry-run"), place.run(*command)


def test_a_dry_run_of_a_backup_refuses_what_the_backup_refuses(backed_up, tmp_path):
    for target, words in (("b.tar", "exists already"), ("none/b.tar", "there is no folder none")):
        dry, real = both(backed_up, "archive", "backup", target)
        assert words in dry.err
        assert (dry.code, dry.err) == (real.code, real.err) != (0, "")
    before = sorted(tmp_path.iterdir())
    ran = backed_up.run("archive", "backup", "c.tar", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("would copy ")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("source", ["none.tar", "config", "config/feeds.opml"])
def test_a_dry_run_of_a_restore_refuses_what_is_no_backup(place, source):
    dry, real = both(place, "archive", "restore", source)
    assert dry.code == 2
    assert (dry.code, dry.err) == (real.code, real.err)
    assert not (place.folder / "archive/archive.db").exists()


def test_a_dry_run_of_a_restore_refuses_an_archive_that_is_not_empty(backed_up):
    dry, real = both(backed_up, "archive", "restore", "b.tar")
    assert "this archive is not empty: it has entries" in dry.err
    assert (dry.code, dry.err) == (real.code, real.err) == (3, real.err)


def test_a_dry_run_of_a_restore_refuses_an_archive_that_is_written(backed_up, tmp_path):
    backed_up.environ("AGGREGATOR_ARCHIVE__DIRECTORY", str(tmp_path / "other"))
    settings = ArchiveSettings(directory=tmp_path / "other", free_space=0)
    with open_archive(settings, write=True, purpose="the daemon"):
        dry, real = both(backed_up, "archive", "restore", "b.tar")
    assert "the daemon" in dry.err
    assert (dry.code, dry.err) == (real.code, real.err) == (4, real.err)


def test_a_damaged_backup_is_named_by_what_it_lacks(backed_up, tmp_path):
    with tarfile.open("b.tar") as tar:
        capture = next(one for one in tar.getmembers() if one.name.endswith(".warc.gz"))
    os.truncate("b.tar", capture.offset)
    backed_up.environ("AGGREGATOR_ARCHIVE__DIRECTORY", str(tmp_path / "other"))
    dry, real = both(backed_up, "archive", "restore", "b.tar")
    assert dry.code == 3
    assert (dry.code, dry.err) == (real.code, real.err)
    name = capture.name.removeprefix("captures/")
    assert f"{name} is not in it; captures in that file: " in dry.err
    assert not (tmp_path / "other/archive.db").exists()
    for ran in both(backed_up, "archive", "restore", "b.tar", "--damaged"):
        assert ran.code == 0
        assert f"{name} is not in it" in ran.err
    assert ran.out == "restored b.tar\n"
    assert backed_up.run("search", "torres").out


@pytest.mark.parametrize("portion", [0.1, 1.001])
def test_a_disk_that_is_full_is_that_of_the_backup(collected, tmp_path, portion):
    """Where the copy of the database has no room, and where it has and the tar file has not."""
    room = int((collected.folder / "archive/archive.db").stat().st_size * portion)

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    ran = collected.spawn("archive", "backup", str(tmp_path / "b.tar"), preexec_fn=little_room)
    assert ran.code == 3
    assert ran.err.startswith(f"aggregator: {tmp_path}/b.tar: the backup cannot be written: ")
    assert ran.err.endswith(" (give another place, or free some disk)\n")
    assert "archive.db" not in ran.err
    assert [one.name for one in tmp_path.iterdir()] == ["config"]


def lose(path):
    path.unlink()
    return f"{path.name} is not there; captures in it: 1"


def damage(path):
    data = path.read_bytes()
    path.write_bytes(data[:-20] + bytes(20))
    return f"{path.name}: 1 of 1 captures cannot be read"


@pytest.mark.parametrize("harm", [lose, damage])
def test_a_backup_tells_of_captures_that_it_lacks_and_is_written_all_the_same(
    collected, harm, tmp_path
):
    (path,) = (collected.folder / "archive/captures").iterdir()
    told = harm(path)
    dry, real = both(collected, "archive", "backup", "b.tar")
    assert (dry.code, dry.err) == (real.code, real.err) == (3, real.err)
    assert "the archive lacks captures, and so does its backup" in real.err
    assert told in real.err
    assert (dry.out[:11], real.out) == ("would copy ", "wrote b.tar\n")
    collected.environ("AGGREGATOR_ARCHIVE__DIRECTORY", str(tmp_path / "other"))
    assert collected.run("archive", "restore", "b.tar").code == 3
    assert collected.run("archive", "restore", "b.tar", "--damaged").code == 0


def test_the_log_of_a_database_that_was_moved_away_is_not_deleted_by_a_restore(backed_up, tmp_path):
    database = backed_up.folder / "archive/archive.db"
    database.rename(tmp_path / "damaged.db")
    log = database.with_name("archive.db-wal")
    log.write_bytes(b"what was committed last")
    dry, real = both(backed_up, "archive", "restore", "b.tar")
    assert (dry.code, dry.err) == (real.code, real.err) == (3, real.err)
    assert "move it to where that database is, then restore again" in real.err
    log.rename(tmp_path / "damaged.db-wal")
    assert backed_up.run("archive", "restore", "b.tar").code == 0


def test_a_backup_that_is_sound_is_restored_without_a_word(backed_up, tmp_path):
    backed_up.environ("AGGREGATOR_ARCHIVE__DIRECTORY", str(tmp_path / "other"))
    dry, real = both(backed_up, "archive", "restore", "b.tar")
    assert (dry.code, dry.out, dry.err) == (0, "would restore b.tar\n", "")
    assert (real.code, real.out) == (0, "restored b.tar\n")
    first, second = real.err.splitlines()
    assert first == "next: put its configuration back too, then aggregator topics publish"
    assert second.startswith("it would be published in ")


def test_a_restore_tells_that_private_addresses_are_those_of_the_backup(place, tmp_path):
    place.topics('[inside]\nquery = "torres"\nprivate = true\n[open]\nquery = "torres"\n')
    place.run("topics", "publish")
    assert place.run("archive", "backup", "b.tar").code == 0
    place.environ("AGGREGATOR_ARCHIVE__DIRECTORY", str(tmp_path / "other"))
    told = place.run("archive", "restore", "b.tar").err
    assert "private topics have the addresses of that time again (inside): " in told
    assert "topics revoke" in told
    # A copy tried out beside the archive that it is of.
    assert "where an archive is already: if that one is still in use, set publish.directory" in told
