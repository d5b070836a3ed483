"""``feeds set``, and ``feeds add`` of what is there already: options are followed, or refused."""

from __future__ import annotations

import pytest
from promises import parsed

URL = "https://news.example/feed.xml"


def test_a_line_is_changed_and_told(place):
    place.subscribe(URL)
    before = (place.folder / "feeds.opml").read_text()
    ran = place.run("feeds", "set", "Feed 1", "--interval", "15m", "--pause")
    assert (ran.code, ran.out) == (0, f"changed the line of {URL}\n"), ran.err
    assert parsed(place.run("feeds", "list", "--json"))[0]["state"] == "paused"
    assert 'aggregatorInterval="900s"' in (place.folder / "feeds.opml").read_text()
    again = place.run("feeds", "set", "Feed 1", "--interval", "15m", "--json")
    assert (parsed(again), "says so already" in again.err) == ({"url": URL, "changed": False}, True)
    back = place.run("feeds", "set", "Feed 1", "--interval", "none", "--resume", "--json")
    assert parsed(back) == {"url": URL, "changed": True}
    assert (place.folder / "feeds.opml").read_text() == before
    place.run("feeds", "set", URL, "--title", "News", "--dry-run")
    assert (place.folder / "feeds.opml").read_text() == before
    place.run("feeds", "set", URL, "--title", "News")
    assert parsed(place.run("feeds", "list", "--json"))[0]["title"] == "News"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "nothing is named"),
        (("--interval", "5s"), "60 s or more"),
        (("--interval", "soon"), "--interval"),
    ],
)
def test_what_it_refuses(place, options, words):
    place.subscribe(URL)
    ran = place.run("feeds", "set", URL, *options)
    assert (ran.code, words in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ((), ""),
        (("--title", "Feed 1", "--folder", "Sport"), ""),
        (("--interval", "15m"), "--interval (aggregator feeds set"),
        (("--full-text", "--title", "Other"), "--title, --full-text (aggregator feeds set"),
        (("--folder", "Else"), "--folder (move its line"),
    ],
)
def test_options_for_a_feed_that_is_there_are_refused_where_its_line_says_otherwise(
    place, options, refused
):
    place.subscribe(URL)
    before = (place.folder / "feeds.opml").read_bytes()
    ran = place.run("feeds", "add", URL, *options)
    assert ran.code == (2 if refused else 0)
    assert "is in feeds.opml already" in ran.err
    assert refused in ran.err
    assert (place.folder / "feeds.opml").read_bytes() == before
