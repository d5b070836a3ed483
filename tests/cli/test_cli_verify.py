"""``archive verify`` reads all of a live archive, and what it says can be followed."""

import json
import os
import sqlite3

import pytest


def lose(path):
    path.unlink()
    return f"{path.name} is not there; captures in it: 1"


def damage(path):
    data = path.read_bytes()
    path.write_bytes(data[:-20] + bytes(20))
    return f"{path.name}: 1 of 1 captures cannot be read"


def test_an_archive_that_is_whole_is_verified(collected):
    ran = collected.run("archive", "verify")
    assert (ran.code, ran.err) == (0, "")
    assert "captures\t1 record read, all whole\n" in ran.out
    told = json.loads(collected.run("archive", "verify", "--json").out)
    assert told == {
        "location": str(collected.folder / "archive/archive.db"),
        "whole": True,
        "database": [],
        "captures": {"read": 1, "faults": []},
    }


@pytest.mark.parametrize("harm", [lose, damage])
def test_captures_that_are_damaged_are_found(collected, harm):
    (path,) = (collected.folder / "archive/captures").iterdir()
    told = harm(path)
    ran = collected.run("archive", "verify")
    assert (ran.code, f"captures\t{told}\n" in ran.out) == (3, True)
    assert "a backup may have these files" in ran.err
    again = collected.run("archive", "verify", "--json")
    found = json.loads(again.out)
    assert (again.code, found["whole"], found["captures"]["faults"]) == (3, False, [told])


def test_a_database_with_a_damaged_page_is_found_and_brought_back_as_is_said(collected, tmp_path):
    """What ``doctor`` takes for sound."""
    assert collected.run("archive", "backup", "b.tar").code == 0
    database = collected.folder / "archive/archive.db"
    data = database.read_bytes()
    with sqlite3.connect(database) as plain:
        ((root,),) = plain.execute("SELECT rootpage FROM sqlite_master WHERE name = 'shown'")
    plain.close()
    at = (root - 1) * 8192
    database.write_bytes(data[:at] + os.urandom(8192) + data[at + 8192 :])
    assert collected.run("doctor").code == 0
    ran = collected.run("archive", "verify")
    assert ran.code == 3
    assert "captures\t1 record read, all whole" in ran.out
    assert "move it away, then aggregator archive restore FILE" in ran.err
    told = json.loads(collected.run("archive", "verify", "--json").out)
    assert (told["whole"], bool(told["database"]), told["captures"]["faults"]) == (False, True, [])
    database.rename(tmp_path / "damaged.db")
    assert collected.run("archive", "restore", "b.tar").code == 0
    assert collected.run("archive", "verify").code == 0
