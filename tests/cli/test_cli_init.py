"""``init``: files are whole or not there, and those that were there before are named."""

import resource

import pytest

NAMES = ["aggregator.toml", "feeds.opml", "topics.toml", "people.toml"]


def _no_room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def test_no_file_is_left_in_part(place, tmp_path):
    fresh = tmp_path / "fresh"
    ran = place.spawn("init", str(fresh), preexec_fn=_no_room)
    assert (ran.code, ran.out) == (2, "")
    assert "the folder cannot be written: File too large" in ran.err
    assert list(fresh.iterdir()) == []
    assert [f"wrote {fresh / name}" for name in NAMES] == place.run(
        "init", str(fresh)
    ).out.splitlines()


def test_what_was_there_is_named(place, tmp_path):
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "aggregator.toml").touch()
    (fresh / "topics.toml").write_text("# mine")
    (fresh / "people.toml").symlink_to(tmp_path / "unmounted")
    ran = place.run("init", str(fresh))
    assert ran.out.splitlines() == [f"wrote {fresh / 'feeds.opml'}"]
    left = "left as it is: aggregator.toml (which is empty), topics.toml, people.toml"
    assert ran.err.splitlines()[0] == left
    assert (fresh / "people.toml").is_symlink()
    again = place.run("init", str(fresh))
    assert (again.code, again.out) == (0, "")
    assert f"{fresh} has every file already" in again.err
    assert "aggregator.toml (which is empty)" in again.err


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("", "the folder has no name"),
        (" ", "the folder has no name"),
        ("config/aggregator.toml", "give the folder it is in: -C config"),
    ],
)
def test_what_is_no_folder_is_refused(place, tmp_path, folder, told):
    before = sorted(tmp_path.rglob("*"))
    ran = place.run("init", folder)
    assert (ran.code, told in ran.err) == (2, True)
    assert sorted(tmp_path.rglob("*")) == before
