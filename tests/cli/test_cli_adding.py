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


@pytest.fixture
def ended(place, server):
    """The address of a feed of the list that was there once, and has stopped."""
    url = server.serve("/over.xml", rss(RAIN))
    place.subscribe(url)
    place.run("collect")
    server.serve("/over.xml", status=410)
    place.run("collect", "--all")
    server.requests.clear()
    return url


def state(place) -> str:
    return parsed(place.run("feeds", "list", "--json"))[0]["state"]


@pytest.mark.parametrize("spelling", ["", "?utm_source=x"])
def test_a_feed_that_stopped_and_answers_again_is_asked_again(place, server, ended, spelling):
    server.serve("/over.xml", rss(TORRES, RAIN))
    ran = place.run("feeds", "add", ended + spelling)
    assert (ran.code, ran.out) == (0, "")
    assert f"{ended} had ended (410) and answers again: it is asked again" in ran.err
    assert f"{ended}{spelling} is in feeds.opml already" in ran.err
    assert "nothing was changed" not in ran.err
    assert len(server.asked("/over.xml")) == 1
    assert parsed(place.run("collect", "--json"))["new"] == 1
    assert state(place) == "ok"


@pytest.mark.parametrize(
    ("body", "more", "told"),
    [
        (b"", {"status": 410}, "is asked no more: the publisher has ended this feed (410)"),
        (b"", {"status": 500}, "is asked no more: the server answers 500"),
        (b"<html><body>Moved.</body></html>", {"content_type": "text/html"}, "no feed is at its"),
    ],
)
def test_a_feed_that_stopped_and_does_not_answer_stays_so(place, server, ended, body, more, told):
    server.serve("/over.xml", body, **more)
    ran = place.run("feeds", "add", ended)
    assert (ran.code, ran.out) == (0, "")
    assert told in ran.err
    assert "answers again" not in ran.err
    assert state(place) == "stopped"


@pytest.mark.parametrize("more", ["--dry-run", "--as-it-is"])
def test_a_feed_that_stopped_is_not_asked_again_unless_that_is_wanted(place, server, ended, more):
    server.serve("/over.xml", rss(RAIN))
    ran = place.run("feeds", "add", ended, more)
    asked = more == "--dry-run"
    assert ("had ended (410) and answers again" in ran.err) is asked
    assert ("nothing was changed" in ran.err) is not asked
    assert len(server.requests) == asked
    assert state(place) == "stopped"


def test_an_address_that_leads_to_a_feed_that_stopped_asks_for_that(place, server, ended):
    server.serve("/over.xml", rss(RAIN))
    old = server.serve("/old", status=301, headers={"Location": "/over.xml"})
    assert f"{ended} had ended (410) and answers again" in place.run("feeds", "add", old).err
    assert parsed(place.run("collect", "--json"))["feeds"] == 1


def test_a_feed_that_moved_and_ended_there_is_asked_where_it_answers(place, server):
    old = server.serve("/old.xml", status=301, headers={"Location": "/new.xml"})
    new = server.serve("/new.xml", rss(RAIN))
    place.subscribe(old)
    for _ in range(3):
        place.run("collect", "--all")
    server.serve("/new.xml", status=410)
    place.run("collect", "--all")
    assert len(server.asked("/new.xml")) == 4
    server.serve("/old.xml", rss(TORRES, RAIN))
    assert "answers again" in place.run("feeds", "add", old).err
    assert parsed(place.run("collect", "--json"))["new"] == 1
    assert new not in place.run("feeds", "show", old).out


def test_how_a_feed_that_stopped_is_asked_again_is_told_where_that_is(place, server):
    url = server.serve("/over.xml", status=410)
    place.subscribe(url, server.serve("/sound.xml", rss(RAIN)))
    assert "until `aggregator feeds add URL` finds it answering again" in place.run("collect").err
    mend = f"1 feed has stopped: aggregator feeds add {url} asks whether it answers again"
    assert mend in place.run("feeds", "check").err
    place.subscribe(server.url("/sound.xml"))
    assert "stopped" not in place.run("feeds", "check").err


def test_a_feed_that_breaks_off_is_told_when_it_is_added(place, server):
    url = server.serve("/cut.xml", rss(TORRES, RAIN)[:-20])
    ran = place.run("feeds", "add", url)
    assert ran.out == f"added {url}\n"
    assert f"{url}: the document breaks off; what came whole of it was read" in ran.err


def test_a_dry_run_takes_no_address(place, server):
    ran = place.run("feeds", "add", server.serve("/busy", status=503), "--dry-run")
    assert "would be taken as it stands" in ran.err
    assert "is taken" not in ran.err


@pytest.mark.parametrize("folder", ["Agencies/Wire", "Agencies / Wire"])
def test_a_folder_is_shown_as_options_and_queries_take_it(place, server, folder):
    url = server.serve("/a.xml", rss(TORRES))
    assert place.run("feeds", "add", url, "--folder", folder).code == 0
    shown = dict(
        line.split("\t", 1)
        for line in place.run("feeds", "show", url).out.splitlines()
        if "\t" in line
    )
    assert shown["folders"] == "Agencies/Wire"
