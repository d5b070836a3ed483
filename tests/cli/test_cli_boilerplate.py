"""``feeds boilerplate`` as a person uses it."""

import json

import pytest
from feedserver import FeedServer
from planted import TEMPLATES, Planted

from aggregator.archive import open_archive
from aggregator.config import load

PAPER = Planted(0, TEMPLATES[0])


@pytest.fixture
def collected(place):
    """A configuration folder with one feed collected, whose blocks recur."""
    with FeedServer() as server:
        url = server.serve("/owl.xml", PAPER.document(12))
        place.subscribe(url)
        assert place.run("collect").code == 0
    return place


def blocks(place) -> dict[str, dict[str, object]]:
    ran = place.run("feeds", "boilerplate", "Feed 1", "--json")
    assert ran.code == 0, ran.err
    return {one["text"]: one for one in json.loads(ran.out)}


def exported(place) -> str:
    return place.run("export").out


def test_blocks_are_listed_pinned_freed_and_reset(collected):
    tail, promo = PAPER.template.tail, PAPER.template.promos[0]
    held = blocks(collected)
    assert (held[tail]["state"], held[tail]["entries"], held[tail]["of"]) == ("learned", 12, 12)
    assert held[promo]["state"] == "candidate"
    assert tail not in exported(collected)
    assert promo in exported(collected)
    ran = collected.run("feeds", "boilerplate", "Feed 1", "--free", held[tail]["id"][:8])
    assert (ran.code, ran.out) == (0, "12 entries are shown otherwise now\n")
    assert tail in exported(collected)
    assert collected.run("feeds", "boilerplate", "Feed 1", "--pin", held[promo]["id"]).code == 0
    assert promo not in exported(collected)
    assert {
        text: one["state"] for text, one in blocks(collected).items() if text in (tail, promo)
    } == {
        tail: "freed",
        promo: "pinned",
    }
    collected.run("feeds", "boilerplate", "Feed 1", "--reset", held[tail]["id"])
    assert tail not in exported(collected)
    shown = json.loads(exported(collected).splitlines()[0])
    history = json.loads(collected.run("history", shown["id"], "--json").out)
    assert len(history) == 1
    assert tail in history[0]["text"]


def test_a_list_for_people(collected):
    ran = collected.run("feeds", "boilerplate", "Feed 1")
    assert ran.code == 0
    assert "learned" in ran.out
    assert "12 of 12" in ran.out
    assert PAPER.template.tail[:40] in ran.out


def test_dry_run_changes_nothing(collected):
    held = blocks(collected)[PAPER.template.tail]
    ran = collected.run("feeds", "boilerplate", "Feed 1", "--free", held["id"], "--dry-run")
    assert (ran.code, ran.out.startswith("would free")) == (0, True)
    assert PAPER.template.tail not in exported(collected)


@pytest.mark.parametrize("options", [("--pin", "zzzz"), ("--pin", "a", "--free", "b")])
def test_what_names_no_block_is_refused(collected, options):
    assert collected.run("feeds", "boilerplate", "Feed 1", *options).code == 2


def test_a_feed_that_was_never_collected(place):
    place.subscribe("http://127.0.0.1:9/never.xml")
    assert place.run("feeds", "boilerplate", "Feed 1").code == 2


def test_it_says_who_writes_the_archive(collected):
    held = blocks(collected)[PAPER.template.tail]
    settings = load(collected.folder).settings.archive
    with open_archive(settings, write=True, purpose="aggregator collect"):
        ran = collected.run("feeds", "boilerplate", "Feed 1", "--free", held["id"])
    assert ran.code == 4
    assert "aggregator collect" in ran.err
