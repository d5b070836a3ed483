"""An archive that is not there, though it is published: nothing is begun over what it published."""

import json
import shutil

import pytest
import sqlalchemy as sa

WRITING = [
    ("collect",),
    ("topics", "publish"),
    ("topics", "revoke", "torres-coaching"),
]


def published(place):
    """Every file of the output, with its bytes."""
    files = (path for path in (place.folder / "public").rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files}


def move_the_disk_away(place):
    # The folder knows where the archive is that is published in it.
    assert place.run("topics", "publish").code == 0
    shutil.move(place.folder / "archive", place.folder / "elsewhere")
    return "public (publish.directory) is where it is published"


def move_the_database_away(place):
    shutil.move(place.folder / "archive/archive.db", place.folder / "elsewhere")
    return "captures holds captures; files: 1"


def move_all_but_the_captures_away(place):
    shutil.move(place.folder / "public", place.folder / "former")
    return move_the_database_away(place)


LOSSES = pytest.mark.parametrize(
    "lose", [move_the_disk_away, move_the_database_away, move_all_but_the_captures_away]
)


@LOSSES
def test_what_writes_refuses_an_archive_that_was_lost(collected, lose):
    told, before = lose(collected), published(collected)
    for command in (*WRITING, ("collect", "--dry-run"), ("topics", "publish", "--dry-run")):
        ran = collected.run(*command)
        assert (ran.code, ran.out) == (3, ""), command
        assert "there is no archive, but what belongs to one is there" in ran.err
        assert told in ran.err
        assert "archive restore FILE" in ran.err
    # In a process of its own: a daemon takes the logs of this one.
    ran = collected.spawn("run")
    assert (ran.code, told in ran.err) == (3, True)
    assert published(collected) == before
    assert not (collected.folder / "archive/archive.db").exists()


@LOSSES
def test_what_looks_tells_of_it(collected, lose):
    told = lose(collected)
    ran = collected.run("doctor", "--json")
    found = {one["check"]: one for one in json.loads(ran.out)}
    assert (ran.code, found["archive"]["verdict"]) == (3, "fail")
    assert told in found["archive"]["what"]
    assert "is its disk mounted" in found["archive"]["mend"]
    assert told in collected.run("status").out
    assert told in json.loads(collected.run("status", "--json").out)["paused"]


def test_the_disk_comes_back_and_all_goes_on(collected):
    move_the_disk_away(collected)
    assert collected.run("collect").code == 3
    shutil.move(collected.folder / "elsewhere", collected.folder / "archive")
    before = published(collected)
    assert collected.run("topics", "publish").code == 0
    assert published(collected) == before


def test_a_backup_comes_back_and_all_goes_on(collected):
    assert collected.run("archive", "backup", "b.tar").code == 0
    move_the_database_away(collected)
    assert collected.run("archive", "restore", "b.tar").code == 0
    assert collected.run("topics", "publish").code == 0
    assert collected.run("search", "torres").out


def test_a_new_archive_begins_where_all_of_the_old_is_moved_away(collected):
    move_the_disk_away(collected)
    shutil.move(collected.folder / "public", collected.folder / "former")
    assert collected.run("topics", "publish").code == 0
    assert collected.run("doctor").code == 0


def test_a_database_server_that_lost_its_archive_is_no_first_start(collected, postgres_url):
    """Who names another database begins a new archive; its own, found empty, was lost."""
    collected.environ("AGGREGATOR_ARCHIVE__DATABASE", postgres_url)
    assert collected.run("topics", "publish").code == 0
    before = published(collected)
    url = sa.make_url(postgres_url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    for command in (*WRITING, ("doctor",)):
        ran = collected.run(*command)
        assert ran.code == 3
        assert "public (publish.directory) is where it is published" in ran.out + ran.err
    assert published(collected) == before


def test_an_output_of_others_is_no_sign_of_an_archive(place):
    (place.folder / "public/topics").mkdir(parents=True)
    (place.folder / "public/topics/torres.atom").write_text("mine")
    assert place.run("doctor").code == 0
    assert "begins" in place.run("status").out
    assert json.loads(place.run("status", "--json").out)["paused"] is None
    assert place.run("topics", "publish").code == 0
