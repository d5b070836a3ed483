"""``changes`` lists what publishers revised or took away; ``history`` shows the words."""

import json

import pytest
from promises import RAIN, TORRES, rss

KEYS = ["entry", "at", "what", "revision", "changed", "title", "url", "feed"]


@pytest.fixture
def changed(place, server):
    """Of two stories one has another headline, the other is gone."""
    old = ("9", "An old story", "It was here before the others.")
    place.subscribe(server.serve("/sport.xml", rss(TORRES, RAIN, old)))
    assert place.run("collect").code == 0
    other = (TORRES[0], "Torres stays away", TORRES[2])
    for _ in range(2):
        server.serve("/sport.xml", rss(other, old, title=f"Sport {len(server.requests)}"))
        assert place.run("collect", "--all").code == 0
    return place


def test_what_was_revised_and_what_is_gone(changed):
    told = json.loads(changed.run("changes", "--json").out)
    assert [list(one) for one in told] == [KEYS, KEYS]
    assert [(one["what"], one["title"], one["revision"], one["changed"]) for one in told] == [
        ("vanished", RAIN[1], 1, []),
        ("revised", "Torres stays away", 2, ["title"]),
    ]
    rows = [line.split("\t") for line in changed.run("changes").out.splitlines()]
    assert [row[2:4] for row in rows] == [["vanished", RAIN[1]], ["title", "Torres stays away"]]
    shown = changed.run("history", rows[1][1])
    assert "{+stays+}" in shown.out
    assert "nothing of it was changed" not in shown.out


def test_the_history_of_what_never_changed_says_so(collected):
    entry = json.loads(collected.run("search", "torres", "--json").out)[0]
    shown = collected.run("history", entry["id"]).out
    assert f"  title: {entry['title']}\n  feed: Feed 1\n  published: " in shown
    assert shown.endswith("; nothing of it was changed since\n")


def test_of_what_matches_since_then_and_so_many(changed):
    def titles(*asked):
        return [one["title"] for one in json.loads(changed.run("changes", *asked, "--json").out)]

    assert titles("torres", "stays") == ["Torres stays away"]
    assert titles("--limit", "1") == [RAIN[1]]
    assert titles("--since", "1h") == [RAIN[1], "Torres stays away"]
    assert titles("--since", "2999-01-01") == []
    nothing = changed.run("changes", "nobody")
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing was revised or taken away" in nothing.err


def test_a_mistake_in_the_query_is_told(changed):
    ran = changed.run("changes", "(torres")
    assert (ran.code, ran.out) == (2, "")
    assert "^" in ran.err


def test_what_came_or_changed_since_then_is_exported(changed):
    everything = changed.run("export").out
    assert changed.run("export", "--changed-since", "1h").out == everything
    assert changed.run("export", "--changed-since", "2999-01-01").out == ""
    refused = changed.run("export", "--changed-since", "soon")
    assert "--changed-since: 'soon' is no time" in refused.err
