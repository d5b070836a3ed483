"""What programs outside may rely on of entries: only added to, never changed."""

import json
import re

import pytest
from promises import RAIN, TIME, TOPICS, TORRES, URN, parsed, rss

ENTRY_KEYS = [
    "id",
    "feed",
    "url",
    "title",
    "authors",
    "categories",
    "lang",
    "published",
    "updated",
    "first_seen",
    "summary",
    "html",
    "text",
    "story",
    "lead",
    "revisions",
    "vanished",
    "topics",
    "feed_title",
]
NASTY = "\x1b]0;owned\x07[bold]Torres[/nope] ../../etc/passwd the coach :smile:"


def test_an_entry_is_the_same_object_in_search_show_and_export(collected):
    found = parsed(collected.spawn("search", "torres AND coach*", "--json"))
    assert len(found) == 1
    entry = found[0]
    assert list(entry) == ENTRY_KEYS
    shown = collected.run("show", entry["id"], "--json")
    assert json.loads(shown.out) == entry
    exported = [json.loads(line) for line in collected.run("export").out.splitlines()]
    assert len(exported) == 2
    assert entry in exported
    assert collected.run("export", "--format", "jsonl").code == 0


def test_the_fields_of_an_entry_have_their_types(collected, server):
    entry = parsed(collected.run("search", "torres", "--json"))[0]
    assert URN.fullmatch(entry["id"])
    assert URN.fullmatch(entry["story"])
    assert entry["id"] != entry["story"]
    assert entry["feed"] == server.url("/sport.xml")
    assert entry["feed_title"] == "Feed 1"
    assert entry["url"].startswith("https://news.example/1")
    assert entry["title"] == TORRES[1]
    assert TORRES[2] in entry["text"]
    assert "<p>" in entry["html"]
    assert entry["categories"] == ["Football"]
    assert isinstance(entry["authors"], list)
    assert entry["lang"] == "en"
    assert TIME.fullmatch(entry["published"])
    assert TIME.fullmatch(entry["first_seen"])
    assert entry["updated"] is None or TIME.fullmatch(entry["updated"])
    assert (entry["lead"], entry["revisions"], entry["vanished"]) == (True, 1, None)
    assert entry["topics"] == ["torres-coaching"]


@pytest.mark.parametrize("form", ["whole", "bare", "prefix", "story"])
def test_an_entry_is_found_by_any_form_of_its_id(collected, form):
    entry = parsed(collected.run("search", "torres", "--json"))[0]
    bare = entry["id"].removeprefix("urn:uuid:")
    name = {"whole": entry["id"], "bare": bare, "prefix": bare[:8], "story": entry["story"]}[form]
    assert json.loads(collected.run("show", name, "--json").out) == entry


def test_a_search_that_finds_nothing_is_an_empty_array(collected):
    assert parsed(collected.run("search", "nothingofthekind", "--json")) == []


def test_a_correction_makes_a_revision(collected, server):
    entry = parsed(collected.run("search", "torres", "--json"))[0]
    server.serve("/sport.xml", rss((*TORRES[:1], "Torres wins as a coach", TORRES[2]), RAIN))
    assert json.loads(collected.run("collect", "--all", "--json").out)["revised"] == 1
    corrected = json.loads(collected.run("show", entry["id"], "--json").out)
    assert (corrected["revisions"], corrected["id"]) == (2, entry["id"])
    assert corrected["title"] == "Torres wins as a coach"
    history = json.loads(collected.run("history", entry["id"], "--json").out)
    assert [state["number"] for state in history] == [1, 2]
    assert history[1]["changed"] == ["title"]
    assert "[-starts-]{+wins+}" in collected.run("history", entry["id"]).out


def test_text_of_feeds_is_harmless_wherever_it_is_shown(place, server):
    server.serve(
        "/sport.xml",
        rss(("1", f"<![CDATA[{NASTY.replace(chr(27), '&#27;')}]]>", NASTY[5:].replace("\x07", ""))),
    )
    place.subscribe(server.url("/sport.xml"))
    place.topics(TOPICS)
    assert place.run("collect").code == 0
    entry = parsed(place.run("search", "torres", "--json"))[0]
    for command in (
        ["search", "torres"],
        ["show", entry["id"]],
        ["history", entry["id"]],
        ["export"],
        ["topics", "show", "torres-coaching"],
        ["topics", "preview", "torres"],
    ):
        ran = place.run(*command)
        assert ran.code == 0, ran.err
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", ran.out)
        assert "[bold]Torres[/nope]" in ran.out


def test_a_limit_is_kept_and_the_orders_differ(place, server):
    often = ("1", "Rain and more rain", "Rain, rain, rain and again rain.")
    server.serve("/sport.xml", rss(often))
    place.subscribe(server.url("/sport.xml"))
    assert place.run("collect").code == 0
    once = ("2", "The match was long", "It ended late, and many had left for home before any rain.")
    last = (
        "3",
        "The season is over",
        "There were many words about a winter without any rain at all.",
    )
    server.serve("/sport.xml", rss(last, once, often))
    assert place.run("collect", "--all").code == 0

    def found(sort: str, limit: int) -> list[str]:
        options = ("--sort", sort, "--limit", str(limit), "--json")
        return [one["title"] for one in parsed(place.run("search", "rain", *options))]

    arrived = [last[1], once[1], often[1]]
    assert sorted(found("newest", 9)) == sorted(arrived)
    assert found("newest", 9)[-1] == often[1]
    assert found("newest", 2) == found("newest", 9)[:2]
    assert found("relevance", 9)[0] == often[1]
    assert found("relevance", 1) == [often[1]]


def test_an_entry_without_a_page_has_null_for_its_address(place, server):
    item = b"<item><guid isPermaLink='false'>1</guid><title>Only a note</title></item>"
    server.serve(
        "/sport.xml", b"<rss version='2.0'><channel><title>F</title>%s</channel></rss>" % item
    )
    place.subscribe(server.url("/sport.xml"))
    assert place.run("collect").code == 0
    (entry,) = parsed(place.run("search", "note", "--json"))
    assert (entry["url"], entry["published"], entry["summary"], entry["html"]) == (
        None,
        None,
        "",
        "",
    )


def test_a_copy_does_not_lead_its_story(place, server):
    place.subscribe(*(server.serve(name, rss(TORRES)) for name in ("/one.xml", "/two.xml")))
    assert place.run("collect").code == 0
    copy, first = parsed(place.run("search", "torres", "--json"))
    assert (first["lead"], copy["lead"], first["feed"] != copy["feed"]) == (True, False, True)
    assert first["story"] == copy["story"]
    assert parsed(place.run("show", first["story"], "--json"))["id"] == first["id"]


def test_what_vanished_tells_when(place, server):
    place.subscribe(server.url("/sport.xml"))
    last = ("3", "Another match", "It was played in the evening.")
    for number, items in enumerate(((last, RAIN, TORRES), (last, TORRES), (last, TORRES))):
        server.serve("/sport.xml", rss(*items, title=f"Poll {number}"))
        assert place.run("collect", "--all").code == 0
    (gone,) = parsed(place.run("search", "covers", "--json"))
    assert TIME.fullmatch(gone["vanished"])
    assert "vanished from its feed" in place.run("history", gone["id"]).out
    (still,) = parsed(place.run("search", "torres", "--json"))
    assert still["vanished"] is None
    assert "vanished" not in place.run("history", still["id"]).out
