"""How a person names a feed: by its address, its title, or a part that no other has."""

import json

import pytest
from promises import TORRES, parsed, rss

FEEDS = """<opml version="2.0"><body>
<outline text="City Herald" xmlUrl="https://herald.example/city.xml"/>
<outline text="City Herald: sport" xmlUrl="https://herald.example/sport.xml"/>
<outline text="Ringside" xmlUrl="https://boxing.example/feed?of=ringside&amp;lang=en"/>
</body></opml>"""
CITY, SPORT, RINGSIDE = (
    "https://herald.example/city.xml",
    "https://herald.example/sport.xml",
    "https://boxing.example/feed?of=ringside&lang=en",
)


@pytest.fixture
def place(place):
    (place.folder / "feeds.opml").write_text(FEEDS)
    return place


def _urls(place) -> list[str]:
    return [feed["url"] for feed in json.loads(place.run("feeds", "list", "--json").out)]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (SPORT, SPORT),
        ("http://www.herald.example/city.xml", CITY),
        ("city herald", CITY),
        ("Herald: S", SPORT),
        ("ringside", RINGSIDE),
        ("boxing.example", RINGSIDE),
        (" lang=EN ", RINGSIDE),
    ],
)
def test_a_feed_is_named_by_address_title_or_a_part_of_one(place, name, url):
    assert f"url\t{url}" in place.run("feeds", "show", name).out
    assert place.run("feeds", "remove", name, "--dry-run").out == f"would remove {url}\n"
    assert place.run("feeds", "remove", name).out == f"removed {url}\n"
    assert _urls(place) == [other for other in (CITY, SPORT, RINGSIDE) if other != url]


@pytest.mark.parametrize("command", ["show", "remove"])
def test_a_name_that_fits_several_feeds_lists_them(place, command):
    ran = place.run("feeds", command, "herald")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "aggregator: 'herald' fits 2 feeds (give more of the title, or the address)",
        f"  City Herald <{CITY}>",
        f"  City Herald: sport <{SPORT}>",
    ]
    assert _urls(place) == [CITY, SPORT, RINGSIDE]


def test_a_feed_is_removed_by_the_title_it_gives_itself(place, server):
    url = server.serve("/own.xml", rss(TORRES, title="Their own title"))
    place.run("feeds", "add", url, "--as-it-is")
    place.run("collect")
    assert place.run("feeds", "remove", "own title").out == f"removed {url}\n"


@pytest.mark.parametrize("text", ["own", "former"])
def test_a_line_that_has_an_address_for_a_name_goes_by_the_feeds_own(place, server, text):
    """Other programs write addresses there, and ``feeds check --fix`` leaves what stands."""
    url = server.serve("/own.xml", rss(TORRES, title="Their own title"))
    name = {"own": url, "former": "https://former.example/rss"}[text]
    (place.folder / "feeds.opml").write_text(
        f'<opml version="2.0"><body><outline text="{name}" xmlUrl="{url}"/></body></opml>', "utf-8"
    )
    place.run("collect")
    assert [one["title"] for one in parsed(place.run("feeds", "list", "--json"))] == [
        "Their own title"
    ]
    assert parsed(place.run("search", 'feed:"their own title"', "--json"))


def test_a_feed_is_removed_by_its_address_whatever_is_wrong_with_the_archive(place):
    (place.folder / "archive").write_text("a file where a folder must be")
    assert place.run("feeds", "remove", SPORT).code == 0
    assert place.run("feeds", "remove", "ringside").code == 3


def test_no_name_names_no_feed(place):
    place.subscribe(SPORT)
    for name in ("", "  "):
        assert place.run("feeds", "remove", name).code == 2
    assert _urls(place) == [SPORT]
