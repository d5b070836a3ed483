"""Opening an archive, and what each trouble with it is told as."""

import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from archivedesk import NOON, ONE, Desk, item
from msgspec.structs import replace

from aggregator.archive import holder_of, open_archive, restore
from aggregator.archive.disk import file_system, refuse_network_disk
from aggregator.archive.schema import (
    meta,
)
from aggregator.model.batch import Fetched
from aggregator.model.entry import Document, StoryId
from aggregator.model.errors import AlreadyRunning, ArchiveError
from aggregator.model.feed import Feed, FeedIdentity, FeedKey, Postponed, Subscription
from aggregator.model.inclusion import FeedList
from aggregator.model.period import Period
from aggregator.model.series import DigestFeed
from aggregator.model.settings import ArchiveSettings, NormalizeSettings
from aggregator.model.topic import Backlog, Topic
from aggregator.query import parse
from aggregator.recleaning import boilerplate, reclean

HELD = """
import json, sys
from pathlib import Path
from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings
directory, database = json.loads(sys.argv[1])
with open_archive(ArchiveSettings(directory=Path(directory), database=database), write=True, purpose="the other"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(settings):
    """Another process that writes the archive."""
    place = json.dumps([str(settings.directory), settings.database])
    running = subprocess.Popen(
        [sys.executable, "-c", HELD, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stdout.readline() == "held\n"
        yield running
        running.kill()


def test_the_second_writer_is_told_who_the_first_is(settings, other):
    with pytest.raises(AlreadyRunning) as raised:
        open_archive(settings, write=True)
    assert f"the other (process {other.pid}" in raised.value.holder
    assert holder_of(settings.directory) == raised.value.holder
    with open_archive(settings) as reader:
        assert reader.holder() == raised.value.holder


def test_the_lock_dies_with_its_holder(settings, other):
    other.kill()
    other.wait()
    assert holder_of(settings.directory) is None
    with open_archive(settings, write=True):
        pass


def test_the_lock_is_given_back(settings):
    for _ in range(2):
        with open_archive(settings, write=True, purpose="a test"):
            assert holder_of(settings.directory)
        assert holder_of(settings.directory) is None


def test_one_database_has_one_writer_whatever_the_folder(database_url, tmp_path):
    file = tmp_path / "one.db"
    url = database_url or f"sqlite:///{file}"
    one = ArchiveSettings(directory=tmp_path / "one", database=url, free_space=0)
    (tmp_path / "by another name.db").symlink_to(file)
    two = replace(
        one,
        directory=tmp_path / "two",
        database=database_url or f"sqlite:///{tmp_path}/by another name.db",
    )
    with open_archive(one, write=True, purpose="the first"):
        with pytest.raises(AlreadyRunning, match="the first"):
            open_archive(two, write=True)
        with pytest.raises(AlreadyRunning, match="the first"):
            restore(backup_of(one, tmp_path), two)
        assert holder_of(two.directory) is None
    with open_archive(two, write=True):
        pass


def backup_of(settings, folder):
    with open_archive(settings) as archive:
        archive.backup(folder / "backup.tar")
    return folder / "backup.tar"


def test_reading_needs_an_archive(database_url, tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "archive", database=database_url)
    with pytest.raises(ArchiveError, match="no archive yet"):
        open_archive(settings)


TITLES = """
import resource, sys
from pathlib import Path
from aggregator.archive import open_archive
from aggregator.model.errors import ArchiveError
from aggregator.model.settings import ArchiveSettings
# Nothing more can be written to any file, as on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with open_archive(ArchiveSettings(directory=Path(sys.argv[1]))) as archive:
        print(*(record.title for record in archive.export()))
except ArchiveError as error:
    print(error)
"""


def titles_on_a_full_disk(directory: Path) -> str:
    command = [sys.executable, "-c", TITLES, directory]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_an_archive_on_a_full_disk_can_be_read(tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "an archive?", free_space=0)
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.archive.attach([Subscription(url=ONE)], now=NOON)
        desk.bring(ONE, item("a", title="Harbour"), at=NOON)
        # While another process writes there are files beside it, which serve readers too.
        assert titles_on_a_full_disk(settings.directory) == "Harbour\n"
    assert titles_on_a_full_disk(settings.directory) == "Harbour\n"


def test_an_archive_that_another_program_locks_is_not_read_past_its_lock(tmp_path):
    database = f"sqlite:///{tmp_path}/archive.db?timeout=0.01"
    settings = ArchiveSettings(directory=tmp_path, database=database, free_space=0)
    with open_archive(settings, write=True):
        pass
    other = sqlite3.connect(tmp_path / "archive.db", isolation_level=None)
    with contextlib.closing(other):
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ArchiveError, match="locked by another program"):
            open_archive(settings)


def test_what_a_crash_left_beside_the_file_is_never_read_past(tmp_path):
    """The file alone would be an older archive than the one that was stored."""
    crash = (
        "import os, sys, sqlite3; database = sqlite3.connect(sys.argv[1]);"
        "database.execute(\"INSERT INTO meta VALUES ('a', 'b')\"); database.commit(); os._exit(0)"
    )
    settings = ArchiveSettings(directory=tmp_path, free_space=0)
    with open_archive(settings, write=True):
        pass
    subprocess.run([sys.executable, "-c", crash, tmp_path / "archive.db"], check=True, timeout=60)
    (tmp_path / "archive.db-shm").unlink()
    assert "is it full?" in titles_on_a_full_disk(settings.directory)


def test_a_newer_archive_is_refused(settings):
    with open_archive(settings, write=True) as archive, archive._database.writing() as connection:
        connection.execute(sa.update(meta).where(meta.c.name == "schema").values(value="9999"))
    for write in (False, True):
        with pytest.raises(ArchiveError, match="newer aggregator") as raised:
            open_archive(settings, write=write)
        assert raised.value.hint == "upgrade aggregator"
    assert holder_of(settings.directory) is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("no url at all", "no database URL"),
        ("mysql://host/name", "not supported"),
        ("sqlite+aiosqlite:///x.db", "not supported"),
        ("postgresql://nobody@127.0.0.1:9/none", "does not answer"),
    ],
)
def test_a_database_that_cannot_be(tmp_path, url, told):
    settings = ArchiveSettings(directory=tmp_path / "archive", database=url)
    for write in (False, True):
        with pytest.raises(ArchiveError, match=told) as raised:
            open_archive(settings, write=write)
        assert raised.value.hint


def test_a_password_is_not_told(tmp_path):
    url = "postgresql://ana:topsecret@127.0.0.1:9/none"
    with pytest.raises(ArchiveError) as raised:
        open_archive(ArchiveSettings(directory=tmp_path, database=url))
    assert "topsecret" not in str(raised.value)


def test_a_missing_database_on_a_server(postgres_server, tmp_path):
    url = sa.make_url(postgres_server).set(database="not_there").render_as_string(False)
    with pytest.raises(ArchiveError, match="not there"):
        open_archive(ArchiveSettings(directory=tmp_path, database=url), write=True)


@pytest.mark.parametrize("write", [True, False])
def test_a_file_that_is_no_database(tmp_path, write):
    (tmp_path / "archive.db").write_bytes(b"this is a letter to my aunt\n" * 400)
    with pytest.raises(ArchiveError, match="no SQLite database"):
        open_archive(ArchiveSettings(directory=tmp_path), write=write)


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "archive").write_text("a file")
    with pytest.raises(ArchiveError, match="this is a file"):
        open_archive(ArchiveSettings(directory=tmp_path / "archive"), write=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(ArchiveError, match="cannot be written"):
        open_archive(ArchiveSettings(directory=tmp_path), write=True)


def test_network_disks_are_refused(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"disk / ext4 rw 0 0\nserver:/x {tmp_path}/far nfs4 rw 0 0\n"
        f"//nas/y {tmp_path}/a\\040b cifs rw 0 0\ntmp {tmp_path}/far/near tmpfs rw 0 0\nodd\n"
    )
    for name, kind in (("far", "nfs4"), ("a b", "cifs")):
        assert file_system(tmp_path / name / "archive", mounts) == kind
        with pytest.raises(ArchiveError, match=kind) as raised:
            refuse_network_disk(tmp_path / name / "archive", mounts)
        assert "PostgreSQL" in raised.value.hint
    refuse_network_disk(tmp_path / "far" / "near", mounts)
    refuse_network_disk(tmp_path / "farther", mounts)
    refuse_network_disk(tmp_path, tmp_path / "no such file")


FEED = Feed(key=FeedKey(1), identity=FeedIdentity("one"), url=ONE, fetch_url=ONE)
DAY = timedelta(days=1)
BROUGHT = Fetched(feed=FEED, at=NOON, document=Document(version="", entries=(item("a"),)))


def count_subscribers(archive):
    with archive.subscribers() as held:
        held.counts(NOON)


def newest_notices(archive):
    with archive.notices() as notices:
        notices.newest(5)


def hosts_away(archive):
    with archive.courtesy() as courtesy:
        courtesy.away(NOON)


def due_leases(archive):
    with archive.pushes() as pushes:
        pushes.due(NOON, "https://here.example/", limit=5)


def newest_of(archive):
    (record,) = archive.search(parse("*"), sort="newest", limit=1, now=NOON)
    return record


def lapse(archive):
    with archive.subscribers(write=True) as held:
        held.lapse(NOON, DAY)


READS = {
    "is_due": lambda archive: archive.is_due(NOON, max_interval=1.0),
    "due": lambda archive: archive.due(NOON, everything=True, max_interval=1.0),
    "next_due": lambda archive: archive.next_due(),
    "feeds": lambda archive: archive.feeds(),
    "feed": lambda archive: archive.feed(ONE),
    "missing_captures": lambda archive: archive.missing_captures(),
    "damaged_captures": lambda archive: archive.damaged_captures(),
    "count_captures": lambda archive: archive.count_captures(),
    "feed_states": lambda archive: archive.feed_states(),
    "resting": lambda archive: archive.resting(NOON),
    "known": lambda archive: archive.known([BROUGHT]),
    "topics": lambda archive: archive.topics.states(),
    "compare_topics": lambda archive: archive.topics.compare([], page_size=5),
    "behind": lambda archive: archive.published.behind(),
    "deleted_topics": lambda archive: archive.published.deleted_topics(),
    "subscription_page": lambda archive: archive.published.subscription_page("all", size=5),
    "archive_page": lambda archive: archive.published.archive_page("all", 1),
    "archive_pages": lambda archive: archive.published.archive_pages("all"),
    "first_unpublished": lambda archive: archive.published.first_unpublished("all"),
    "away": lambda archive: archive.away(NOON),
    "candidates": lambda archive: list(archive.candidates(parse("words"))),
    "search": lambda archive: archive.search(parse("words"), now=NOON),
    "relevance": lambda archive: archive.search(parse("words"), sort="relevance", now=NOON),
    "entry": lambda archive: archive.entry(item("a").id),
    "history": lambda archive: archive.history(item("a").id),
    "largest_stories": lambda archive: archive.largest_stories(since=NOON, limit=1),
    "sightings": lambda archive: archive.sightings(StoryId("x")),
    "export": lambda archive: list(archive.export()),
    "stats": lambda archive: archive.stats(),
    "full stats": lambda archive: archive.stats(full=True),
    "info": lambda archive: archive.info(),
    "blocks": lambda archive: boilerplate(archive, FEED),
    "document": lambda archive: archive.published.document("topics/all.atom"),
    "unpinged": lambda archive: archive.published.unpinged(),
    "subscribers": lambda archive: count_subscribers(archive),
    "standing": lambda archive: archive.topics.standing("all", newest_of(archive)),
    "due_digests": lambda archive: archive.published.due_digests(NOON),
    "digests": lambda archive: archive.published.digests("all", now=NOON),
    "corrections": lambda archive: archive.published.corrections("all"),
    "topic": lambda archive: archive.topics.state("all"),
    "newest_topics": lambda archive: archive.topics.newest(5),
    "delays": lambda archive: archive.delays(since=NOON),
    "newest_titles": lambda archive: archive.topics.newest_titles("all"),
    "lists": lambda archive: archive.lists.read(),
    "compare_fill": lambda archive: archive.topics.compare_fill(
        [Backlog(topic="all", hits=(), definition="")]
    ),
    "changes": lambda archive: list(archive.changes()),
    "owed": lambda archive: archive.owed.of(FEED),
    "owed and due": lambda archive: archive.owed.due(FEED, now=NOON, limit=5, longest=DAY),
    "folder": lambda archive: archive.published.folder(),
    "asked_backfills": lambda archive: archive.asked_backfills(),
    "notices": lambda archive: newest_notices(archive),
    "courtesy": lambda archive: hosts_away(archive),
    "pushes": lambda archive: due_leases(archive),
}
NO_DIGESTS = DigestFeed(
    topic=Topic(slug="all", title="All", query="*", digest=Period.DAY),
    token="",
    since=NOON,
    until=NOON,
    digests=(),
)
WRITES = {
    "attach": lambda archive: archive.attach([Subscription(url=ONE)], now=NOON),
    "try_access": lambda archive: archive.try_access({"one.example/feed": NOON}),
    "claim_due": lambda archive: archive.claim_due(
        now=NOON, limit=1, holder="x", lease_seconds=1, max_interval=1
    ),
    "excuse": lambda archive: archive.excuse([(FEED, NOON)]),
    "keep_away": lambda archive: archive.keep_away([Postponed(host="a", until=NOON)], NOON),
    "release": lambda archive: archive.release("x"),
    "free_dead_claims": lambda archive: archive.free_dead_claims(),
    "batch": lambda archive: archive.batch().__enter__(),
    "sync_topics": lambda archive: archive.topics.sync([], page_size=5),
    "fill": lambda archive: archive.topics.fill([]),
    "mark": lambda archive: archive.published.mark("all", 1),
    "mark_digested": lambda archive: archive.published.mark_digested(NO_DIGESTS, {}),
    "mark_pinged": lambda archive: archive.published.mark_pinged({"topics/all.atom": b"version"}),
    "subscribing": lambda archive: lapse(archive),
    "revoke_address": lambda archive: archive.published.revoke_address("all"),
    "ask_backfill": lambda archive: archive.ask_backfill(FEED, 5),
    "lists.keep": lambda archive: archive.lists.keep(FeedList(url="https://list.example/a.opml")),
    "note_folder": lambda archive: archive.published.note_folder("mark"),
    "maintain": lambda archive: archive.maintain(NOON),
    "reclean": lambda archive: reclean(archive, NormalizeSettings()),
}


@pytest.fixture
def short(tmp_path: Path):
    """An archive on SQLite that does not wait long for a lock."""
    database = f"sqlite:///{tmp_path}/archive.db?timeout=0.01"
    settings = ArchiveSettings(directory=tmp_path, database=database, free_space=0)
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE)
        desk.topics(Topic(slug="all", title="All", query="*"))
        desk.bring(ONE, item("a"))
    with open_archive(settings) as archive:
        yield archive, tmp_path / "archive.db"


def test_every_method_is_tried_against_a_locked_database():
    from aggregator.archive import Archive, Published

    names = {name for of in (Archive, Published) for name in dir(of) if not name.startswith("_")}
    others = {"close", "location", "dialect", "holder", "fetches", "capture", "backup"}
    others |= {"check_backup", "examine"}
    others |= {"known", "blocks", "refuse_if_paused", "published", "settle"}
    assert names - others <= READS.keys() | WRITES.keys()


def test_what_is_settled_is_in_the_file_itself(tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "one")
    with open_archive(settings, write=True) as archive:
        desk = Desk(archive, settings)
        desk.subscribe(ONE)
        desk.bring(ONE, item("a"))
        archive.settle()
        # Without SQLite's log, which holds what is not settled.
        (tmp_path / "two").mkdir()
        shutil.copy(tmp_path / "one" / "archive.db", tmp_path / "two" / "archive.db")
    with open_archive(ArchiveSettings(directory=tmp_path / "two")) as copy:
        assert copy.stats().entries == 1


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_locked_database(short, name):
    archive, file = short
    thief = sqlite3.connect(file, isolation_level=None)
    archive.close()
    thief.execute("PRAGMA locking_mode=EXCLUSIVE")
    thief.execute("BEGIN EXCLUSIVE")
    thief.execute("COMMIT")
    try:
        with pytest.raises(ArchiveError, match="locked") as raised:
            (READS | WRITES)[name](archive)
        assert raised.value.where == str(file)
        assert raised.value.hint
    finally:
        thief.close()


@pytest.mark.parametrize("name", READS)
def test_reading_goes_on_while_another_writes(short, name):
    archive, file = short
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM hits")
    READS[name](archive)
    writer.execute("ROLLBACK")
    writer.close()


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_database_whose_tables_are_gone(archive, name):
    with archive._database.writing() as connection:
        if archive.dialect == "sqlite":
            connection.exec_driver_sql("DROP TABLE search")
            for table in sa.inspect(connection).get_table_names():
                connection.exec_driver_sql(f'ALTER TABLE "{table}" RENAME TO "was_{table}"')
        else:
            connection.exec_driver_sql("ALTER SCHEMA public RENAME TO gone")
    if name == "batch":
        return
    with pytest.raises(ArchiveError):
        (READS | WRITES)[name](archive)


def test_a_database_that_is_damaged(short):
    archive, file = short
    archive.close()
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(os.urandom(size - 4096))
    for name in ("export", "search"):
        with pytest.raises(ArchiveError):
            READS[name](archive)
