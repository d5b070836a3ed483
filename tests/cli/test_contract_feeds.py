"""What programs outside may rely on of feeds: only added to, never changed."""

import json

from promises import RAIN, TIME, TORRES, parsed, rss

FEED_KEYS = ["url", "title", "folders", "state", "next_due", "last_success", "failure", "entries"]


def test_feeds_list_has_its_keys_and_states(collected, server):
    feeds = parsed(collected.spawn("feeds", "list", "--json"))
    assert [list(feed) for feed in feeds] == [FEED_KEYS] * 2
    good, bad = feeds
    assert good["url"] == server.url("/sport.xml")
    assert (good["title"], good["folders"], good["state"]) == ("Feed 1", ["Sport"], "ok")
    assert good["failure"] is None
    assert good["entries"] == 2
    assert TIME.fullmatch(good["next_due"])
    assert TIME.fullmatch(good["last_success"])
    assert (bad["state"], bad["last_success"], bad["entries"]) == ("failing", None, 0)
    assert list(bad["failure"]) == ["kind", "message", "since", "count"]
    assert (bad["failure"]["kind"], bad["failure"]["count"]) == ("http", 1)
    assert TIME.fullmatch(bad["failure"]["since"])


def test_a_failure_stands_until_the_next_success(collected, server):
    collected.run("collect", "--all")
    failing = parsed(collected.run("feeds", "list", "--json"))[1]
    assert failing["failure"]["count"] == 2
    server.serve("/gone.xml", rss(RAIN, title="Back"))
    assert collected.run("collect", "--all").code == 0
    back = parsed(collected.run("feeds", "list", "--json"))[1]
    assert (back["state"], back["failure"]) == ("ok", None)


def test_feeds_list_works_before_anything_was_collected(place):
    place.subscribe("https://news.example/feed")
    feed = parsed(place.run("feeds", "list", "--json"))[0]
    assert list(feed) == FEED_KEYS
    assert (feed["state"], feed["next_due"], feed["entries"]) == ("new", None, 0)
    assert not (place.folder / "archive").exists()


def test_feeds_are_added_listed_exported_and_removed_without_an_archive(place, tmp_path):
    url = "https://news.example/feed"
    assert place.run("feeds", "add", url, "--title", "News", "--folder", "A/B").code == 0
    feed = parsed(place.run("feeds", "list", "--json"))[0]
    assert (feed["url"], feed["title"], feed["folders"]) == (url, "News", ["A", "B"])
    again = place.run("feeds", "add", "http://www.news.example/feed/")
    assert (again.code, again.out) == (0, "")
    assert place.run("feeds", "export", str(tmp_path / "out.opml")).code == 0
    assert place.run("feeds", "remove", url).code == 0
    assert parsed(place.run("feeds", "list", "--json")) == []
    assert place.run("feeds", "import", str(tmp_path / "out.opml")).code == 0
    assert parsed(place.run("feeds", "list", "--json"))[0]["folders"] == ["A", "B"]
    assert not (place.folder / "archive").exists()


def test_a_feed_can_be_asked_for_whole(place):
    url = "https://short.example/feed"
    assert place.run("feeds", "add", url, "--full-text").code == 0
    assert 'aggregatorFullText="true"' in (place.folder / "feeds.opml").read_text()
    assert "from the linked pages" in place.run("feeds", "show", url).out


def test_pages_that_could_not_be_had_are_told(place, server):
    link = server.serve("/rain", status=503)
    body = rss(RAIN).replace(b"https://news.example/2?utm_source=rss", link.encode())
    url = server.serve("/short.xml", body)
    assert place.run("feeds", "add", url, "--full-text").code == 0
    assert place.run("collect").code == 0
    assert "pages owed\t1, asked for again with polls after " in place.run("feeds", "show", url).out
    shown = json.loads(place.run("feeds", "show", url, "--json").out)
    (page,) = shown["pages_owed"]
    assert (page["tries"], "503" in page["failure"]) == (1, True)
    assert TIME.fullmatch(page["next_try"])


def test_a_feed_that_moved_keeps_its_address(place, server):
    server.serve("/new.xml", rss(TORRES))
    old = server.serve("/old.xml", status=301, headers={"Location": server.url("/new.xml")})
    place.subscribe(old)
    for _ in range(4):
        assert place.run("collect", "--all").code == 0
    assert server.requests[-1].path == "/new.xml"
    assert len(server.asked("/old.xml")) < 4, "it moved"
    server.serve("/new.xml", rss(RAIN, TORRES))
    assert place.run("collect", "--all").code == 0
    assert [feed["url"] for feed in parsed(place.run("feeds", "list", "--json"))] == [old]
    for word in ("torres", "rain"):
        (entry,) = parsed(place.run("search", word, "--json"))
        assert entry["feed"] == old


def test_a_paused_feed_is_listed_as_paused(place, server):
    place.subscribe(server.serve("/sport.xml", rss(TORRES)))
    assert place.run("collect").code == 0
    opml = place.folder / "feeds.opml"
    opml.write_text(opml.read_text().replace("type=", 'aggregatorPaused="true" type='))
    assert json.loads(place.run("collect", "--all", "--json").out)["feeds"] == 0
    (feed,) = parsed(place.run("feeds", "list", "--json"))
    assert (feed["state"], feed["failure"], feed["entries"]) == ("paused", None, 1)


def test_a_stopped_feed_keeps_its_failure(place, server):
    place.subscribe(server.serve("/sport.xml", rss(TORRES)))
    assert place.run("collect").code == 0
    server.serve("/sport.xml", status=410)
    assert place.run("collect", "--all").code == 1
    (feed,) = parsed(place.run("feeds", "list", "--json"))
    assert (feed["state"], feed["failure"]["kind"], feed["entries"]) == ("stopped", "http", 1)
    assert TIME.fullmatch(feed["failure"]["since"])
    requests = len(server.requests)
    assert json.loads(place.run("collect", "--all", "--json").out)["feeds"] == 0
    assert len(server.requests) == requests
