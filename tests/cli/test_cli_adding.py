"""``feeds add``: what is said of an address whose feed is there already, and of a feed in trouble."""

import pytest
from promises import RAIN, TORRES, parsed, rss


@pytest.mark.parametrize("more", [[], ["--as-it-is"]])
@pytest.mark.parametrize("spelling", ["/wire.atom/", "/wire.atom?utm_source=x", "/wire.atom"])
def test_another_spelling_is_there_already_as_it_stands(place, server, spelling, more):
    held = server.serve("/wire.atom", rss(RAIN))
    place.subscribe(held)
    ran = place.run("feeds", "add", server.url(spelling), *more)
    as_held = "" if spelling == "/wire.atom" else f" as {held}"
    assert (ran.code, ran.out) == (0, "")
    assert f"{server.url(spelling)} is in feeds.opml already{as_held}; nothing" in ran.err
    assert server.requests == []


@pytest.mark.parametrize(("status", "there"), [(301, True), (308, True), (302, False)])
def test_an_address_that_leads_to_a_feed_of_the_list_is_not_added(place, server, status, there):
    held = server.serve("/feed.xml", rss(RAIN))
    old = server.serve("/old", status=status, headers={"Location": "/feed.xml"})
    place.subscribe(held)
    ran = place.run("feeds", "add", old)
    assert (ran.code, ran.out) == (0, "" if there else f"added {old}\n")
    assert (f"{old} leads to {held}, which is in feeds.opml already" in ran.err) is there
    assert len(parsed(place.run("feeds", "list", "--json"))) == (1 if there else 2)
    if there:
        assert parsed(place.run("feeds", "add", old, "--json")) == {"url": old, "added": False}
        assert place.run("feeds", "add", old, "--as-it-is").out == f"added {old}\n"


def test_a_feed_that_breaks_off_is_told_when_it_is_added(place, server):
    url = server.serve("/cut.xml", rss(TORRES, RAIN)[:-20])
    ran = place.run("feeds", "add", url)
    assert ran.out == f"added {url}\n"
    assert f"{url}: the document breaks off; what came whole of it was read" in ran.err


def test_a_dry_run_takes_no_address(place, server):
    ran = place.run("feeds", "add", server.serve("/busy", status=503), "--dry-run")
    assert "would be taken as it stands" in ran.err
    assert "is taken" not in ran.err
