"""What is told of feeds' troubles: where people look, and in a feed of its own."""

from __future__ import annotations

import json
from pathlib import Path

import feedparser
import pytest
from lxml import etree
from promises import RAIN, TORRES, rss

GRAMMAR = Path(__file__).parents[1] / "specification" / "atom.rng"
PAGE = b"<!doctype html><html><body>We have moved.</body></html>"


def told(place) -> list[dict]:
    found = json.loads((place.folder / "public" / "topics" / "_status.json").read_bytes())
    return found["items"]


def titles(place) -> list[str]:
    return [item["title"].partition(":")[0] for item in told(place)]


@pytest.fixture
def fed(place, server):
    """A place with one feed, after one round."""
    place.subscribe(server.serve("/sport.xml", rss(TORRES)))
    assert place.run("collect").code == 0
    return place


def test_there_is_a_status_feed_from_the_first_day(fed, server):
    assert told(fed) == []
    assert "topics/_status.html" in (fed.folder / "public" / "index.html").read_text()


def test_a_feed_that_turns_into_a_page_is_told_of_once(fed, server):
    server.serve("/sport.xml", PAGE, content_type="text/html")
    for _ in range(3):
        assert fed.run("collect", "--all").code == 1
    assert [item["title"] for item in told(fed)] == ["Broken: Feed 1"]
    (item,) = told(fed)
    assert "The answer is a web page, not a feed" in item["summary"]
    assert item["_aggregator"]["origin"]["feed_url"] == server.url("/sport.xml")
    server.serve("/sport.xml", rss(RAIN, TORRES))
    for _ in range(2):
        assert fed.run("collect", "--all").code == 0
    assert titles(fed) == ["Recovered", "Broken"]
    assert "after 3 failures" in told(fed)[0]["summary"]


def test_a_feed_without_a_title_is_named_once(place, server):
    place.run("feeds", "add", server.url("/none.xml"), "--as-it-is")
    place.run("collect")
    (item,) = told(place)
    for part in ("summary", "content_html"):
        assert item[part].count(server.url("/none.xml")) == 1, item[part]
    assert item["title"] == f"Broken: {server.url('/none.xml')}"


def test_a_broken_feed_that_is_removed_is_told_of_as_removed(fed, server):
    server.serve("/sport.xml", PAGE, content_type="text/html")
    fed.run("collect", "--all")
    fed.run("feeds", "remove", server.url("/sport.xml"))
    for _ in range(2):
        fed.run("collect")
    assert [item["title"] for item in told(fed)] == ["Removed: Feed 1", "Broken: Feed 1"]
    assert "It is subscribed to no more" in told(fed)[0]["summary"]
    # Should it come back as it was, that is news.
    fed.subscribe(server.url("/sport.xml"))
    fed.run("collect")
    assert titles(fed) == ["Broken", "Removed", "Broken"]


def test_a_sound_feed_that_is_removed_is_no_trouble(fed, server):
    fed.subscribe()
    fed.run("collect")
    assert told(fed) == []


def test_an_empty_answer_says_once_that_it_is_tried_again(fed, server):
    server.serve("/sport.xml", b"")
    fed.run("collect", "--all")
    (item,) = told(fed)
    assert item["summary"].count("tried again") == 1
    assert "The answer is empty (the publisher may be rebuilding it); it is" in item["summary"]


def test_a_feed_that_falls_empty_is_told_of_once(fed, server):
    server.serve("/sport.xml", rss())
    first, second = fed.run("collect", "--all"), fed.run("collect", "--all")
    assert "lists nothing any more" in first.err
    assert second.err.count("nothing any more") == 0
    assert titles(fed) == ["Empty"]


def whole(place, server, body: bytes) -> str:
    return server.serve("/sport.xml", body)


def unvalidated(place, server, body: bytes) -> str:
    return server.serve("/sport.xml", body, etag="")


def filed(place, server, body: bytes) -> str:
    file = place.folder / "sport.xml"
    file.write_bytes(body)
    place.settings("")
    settings = place.folder / "aggregator.toml"
    allowed = f'[collect]\nallow_files = ["{place.folder}"]\n'
    settings.write_text(settings.read_text().replace("[collect]\n", allowed))
    return file.as_uri()


@pytest.mark.parametrize("put", [whole, unvalidated, filed])
def test_a_document_that_always_breaks_off_is_told_of_once_and_its_mend_too(place, server, put):
    sound = rss(RAIN, TORRES)
    url = put(place, server, sound[: sound.rindex(b"</description>")])
    place.subscribe(url)
    said = [place.run("collect", "--all").err.count("broke off at") for _ in range(5)]
    assert said == [0, 0, 1, 0, 0]
    assert [item["title"] for item in told(place)] == ["Cut off: Feed 1"]
    for command in (["status"], ["feeds", "list"], ["feeds", "show", url], ["feeds", "check"]):
        assert "its document breaks off" in place.run(*command).out, command
    assert json.loads(place.run("status", "--json").out)["cut"] == [{"url": url}]
    put(place, server, sound)
    again = place.run("collect", "--all")
    assert "its document comes whole again" in again.err
    assert titles(place) == ["Whole again", "Cut off"]
    assert json.loads(place.run("status", "--json").out)["cut"] == []
    assert "breaks off" not in place.run("feeds", "check").out


def test_a_document_that_broke_off_is_asked_for_whole_until_that_is_known(place, server):
    sound = rss(RAIN, TORRES)
    place.subscribe(server.serve("/sport.xml", sound[: sound.rindex(b"</item>")]))
    for _ in range(4):
        place.run("collect", "--all")
    assert [one.status for one in server.asked("/sport.xml")] == [200, 200, 200, 304]


def test_a_document_that_was_just_being_written_is_no_trouble(place, server):
    sound = rss(RAIN, TORRES)
    place.subscribe(server.url("/sport.xml"))
    for body in (sound[:-30], sound[:-30], sound, sound[:-30], sound):
        server.serve("/sport.xml", body)
        ran = place.run("collect", "--all")
        assert (ran.code, "broke off" in ran.err) == (0, False)
    assert told(place) == []


def test_missed_entries_are_told_of_and_shown(fed, server):
    server.serve("/sport.xml", rss(RAIN))
    ran = fed.run("collect", "--all")
    assert "may have been missed" in ran.err
    assert titles(fed) == ["Entries may be missed"]
    url = server.url("/sport.xml")
    assert "may have been missed" in fed.run("feeds", "show", url).out
    assert "may have been missed" in fed.run("feeds", "list").out
    (missed,) = json.loads(fed.run("status", "--json").out)["missed"]
    assert missed["url"] == url
    assert "Feed 1" in fed.run("status").out


def test_what_many_feeds_tell_in_the_same_words_is_one_entry(place, server):
    place.subscribe(*(server.url(f"/{n}.xml") for n in range(5)))
    assert place.run("collect").code == 1
    (item,) = told(place)
    assert item["title"] == "Broken: 5 feeds"
    assert all(server.url(f"/{n}.xml") in item["content_html"] for n in range(5))


def test_a_feed_that_recovered_is_not_told_of_as_broken_with_others(place, server):
    urls = [server.url(f"/{name}.xml") for name in ("one", "two", "three")]
    place.subscribe(urls[0])
    place.run("collect", "--all")
    (before,) = told(place)
    server.serve("/one.xml", rss(TORRES))
    place.run("collect", "--all")
    place.subscribe(*urls)
    place.run("collect", "--all")
    assert [item["title"] for item in told(place)] == [
        "Broken: 2 feeds",
        "Recovered: Feed 1",
        "Broken: Feed 1",
    ]
    for name in ("id", "title", "summary", "date_published", "date_modified"):
        assert told(place)[-1][name] == before[name]


def test_a_broken_feed_that_is_gone_at_last_is_told_of_as_that(place, server):
    place.subscribe(server.url("/sport.xml"))
    place.run("collect", "--all")
    server.serve("/sport.xml", status=410)
    for _ in range(2):
        place.run("collect", "--all")
    assert titles(place) == ["Broken", "Broken"]
    gone, failing = (item["summary"] for item in told(place))
    assert "it is tried again" in failing
    assert "has ended this feed (410)" in gone
    assert "it is asked no more" in gone


def test_the_status_feed_is_valid_and_safe(place, server):
    server.serve("/x.xml", rss(TORRES, title="&lt;script&gt;x&lt;/script&gt; &amp;amp; more"))
    place.subscribe(server.url("/x.xml").replace("127.0.0.1", "user:secret@127.0.0.1"))
    text = (place.folder / "feeds.opml").read_text().replace('text="Feed 1"', "")
    (place.folder / "feeds.opml").write_text(text)
    assert place.run("collect").code == 0
    server.serve("/x.xml", PAGE)
    assert place.run("collect", "--all").code == 1
    folder = place.folder / "public" / "topics"
    files = {path.name: path.read_bytes() for path in folder.glob("_status.*")}
    assert set(files) == {"_status.atom", "_status.rss", "_status.json", "_status.html"}
    for name, data in files.items():
        assert b"secret" not in data, name
        assert b"<script>" not in data, name
    grammar = etree.RelaxNG(etree.parse(GRAMMAR))
    grammar.assertValid(etree.fromstring(files["_status.atom"]))
    for extension in ("atom", "rss"):
        parsed = feedparser.parse(files[f"_status.{extension}"])
        assert not parsed.bozo
        assert len(parsed.entries) == 1
    before = {path: path.stat().st_mtime_ns for path in folder.glob("_status.*")}
    assert place.run("topics", "publish").code == 0
    assert {path: path.stat().st_mtime_ns for path in folder.glob("_status.*")} == before


def test_a_document_of_more_items_than_are_read_is_told_of_once(place, server):
    place.settings("")
    settings = place.folder / "aggregator.toml"
    shipped = settings.read_text()
    settings.write_text(shipped.replace("[collect]\n", "[collect]\nmax_entries = 1\n"))
    url = server.serve("/sport.xml", rss(RAIN, TORRES))
    place.subscribe(url)
    said = [place.run("collect", "--all").err.count("it lists 2 items") for _ in range(3)]
    assert said == [1, 0, 0]
    (item,) = told(place)
    assert item["title"] == "Too long: Feed 1"
    assert "the newest 1 are read" in item["summary"]
    assert "Set collect.max_entries higher" in item["summary"]
    for command in (["status"], ["feeds", "list"], ["feeds", "show", url]):
        assert "it lists more than is read" in place.run(*command).out, command
    assert json.loads(place.run("status", "--json").out)["long"] == [{"url": url}]
    settings.write_text(shipped)
    # Other bytes, so that the document is read again.
    server.serve("/sport.xml", rss(RAIN, TORRES) + b"\n")
    assert "all that it lists is read" in place.run("collect", "--all").err
    assert titles(place) == ["Read whole", "Too long"]
    assert json.loads(place.run("status", "--json").out)["long"] == []
