"""--since: so long ago, a day, or a time of one's own zone; to search and export alike."""

import json
from datetime import UTC, datetime, timedelta

import pytest

FEED = b"""<rss version="2.0"><channel><title>News</title>
<item><guid>1</guid><title>Torres takes over</title></item></channel></rss>"""


@pytest.fixture
def fed(place, server):
    place.subscribe(server.serve("/a.xml", FEED))
    place.run("collect")
    return place


def found(place, since):
    searched = json.loads(place.run("search", "torres", "--since", since, "--json").out)
    exported = list(map(json.loads, place.run("export", "--since", since).out.splitlines()))
    assert searched == exported
    return len(searched)


def test_what_was_first_seen_since_then(fed):
    now = datetime.now(UTC)
    before, after = now - timedelta(hours=1), now + timedelta(hours=1)
    for since in (
        "1h",
        "2d",
        "1h30m",
        "2026-01-01",
        before.isoformat(),
        f"{before:%Y-%m-%dT%H:%MZ}",
    ):
        assert found(fed, since) == 1, since
    for since in (after.isoformat(), f"{after:%Y-%m-%dT%H:%M+00:00}", "2999-01-01"):
        assert found(fed, since) == 0, since
