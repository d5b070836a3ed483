"""Backup → wipe → restore gives an equal archive, also on the other database."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from archivedesk import NOON, ONE, TWO, Desk, answer, item
from msgspec.structs import replace

from aggregator.archive import backup, open_archive, restore
from aggregator.model.errors import AlreadyRunning, ArchiveError, UsageError
from aggregator.model.settings import ArchiveSettings
from aggregator.model.topic import Topic
from aggregator.query import parse

LATER = NOON + timedelta(hours=2)
ALL = Topic(slug="all", title="All", query="words")


@pytest.fixture
def stocked(desk):
    """An archive with something of everything."""
    desk.subscribe(ONE, TWO)
    desk.topics(ALL, page_size=2)
    desk.bring(
        ONE, item("c"), item("b"), item("a"), response=answer(ONE, NOON, b"<x/>", ETag='"1"')
    )
    desk.bring(ONE, item("c"), item("b", title="b revised"), item("a"), at=LATER)
    desk.bring(TWO, item("z", feed=TWO, title="Title of a", text="Some words about a."), at=LATER)
    return desk


def everything(archive):
    """All that the archive tells, with captures."""
    records = list(archive.export())
    histories = [archive.history(one.id) for one in records]
    references = {one.capture for history in histories for one in history if one.capture}
    return {
        "entries": records,
        "histories": histories,
        "sightings": [archive.sightings(one.story) for one in records],
        "feeds": archive.feeds(),
        "listing": [archive.feed(url) for url in (ONE, TWO)],
        "fetches": [archive.fetches(feed) for feed in archive.feeds()],
        "topics": archive.topics.states(),
        "pages": [
            archive.published.archive_page("all", n + 1)
            for n in range(archive.published.archive_pages("all"))
        ],
        "subscription": archive.published.subscription_page("all", size=5),
        "found": archive.search(parse("revised OR words"), now=LATER),
        "stats": archive.stats(full=True),
        "captures": {name: archive.capture(name) for name in references},
    }


def test_backup_wipe_restore(stocked, settings, tmp_path, request):
    before = everything(stocked.archive)
    target = tmp_path / "archive.backup"
    assert stocked.archive.backup(target) == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "archive.backup"]
    stocked.archive.close()
    shutil.rmtree(settings.directory)
    if settings.database:
        import postgres

        with postgres.database(request.getfixturevalue("postgres_server")) as url:
            _restored_equals(before, target, replace(settings, database=url))
    else:
        _restored_equals(before, target, settings)


@pytest.mark.parametrize("archive_url", ["postgresql", "sqlite"], indirect=True)
def test_a_backup_of_one_database_fits_the_other(stocked, settings, tmp_path, request):
    before = everything(stocked.archive)
    target = tmp_path / "archive.backup"
    stocked.archive.backup(target)
    other = "" if settings.database else request.getfixturevalue("postgres_url")
    moved = replace(settings, directory=tmp_path / "other", database=other)
    _restored_equals(before, target, moved)


def _restored_equals(before, target, settings):
    restore(target, settings)
    with open_archive(settings, write=True) as archive:
        assert everything(archive) == before
        # It goes on as if nothing had been: the same again is no news, and news is.
        desk = Desk(archive, settings)
        assert desk.bring(ONE, item("c"), item("b", title="b revised"), item("a")).new == 0
        assert desk.bring(ONE, item("d"), item("c")).new == 1
        assert desk.bring(ONE, item("d", title="Another"), item("c")).revised == 1
        assert archive.search(parse("another"), now=LATER)


def test_what_was_published_since_the_backup_is_written_again(stocked, settings, tmp_path):
    (state,) = stocked.archive.topics.states()
    stocked.archive.published.mark("all", state.version)
    assert stocked.archive.published.behind() == ()
    stocked.archive.backup(tmp_path / "b")
    moved = replace(settings, directory=tmp_path / "other", database="")
    restore(tmp_path / "b", moved)
    with open_archive(moved) as archive:
        assert [one.topic.slug for one in archive.published.behind()] == ["all"]


def test_restore_refuses_an_archive_with_entries(stocked, settings, tmp_path):
    stocked.archive.backup(tmp_path / "b")
    stocked.archive.close()
    with pytest.raises(ArchiveError, match="not empty"):
        restore(tmp_path / "b", settings)


def test_restore_waits_for_no_writer(stocked, settings, tmp_path):
    stocked.archive.backup(tmp_path / "b")
    with pytest.raises(AlreadyRunning):
        restore(tmp_path / "b", settings)


def test_restore_takes_an_archive_that_was_never_collected_into(
    stocked, settings, tmp_path, request
):
    stocked.archive.backup(tmp_path / "b")
    before = everything(stocked.archive)
    other = request.getfixturevalue("postgres_url") if not settings.database else ""
    fresh = replace(settings, directory=tmp_path / "fresh", database=other)
    with open_archive(fresh, write=True) as archive:
        desk = Desk(archive, fresh)
        desk.subscribe("https://three.example/feed")
        desk.topics(Topic(slug="else", title="Else", query="*"))
    _restored_equals(before, tmp_path / "b", fresh)


def test_captures_that_are_there_are_never_overwritten(stocked, settings, tmp_path):
    stocked.archive.backup(tmp_path / "b")
    captures = sorted((settings.directory / "captures").iterdir())
    fresh = replace(settings, directory=tmp_path / "fresh", database="")
    kept = fresh.directory / "captures" / captures[0].name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"another file of the same name" * 1000)
    with pytest.raises(ArchiveError, match="is another"):
        restore(tmp_path / "b", fresh)
    # One that only went on after the backup stays, longer.
    longer = captures[0].read_bytes() * 2
    kept.write_bytes(longer)
    restore(tmp_path / "b", fresh)
    assert kept.read_bytes() == longer


def test_a_backup_overwrites_nothing(stocked, tmp_path):
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        stocked.archive.backup(tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"
    with pytest.raises(UsageError, match="there is no folder"):
        stocked.archive.backup(tmp_path / "no" / "such" / "folder")


ON_SQLITE = pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_two_backups_to_one_name_at_once_spoil_neither(stocked, settings, tmp_path, monkeypatch):
    """The second begins while the first copies its database, and is done before it."""
    target, whole = tmp_path / "b.tar", []
    copy_database = backup._copy_database

    def slowly(database, copy):
        copy_database(database, copy)
        if not whole:
            whole.append(b"")
            stocked.archive.backup(target)
            whole.append(target.read_bytes())

    monkeypatch.setattr(backup, "_copy_database", slowly)
    with pytest.raises(UsageError, match="exists already"):
        stocked.archive.backup(target)
    assert target.read_bytes() == whole[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "b.tar"]
    restore(target, replace(settings, directory=tmp_path / "other"))


@ON_SQLITE
def test_a_file_that_came_meanwhile_is_not_replaced_where_there_are_no_hard_links(
    stocked, tmp_path, monkeypatch
):
    def link(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    stocked.archive.backup(tmp_path / "b.tar")
    assert tarfile.is_tarfile(tmp_path / "b.tar")
    (tmp_path / "part").write_text("new")
    with pytest.raises(UsageError, match="exists already"):
        backup._put_in_place(tmp_path / "part", tmp_path / "b.tar")


@ON_SQLITE
def test_a_backup_leaves_other_files_beside_it_alone(stocked, tmp_path):
    (tmp_path / "b.tar.part").write_text("mine")
    (tmp_path / "nowhere.tar").symlink_to(tmp_path / "not there")
    stocked.archive.backup(tmp_path / "b.tar")
    assert (tmp_path / "b.tar.part").read_text() == "mine"
    with pytest.raises(UsageError, match="exists already"):
        stocked.archive.backup(tmp_path / "nowhere.tar")
    assert (tmp_path / "nowhere.tar").is_symlink()


# Writes a backup, says where it works, and goes on for ever.
ENDLESS = """
import sys, time
from pathlib import Path
from aggregator.archive import open_archive, backup
from aggregator.model.settings import ArchiveSettings

def copy(_database, copy):
    copy.write_bytes(b"half of it")
    print(copy.parent, flush=True)
    time.sleep(600)

backup._copy_database = copy
with open_archive(ArchiveSettings(directory=Path(sys.argv[1]))) as archive:
    archive.backup(Path(sys.argv[2]))
"""


@ON_SQLITE
def test_what_a_killed_backup_left_is_removed_by_the_next(stocked, settings, tmp_path):
    command = [sys.executable, "-c", ENDLESS, settings.directory, tmp_path / "a.tar"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        left = Path(other.stdout.readline().strip())
        assert (left / "archive.db").is_file()
        # As long as it runs, it is its own.
        stocked.archive.backup(tmp_path / "b.tar")
        assert left.is_dir()
        other.kill()
    kept = tmp_path / "aggregator-backup-mine"
    shutil.copytree(left, kept)
    (kept / "notes").write_text("mine")
    elsewhere = tmp_path / "aggregator-backup-far"
    shutil.copytree(left, elsewhere)
    (elsewhere / "lock").write_text("another machine\n")
    (tmp_path / "aggregator-backup-old").mkdir()
    backup.check_backup(tmp_path / "c.tar")
    assert left.is_dir()
    stocked.archive.backup(tmp_path / "c.tar")
    assert sorted(path.name for path in tmp_path.glob("aggregator-*")) == [
        "aggregator-backup-far", "aggregator-backup-mine", "aggregator-backup-old",
    ]  # fmt: skip


@ON_SQLITE
def test_the_digest_beside_the_database_is_one_that_sha256sum_knows(stocked, tmp_path):
    stocked.archive.backup(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        line = tar.extractfile("archive.db.sha256").read().decode()
        digest = hashlib.sha256(tar.extractfile("archive.db").read()).hexdigest()
    assert line == f"{digest}  archive.db\n"


@pytest.mark.parametrize("made", ["absent", "text", "empty tar"])
def test_what_is_no_backup(tmp_path, made):
    from aggregator.model.settings import ArchiveSettings

    source, settings = tmp_path / "b", ArchiveSettings(directory=tmp_path / "archive")
    if made == "text":
        source.write_text("a letter")
    elif made == "empty tar":
        tarfile.open(source, "w").close()
    with pytest.raises(UsageError, match=r"is no backup|is not there"):
        restore(source, settings)
    assert not (tmp_path / "archive" / "archive.db").exists()


def test_a_backup_with_a_damaged_database(tmp_path):
    from aggregator.model.settings import ArchiveSettings

    inner = tmp_path / "archive.db"
    inner.write_bytes(b"x" * 9000)
    with tarfile.open(tmp_path / "b", "w") as tar:
        tar.add(inner, arcname="archive.db")
    with pytest.raises(ArchiveError):
        restore(tmp_path / "b", ArchiveSettings(directory=tmp_path / "archive"))


def test_a_backup_cannot_write_outside(tmp_path, stocked):
    from aggregator.model.settings import ArchiveSettings

    stocked.archive.backup(tmp_path / "b")
    evil = tmp_path / "evil"
    evil.write_text("x")
    with tarfile.open(tmp_path / "b", "a") as tar:
        for name in ("../out", "captures/../../out", "captures/..", "/abs"):
            tar.add(evil, arcname=name)
    restore(tmp_path / "b", ArchiveSettings(directory=tmp_path / "deep" / "archive"))
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "deep" / "out").exists()


def test_a_database_that_is_given_back_can_be_taken_at_once(postgres_url, tmp_path, monkeypatch):
    settings = ArchiveSettings(directory=tmp_path / "archive", database=postgres_url)
    with open_archive(settings, write=True) as archive:
        held = archive._database._holding._held
        # As where the server has not noticed yet that the connection is closed.
        monkeypatch.setattr(held, "close", lambda: None)
    with open_archive(settings, write=True) as again:
        assert again.holder()
    monkeypatch.undo()
    held.close()
