"""Lists of feeds that others keep, included by address, over real sockets."""

from __future__ import annotations

import json
from xml.sax.saxutils import quoteattr

import pytest
from msgspec.structs import replace
from promises import RAIN, TORRES, parsed, rss

from aggregator.model.feed import Subscription
from aggregator.model.inclusion import FeedList, Inclusion, with_included


def opml(*urls: str) -> bytes:
    lines = "".join(f'<outline text="F" xmlUrl={quoteattr(url)}/>' for url in urls)
    return f'<opml version="2.0"><body><outline text="Far">{lines}</outline></body></opml>'.encode()


@pytest.fixture
def included(place, server):
    """A place whose only line is a list of two feeds, after one round."""
    server.serve("/a.xml", rss(TORRES))
    server.serve("/b.xml", rss(RAIN))
    server.serve("/list.opml", opml(server.url("/a.xml"), server.url("/b.xml")))
    include(place, f'<outline type="include" text="Near" url="{server.url("/list.opml")}"/>')
    ran = place.run("collect", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["new"] == 2
    return place


def include(place, lines: str) -> None:
    text = f'<opml version="2.0"><body>{lines}</body></opml>'
    (place.folder / "feeds.opml").write_text(text, encoding="utf-8")


def states(place) -> dict[str, tuple]:
    feeds = parsed(place.run("feeds", "list", "--json"))
    return {feed["url"][-6:]: (feed["state"], feed["entries"]) for feed in feeds}


def test_the_feeds_of_a_list_are_collected_in_its_place(included, server):
    feeds = parsed(included.run("feeds", "list", "--json"))
    assert [feed["folders"] for feed in feeds] == [["Near", "Far"]] * 2
    assert states(included) == {"/a.xml": ("ok", 1), "/b.xml": ("ok", 1)}
    assert included.run("collect").code == 0
    assert len(server.asked("/list.opml")) == 1, "once a day"
    assert included.run("collect", "--all").code == 0
    first, again = server.asked("/list.opml")
    assert "if-none-match" not in first.headers
    assert again.status == 304
    assert len(server.asked("/a.xml")) == 2
    assert included.run("collect", "--all", "--dry-run").out.count("would fetch") == 2


def test_what_a_list_drops_is_paused_and_comes_back(included, server):
    server.serve("/list.opml", opml(server.url("/b.xml")))
    ran = included.run("collect", "--all")
    assert "1 feed included, 1 dropped by it are paused" in ran.err
    assert states(included) == {"/a.xml": ("paused", 1), "/b.xml": ("ok", 1)}
    assert len(server.asked("/a.xml")) == 1
    assert parsed(included.run("search", "torres", "--json"))
    server.serve("/list.opml", opml(server.url("/a.xml"), server.url("/b.xml")))
    assert included.run("collect", "--all").code == 0
    assert states(included) == {"/a.xml": ("ok", 1), "/b.xml": ("ok", 1)}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 500, "body": b""}, "500"),
        ({"body": b"<!doctype html><html><body>Moved</body></html>"}, "this is"),
        ({"body": b'<opml version="2.0"><body/></opml>'}, "names no feed any more"),
        ({"body": b"", "status": 410}, "410"),
    ],
)
def test_a_list_that_fails_keeps_what_it_named(included, server, answer, words):
    server.serve("/list.opml", **answer)
    ran = included.run("collect", "--all")
    assert ran.code == 0, "the feeds themselves are well"
    assert words in ran.err
    assert states(included) == {"/a.xml": ("ok", 1), "/b.xml": ("ok", 1)}
    asked = len(server.asked("/list.opml"))
    assert included.run("collect").code == 0
    assert len(server.asked("/list.opml")) == asked, "a while later"


def test_a_line_of_ones_own_outweighs_a_list(included, server):
    own = f'<outline text="Mine" xmlUrl="{server.url("/a.xml")}"/>'
    listed = f'<outline type="include" url="{server.url("/list.opml")}"/>'
    include(included, own + listed)
    server.serve("/list.opml", opml(server.url("/b.xml")))
    assert included.run("collect", "--all").code == 0
    assert states(included) == {"/a.xml": ("ok", 1), "/b.xml": ("ok", 1)}
    assert parsed(included.run("feeds", "list", "--json"))[0]["title"] == "Mine"


def test_only_what_nobody_else_names_is_said_to_be_paused(included, server):
    """A line of one's own, or another list, has it still."""
    own = f'<outline text="Mine" xmlUrl="{server.url("/a.xml")}"/>'
    lists = ("/list.opml", "/other.opml")
    listed = "".join(f'<outline type="include" url="{server.url(path)}"/>' for path in lists)
    include(included, own + listed)
    urls = [server.url(path) for path in ("/a.xml", "/b.xml", "/c.xml")]
    server.serve("/c.xml", rss(RAIN))
    server.serve("/other.opml", opml(urls[1]))
    server.serve("/list.opml", opml(*urls))
    assert "list.opml: 3 feeds included\n" in included.run("collect", "--all").err
    server.serve("/list.opml", opml(server.url("/d.xml")))
    told = included.run("collect", "--all").err
    assert "list.opml: 1 feed included, 1 dropped by it are paused\n" in told
    assert {url: state for url, (state, _) in states(included).items() if url != "/d.xml"} == {
        "/a.xml": "ok", "/b.xml": "ok", "/c.xml": "paused",
    }  # fmt: skip


def test_a_feed_that_a_list_names_by_its_new_address_is_not_paused(included, server):
    server.serve("/new.xml", rss(TORRES))
    server.serve("/a.xml", status=301, headers={"Location": server.url("/new.xml")})
    for _ in range(3):
        assert included.run("collect", "--all").code == 0
    shown = parsed(included.run("feeds", "show", server.url("/a.xml"), "--json"))
    assert shown["url"] == server.url("/a.xml")
    server.serve("/list.opml", opml(server.url("/new.xml"), server.url("/b.xml")))
    told = included.run("collect", "--all").err
    assert "list.opml: 2 feeds included\n" in told
    assert {state for state, _ in states(included).values()} == {"ok"}


def test_a_feed_that_any_list_has_to_be_asked_is_asked():
    """Paused lines come last: the archive takes the first line of a feed, whatever its address."""
    left, right = Inclusion(url="https://l.example/o"), Inclusion(url="https://r.example/o")
    old, new = Subscription(url="https://f.example/old"), Subscription(url="https://f.example/new")
    lists = (
        FeedList(url=left.url, lines=(replace(old, paused=True),)),
        FeedList(url=right.url, lines=(new,)),
    )
    assert [line.url for line in with_included((), (left, right), lists)] == [new.url, old.url]


def test_removing_takes_ones_own_line_first(included, server):
    own = f'<outline text="Fine" xmlUrl="{server.url("/c.xml")}"/>'
    include(included, f'{own}<outline type="include" url="{server.url("/list.opml")}"/>')
    # The list calls its feeds F.
    assert included.run("feeds", "remove", "F").out == f"removed {server.url('/c.xml')}\n"
    assert "a list that it includes names it" in included.run("feeds", "remove", "F").err


def test_removing_says_what_a_list_brought(included, server):
    before = (included.folder / "feeds.opml").read_bytes()
    ran = included.run("feeds", "remove", server.url("/a.xml"))
    assert (ran.code, "a list that it includes names it" in ran.err) == (2, True)
    ran = included.run("feeds", "remove", server.url("/list.opml"))
    assert (ran.code, "is a list of feeds that feeds.opml includes" in ran.err) == (2, True)
    assert (included.folder / "feeds.opml").read_bytes() == before


@pytest.mark.parametrize("name", ["list.opml", "near", ""])
def test_removing_a_list_names_the_line_that_includes_it(included, server, name):
    url = server.url("/list.opml")
    include(included, f'\n\n<outline type="include" text="Near" url="{url}"/>')
    ran = included.run("feeds", "remove", name or url)
    assert f"{url} is a list of feeds that feeds.opml includes (delete line 3 there:" in (ran.err)
    assert (ran.code, ran.out) == (2, "")


def test_a_list_that_is_taken_out_takes_its_feeds_along(included, server):
    include(included, "")
    assert included.run("collect", "--all").code == 0
    assert states(included) == {}
    assert parsed(included.run("search", "rain", "--json")), "its entries stay"
    asked = len(server.requests)
    assert included.run("collect", "--all").code == 0
    assert len(server.requests) == asked


def test_publishing_topics_drops_no_included_feed(included):
    assert included.run("topics", "publish").code == 0
    assert states(included) == {"/a.xml": ("ok", 1), "/b.xml": ("ok", 1)}


def test_a_list_leads_into_no_private_network(place):
    include(place, '<outline type="include" url="http://192.168.7.7/list.opml"/>')
    assert "private network" in place.run("collect").err


def failing_list(place, server) -> dict[str, dict]:
    """What ``status`` and ``feeds check`` tell of the one list that fails, in JSON."""
    [one] = parsed(place.run("status", "--json"))["lists"]
    [other] = parsed(place.run("feeds", "check", "--json"))
    shown = parsed(place.run("feeds", "show", one["url"], "--json"))
    assert one == other == {name: told for name, told in shown.items() if name != "folders"}
    assert one["url"] == server.url("/list.opml")
    return {"status": one, "check": other}


def test_a_list_that_fails_is_told_until_it_answers(included, server):
    assert parsed(included.run("status", "--json"))["lists"] == []
    server.serve("/list.opml", b"", status=404)
    included.run("collect", "--all")
    found = failing_list(included, server)
    assert found["status"]["count"] == 1
    assert found["status"]["last_success"]
    assert "404" in found["status"]["message"]
    assert found["check"]["state"] == "failing"
    kept = "404) (1 time): what it named last is collected"
    assert found["check"]["what"].endswith(kept)
    assert f"{server.url('/list.opml')}\t20" in included.run("status").out
    assert kept in included.run("status").out
    checked = included.run("feeds", "check")
    assert checked.out.startswith(f"{server.url('/list.opml')}\t")
    assert checked.err == ""
    server.serve("/list.opml", opml(server.url("/a.xml"), server.url("/b.xml")))
    included.run("collect", "--all")
    assert parsed(included.run("status", "--json"))["lists"] == []
    assert parsed(included.run("feeds", "check", "--json")) == []


def test_a_list_that_never_answered_is_told_so(place, server):
    server.serve("/list.opml", b"", status=404)
    include(place, f'<outline type="include" url="{server.url("/list.opml")}"/>')
    assert place.run("collect").err.endswith("(404): it never named a feed\n")
    found = failing_list(place, server)
    assert found["status"]["last_success"] is None
    assert found["check"]["what"].endswith("(1 time): it never named a feed")
    told = place.run("status").out
    assert f"{server.url('/list.opml')}\tnever\t" in told
    place.settings('page_size = "many"')
    assert "\tnever\t" in place.run("status").out, "a mistake elsewhere hides it not"
    include(place, "")
    place.settings("")
    assert parsed(place.run("status", "--json"))["lists"] == [], "nobody includes it any more"


def test_a_feed_of_a_list_is_checked_and_its_list_named(included, server):
    server.serve("/b.xml", b"", status=404)
    included.run("collect", "--all")
    [told] = parsed(included.run("feeds", "check", "--json"))
    assert (told["url"], told["list"]) == (server.url("/b.xml"), server.url("/list.opml"))
    checked = included.run("feeds", "check").out
    assert checked.startswith(f"{server.url('/b.xml')}\t")
    assert checked.endswith(f"(1 time); named by {server.url('/list.opml')}\n")
    # It has a line of one's own by now.
    own = f'<outline text="Mine" xmlUrl="{server.url("/b.xml")}"/>'
    include(included, f'{own}<outline type="include" url="{server.url("/list.opml")}"/>')
    assert parsed(included.run("feeds", "check", "--json"))[0]["list"] is None
    # What a list drops is asked no more: nobody needs to look.
    include(included, f'<outline type="include" url="{server.url("/list.opml")}"/>')
    server.serve("/list.opml", opml(server.url("/a.xml")))
    included.run("collect", "--all")
    assert parsed(included.run("feeds", "check", "--json")) == []


def test_a_feed_of_a_list_that_moved_is_the_lists_to_mend(included, server):
    server.serve("/new.xml", rss(TORRES))
    server.serve("/a.xml", status=301, headers={"Location": server.url("/new.xml")})
    for _ in range(3):
        assert included.run("collect", "--all").code == 0
    before = (included.folder / "feeds.opml").read_bytes()
    checked = included.run("feeds", "check", "--fix")
    moved = f"has moved to {server.url('/new.xml')}; named by {server.url('/list.opml')}\n"
    assert (checked.out.endswith(moved), checked.err) == (True, "")
    assert (included.folder / "feeds.opml").read_bytes() == before


def test_a_list_is_shown(included, server):
    address = server.url("/list.opml")
    told = parsed(included.run("feeds", "show", address, "--json"))
    assert (told["url"], told["state"], told["feeds"]) == (address, "ok", 2)
    assert (told["folders"], told["message"], told["count"]) == (["Near"], "", 0)
    shown = included.run("feeds", "show", "Near").out
    assert "state\tok\nfeeds\t2\nlast answer\t20" in shown
    assert address in shown
    server.serve("/list.opml", opml(server.url("/a.xml")))
    included.run("collect", "--all")
    server.serve("/list.opml", b"", status=404)
    included.run("collect", "--all")
    shown = included.run("feeds", "show", address).out
    assert "state\tfailing\nfeeds\t1, and 1 dropped by it are paused" in shown
    assert "(404) (1 time): what it named last is collected" in shown
    # A feed of this name comes first, and nothing else has become a list.
    assert "fits 2 feeds" in included.run("feeds", "show", "F").err
    assert included.run("feeds", "show", "nothing").code == 2


def test_a_list_that_was_not_read_yet_is_shown(place, server):
    address = server.url("/list.opml")
    include(place, f'<outline type="include" url="{address}"/>')
    assert "last answer\tnever" in place.run("feeds", "show", address).out
    assert parsed(place.run("feeds", "show", address, "--json"))["state"] == "new"
