"""``feeds check`` and ``feeds show --for-publisher``: moves, bills, and a file that keeps its bytes."""

import json
import re

import pytest
from feedserver import FeedServer

RSS = b"<rss version='2.0'><channel><title>T</title><item><guid>1</guid><title>One</title></item></channel></rss>"


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


def moved(place, server, times: int) -> tuple[str, str]:
    """A feed that moved and was asked so often since; returns its old and its new address."""
    new = server.serve("/new.xml?a=1&b=2", RSS)
    old = server.serve("/old.xml", b"", status=301, headers={"Location": "/new.xml?a=1&b=2"})
    place.subscribe(old)
    for _ in range(times):
        ran = place.run("collect", "--all")
        assert ran.code == 0, ran.err
    return old, new


def test_a_move_is_told_and_written_only_where_it_is_asked_for(place, server):
    old, new = moved(place, server, 2)
    assert "2 times so far" in place.run("feeds", "check").out
    ran = place.run("collect", "--all")
    assert f"moved: {old} is fetched at {new} from now on" in ran.err
    file = place.folder / "feeds.opml"
    before = f"""<opml version="2.0"><!-- mine --><body  a='1'>
<outline text="A &amp; B" weird="&lt;x&gt;"   XMLURL='{old}' />
<outline text="xmlUrl" title='{old}'/><!-- <outline xmlUrl='{old}'/> -->
</body></opml>  \n"""
    file.write_text(before)
    assert f"has moved to {new}" in place.run("feeds", "check").out
    assert place.run("feeds", "check", "--fix", "--dry-run").code == 0
    assert file.read_text() == before
    assert f"wrote {new}" in place.run("feeds", "check", "--fix").err
    assert file.read_text() == before.replace(
        f"XMLURL='{old}'", f"XMLURL='{new.replace('&', '&amp;')}'"
    )
    assert (place.folder / "feeds.opml.bak").read_text() == before
    assert place.run("collect", "--all").code == 0
    (line,) = json.loads(place.run("feeds", "list", "--json").out)
    # The same feed at its new address: nothing came anew.
    assert (line["url"], line["entries"], line["state"]) == (new, 1, "ok")
    assert place.run("feeds", "check", "--json").out.strip() == "[]"


@pytest.mark.parametrize("by", ["line", "move"])
def test_a_move_to_an_address_that_another_line_has_is_not_written(place, server, by):
    old, new = moved(place, server, 3)
    first, other = old, f"{new}&utm_source=x"
    if by == "move":
        place.subscribe(old, server.serve("/older.xml", status=301, headers={"Location": new}))
        for _ in range(3):
            place.run("collect", "--all")
        first, other = server.url("/older.xml"), old
    else:
        place.subscribe(old, other.replace("&", "&amp;"))
    assert f"aggregator feeds remove {first}" in place.run("feeds", "check").err
    ran = place.run("feeds", "check", "--fix")
    assert (f"where {other} leads" in ran.err, "wrote" in ran.err) == (True, by == "move")
    assert place.run("feeds", "remove", first).code == 0
    assert "left out" not in place.run("feeds", "list").err
    assert "remove" not in place.run("feeds", "check").err


def test_what_fails_and_what_ended_is_checked(place, server):
    gone, lost = server.serve("/gone", b"", status=410), server.serve("/lost", b"", status=404)
    place.subscribe(gone, lost, server.serve("/fine", RSS))
    ran = place.run("collect")
    assert "it is asked no more" in ran.err
    # A host of its own kind of trouble: asked again in two hours.
    assert re.search(r"/lost: .*; asked again in [12] h", ran.err)
    told = {one["url"]: one for one in json.loads(place.run("feeds", "check", "--json").out)}
    assert {url: one["state"] for url, one in told.items()} == {gone: "stopped", lost: "failing"}
    assert told[gone]["what"].startswith("stopped: ")


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_a_failure_that_may_be_a_moments_is_named_when_it_lasts(place, server, status):
    busy = server.serve("/busy", b"", status=status)
    place.subscribe(busy, server.serve("/fine", RSS))
    for tries in (1, 2):
        place.run("collect", "--all")
        checked = place.run("feeds", "check")
        assert (checked.out, "1 feed failed at the last try" in checked.err) == ("", True), tries
        assert parsed_check(place) == []
    place.run("collect", "--all")
    assert [one["url"] for one in parsed_check(place)] == [busy]
    checked = place.run("feeds", "check")
    assert ("(3 times)" in checked.out, checked.err) == (True, "")


def parsed_check(place) -> list[dict]:
    return json.loads(place.run("feeds", "check", "--json").out)


def test_recovery_is_said_once(place, server):
    place.subscribe(server.serve("/a", b"", status=500))
    place.run("collect")
    url = server.serve("/a", RSS)
    assert f"well again: {url}" in place.run("collect", "--all").err
    assert "well again" not in place.run("collect", "--all").err


def test_the_bill(place, server):
    long = RSS.replace(b"One", b"One " * 2000)
    url = server.serve("/a", long, etag="", content_type="text/html", headers={"Server": "nginx"})
    place.subscribe(url)
    for _ in range(3):
        place.run("collect", "--all")
    ran = place.run("feeds", "show", url, "--for-publisher")
    for words in (
        "neither ETag nor Last-Modified", "3 fetches", "unpacked", "gzip on;",
        "does not say how often", "add_header Cache-Control", "text/html",
        "of the last 3 fetches brought the same bytes",
    ):  # fmt: skip
        assert words in ran.out
    bill = json.loads(place.run("feeds", "show", url, "--for-publisher", "--json").out)
    assert (bill["requests"], bill["fetches"], bill["not_modified"]) == (3, 3, 0)
    assert bill["bytes"] > 3 * len(long) - 10
    assert all(one["mend"] for one in bill["remarks"])


def test_a_good_server_has_no_remarks(place, server):
    url = server.serve("/a", RSS, headers={"Cache-Control": "max-age=3600"})
    place.subscribe(url)
    for _ in range(4):
        place.run("collect", "--all")
    bill = json.loads(place.run("feeds", "show", url, "--for-publisher", "--json").out)
    assert (bill["remarks"], bill["share_not_modified"], bill["new"]) == ([], 0.75, 1)


def test_a_detour_counts_as_two_requests(place, server):
    target = server.serve("/b", RSS, headers={"Cache-Control": "max-age=3600"})
    url = server.serve("/a", b"", status=302, headers={"Location": "/b"})
    place.subscribe(url)
    place.run("collect")
    bill = json.loads(place.run("feeds", "show", url, "--for-publisher", "--json").out)
    assert (bill["requests"], bill["fetches"]) == (2, 1)
    assert target in bill["remarks"][0]["what"]


def test_secrets_open_the_feed_and_are_told_nowhere(place, server):
    url = server.serve("/a", RSS)
    place.subscribe(url)
    file = place.folder / "secrets.toml"
    file.write_text(
        f'["{url}"]\nusername = "ann"\npassword = "hush"\nheaders = {{ X-Key = "hush" }}\n'
    )
    file.chmod(0o600)
    assert place.run("collect").code == 0
    (asked,) = server.requests
    assert (asked.headers["authorization"], asked.headers["x-key"]) == (
        "Basic YW5uOmh1c2g=",
        "hush",
    )
    told = [place.run("config", "show").out, place.run("feeds", "show", url).out]
    kept = [one.read_bytes() for one in (place.folder / "archive").rglob("*") if one.is_file()]
    assert not any("hush" in one for one in told)
    assert not any(b"hush" in one or b"YW5uOmh1c2g" in one for one in kept)
