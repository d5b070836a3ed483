"""``collect`` as a person meets it: what is due, what failed, and what is never shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from feedserver import FeedServer

RSS = b"<rss version='2.0'><channel>%s<item><guid>1</guid><title>One</title></item></channel></rss>"


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


def test_many_failures_of_one_cause_are_one_line(place, server):
    place.subscribe(
        server.serve("/good.xml", RSS % b""),
        *(server.url(f"/missing{n}.xml") for n in range(5)),
        "http://192.168.7.7/feed.xml",
    )
    ran = place.run("collect")
    assert ran.code == 1
    told = sorted(line for line in ran.err.splitlines() if line.startswith("failed: "))
    assert len(told) == 2
    assert told[0].startswith(f"failed: 5 feeds, such as {server.url('/missing')}")
    assert "collect.allow_networks" in told[1]


def test_a_dry_run_names_what_a_round_would_fetch(place, server):
    urls = [server.serve("/a.xml", RSS % b""), "http://192.168.7.7/feed", "http://127.0.0.1:9/f"]
    place.subscribe(*urls)
    assert place.run("collect", "--dry-run").out.split()[2::3] == urls
    place.run("collect")
    # What a change of the settings may have mended is tried whenever a person collects.
    assert place.run("collect", "--dry-run").out == "would fetch http://192.168.7.7/feed\n"
    assert place.run("collect", "--all", "--dry-run").out.split()[2::3] == urls
    place.subscribe(*urls, "http://new.example/feed")
    assert place.run("collect", "--dry-run").out.split()[2::3] == [
        urls[1],
        "http://new.example/feed",
    ]


def test_a_dry_run_is_json_too_whether_or_not_something_is_due(place, server):
    url = server.serve("/a.xml", RSS % b"")
    place.subscribe(url)
    for due in ([url], []):
        ran = place.run("collect", "--json", "--dry-run")
        assert (ran.code, json.loads(ran.out)) == (0, {"due": due})
        assert place.run("collect").code == 0


def test_a_round_in_which_nothing_is_due_says_when_something_will_be(place, server):
    place.subscribe(server.serve("/a.xml", RSS % b""))
    assert "is due" not in place.run("collect").err
    again = place.run("collect")
    due = json.loads(place.run("feeds", "list", "--json").out)[0]["next_due"]
    (told,) = (line for line in again.err.splitlines() if "no feed is due before" in line)
    said = datetime.fromisoformat(told.split()[5].rstrip(";"))
    assert abs(said.astimezone(UTC) - datetime.fromisoformat(due)) < timedelta(minutes=1)
    assert len(server.asked("/a.xml")) == 1
    assert "is due" not in place.run("collect", "--all").err


def test_all_says_what_it_leaves_alone_and_why(place, server):
    sound = server.serve("/sound.xml", RSS % b"")
    over = server.serve("/over.xml", status=410)
    waits = [
        server.serve(f"/{wait}.xml", status=503, headers={"Retry-After": f"{wait}"})
        for wait in (7200, 3600)
    ]
    place.subscribe(sound)
    place.run("collect")
    assert "left alone" not in place.run("collect", "--all").err
    place.subscribe(sound, over, *waits)
    # What was asked is told of as failing.
    assert "left alone" not in place.run("collect", "--all").err
    again = place.run("collect", "--all", "--json")
    assert json.loads(again.out)["feeds"] == 1
    (told,) = (line for line in again.err.splitlines() if "left alone" in line)
    start, _, rest = told.partition("asked before ")
    assert start == "3 feeds were left alone: 2 may not be "
    until, _, rest = rest.partition(" ")
    assert rest == "at the soonest, 1 has stopped (aggregator feeds check)"
    soon = datetime.fromisoformat(until) - datetime.now(UTC)
    assert timedelta(minutes=58) < soon <= timedelta(hours=1)
    # Who asks for no more than what is due is told when that will be.
    assert "left alone" not in place.run("collect").err
    place.subscribe(sound, over)
    alone = "1 feed was left alone: 1 has stopped (aggregator feeds check)\n"
    assert place.run("collect", "--all").err.endswith(alone)
    place.subscribe(sound)
    assert "left alone" not in place.run("collect", "--all").err


def test_what_waits_for_its_host_is_told_once_a_round(place, server):
    away = server.serve("/away.xml", status=429, headers={"Retry-After": "3600"})
    place.subscribe(away)
    place.run("collect")
    place.subscribe(away, server.serve("/same-host.xml", RSS % b""))
    first, second = (place.run("collect", "--all").err for _ in range(2))
    assert "1 feed waits because their host asked to be left alone" in first
    assert "1 feed was left alone: 1 may not be asked before" in first
    assert "2 feeds were left alone: 2 may not be asked before" in second
    assert len(server.requests) == 1


@pytest.mark.parametrize("stub", [b"<rss version='2.0'><channel><title>One", RSS[:60] % b""])
def test_a_document_that_breaks_off_before_its_first_item_is_told_and_is_no_recovery(
    place, server, stub
):
    place.subscribe(server.serve("/a.xml", b"gone", status=404))
    assert place.run("collect").code == 1
    server.serve("/a.xml", stub)
    ran = place.run("collect", "--all")
    assert (ran.code, "well again" in ran.err) == (1, False)
    assert "the document breaks off before its first item is whole" in ran.err
    (feed,) = json.loads(place.run("feeds", "list", "--json").out)
    assert (feed["state"], feed["failure"]["kind"]) == ("failing", "not-a-feed")
    server.serve("/a.xml", RSS % b"")
    assert "well again" in place.run("collect", "--all").err


def test_no_log_in_is_shown(place, server):
    url = server.serve("/a.xml", RSS % b"").replace("//", "//me:s3cret@")
    missing = server.url("/missing.xml").replace("//", "//me:s3cret@")
    place.subscribe(url, missing)
    place.topics('[one]\ntitle = "One"\nquery = "one"\n')
    assert "s3cret" not in place.run("collect").err
    (entry,) = json.loads(place.run("search", "one", "--json").out)
    # Machine output is the user's own: there the address is as the OPML has it.
    assert entry["feed"] == url
    for command in (
        ["search", "one"], ["show", entry["id"]], ["feeds", "list"], ["feeds", "show", url],
        ["status"], ["topics", "preview", "one"], ["collect", "--all", "--dry-run"], ["history", entry["id"]],
    ):  # fmt: skip
        ran = place.run(*command)
        assert ran.code == 0, ran
        assert "s3cret" not in ran.out + ran.err, command
