"""A topic that is no longer in topics.toml, as the commands tell of it."""

import pytest
from promises import TOPICS, parsed

from aggregator.archive import open_archive
from aggregator.config import load

LEAVING = "2 topics are no longer in topics.toml: torres-coaching, rain: taken down "

DOWN = "torres-coaching is no topic any more: its feeds are taken down"


@pytest.fixture
def several(collected):
    """Three topics, published."""
    collected.topics(TOPICS + '[rain]\nquery = "rain"\n[snow]\nquery = "snow"\n')
    assert collected.run("topics", "publish").code == 0
    return collected


@pytest.mark.parametrize("command", [("collect",), ("topics", "publish")])
def test_topics_that_were_cut_off_go_on_for_a_day(several, command):
    collected = several
    feed = collected.folder / "public/topics/torres-coaching.atom"
    collected.topics('[snow]\nquery = "snow"\n')
    ran = collected.run(*command)
    assert LEAVING in ran.err
    assert DOWN not in ran.err
    with collected.later(hours=23):
        told = collected.run("status")
        assert f"leaving\t{LEAVING}" in told.out
        assert "torres-coaching" in collected.run(*command).err
        assert LEAVING in collected.run("topics", "list").err
        leaving = parsed(collected.run("status", "--json"))["leaving"]
        assert [one["topic"] for one in leaving] == ["torres-coaching", "rain"]
        assert feed.exists()
    with collected.later(days=1):
        assert "would remove torres-coaching" in collected.run("topics", "publish", "--dry-run").out
        assert DOWN in collected.run(*command).err
        assert not feed.exists()
        assert "torres-coaching" not in collected.run(*command).err
        assert "leaving" not in collected.run("status").out


def test_a_topic_that_leaves_is_taken_down_at_once_by_its_name(several):
    collected = several
    feed = collected.folder / "public/topics/torres-coaching.atom"
    ran = collected.run("topics", "revoke", "torres-coaching")
    assert "is not private" in ran.err, "it is in topics.toml"
    collected.topics('[snow]\nquery = "snow"\n')
    ran = collected.run("topics", "revoke", "torres-coaching", "--dry-run")
    assert (ran.code, ran.out) == (0, "would take torres-coaching down\n")
    assert feed.exists()
    ran = collected.run("topics", "revoke", "torres-coaching")
    assert (ran.code, ran.out) == (0, "")
    assert DOWN in ran.err
    assert LEAVING not in ran.err
    assert not feed.exists()
    ran = collected.run("topics", "revoke", "torres-coaching")
    assert (ran.code, "no topic is called" in ran.err) == (2, True)


def test_a_topic_that_leaves_is_taken_down_beside_a_daemon(several):
    collected = several
    settings = load(collected.folder).settings
    collected.topics('[snow]\nquery = "snow"\n')
    with open_archive(settings.archive, write=True, purpose="aggregator run") as held:
        ran = collected.run("topics", "revoke", "torres-coaching")
        assert "was not taken up yet" in ran.err, "the daemon has not read the file"
        held.topics.note_leaving([])
        assert not held.topics.overdue()
        ran = collected.run("topics", "revoke", "torres-coaching")
        assert (ran.code, "within a minute" in ran.err) == (0, True)
        assert held.topics.overdue()
    assert DOWN in collected.run("topics", "publish").err


@pytest.mark.parametrize(
    ("left", "down"),
    [
        (["torres-coaching", "rain"], ["snow"]),
        (["torres-coaching"], []),
        (["other"], []),
        (["torres-coaching", "rain", "other"], ["snow"]),
    ],
)
def test_a_person_takes_out_one_and_what_cuts_a_file_off_most(several, left, down):
    several.topics("".join(f'[{slug}]\nquery = "torres"\n' for slug in left))
    told = several.run("collect").err
    assert [
        slug for slug in ("torres-coaching", "rain", "snow") if f"{slug} is no topic" in told
    ] == down
