"""``init``: files are whole or not there, and those that were there before are named."""

import resource

import pytest

from aggregator.config import load

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


def test_an_empty_start_has_nothing_but_what_the_files_say_of_themselves(place, tmp_path):
    fresh = tmp_path / "fresh"
    ran = place.run("init", "--empty", str(fresh))
    assert ran.out.splitlines() == [f"wrote {fresh / name}" for name in NAMES]
    assert "feeds add URL" in ran.err
    configured = load(fresh, environ={})
    assert (configured.subscriptions, configured.topics, configured.interests.people) == (
        (),
        (),
        (),
    )
    assert not configured.warnings
    for name, saying in (("topics.toml", "# [harbour]"), ("people.toml", "# aliases")):
        lines = (fresh / name).read_text().splitlines()
        assert any(line.startswith(saying) for line in lines)
        assert all(line.startswith("#") for line in lines)


def test_the_example_of_an_empty_start_is_a_topic(place, tmp_path):
    fresh = tmp_path / "fresh"
    place.run("init", "--empty", str(fresh))
    topics = fresh / "topics.toml"
    _, example = topics.read_text().split("\n#\n# [harbour]")
    topics.write_text("[harbour]" + example.replace("\n# ", "\n"))
    (topic,) = load(fresh, environ={}).topics
    assert (topic.slug, topic.query) == ("harbour", "(harbour OR ferry) NOT cruise*")
