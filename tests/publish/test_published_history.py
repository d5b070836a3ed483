"""Archive documents: complete for whoever follows them, and never changed once they are full."""

from __future__ import annotations

import urllib.request
from datetime import timedelta

import feedrules
import pytest
from archivedesk import NOON, ONE, item
from lxml import etree
from publishing import HISTORY, HistoryClient, Newsroom, free_port, served

from aggregator.model.topic import Topic
from aggregator.publish import files

ALL = Topic(slug="all", title="All", query="*")
SIZE = 4


def over_http(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


@pytest.fixture
def room(tmp_path):
    with Newsroom(tmp_path, base_url=f"http://127.0.0.1:{free_port()}", page_size=SIZE) as made:
        made.topics(ALL)
        made.publish()
        yield made


def bring(room, step: int) -> None:
    """News, something old that subscribers are not told of, and a correction of it."""
    at = NOON + timedelta(hours=step)
    old = NOON - timedelta(days=400)
    entries = [item(f"n{step}-{n}", published=at) for n in range(step % 3)]
    room.desk.bring(ONE, *entries, item(f"old{step}", published=old), at=at)
    if step % 2:
        corrected = item(f"old{step}", title=f"Old {step}, corrected", published=old)
        room.desk.bring(ONE, corrected, at=at + timedelta(minutes=1))
    room.publish()


def full_pages(room) -> dict[str, bytes]:
    return {
        path: data
        for path, data in room.texts().items()
        if path.endswith((".atom", ".rss"))
        and etree.fromstring(data).find(f".//{HISTORY}archive") is not None
    }


@pytest.mark.parametrize("way", ["files", "http"])
def test_a_client_that_keeps_archives_knows_everything(room, way):
    port = int(room.settings.publish.base_url.rpartition(":")[2])
    with served(room.public, port) as base:
        fetch = over_http if way == "http" else room.file
        # One looks after every change, one seldom, one comes last and finds all of it.
        always, seldom, last = (HistoryClient(f"{base}/topics/all.atom") for _ in range(3))
        for step in range(9):
            bring(room, step)
            always.update(fetch)
            if step % 5 == 0:
                seldom.update(fetch)
        for client in (always, seldom, last):
            client.update(fetch)
    titles = {one.story: one.title for one in room.archive.export()}
    for client in (always, seldom, last):
        assert {name: title for name, (_, title) in client.seen.items()} == titles
    assert len(always.update(fetch) if way == "files" else [1]) == 1


def test_an_older_state_of_the_page_that_fills_is_still_answered(room):
    port = int(room.settings.publish.base_url.rpartition(":")[2])
    with served(room.public, port) as base:
        client = HistoryClient(f"{base}/topics/all.atom")
        bring(room, 0)
        _, early = client.update(over_http)
        for step in range(3, 18, 3):
            bring(room, step)
        # Its file is gone, which only a web server of others would tell.
        assert not (room.public / early.removeprefix(f"{base}/")).exists()
        assert b"<feed" in over_http(early)


def test_full_pages_never_change(room, monkeypatch):
    for step in range(6):
        bring(room, step)
    before = full_pages(room)
    assert len(before) >= 6
    room.configure(title="Another name", page_size=SIZE + 3)
    room.topics(Topic(slug="all", title="Renamed", query="*", description="Other words"))
    monkeypatch.setattr(files, "RENDERING", 1000)
    room.publish()
    bring(room, 7)
    room.publish(everything=False)
    assert {path: room.texts()[path] for path in before} == before
    assert b"Another name" in (room.public / "topics/all.atom").read_bytes()
    assert b"Another name" in (room.public / "topics/all/1.html").read_bytes()


def test_full_pages_follow_a_move_of_the_whole(room):
    for step in range(6):
        bring(room, step)
    room.configure(base_url="https://elsewhere.example/out")
    room.publish()
    assert b"127.0.0.1" not in b"".join(full_pages(room).values())


def test_a_full_page_that_got_lost_is_written_again_as_it_was(room):
    for step in range(6):
        bring(room, step)
    before = full_pages(room)
    for path in before:
        (room.public / path).unlink()
    room.publish()
    assert full_pages(room) == before


def test_few_states_of_the_page_that_fills_are_kept(room):
    for step in range(0, 18, 3):
        bring(room, step)
    states = [path for path in room.texts() if "-" in path.rpartition("/")[2]]
    assert 0 < len(states) <= 3 * files._SNAPSHOTS
    remembered = (room.public / ".aggregator/files").read_text().split()
    assert set(states) <= set(remembered)
    assert not files.Folder(room.public).moved(files.Site(base_url=room.settings.publish.base_url))


def test_all_of_it_is_valid(room):
    for step in range(6):
        bring(room, step)
    documents = room.texts()
    assert len([path for path in documents if path.endswith(".atom")]) > 5
    assert feedrules.problems(documents) == []
