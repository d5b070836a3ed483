"""What a restore refuses, what it brings back of a damaged backup, and where it puts things."""

import errno
import os
import shutil
import sqlite3
import tarfile
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from archivedesk import NOON, ONE, TWO, Desk, answer, item
from damages import (
    change_a_text,
    cut_at_a_member,
    cut_at_the_end,
    cut_in_a_capture,
    cut_in_a_header,
    files_in,
    leave_a_file_out,
    members,
    rewrite,
    zero_a_header,
    zero_in_a_capture,
)
from msgspec.structs import replace

from aggregator.archive import check_restore, open_archive, restore
from aggregator.model.errors import AlreadyRunning, ArchiveError, FetchError, UsageError
from aggregator.model.feed import FailureKind
from aggregator.model.hub import Subscriber
from aggregator.model.settings import ArchiveSettings
from aggregator.model.topic import Topic

DAYS = [NOON, NOON + timedelta(days=1)]


@pytest.fixture
def kept(tmp_path):
    """An archive with two capture files, and its settings."""
    settings = ArchiveSettings(directory=tmp_path / "archive", free_space=0)
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE)
        for at in DAYS:
            body = os.urandom(3000)
            desk.bring(ONE, item(f"{at:%d}"), at=at, response=answer(ONE, at, body))
            desk.bring(ONE, item(f"{at:%d} b"), at=at, response=answer(ONE, at, body[::-1]))
    return settings


@pytest.fixture
def backup(kept, tmp_path):
    """A sound backup of it."""
    with open_archive(kept) as archive:
        archive.backup(tmp_path / "b.tar")
    return tmp_path / "b.tar"


@pytest.fixture
def fresh(tmp_path):
    """Settings of an archive that is not there."""
    return ArchiveSettings(directory=tmp_path / "fresh", free_space=0)


@pytest.fixture
def elsewhere(tmp_path):
    """A folder on another file system."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def bodies(settings):
    """Every capture that can be read."""
    with open_archive(settings) as archive:
        found = {}
        for record in archive.export():
            for one in archive.history(record.id):
                try:
                    found[one.capture] = archive.capture(one.capture)
                except ArchiveError:
                    found[one.capture] = None
        return found


DAMAGES = [
    (cut_at_a_member, "cut off", 2),
    (cut_in_a_header, "cut off", 2),
    (cut_in_a_capture, "1 of 2 captures cannot be read", 3),
    (cut_at_the_end, "cut off", 4),
    (zero_in_a_capture, "1 of 2 captures cannot be read", 3),
    (zero_a_header, "cut off, or has a hole", 2),
    (leave_a_file_out, "is not in it; captures in that file: 2", 2),
    (change_a_text, "archive.db is not as it was written", 4),
]


@pytest.mark.parametrize(
    ("damage", "told", "left"), DAMAGES, ids=[damage.__name__ for damage, _, _ in DAMAGES]
)
def test_a_damaged_backup_is_refused_and_what_is_left_can_be_had(
    kept, backup, fresh, damage, told, left
):
    before = bodies(kept)
    damage(backup)
    for refusing in (check_restore, restore):
        with pytest.raises(ArchiveError, match="lacks some") as raised:
            refusing(backup, fresh)
        assert told in str(raised.value)
        assert "--damaged" in raised.value.hint
        assert not fresh.directory.exists()
    assert told in "\n".join(check_restore(backup, fresh, damaged=True))
    assert told in "\n".join(restore(backup, fresh, damaged=True))
    after = bodies(fresh)
    assert after.keys() == before.keys()
    assert sum(after[name] == before[name] for name in before) == left


@pytest.mark.parametrize("there", [False, True], ids=["absent", "there"])
def test_a_refused_restore_leaves_nothing_behind(backup, tmp_path, there):
    settings = ArchiveSettings(directory=tmp_path / "deep" / "fresh", free_space=0)
    if there:
        settings.directory.mkdir(parents=True)
        (settings.directory / "notes").write_text("mine")
    before = files_of(tmp_path)
    leave_a_file_out(backup)
    with pytest.raises(ArchiveError, match="lacks some"):
        restore(backup, settings)
    assert files_of(tmp_path) == before


def files_of(folder):
    return {path for path in folder.rglob("*") if "deep" in path.parts}


def test_a_refused_restore_leaves_the_locks_of_others(backup, kept):
    with pytest.raises(ArchiveError, match="it has entries"):
        restore(backup, kept)
    assert (kept.directory / "writer.lock").exists()


def test_a_sound_backup_lacks_nothing(kept, backup, fresh):
    assert check_restore(backup, fresh) == ()
    assert not fresh.directory.exists()
    assert restore(backup, fresh) == ()
    assert bodies(fresh) == bodies(kept)
    left = {path.name for path in fresh.directory.iterdir()}
    assert left <= {"archive.db", "archive.db.lock", "writer.lock", "captures"}


def test_a_backup_of_before_there_were_digests(kept, backup, fresh):
    rewrite(backup, leave_out="archive.db.sha256")
    assert restore(backup, fresh) == ()
    assert bodies(fresh) == bodies(kept)


@pytest.mark.parametrize("place", ["in its middle", "in its header"])
def test_a_database_that_is_cut_or_overwritten_is_refused_in_any_case(backup, fresh, place):
    start = members(backup)["archive.db"].offset_data
    with backup.open("r+b") as file:
        if place == "in its header":
            file.seek(start)
            file.write(b"x" * 9000)
        else:
            file.truncate(start + 20_000)
    for refusing in (check_restore, restore):
        for damaged in (False, True):
            with pytest.raises(ArchiveError, match="the database in the backup is damaged") as told:
                refusing(backup, fresh, damaged=damaged)
            assert told.value.where == str(backup)
    assert not (fresh.directory / "archive.db").exists()


def test_a_database_that_is_no_archive(tmp_path, fresh):
    with sqlite3.connect(tmp_path / "archive.db") as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.add(tmp_path / "archive.db", arcname="archive.db")
    with pytest.raises(UsageError, match="is no archive"):
        restore(tmp_path / "b.tar", fresh)


def test_captures_that_were_missing_before_the_backup(kept, tmp_path, fresh):
    gone, cut = sorted((kept.directory / "captures").iterdir())
    gone.unlink()
    os.truncate(cut, 4000)
    with open_archive(kept) as archive:
        told = "\n".join(archive.missing_captures())
        archive.backup(tmp_path / "b.tar")
    assert f"{gone.name} is not there; captures in it: 2" in told
    assert f"{cut.name} is cut off: 4000 bytes" in told
    with pytest.raises(ArchiveError, match="lacks some"):
        restore(tmp_path / "b.tar", fresh)
    assert len(restore(tmp_path / "b.tar", fresh, damaged=True)) == 2
    assert bodies(fresh) == bodies(kept)


def test_captures_that_are_there_still_make_good_what_a_backup_lacks(kept, backup, fresh):
    leave_a_file_out(backup)
    shutil.copytree(kept.directory / "captures", fresh.directory / "captures")
    assert restore(backup, fresh) == ()
    assert bodies(fresh) == bodies(kept)


def test_links_are_followed_to_where_they_lead(kept, backup, fresh, elsewhere):
    fresh.directory.mkdir()
    (elsewhere / "captures").mkdir()
    (fresh.directory / "captures").symlink_to(elsewhere / "captures")
    (fresh.directory / "archive.db").symlink_to(elsewhere / "real.db")
    with open_archive(fresh, write=True):
        pass
    restore(backup, fresh)
    assert (fresh.directory / "archive.db").readlink() == elsewhere / "real.db"
    assert (fresh.directory / "captures").is_symlink()
    assert len(list((elsewhere / "captures").glob("*.warc.gz"))) == 2
    assert bodies(fresh) == bodies(kept)


@pytest.mark.parametrize("apart", [False, True], ids=["in one place", "on two disks"])
def test_a_restore_that_was_interrupted_is_begun_again(
    kept, backup, fresh, apart, monkeypatch, request
):
    place = fresh.directory / "archive.db"
    if apart:
        place = request.getfixturevalue("elsewhere") / "archive.db"
        fresh = replace(fresh, database=f"sqlite:///{place}")
    for step in range(20):
        with monkeypatch.context() as patched:
            interrupt_at(patched, step)
            try:
                restore(backup, fresh)
                break
            except KeyboardInterrupt:
                pass
        # Whole or not there: there when all that was left is that its name survives a power cut.
        if not place.exists():
            restore(backup, fresh)
        assert bodies(fresh) == bodies(kept)
        shutil.rmtree(fresh.directory)
        place.unlink(missing_ok=True)
    assert step >= 6
    assert bodies(fresh) == bodies(kept)


def interrupt_at(patched, step):
    """End the process, as it were, where it syncs or names a file for the nth time."""
    steps = iter(range(step + 1))

    def interrupted(call):
        def wrapped(*given, **named):
            if next(steps, None) == step:
                raise KeyboardInterrupt
            return call(*given, **named)

        return wrapped

    patched.setattr(os, "fsync", interrupted(os.fsync))
    patched.setattr(os, "replace", interrupted(os.replace))


def test_what_a_killed_restore_left_is_cleared_away(backup, fresh):
    left = fresh.directory / "archive.db.restoring-abc"
    left.mkdir(parents=True)
    (left / "archive.db").write_bytes(b"half")
    half = fresh.directory / "captures" / f"{files_in(backup)[0].split('/')[1]}.restoring"
    half.parent.mkdir()
    half.write_bytes(b"half")
    restore(backup, fresh)
    assert not left.exists()
    assert not half.exists()


def test_a_damaged_archive_is_to_be_moved_away(backup, fresh):
    fresh.directory.mkdir()
    (fresh.directory / "archive.db").write_bytes(b"x" * 9000)
    with pytest.raises(ArchiveError) as told:
        restore(backup, fresh)
    assert told.value.hint == "move it away, then restore again"
    assert (fresh.directory / "archive.db").read_bytes() == b"x" * 9000


def subscribe_at_the_hub(archive, desk):
    with archive.subscribers(write=True) as hub:
        hub.keep(
            Subscriber(
                path="topics/all.atom", callback="https://reader.example/", host="reader.example",
                secret=None, until=NOON, settled=b"", failures=0, next_try=None,
            )
        )  # fmt: skip


def read_an_empty_feed(archive, desk):
    desk.bring(ONE)


def publish_a_private_topic(archive, desk):
    desk.topics(Topic(slug="mine", title="Mine", query="*", private=True))
    archive.published.mark("mine", 1)


@pytest.mark.parametrize(
    "fill", [subscribe_at_the_hub, read_an_empty_feed, publish_a_private_topic]
)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_would_be_lost_is_not_overwritten(backup, fresh, fill, database, request):
    if database == "postgresql":
        fresh = replace(fresh, database=request.getfixturevalue("new_postgres_archive"))
    with open_archive(fresh, write=True) as archive:
        desk = Desk(archive, fresh)
        desk.subscribe(ONE)
        fill(archive, desk)
    for refusing in (check_restore, restore):
        with pytest.raises(ArchiveError, match="this archive is not empty: "):
            refusing(backup, fresh)


def test_what_was_only_tried_is_overwritten(kept, backup, fresh):
    with open_archive(fresh, write=True) as archive:
        desk = Desk(archive, fresh)
        desk.subscribe(ONE, TWO)
        desk.topics(Topic(slug="all", title="All", query="*"))
        archive.published.mark("all", 1)
        desk.fail(ONE, FetchError("no address", url=ONE, kind=FailureKind.DNS))
    check_restore(backup, fresh)
    restore(backup, fresh)
    assert bodies(fresh) == bodies(kept)


def test_a_look_refuses_an_archive_that_somebody_writes(backup, fresh, database_url):
    fresh = replace(fresh, database=database_url)
    daemon = open_archive(fresh, write=True, purpose="the daemon")
    with daemon, pytest.raises(AlreadyRunning, match="the daemon"):
        check_restore(backup, fresh)
    assert check_restore(backup, fresh) == ()
    restore(backup, fresh)


def test_a_folder_that_is_not_there(backup, fresh, tmp_path):
    settings = replace(fresh, database=f"sqlite:///{tmp_path}/none/archive.db")
    for refusing in (check_restore, restore):
        with pytest.raises(ArchiveError, match="there is no folder"):
            refusing(backup, settings)


def test_another_programs_database_is_not_overwritten(backup, fresh, tmp_path):
    with sqlite3.connect(tmp_path / "recipes.db") as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()
    settings = replace(fresh, database=f"sqlite:///{tmp_path}/recipes.db")
    for refusing in (check_restore, restore):
        with pytest.raises(ArchiveError, match="another program's database"):
            refusing(backup, settings)


def test_a_file_in_place_of_a_folder(backup, fresh):
    fresh.directory.write_text("mine")
    for refusing in (check_restore, restore):
        with pytest.raises(ArchiveError, match="this is a file, where a folder must be"):
            refusing(backup, fresh)
    assert fresh.directory.read_text() == "mine"


def test_a_file_in_place_of_the_captures(backup, fresh):
    fresh.directory.mkdir()
    (fresh.directory / "captures").write_text("mine")
    for refusing in (check_restore, restore):
        with pytest.raises(ArchiveError, match="this is a file, where a folder must be"):
            refusing(backup, fresh)
    assert (fresh.directory / "captures").read_text() == "mine"
    assert not (fresh.directory / "archive.db").exists()


def test_a_disk_that_fills_up_meanwhile(kept, backup, fresh, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ArchiveError, match="cannot be put in place: No space left"):
            restore(backup, fresh)
    assert not (fresh.directory / "archive.db").exists()
    restore(backup, fresh)
    assert bodies(fresh) == bodies(kept)


@pytest.mark.parametrize(
    "refused", [(tempfile, "mkdtemp"), (tarfile, "open")], ids=["folder", "file"]
)
def test_what_may_not_be_read_or_written_is_told(backup, fresh, refused, monkeypatch):
    def no(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(fresh.directory))

    monkeypatch.setattr(*refused, no)
    for refusing in (check_restore, restore):
        with pytest.raises((ArchiveError, UsageError), match=r"may not be used|cannot be read"):
            refusing(backup, fresh)


def test_a_full_disk_is_told_before_anything_is_unpacked(backup, fresh, monkeypatch):
    monkeypatch.setattr("aggregator.archive.restoring.free_bytes", lambda _: 1000)
    for refusing in (check_restore, restore):
        with pytest.raises(ArchiveError, match=r"restoring needs .* not free"):
            refusing(backup, fresh)
