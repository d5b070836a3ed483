"""A topic that is no longer in topics.toml, as the commands tell of it."""

import pytest
from promises import parsed

from aggregator.archive import open_archive
from aggregator.config import load

LEAVING = "1 topic is no longer in topics.toml: torres-coaching: taken down "
DOWN = "torres-coaching is no topic any more: its feeds are taken down"


@pytest.mark.parametrize("command", [("collect",), ("topics", "publish")])
def test_a_topic_that_is_taken_out_goes_on_for_a_day(collected, command):
    feed = collected.folder / "public/topics/torres-coaching.atom"
    collected.topics("# no topics\n")
    ran = collected.run(*command)
    assert LEAVING in ran.err
    assert DOWN not in ran.err
    with collected.later(hours=23):
        told = collected.run("status")
        assert f"leaving\t{LEAVING}" in told.out
        assert "torres-coaching" in collected.run(*command).err
        assert LEAVING in collected.run("topics", "list").err
        (leaving,) = parsed(collected.run("status", "--json"))["leaving"]
        assert leaving["topic"] == "torres-coaching"
        assert feed.exists()
    with collected.later(days=1):
        assert "would remove torres-coaching" in collected.run("topics", "publish", "--dry-run").out
        assert DOWN in collected.run(*command).err
        assert not feed.exists()
        assert "torres-coaching" not in collected.run(*command).err
        assert "leaving" not in collected.run("status").out


def test_a_topic_that_leaves_is_taken_down_at_once_by_its_name(collected):
    feed = collected.folder / "public/topics/torres-coaching.atom"
    ran = collected.run("topics", "revoke", "torres-coaching")
    assert "is not private" in ran.err, "it is in topics.toml"
    collected.topics("# no topics\n")
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


def test_a_topic_that_leaves_is_taken_down_beside_a_daemon(collected):
    settings = load(collected.folder).settings
    collected.topics("# no topics\n")
    with open_archive(settings.archive, write=True, purpose="aggregator run") as held:
        ran = collected.run("topics", "revoke", "torres-coaching")
        assert "was not taken up yet" in ran.err, "the daemon has not read the file"
        held.topics.note_leaving([])
        assert not held.topics.overdue()
        ran = collected.run("topics", "revoke", "torres-coaching")
        assert (ran.code, "within a minute" in ran.err) == (0, True)
        assert held.topics.overdue()
    assert DOWN in collected.run("topics", "publish").err
