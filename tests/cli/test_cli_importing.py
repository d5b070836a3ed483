"""``feeds import``: what is taken of another program's list, and what is said of the rest."""

from xml.sax.saxutils import quoteattr

import pytest
from promises import RAIN, parsed, rss

NO_FEEDS = (
    '<outline type="link" text="A page" url="https://a.example/"/>',
    '<outline text="A note"/>',
    '<outline type="link" url="https://b.example/"/>',
    "<outline/>",
    '<outline title="Empty folder"/>',
)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, ""),
        (1, "1 line is no feed: “A page” (line 2)"),
        (3, "3 lines are no feeds: “A page” (line 2), “A note” (line 3), “https://b.example/” (line 4)"),
        (5, "5 lines are no feeds: “A page” (line 2), “A note” (line 3), “https://b.example/” (line 4) and 2 more"),
    ],
)  # fmt: skip
def test_an_import_says_which_lines_are_no_feeds(place, tmp_path, count, told):
    feed = '<outline text="Sport"><outline type="rss" xmlUrl="https://new.example/feed"/></outline>'
    included = '<outline type="include" url="https://list.example/a.opml"/>'
    lines = "\n".join(("", *NO_FEEDS[:count], feed, included))
    source = tmp_path / "more.opml"
    source.write_text(f'<opml version="2.0"><body>{lines}</body></opml>', encoding="utf-8")
    ran = place.run("feeds", "import", str(source), "--dry-run")
    assert (told in ran.err, "no feed" in ran.err) == (True, bool(told))
    assert "1 feed and 1 included list would be added, 0 there already, 0 refused" in ran.err
    report = parsed(place.run("feeds", "import", str(source), "--json"))
    assert len(report["added"]) == 2
    assert [one["line"] for one in report["others"]] == list(range(2, 2 + count))


def opml(*urls: str) -> str:
    lines = "".join(f"<outline type='rss' text='F' xmlUrl={quoteattr(url)}/>" for url in urls)
    return f'<opml version="2.0"><body>{lines}</body></opml>'


def taken(place, tmp_path, *urls: str):
    """The import of these addresses."""
    (tmp_path / "more.opml").write_text(opml(*urls), encoding="utf-8")
    return place.run("feeds", "import", str(tmp_path / "more.opml"))


@pytest.mark.parametrize(("count", "told"), [(10, ""), (11, "and 1 more"), (15, "and 5 more")])
def test_of_many_that_are_there_the_rest_is_counted(place, tmp_path, count, told):
    urls = [f"https://a.example/{n}" for n in range(count)]
    place.subscribe(*urls)
    ran = taken(place, tmp_path, *urls)
    assert [line for line in ran.err.splitlines() if line.startswith("and ")] == [told] * bool(told)
    assert f"{count} there already" in ran.err


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("feed://a.example/x", "http://a.example/x"),
        ("FEED:https://a.example/x", "https://a.example/x"),
        ("feed://https://a.example/x", "https://a.example/x"),
        ("feed:a.example/x", None),
        ("feed:", None),
        ("feed:file:///etc/passwd", None),
    ],
)
def test_an_address_of_the_scheme_feed_is_one_of_the_web(place, tmp_path, url, meant):
    ran = taken(place, tmp_path, url)
    listed = [one["url"] for one in parsed(place.run("feeds", "list", "--json"))]
    assert listed == ([meant] if meant else [])
    assert (f"refused {url}:" in ran.err) is (meant is None)
    added = place.run("feeds", "add", url.replace("/x", "/y"), "--as-it-is")
    assert added.code == (0 if meant else 2)


def test_a_file_says_which_setting_lets_it_be_read(place, tmp_path):
    (tmp_path / "f.xml").write_bytes(rss(RAIN))
    url = (tmp_path / "f.xml").as_uri()
    ran = taken(place, tmp_path, url, "https://a.example/")
    told = [line for line in ran.err.splitlines() if "collect.allow_files" in line]
    assert told == [f"{url} is read only where collect.allow_files lists its folder"]
    place.run("feeds", "remove", "https://a.example/")
    place.run("collect")
    assert "is in no folder that collect.allow_files lists" in place.run("status").out
    place.subscribe()
    settings = (place.folder / "aggregator.toml").read_text()
    allowed = settings.replace("[collect]", f'[collect]\nallow_files = ["{tmp_path}"]')
    (place.folder / "aggregator.toml").write_text(allowed)
    assert "allow_files" not in taken(place, tmp_path, url).err
    assert parsed(place.run("collect", "--all", "--json"))["new"] == 1


@pytest.mark.parametrize("spelling", ["/./wire.atom", "/a/../wire.atom", "/a/%2E%2e/./wire.atom"])
def test_dot_segments_make_no_other_feed(place, tmp_path, spelling):
    held = "http://a.example/wire.atom"
    place.subscribe(held)
    other = f"http://a.example{spelling}"
    assert f"{other} is there already as {held}" in taken(place, tmp_path, other).err
    ran = place.run("feeds", "add", other)
    assert f"{other} is in feeds.opml already as {held}" in ran.err


def test_of_two_lines_that_dots_tell_apart_the_named_one_is_removed(place):
    plain, dotted = "http://a.example/x", "http://a.example/./x"
    place.subscribe(plain, dotted)
    assert place.run("feeds", "remove", dotted).out == f"removed {dotted}\n"
    assert [one["url"] for one in parsed(place.run("feeds", "list", "--json"))] == [plain]


def test_log_ins_in_addresses_are_named_in_and_out(place, tmp_path):
    url = "https://ann:hush@a.example/x"
    ran = taken(place, tmp_path, url)
    assert "https://a.example/x: a log-in in the address is better kept in secrets.toml" in ran.err
    assert "hush" not in ran.err
    ran = place.run("feeds", "export")
    assert (url in ran.out, "1 address with its log-in" in ran.err) == (True, True)
    ran = place.run("feeds", "export", str(tmp_path / "out.opml"))
    assert "1 address with its log-in" in ran.err
    place.subscribe("https://a.example/x")
    assert place.run("feeds", "export").err == ""
