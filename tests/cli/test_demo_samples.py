"""The demo's sample feeds: sound in every edition, dated near the start, honestly served."""

import http.client
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from aggregator.cli.demo.newsstand import EDITIONS, open_newsstand, render, sample, sample_feeds

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEEDS = sample_feeds()
# The broken ones are meant to be no feeds.
SOUND = [name for name in FEEDS if not name.endswith(".html")]


def _edition(name: str, edition: int) -> bytes:
    return render(sample(name), edition=edition, start=START, base="http://127.0.0.1:1")


def test_there_are_a_dozen_feeds_in_many_languages_and_formats():
    opml = ElementTree.fromstring(sample("feeds.opml"))
    lines = [line for line in opml.iter("outline") if line.get("xmlUrl")]
    assert sorted(line.get("xmlUrl").removeprefix("{{base}}/") for line in lines) == sorted(FEEDS)
    assert len(FEEDS) >= 12
    assert {line.get("language") for line in lines} >= {
        "en",
        "es",
        "de",
        "fr",
        "it",
        "pt",
        "nl",
        "ja",
    }
    roots = {ElementTree.fromstring(_edition(n, 1)).tag for n in SOUND if n.endswith(".xml")}
    assert roots == {
        "rss",
        "{http://www.w3.org/2005/Atom}feed",
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF",
    }
    assert any(name.endswith(".json") for name in SOUND)


@pytest.mark.parametrize("edition", range(1, EDITIONS + 1))
@pytest.mark.parametrize("name", SOUND)
def test_each_edition_is_well_formed_and_complete(name, edition):
    body = _edition(name, edition)
    assert b"{{" not in body
    assert body == _edition(name, edition)
    if name.endswith(".json"):
        assert json.loads(body)["items"]
    else:
        ElementTree.fromstring(body)


@pytest.mark.parametrize("name", SOUND)
def test_every_link_leads_to_a_name_that_can_belong_to_nobody(name):
    hosts = re.findall(r"https?://([^/\"<>&\s]+)", sample(name))
    standards = {"purl.org", "www.w3.org", "jsonfeed.org"}
    assert all(host.endswith(".example") for host in set(hosts) - standards)


def test_dates_are_taken_from_the_start():
    text = "{{rfc822 3h}}|{{iso 40m}}|{{iso 2d}}"
    rfc822, iso, days = render(text, edition=1, start=START, base="").decode().split("|")
    assert parsedate_to_datetime(rfc822) == START - timedelta(hours=3)
    assert iso == "2026-03-01T11:20:00Z"
    assert days == "2026-02-27T12:00:00Z"


@pytest.mark.parametrize(
    ("edition", "text"), [(1, "a-b--"), (2, "-b-d"), (3, "--cd")], ids=["1", "2", "3"]
)
def test_blocks_belong_to_their_editions(edition, text):
    template = (
        "{{only 1}}a-{{end}}{{only 2}}-{{end}}{{until 2}}b-{{end}}"
        "{{from 3}}--c{{end}}{{only 1}}-{{end}}{{from 2}}d{{end}}"
    )
    assert render(template, edition=edition, start=START, base="") == text.encode()


def test_the_encoding_is_the_declared_one():
    assert "Fil d'exemple : vélo".encode("iso-8859-1") in _edition("la-tribune.xml", 1)


def _get(base: str, path: str, **headers: str) -> tuple[int, str | None, bytes]:
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("ETag"), answer.read()
    finally:
        connection.close()


def test_the_stand_serves_editions_with_validators():
    with open_newsstand(START) as stand:
        status, tag, body = _get(stand.base, "/touchline.xml")
        assert (status, body[:5]) == (200, b"<?xml")
        assert _get(stand.base, "/touchline.xml", **{"If-None-Match": tag}) == (304, tag, b"")
        stand.edition = 2
        status, changed, _ = _get(stand.base, "/touchline.xml", **{"If-None-Match": tag})
        assert status == 200
        assert changed != tag


def test_one_feed_is_down_at_first_and_one_path_is_unknown():
    with open_newsstand(START) as stand:
        assert _get(stand.base, "/courtside.xml")[0] == 503
        stand.edition = 2
        assert _get(stand.base, "/courtside.xml")[0] == 200
        assert _get(stand.base, "/../aggregator.toml")[0] == 404
