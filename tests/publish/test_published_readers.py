"""Readers that people use, on the built-in server: each entry once, and nothing new the second time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import timedelta
from html import unescape

import pytest
from archivedesk import NOON, ONE, item
from programs import program
from publishing import Newsroom, free_port, served
from reader import make_reader

from aggregator.model.period import Period
from aggregator.model.topic import Topic

ALL = Topic(slug="all", title="All <b> & more", query="*", digest=Period.DAY, corrections=True)
COUNT = 30
LAST = NOON + timedelta(days=2)
COUNTS = {"all": COUNT, "all.digest": 2, "all.corrections": 2}
"""How many entries each feed of the topic has."""
TITLES = {
    "all": "Story 3 <b> & ‘more’",
    "all.digest": "2 March 2026: 29 stories",
    "all.corrections": "Corrected",
}
ALL_FEEDS = pytest.mark.parametrize(
    ("feed", "extension"), [(feed, extension) for feed in COUNTS for extension in ("atom", "rss")]
)


@pytest.fixture
def base(tmp_path, monkeypatch):
    """The address of a server with a topic of thirty stories, most of them of one minute, two of
    which were corrected."""
    monkeypatch.setattr("aggregator.digests.now", lambda: LAST)
    with Newsroom(tmp_path, base_url=f"http://127.0.0.1:{free_port()}") as room:
        room.topics(ALL)
        first = [item(f"n{n}", title=f"Story {n} <b> & ‘more’") for n in range(COUNT - 1)]
        room.desk.bring(ONE, *first)
        room.desk.bring(ONE, item("n0", title="Corrected"), at=NOON + timedelta(hours=1))
        room.desk.bring(ONE, item("n1", title="Again"), at=NOON + timedelta(hours=1))
        room.desk.bring(ONE, item("last", published=None, url=None), at=NOON + timedelta(days=1))
        room.publish()
        with served(room.public, int(room.settings.publish.base_url.rpartition(":")[2])) as found:
            yield found


def run(*command: str, **more) -> str:
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=60, check=False, **more
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@ALL_FEEDS
def test_newsboat(base, tmp_path, feed, extension):
    newsboat, urls, cache = program("newsboat"), tmp_path / "urls", tmp_path / "cache.db"
    urls.write_text(f"{base}/topics/{feed}.{extension}\n")
    (tmp_path / "config").write_text("")
    options = ["-u", urls, "-c", cache, "-C", tmp_path / "config"]
    home = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    found = []
    for _ in range(3):
        run(newsboat, *map(str, options), "-x", "reload", env=home)
        with sqlite3.connect(cache) as held:
            rows = held.execute("SELECT guid, title, pubDate FROM rss_item ORDER BY guid")
            found.append(rows.fetchall())
        held.close()
    assert found[0] == found[1] == found[2]
    assert len({guid for guid, _, _ in found[0]}) == len(found[0]) == COUNTS[feed]
    # A date that it cannot read it takes for now.
    assert all(pubdate <= LAST.timestamp() for _, _, pubdate in found[0])
    assert TITLES[feed] in {title for _, title, _ in found[0]}


@ALL_FEEDS
def test_sfeed(base, tmp_path, feed, extension):
    program("sfeed_plain")
    fetch = (
        "import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())"
    )
    (tmp_path / "sfeedrc").write_text(
        f'sfeedpath="{tmp_path}/feeds"\n'
        f"fetch() {{ '{sys.executable}' -c '{fetch}' \"$2\"; }}\n"
        f'feeds() {{ feed "all" "{base}/topics/{feed}.{extension}"; }}\n'
    )
    found = []
    for _ in range(2):
        run(program("sfeed_update"), str(tmp_path / "sfeedrc"))
        lines = (tmp_path / "feeds/all").read_text().splitlines()
        found.append(sorted(tuple(line.split("\t")) for line in lines))
    assert found[0] == found[1]
    assert len({row[5] for row in found[0]}) == len(found[0]) == COUNTS[feed]
    assert all(int(row[0]) <= LAST.timestamp() for row in found[0])
    # A title that is declared HTML it shows as it is written.
    assert TITLES[feed] in {unescape(row[1]) for row in found[0]}


def test_reader(base):
    with make_reader(":memory:") as reader:
        for feed in COUNTS:
            for extension in ("atom", "rss", "json"):
                reader.add_feed(f"{base}/topics/{feed}.{extension}")
        changes = []
        for _ in range(2):
            found = list(reader.update_feeds_iter(scheduled=False))
            assert [one.error for one in found] == [None] * 3 * len(COUNTS)
            changes.append(sum(one.value.new + one.value.modified for one in found if one.value))
        assert changes == [3 * sum(COUNTS.values()), 0]
        assert reader.get_entry_counts().total == 3 * sum(COUNTS.values())
