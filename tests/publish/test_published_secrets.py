"""What lets somebody into a feed stands in no published document."""

from __future__ import annotations

import html

import pytest
from archivedesk import NOON, ONE, item
from madepages import entry
from publishing import Newsroom

from aggregator.model.entry import Document
from aggregator.model.feed import Trouble
from aggregator.model.notice import Noted, Notice
from aggregator.model.topic import Topic
from aggregator.publish.wording import safe_entry

SECRET = "SECRET123"
FED = f"http://feeds.example/h1.xml?feed_token={SECRET}&page=2"
SHOWN = "http://feeds.example/h1.xml?feed_token=&page=2"
ALL = Topic(slug="all", title="All", query="*", corrections=True)


@pytest.fixture
def room(tmp_path):
    with Newsroom(tmp_path, base_url="https://news.example", page_size=2) as made:
        made.follow([ONE, FED], [ALL])
        yield made


def bring(room: Newsroom, feed: str, *entries, hour: int) -> None:
    """Without a title of its own a feed is called by its address; so are its id and its home."""
    document = Document(version="atom10", title="", id=feed, home=feed, entries=entries)
    room.desk.bring(feed, document=document, at=NOON.replace(hour=hour))


def test_a_secret_in_a_feeds_address_is_in_no_document(room):
    for hour, text in enumerate(("one", "two", "two and three"), 12):
        for feed, name in ((FED, "fed"), (ONE, "plain")):
            page = f"https://{name}.example/1"
            told = item(name, feed=feed, title="Same words", text=text, url=page)
            bring(room, feed, told, hour=hour)
    bring(room, FED, item("own", feed=FED, url=None), hour=16)
    notice = Notice(at=NOON, trouble=Trouble.BROKEN, message=f"it leads to {FED}")
    noted = Noted(notices=(notice,), told=frozenset(), news_at=None, pause=None, missed_at=None)
    with room.archive.notices(write=True) as held:
        held.note(room.archive.feed(FED), noted)
    room.publish()
    texts = room.texts()
    assert {path for path, data in texts.items() if SECRET.encode() in data} == set()
    assert {"topics/all/1.atom", "topics/all.corrections.atom"} <= texts.keys()
    shown = {path for path, data in texts.items() if SHOWN in html.unescape(data.decode())}
    assert {"topics/all.json", "topics/all.rss", "topics/_status.atom"} <= shown
    assert room.archive.feed(FED).url == FED


def test_what_was_kept_with_a_secret_is_published_without(room):
    """Full pages are kept as they were, those of former versions too."""
    safe = safe_entry(
        entry(
            1, origin_feed=FED, origin_title=FED, origin_feed_id=FED, url="https://a.example/?key=1"
        )
    )
    assert SECRET not in repr(safe)
    assert (safe.origin_feed, safe.url) == (SHOWN, "https://a.example/?key=1")


def test_feeds_that_differ_by_a_secret_alone_are_each_told_of(room):
    other = FED.replace(SECRET, "SECRET456")
    room.follow([ONE, FED, other], [ALL])
    notice = Notice(at=NOON, trouble=Trouble.BROKEN, message="it fails")
    noted = Noted(notices=(notice,), told=frozenset(), news_at=None, pause=None, missed_at=None)
    for feed in (FED, other):
        with room.archive.notices(write=True) as held:
            held.note(room.archive.feed(feed), noted)
    room.publish()
    told = room.texts()["topics/_status.atom"].decode()
    assert "Broken: 2 feeds" in told
    assert "SECRET" not in told


def test_where_the_archive_is_stands_nowhere_in_the_folder_that_others_serve(room):
    bring(room, ONE, item("a"), hour=12)
    room.publish()
    told = room.texts()
    assert ".aggregator/archive" in told
    place = room.archive.location.encode()
    assert not [path for path, data in told.items() if place in data]
