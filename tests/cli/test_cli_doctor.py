"""``doctor`` looks at everything, whatever is wrong, and tries what it says."""

import json
from pathlib import Path

import pytest


def checks(place, *, code: int) -> dict[str, dict[str, str]]:
    """The findings by check, of which each has one."""
    ran = place.run("doctor", "--json")
    assert (ran.code, ran.err) == (code, "")
    found = json.loads(ran.out)
    assert len({one["check"] for one in found}) == len(found)
    return {one["check"]: one for one in found}


def zeroed(data: bytes) -> bytes:
    """The first page alone is sound: the database opens, and cannot be read."""
    return data[:8192] + bytes(len(data) - 8192)


@pytest.mark.parametrize(
    ("damage", "what", "mend"),
    [
        (
            zeroed,
            "the database file is damaged",
            "move it away, then aggregator archive restore FILE",
        ),
        (
            lambda data: b"this is no database" * 999,
            "the file is no SQLite database",
            "move it away, then aggregator archive restore FILE",
        ),
    ],
    ids=["pages", "all of it"],
)
def test_a_damaged_database_is_one_finding_among_the_others(collected, damage, what, mend):
    database = collected.folder / "archive/archive.db"
    database.write_bytes(damage(database.read_bytes()))
    found = checks(collected, code=3)
    assert list(found) == [
        "program", "configuration", "archive", "clock", "disk", "output", "port",
    ]  # fmt: skip
    archive = found["archive"]
    assert (archive["verdict"], archive["what"]) == ("fail", f"{database}: {what}")
    assert archive["mend"] == mend
    assert {found[one]["verdict"] for one in ("clock", "disk", "output")} == {"ok"}
    told = collected.run("doctor")
    assert (told.code, told.err) == (3, "")
    assert f"FAIL  archive        {database}: {what} → {mend}\n" in told.out


def test_damage_that_the_driver_cannot_tell_is_a_finding_too(collected):
    database = collected.folder / "archive/archive.db"
    data = database.read_bytes()
    assert b"CREATE TABLE feeds" in data
    database.write_bytes(data.replace(b"CREATE TABLE feeds", b"CREATE TABL\xff feeds"))
    found = checks(collected, code=3)
    assert (found["archive"]["verdict"], found["port"]["verdict"]) == ("fail", "ok")
    assert "damaged" in found["archive"]["what"]


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="a folder that takes nothing of anybody"
)
def test_a_folder_that_takes_nothing_is_no_output(place):
    place.environ("AGGREGATOR_PUBLISH__DIRECTORY", "/proc/x")
    found = checks(place, code=4)
    assert found["output"]["verdict"] == "fail"
    assert found["output"]["what"].startswith("/proc cannot be written: ")
    assert found["output"]["mend"].endswith("or set publish.directory")
    assert found["disk"]["verdict"] == "ok"
    place.environ("AGGREGATOR_ARCHIVE__DIRECTORY", "/proc/y")
    found = checks(place, code=3)
    assert found["disk"]["what"].startswith("/proc cannot be written: ")
    assert found["disk"]["mend"].endswith("or set archive.directory")


def test_to_try_a_folder_leaves_nothing_there(place):
    (place.folder / "public").mkdir()
    before = sorted(place.folder.rglob("*"))
    assert checks(place, code=0)["output"]["verdict"] == "ok"
    assert sorted(place.folder.rglob("*")) == before


def test_a_mistake_without_a_place_of_its_own_leaves_no_gap(place):
    place.environ("AGGREGATOR_ARCHIVE__DATABASE", "mysql://host/news")
    told = place.run("doctor")
    assert told.code == 2
    assert "FAIL  configuration  AGGREGATOR_ARCHIVE__DATABASE: archive.database takes" in told.out


def test_a_topic_that_fails_a_sample_is_a_finding(collected):
    collected.topics('[torres]\nquery = "torres"\nmust = ["Zebra"]\n')
    found = checks(collected, code=0)["configuration"]
    assert (found["verdict"], found["mend"]) == ("warn", "aggregator topics check tells all")
    assert "torres: must match “Zebra”, but fails: torres" in found["what"]


@pytest.mark.parametrize(
    "settings",
    ['page_size = "many"', "[server]\nprot = 1", '[hub]\nmin_lease = "3w"'],
    ids=["a value", "a name", "an order"],
)
def test_a_mistake_in_the_settings_is_one_finding_among_the_others(collected, settings):
    collected.settings(settings)
    found = checks(collected, code=2)
    assert list(found) == [
        "program", "configuration", "archive", "clock", "disk", "output", "port",
    ]  # fmt: skip
    assert found["configuration"]["verdict"] == "fail"
    assert str(collected.folder / "public") == found["output"]["what"]
    assert {found[one]["verdict"] for one in ("archive", "clock", "disk", "output")} == {"ok"}


def test_where_the_place_of_the_archive_is_wrong_nothing_further_is_looked_at(place):
    place.environ("AGGREGATOR_ARCHIVE__DATABASE", "mysql://host/news")
    assert list(checks(place, code=2)) == ["program", "configuration"]


def test_captures_that_are_gone_are_a_finding(collected):
    assert "captures" not in checks(collected, code=0)
    (file,) = (collected.folder / "archive/captures").iterdir()
    file.unlink()
    found = checks(collected, code=0)["captures"]
    assert found["verdict"] == "warn"
    assert found["what"].startswith(f"{file.name} is not there; captures in it: ")
    assert found["mend"] == "mount the disk they are on, or take them from a backup"


@pytest.mark.parametrize(
    ("host", "base_url", "own"),
    [
        ("0.0.0.0", "", "http://127.0.0.1:"),
        ("::", "", "http://[::1]:"),
        ("0.0.0.0", "https://news.example", ""),
        ("127.0.0.1", "", ""),
    ],
)
def test_links_that_lead_nowhere_from_elsewhere_are_a_finding(place, host, base_url, own):
    place.environ("AGGREGATOR_PUBLISH__BASE_URL", base_url)
    place.environ("AGGREGATOR_SERVER__HOST", host)
    found = checks(place, code=0)
    assert ("addresses" in found) is bool(own)
    if own:
        assert found["addresses"]["verdict"] == "warn"
        assert f"leads to {own}" in found["addresses"]["what"]
        assert found["addresses"]["mend"].startswith("set publish.base_url")


@pytest.mark.parametrize(
    ("zone", "known"),
    [
        ("", True), ("Europe/Madrid", True), (":Europe/Madrid", True), ("UTC", True), ("EST5EDT", True),
        ("CET-1CEST,M3.5.0,M10.5.0/3", True), ("<+03>-3", True),
        ("Nowhere/City", False), ("Europe", False), ("Madrid", False), ("/nowhere/zone", False),
    ],
)  # fmt: skip
def test_a_zone_that_nobody_knows_is_told(place, zone, known):
    place.environ("TZ", zone)
    place.run("init")
    clock = json.loads(place.run("doctor", "--json").out)
    (found,) = (one for one in clock if one["check"] == "clock")
    assert (found["verdict"] == "ok") is known
    assert known or f"TZ={zone}" in found["what"]
