"""``feeds export FILE``: whole or not at all, and in the place of OPML only."""

import os
import resource

import pytest


@pytest.fixture
def opml(place):
    place.subscribe("https://news.example/feed")
    return (place.folder / "feeds.opml").read_bytes()


def test_opml_that_is_there_is_replaced(place, tmp_path, opml):
    there = tmp_path / "out.opml"
    there.write_text('<opml version="2.0"><body/></opml>')
    there.chmod(0o600)
    ran = place.run("feeds", "export", "out.opml")
    assert (ran.code, ran.out, ran.err) == (0, "", "wrote out.opml\n")
    assert there.read_bytes() == opml
    assert there.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["config", "out.opml"]


@pytest.mark.parametrize("held", [b"my notes", b"<html/>", b"\x00\xff" * 9])
def test_a_file_that_is_no_opml_is_left_as_it_is(place, tmp_path, opml, held):
    there = tmp_path / "notes.txt"
    there.write_bytes(held)
    ran = place.run("feeds", "export", "notes.txt")
    assert ran.code == 2
    assert ran.err == (
        "aggregator: notes.txt is there, and is no OPML: it is left as it is "
        "(give another file, or move it away)\n"
    )
    assert there.read_bytes() == held


def test_a_link_goes_on_leading_to_the_file_and_an_empty_one_is_filled(place, tmp_path, opml):
    (tmp_path / "there.opml").write_bytes(b"")
    (tmp_path / "link.opml").symlink_to("there.opml")
    assert place.run("feeds", "export", "link.opml").code == 0
    assert (tmp_path / "link.opml").is_symlink()
    assert (tmp_path / "there.opml").read_bytes() == opml


def test_a_pipe_takes_what_comes(place, tmp_path, opml):
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(reading, "rb") as pipe:
        assert place.run("feeds", "export", "pipe").code == 0
        assert pipe.read() == opml


def test_a_folder_is_no_place_to_write(place, opml):
    ran = place.run("feeds", "export", "config")
    assert (ran.code, ran.err) == (
        2,
        "aggregator: config cannot be written: Is a directory (give another file)\n",
    )


def test_a_disk_that_is_full_leaves_what_was_there(place, tmp_path, opml):
    there = tmp_path / "out.opml"
    there.write_text('<opml version="2.0"><body/></opml>')
    before = there.read_bytes()

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    ran = place.spawn("feeds", "export", str(there), preexec_fn=little_room)
    assert ran.code == 2
    assert f"{there} cannot be written" in ran.err
    assert there.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["config", "out.opml"]
