"""What a person gives for feeds in secrets.toml: tried at once, once; nobody else is asked for it."""

from __future__ import annotations

import os

import pytest
from promises import RAIN, TORRES, parsed, rss


def give(place, *urls: str, password: str = "hush") -> None:
    file = place.folder / "secrets.toml"
    file.write_text("".join(f'["{url}"]\npassword = "{password}"\n' for url in urls))
    file.chmod(0o600)


def due(place) -> list[str]:
    return parsed(place.run("collect", "--dry-run", "--json"))["due"]


@pytest.mark.parametrize("status", [401, 403, 407, 404])
def test_a_feed_that_failed_is_tried_once_with_what_is_given_now(place, server, status):
    url = server.serve("/members.xml", b"", status=status)
    other = server.serve("/other.xml", b"", status=status)
    place.subscribe(url, other)
    assert place.run("collect").code == 1
    assert due(place) == []
    give(place, url, password="wrong")
    assert due(place) == [url]
    assert place.run("collect").code == 1
    assert (len(server.asked("/members.xml")), len(server.asked("/other.xml"))) == (2, 1)
    # The same again is no news.
    assert due(place) == []
    assert place.run("collect").code == 0
    server.serve("/members.xml", rss(TORRES))
    give(place, url)
    assert "well again" in place.run("collect").err
    assert (len(server.asked("/members.xml")), len(server.asked("/other.xml"))) == (3, 1)
    give(place, url, password="another")
    assert due(place) == [], "it answers: it is asked when it is due"


def test_a_wait_that_a_server_asked_for_holds(place, server):
    url = server.serve("/members.xml", b"", status=503, headers={"Retry-After": "7200"})
    place.subscribe(url)
    assert place.run("collect").code == 1
    give(place, url)
    assert due(place) == []
    assert place.run("collect").code == 0
    assert len(server.asked("/members.xml")) == 1


def test_a_copy_that_keeps_its_date_is_an_edit(place, server):
    url = server.serve("/members.xml", b"", status=401)
    place.subscribe(url)
    assert place.run("collect").code == 1
    give(place, url)
    os.utime(place.folder / "secrets.toml", (0, 0))
    server.serve("/members.xml", rss(RAIN))
    assert place.run("collect").code == 0
    assert len(server.asked("/members.xml")) == 2


def test_what_is_behind_a_log_in_and_published_is_told_on_one_line(place, server):
    url = server.serve("/members.xml", rss(TORRES))
    place.subscribe(url)
    place.topics('[all]\nquery = "*"\n[mine]\nquery = "*"\nprivate = true\n')
    assert parsed(place.run("topics", "check", "--json"))["logins"] is None
    give(place, url)
    early = place.run("doctor")
    assert "warn  log-ins        Feed 1 is behind a log-in" in early.out
    place.run("collect")
    told = place.run("topics", "check")
    assert told.code == 0
    (line,) = (line for line in told.err.splitlines() if "log-in" in line)
    assert line.startswith("Feed 1 is behind a log-in, and public topics may show")
    assert "all (exclude = " in line
    found = parsed(place.run("topics", "check", "--json"))["logins"]
    assert found == {"feeds": ["Feed 1"], "topics": ["all"]}
    assert parsed(place.run("topics", "check", "mine", "--json"))["logins"] is None
    place.topics('[all]\nquery = "*"\nexclude = ["Feed 1"]\n')
    assert "log-in" not in place.run("topics", "check").err
    assert "log-in" not in place.run("doctor").out


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("{}/members.xml", ""),
        ("{}/member.xml", "did you mean {}/members.xml?"),
        ("https://elsewhere.invalid/", "aggregator feeds list"),
    ],
)
def test_what_is_given_for_an_address_that_no_feed_has_is_told(place, server, names, told):
    base = server.url("")
    place.subscribe(server.serve("/members.xml", rss(TORRES)))
    give(place, names.format(base))
    err = place.run("collect").err
    assert ("no feed has the address" in err) is bool(told)
    assert told.format(base) in err
    assert "hush" not in err
    if told:
        assert "secrets.toml:1: no feed has the address" in err
