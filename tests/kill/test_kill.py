"""kill -9 at twenty counted places, restart, and the archive equals an undisturbed one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from changing import EDITIONS, ChangingServer

from aggregator.archive import open_archive
from aggregator.config import load

FEEDS = 300
TESTS = Path(__file__).parents[1]
# Where each run dies: before, or with "+" after, the counted call.
PLACES = [
    ("aggregator.archive:Archive.attach", 1),
    ("aggregator.archive.topics:Topics.fill", 1),
    ("aggregator.archive:Archive.claim_due", 1),
    ("+aggregator.archive:Archive.claim_due", 1),
    ("aggregator.collect:Collector.fetch", 40),
    ("+aggregator.collect:Collector.fetch", 170),
    ("aggregator.normalize:Workers.read", 30),
    ("+aggregator.normalize:Workers.read", 90),
    ("aggregator.pipeline:decide", 1),
    ("+aggregator.pipeline:decide", 1),
    ("aggregator.topics:Matcher.match", 1),
    ("+aggregator.topics:Matcher.match", 1),
    ("aggregator.archive:WriteBatch.store", 1),
    ("+aggregator.archive:WriteBatch.store", 1),
    ("+aggregator.pipeline:Pipeline.write", 1),
    ("+aggregator.rounds:_Crew._release", 1),
    ("aggregator.publishing:documents", 1),
    ("aggregator.publish:Folder.write", 2),
    ("+aggregator.publish:Folder.write", 3),
    ("aggregator.archive:Published.mark", 1),
]


def configure(folder: Path, server: ChangingServer) -> Path:
    folder.mkdir()
    outlines = "".join(
        f'<outline type="rss" text="Feed {n}" xmlUrl="{server.url(n)}"/>'
        for n in range(server.feeds)
    )
    (folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    (folder / "topics.toml").write_text(
        '[torres]\ntitle = "Torres"\nquery = "torres AND coaching"\n'
        '[goals]\ntitle = "Goals"\nquery = "\\"two goals\\""\n'
    )
    (folder / "aggregator.toml").write_text(
        f'[archive]\ndirectory = "{folder}/archive"\n'
        '[collect]\nallow_networks = ["127.0.0.0/8"]\nhost_spacing = 0\n'
        f'[publish]\ndirectory = "{folder}/public"\npage_size = 20\n'
    )
    return folder


def collect(folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "-C", folder, "collect", "--all", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def collect_until_quiet(folder: Path, server: ChangingServer) -> None:
    for _ in range(4 * EDITIONS):
        # The edition may move on within a round: what counts is the one it began with.
        edition = server.edition
        counts = collect(folder)
        if edition == EDITIONS - 1 and counts["unchanged"] == counts["feeds"]:
            return
    pytest.fail(f"never quiet: {counts}")


def killed(folder: Path, place: str, count: int) -> None:
    """One run that dies at the place; nothing it started outlives it."""
    mark = uuid.uuid4().hex
    process = subprocess.run(
        [sys.executable, TESTS / "killed.py", place, str(count), "-C", folder, "collect", "--all"],
        env={**os.environ, "KILL_TEST_MARK": mark},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, f"{place}: {process.stderr[-2000:]}"
    deadline = time.monotonic() + 10
    while survivors := marked(mark):
        assert time.monotonic() < deadline, f"{place}: alive after the kill: {survivors}"
        time.sleep(0.05)


def marked(mark: str) -> list[str]:
    """Process ids whose environment carries the mark (none left is what we want)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


def state(folder: Path) -> dict[str, object]:
    """The archive as sets by natural key: a title's first word names an item, its URL the feed."""
    with open_archive(load(folder).settings.archive) as archive:
        entries, revisions, stories, captures = {}, set(), {}, []
        for record in archive.export():
            key = (record.feed.rsplit("/", 1)[1], record.title.split()[0])
            assert key not in entries.values(), f"{key} stored twice"
            entries[record.id] = key
            stories.setdefault(record.story, set()).add(key)
            for one in archive.history(record.id):
                revisions.add((key, one.number, one.title, one.text, one.changed))
                captures.append(one.capture)
        sets = {story: frozenset(keys) for story, keys in stories.items()}
        public = folder / "public" / "topics"
        return {
            "entries": set(entries.values()),
            "revisions": revisions,
            "stories": set(sets.values()),
            "hits": {
                (topic, sets[record.story])
                for record in archive.export()
                for topic in record.topics
            },
            "published": {
                (slug, sets[story])
                for slug in ("torres", "goals")
                for story in published(public, slug)
            },
            "captures": {
                hashlib.sha256(archive.capture(reference)).digest() for reference in set(captures)
            },
        }


def published(public: Path, slug: str) -> set[str]:
    """Ids of all entries on the subscription page and the archive pages."""
    pages = [public / f"{slug}.json", *sorted((public / slug).glob("*.json"))]
    return {item["id"] for page in pages for item in json.loads(page.read_text())["items"]}


@pytest.mark.long
@pytest.mark.timeout(560)
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for survivors in /proc")
def test_twenty_kills_leave_the_archive_of_an_undisturbed_run(tmp_path: Path) -> None:
    with ChangingServer(FEEDS) as server:
        plain = configure(tmp_path / "plain", server)
        collect_until_quiet(plain, server)
        expected = state(plain)
    with ChangingServer(FEEDS) as server:
        beaten = configure(tmp_path / "beaten", server)
        for place, count in PLACES:
            killed(beaten, place, count)
        collect_until_quiet(beaten, server)
        found = state(beaten)
        served = server.served
    assert len(PLACES) == 20
    captured = found.pop("captures")
    assert captured
    assert captured <= served
    expected.pop("captures")
    for name, value in expected.items():
        assert found[name] == value, name
    assert len(expected["stories"]) < len(expected["entries"])
    assert expected["hits"]
    assert expected["published"]
