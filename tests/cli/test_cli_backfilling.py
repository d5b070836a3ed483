"""``feeds backfill``: what it tells, and what it refuses."""

from __future__ import annotations

import json

import pytest
from promises import RAIN, TORRES, rss


def with_archive(document: bytes, older: str) -> bytes:
    link = f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="prev-archive" href="{older}"/>'
    return document.replace(
        b"<description>d</description>", b"<description>d</description>" + link.encode()
    )


@pytest.fixture
def fed(place, server):
    place.subscribe(server.serve("/sport.xml", with_archive(rss(TORRES), "/1.xml")))
    place.topics('[all]\nquery = "rain OR torres"\n')
    server.serve("/1.xml", rss(RAIN))
    assert place.run("collect").code == 0
    return place


def test_it_tells_what_came(fed, server):
    assert server.url("/1.xml") in fed.run("feeds", "show", "Feed 1").out
    ran = fed.run("feeds", "backfill", "Feed 1")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("1 archive document: 1 new entry; ")
    again = json.loads(fed.run("feeds", "backfill", "Feed 1", "--json").out)
    assert again == {
        "documents": 1,
        "new": 0,
        "new_stories": 0,
        "ended": True,
        "next": None,
        "failure": None,
    }
    topics = fed.folder / "public" / "topics"
    titles = [item["title"] for item in json.loads((topics / "all.json").read_bytes())["items"]]
    assert titles == [TORRES[1]], "what is walked back to is no news"
    older = json.loads((topics / "all" / "1.json").read_bytes())["items"]
    assert {item["title"] for item in older} == {TORRES[1], RAIN[1]}


def test_it_says_where_it_had_to_end(fed, server):
    server.serve("/1.xml", b"", status=404)
    ran = fed.run("feeds", "backfill", "Feed 1")
    assert ran.code == 0
    assert server.url("/1.xml") in ran.err
    assert "404" in ran.err
    server.serve("/1.xml", with_archive(rss(RAIN), "/0.xml"))
    assert "--documents" in fed.run("feeds", "backfill", "Feed 1", "--documents", "1").err


def test_what_it_refuses(place, server):
    place.subscribe(server.serve("/sport.xml", rss(TORRES)))
    early = place.run("feeds", "backfill", "Feed 1")
    assert (early.code, "aggregator collect" in early.err) == (2, True)
    assert place.run("collect").code == 0
    none = place.run("feeds", "backfill", "Feed 1")
    assert (none.code, "RFC 5005" in none.err) == (2, True)
    told = place.run("feeds", "backfill", "Feed 1", "--json")
    assert (told.code, "RFC 5005" in told.err) == (2, True)
    found = json.loads(told.out)
    assert (found["documents"], found["new"], found["ended"]) == (0, 0, False)
    assert "RFC 5005" in found["failure"]
