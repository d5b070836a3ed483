"""What a turn of publishing costs and touches: the topics that were hit, and nothing of all others."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from archivedesk import NOON, ONE, TWO, item
from msgspec.structs import replace
from publishing import Newsroom
from simclock import SimClock

from aggregator.archive import open_archive, restore
from aggregator.model.errors import PublishError
from aggregator.model.topic import Topic
from aggregator.publish import retired, site_of, stem
from aggregator.publishing import Publisher

TOPICS = tuple(Topic(slug=f"w{n}", title=f"Word {n}", query=f"word{n}") for n in range(200))
FEEDS = (".atom", ".rss", ".json")
SIZE = 4
NUMBERS = count(1)


def bring(room: Newsroom, *words: str, entries: int = 1) -> None:
    for number in (next(NUMBERS) for _ in range(entries)):
        at = NOON + timedelta(minutes=number)
        told = item(f"n{number}", title=f"{' '.join(words)} {number}", published=at)
        room.desk.bring(ONE, told, at=at)


def stamps(room: Newsroom) -> dict[str, tuple[int, int]]:
    """What tells whether a file was written since, by path."""
    return {
        str(path.relative_to(room.public)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in room.public.rglob("[!.]*")
        if path.is_file() and ".aggregator" not in path.parts
    }


def written(before: dict[str, tuple[int, int]], room: Newsroom) -> set[str]:
    return {path for path, stamp in stamps(room).items() if before.get(path) != stamp}


def publisher_of(room: Newsroom) -> Publisher:
    made = Publisher(room.archive, room.settings, site_of(room.settings))
    made.publish()
    return made


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> Iterator[Newsroom]:
    """Two hundred topics, of which two have a full archive page."""
    folder = tmp_path_factory.mktemp("room")
    with Newsroom(folder, base_url="https://news.example", page_size=SIZE) as made:
        made.topics(*TOPICS)
        bring(made, "word7", "word9", entries=SIZE + 1)
        made.publish()
        yield made


def test_only_the_newest_documents_of_topics_that_were_hit_are_written(room):
    publisher = publisher_of(room)
    for grown in (SIZE + 2, SIZE + 3):
        before = stamps(room)
        bring(room, "word7", "word9")
        changed = publisher.publish()
        expected = {"index.html"}
        for slug in ("w7", "w9"):
            expected |= {f"topics/{slug}{end}" for end in (*FEEDS, ".html")}
            expected |= {f"topics/{slug}/2{end}" for end in (*FEEDS, ".html")}
            expected |= {f"topics/{slug}/2-{grown}{end}" for end in FEEDS}
        assert written(before, room) == set(changed) == expected


def test_a_copy_changes_the_newest_documents_where_its_story_stands_there(room):
    room.follow([ONE, TWO], TOPICS)
    publisher = publisher_of(room)
    old = room.archive.published.archive_page("w9", 1).entries[-1]
    new = room.archive.published.subscription_page("w9", size=SIZE).entries[0]
    for story, stands_there in ((old, False), (new, True)):
        at, before = NOON + timedelta(minutes=next(NUMBERS)), stamps(room)
        url = f"https://two.example/{story.entry}"
        copy = item(story.entry, feed=TWO, title=story.title, text=story.text, url=url)
        room.desk.bring(TWO, copy, at=at)
        publisher.publish()
        topics = {path for path in written(before, room) if path.startswith("topics/")}
        assert {"topics/w9.atom", "topics/w9/2.atom"} <= topics or not stands_there
        assert not [path for path in topics if "/w9/1" in path or "/w7/1" in path]
        assert bool(topics) is stands_there


def test_a_turn_does_not_ask_after_each_topic(room):
    publisher, asked = publisher_of(room), list[str]()
    bring(room, "word7")

    def note(_connection, _cursor, statement, *_more) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        publisher.publish()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(asked) < len(TOPICS) / 2


def test_the_front_page_shows_what_is_newest_and_leads_to_all(room):
    bring(room, "word150")
    room.publish()
    front, every = room.file("/index.html").decode(), room.file("/topics.html").decode()
    assert front.count('<a href="topics/w') <= 5 * 100
    assert 'href="topics/w150.html"' in front
    assert "All 200 topics" in front
    assert [f'href="topics/{one.slug}.html"' in every for one in TOPICS] == [True] * 200


def test_a_restart_writes_nothing_but_what_is_missing(room):
    room.publish()
    before = stamps(room)
    assert room.publish() == ()
    assert written(before, room) == set()
    lost = ["topics/w7.rss", "topics/w7/1.atom", "topics/w150.html", "topics.opml", "style.css"]
    for path in lost:
        (room.public / path).unlink()
    assert sorted(room.publish()) == sorted(lost)
    assert written(before, room) == set(lost)


def test_what_was_not_written_is_written_by_the_next_turn(room):
    publisher = publisher_of(room)
    bring(room, "word3")
    blocked = room.public / "topics/w3.rss"
    blocked.unlink()
    blocked.mkdir()
    with pytest.raises(PublishError):
        publisher.publish()
    blocked.rmdir()
    assert "topics/w3.rss" in publisher.publish()


def everything(room: Newsroom) -> dict[str, bytes]:
    return {path: (room.public / path).read_bytes() for path in stamps(room)}


def test_a_folder_that_was_left_for_another_is_brought_up_to_date(tmp_path):
    with Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room:
        room.topics(*TOPICS[:3])
        bring(room, "word1", entries=SIZE - 1)
        room.publish()
        first, second = room.public, tmp_path / "elsewhere"
        room.move(second)
        bring(room, "word1", entries=SIZE)
        room.publish()
        expected = everything(room)
        room.move(first)
        room.publish()
        assert everything(room) == expected
        assert room.publish() == ()


def test_what_another_archive_published_is_gone(tmp_path):
    """As after a restore of an older backup: pages that it does not have stand there no more."""
    with Newsroom(tmp_path / "new", base_url="https://news.example", page_size=SIZE) as newer:
        newer.topics(*TOPICS[:2])
        bring(newer, "word1", entries=3 * SIZE)
        newer.publish()
        assert (newer.public / "topics/w1/2.atom").exists()
        with Newsroom(tmp_path / "old", base_url="https://news.example", page_size=SIZE) as older:
            older.topics(*TOPICS[:2])
            bring(older, "word1")
            older.publish()
            expected = everything(older)
            older.move(newer.public)
            older.publish()
            assert everything(older) == expected
            assert older.publish() == ()


def test_a_copy_that_publishes_in_the_same_folder_is_found_out(tmp_path):
    """A backup tried out beside the archive it is of, which moved its private topic since."""
    secret = Topic(slug="secret", title="Hidden", query="*", private=True)
    with Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room:
        room.topics(*TOPICS[:2], secret)
        bring(room, "word1", entries=SIZE + 1)
        publisher = publisher_of(room)
        room.archive.backup(tmp_path / "b.tar")
        room.archive.published.revoke_address("secret")
        publisher.publish()
        expected = everything(room)
        kept = replace(room.settings.archive, directory=tmp_path / "copy", database="")
        restore(tmp_path / "b.tar", kept)
        with open_archive(kept, write=True, purpose="a copy") as copy:
            Publisher(copy, room.settings, site_of(room.settings)).publish()
        assert everything(room) != expected
        publisher.publish()
        assert everything(room) == expected
        assert publisher.publish() == ()


def test_what_ended_stays_ended_in_another_folder(tmp_path):
    """As after a restore on another machine, where the old folder is not."""
    secret = Topic(slug="secret", title="Hidden", query="*", private=True)
    with Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room:
        room.topics(*TOPICS[:2], secret)
        room.publish()
        ended = {room.address("secret"), f"topics/{TOPICS[0].slug}"}
        # A slip of the pen that was mended before anything was published is nobody's address.
        room.topics(*TOPICS[:3], secret)
        room.topics(TOPICS[1])
        room.publish()
        room.move(tmp_path / "other")
        room.publish()
        places = {*ended, "topics/secret", *(f"topics/{topic.slug}" for topic in TOPICS[1:3])}
        assert {place for place in places if retired(room.public, place)} == ended
        room.topics(*TOPICS[:2])
        room.publish()
        assert not retired(room.public, f"topics/{TOPICS[0].slug}")


@pytest.mark.parametrize("private", [False, True])
def test_a_topic_that_is_missing_for_less_than_a_day_never_was_away(tmp_path, private):
    """As where a file was cut off at the edge of a table, and is mended in the morning."""
    lost = Topic(slug="lost", title="Lost", query="word1", private=private)
    with (
        SimClock(NOON) as clock,
        Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room,
    ):
        room.topics(TOPICS[0], TOPICS[2], lost)
        bring(room, "word1", entries=SIZE + 1)
        room.publish()
        (place,) = [one for one in room.archive.topics.states() if one.topic.slug == "lost"]
        feed = f"{stem(place)}.atom"
        listed = room.texts()["topics.opml"]
        room.edit([ONE], [TOPICS[0]])
        bring(room, "word1", entries=SIZE + 2)
        room.publish()
        assert room.texts()["topics.opml"] == listed
        told = room.texts()
        assert told[feed].count(b"</entry>") == SIZE
        clock.go_on(hours=23, minutes=59)
        # A round looks again; what began does not begin anew.
        room.edit([ONE], [TOPICS[0]])
        assert not room.archive.topics.overdue()
        room.edit([ONE], [TOPICS[0], TOPICS[2], lost])
        assert room.publish() == ()
        assert room.texts() == told
        # It is as it was: who leaves it out again has a whole day again.
        clock.go_on(days=3)
        room.edit([ONE], [TOPICS[0]])
        room.publish()
        assert room.texts()[feed] == told[feed]
        clock.go_on(days=1)
        assert room.archive.topics.overdue()
        room.edit([ONE], [TOPICS[0]])
        room.publish()
        assert not room.archive.topics.overdue()
        assert feed not in room.texts()
        assert retired(room.public, feed.removesuffix(".atom"))


def test_a_clock_that_was_ahead_makes_no_longer_wait(tmp_path):
    with (
        SimClock(NOON + timedelta(days=400)) as clock,
        Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room,
    ):
        room.edit([ONE], TOPICS[:2])
        room.edit([ONE], [])
        clock.at = NOON
        room.edit([ONE], [])
        clock.go_on(days=1)
        assert room.archive.topics.overdue()


def test_a_topic_that_named_one_that_was_taken_down_goes_with_it(tmp_path):
    names = Topic(slug="names", title="Names", query="topic:named OR rain")
    named = Topic(slug="named", title="Named", query="word1")
    other = Topic(slug="other", title="Other", query="word2")
    with Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room:
        room.edit([ONE], [names, named, other])
        room.edit([ONE], [])
        room.archive.topics.end("named")
        room.edit([ONE], [])
        assert [one.topic.slug for one in room.archive.topics.states()] == ["other"]


def test_a_private_topic_that_was_taken_down_by_name_comes_back_at_another_address(tmp_path):
    secret = Topic(slug="secret", title="Hidden", query="*", private=True)
    with Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room:
        room.topics(secret, TOPICS[0])
        room.publish()
        old = room.address("secret")
        room.edit([ONE], [])
        room.archive.topics.end("secret")
        room.edit([ONE], [])
        room.publish()
        room.edit([ONE], [secret])
        room.publish()
        assert room.address("secret") != old
        assert retired(room.public, old)
        assert not (room.public / f"{old}.atom").exists()


def test_a_folder_that_is_taken_away_comes_back_whole(tmp_path):
    with Newsroom(tmp_path, base_url="https://news.example", page_size=SIZE) as room:
        room.topics(*TOPICS[:3])
        bring(room, "word1", entries=SIZE + 1)
        publisher = publisher_of(room)
        expected = everything(room)
        shutil.rmtree(room.public)
        assert set(publisher.publish()) == set(expected)
        assert everything(room) == expected
        (room.public / "index.html").unlink()
        assert publisher.publish() == ("index.html",)
