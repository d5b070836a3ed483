"""Digests and corrections as subscribers get them: valid, stable, written when they are due."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from urllib.parse import urljoin

import feedparser
import feedrules
import pytest
from archivedesk import NOON, ONE, item
from lxml import etree
from msgspec.structs import replace
from publishing import Newsroom, free_port, served
from reader import make_reader

from aggregator.model.period import Period
from aggregator.model.series import Wording
from aggregator.model.topic import Collapse, Detail, Topic
from aggregator.publish.corrections import told

DAY = timedelta(days=1)
DAILY = Topic(slug="all", title="All <b> & more", query="*", digest=Period.DAY, corrections=True)
PLAIN = Topic(slug="plain", title="Plain", query="*")
SECRET = Topic(
    slug="secret", title="Hidden", query="*", digest=Period.WEEK, corrections=True, private=True
)


@pytest.fixture
def clock(monkeypatch):
    """Sets what time it is where topics are published."""

    def set_to(at):
        monkeypatch.setattr("aggregator.digests.now", lambda: at)

    set_to(NOON)
    return set_to


@pytest.fixture
def room(tmp_path, clock):
    with Newsroom(tmp_path, base_url=f"http://127.0.0.1:{free_port()}") as made:
        made.topics(DAILY, PLAIN)
        yield made


def bring(room, name, at=NOON, **given):
    room.desk.bring(ONE, item(name, published=at, **given), at=at)


def parsed(room, path):
    return feedparser.parse(io.BytesIO((room.public / path).read_bytes()))


def titles(room, path="topics/all.digest.atom"):
    return [entry.title for entry in parsed(room, path).entries]


def test_a_digest_is_written_once_its_day_is_over_and_only_then(room, clock):
    room.publish()
    assert titles(room) == []
    bring(room, "a", title="One <i> & only")
    bring(room, "b")
    assert not [path for path in room.publish() if "digest" in path]
    clock(NOON + DAY)
    assert set(room.publish()) == {
        f"topics/all.digest.{extension}" for extension in ("atom", "rss", "json", "html")
    }
    assert titles(room) == ["2 March 2026: 2 stories"]
    (entry,) = parsed(room, "topics/all.digest.atom").entries
    assert entry.published == "2026-03-03T00:00:00+00:00"
    assert entry.updated.startswith("2026-03-03T00:00:00")
    assert entry.content[0].value.index("One &lt;i&gt; &amp; only") < entry.content[0].value.index(
        "Title of b"
    )
    assert 'href="https://one.example/a"' in entry.content[0].value
    assert "Some words about b." in entry.content[0].value


def test_a_feed_that_tells_nothing_yet_is_dated_by_when_its_topic_was_made(room, monkeypatch):
    made, edited = NOON + DAY / 2, NOON + 3 * DAY
    monkeypatch.setattr("aggregator.archive.topics.clock", lambda: made)
    fresh = replace(DAILY, slug="fresh", query="nothing")
    room.topics(DAILY, PLAIN, fresh)
    room.publish()
    feeds = [f"topics/fresh{series}.atom" for series in ("", ".digest", ".corrections")]

    def updated():
        return {parsed(room, path).feed.updated for path in feeds}

    assert updated() == {"2026-03-03T00:00:00+00:00"}
    before = room.texts()
    bring(room, "a")
    room.publish(everything=True)
    assert {path: room.texts()[path] for path in feeds} == {path: before[path] for path in feeds}
    monkeypatch.setattr("aggregator.archive.topics.clock", lambda: edited)
    room.topics(DAILY, PLAIN, replace(fresh, query="nothing OR none"))
    room.publish()
    assert updated() == {"2026-03-05T12:00:00+00:00"}
    after = room.texts()
    room.publish(everything=True)
    assert room.texts() == after


def test_after_downtime_all_days_are_there_and_nothing_is_written_twice(room, clock):
    for day in range(3):
        bring(room, f"n{day}", at=NOON + day * DAY)
    clock(NOON + 10 * DAY)
    room.publish()
    assert titles(room) == [f"{day} March 2026: 1 story" for day in (4, 3, 2)]
    before = room.texts()
    clock(NOON + 11 * DAY)
    assert room.publish() == ()
    assert room.publish(everything=True) == ()
    assert room.texts() == before


def test_ids_stay_and_a_correction_announces_no_digest_again(room, clock):
    bring(room, "a")
    clock(NOON + DAY)
    room.publish()
    before = (room.public / "topics/all.digest.atom").read_bytes()
    bring(room, "a", at=NOON + DAY, title="Corrected")
    clock(NOON + 2 * DAY)
    room.publish()
    assert (room.public / "topics/all.digest.atom").read_bytes() == before


def test_a_correction_is_shown_as_a_diff(room):
    bring(room, "a", title="United win 3-1", text="The keeper <b>saved</b> two shots.")
    bring(room, "a", at=NOON + DAY, title="United win 3-2", text="The keeper <b>saved</b> no shot.", authors=("Ida Morrow",))  # fmt: skip
    room.publish()
    (entry,) = parsed(room, "topics/all.corrections.atom").entries
    assert entry.title == "United win 3-2"
    assert entry.link == "https://one.example/a"
    html = entry.content[0].value
    assert "United win 3-<del>1</del><ins>2</ins>" in html
    assert "<del>two shots</del><ins>no shot</ins>" in html or "<del>two</del><ins>no</ins>" in html
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "Title: United win 3-[-1-]{+2+}" in entry.summary
    assert (
        "{+Ida Morrow+}"
        in told(
            Wording(title="", summary="", text="", authors=()),
            Wording(title="", summary="", text="", authors=("Ida Morrow",)),
        )[1]
    )
    page = (room.public / "topics/all.corrections.html").read_text("utf-8")
    assert "3-<del>1</del><ins>2</ins>" in page


def test_a_correction_keeps_its_id_when_another_follows(room):
    bring(room, "a")
    bring(room, "a", at=NOON + DAY, title="Second")
    room.publish()
    (first,) = parsed(room, "topics/all.corrections.atom").entries
    bring(room, "a", at=NOON + 2 * DAY, title="Third")
    room.publish()
    newest, again = parsed(room, "topics/all.corrections.atom").entries
    assert (again.id, again.updated) == (first.id, first.updated)
    assert len({first.id, newest.id, *(e.id for e in parsed(room, "topics/all.atom").entries)}) == 3


@pytest.mark.parametrize("more", [{}, {"collapse": Collapse.NONE}, {"detail": Detail.SUMMARY}])
def test_all_of_them_are_valid(room, clock, more):
    topic = Topic(
        slug="all", title="A <b> &", query="*", digest=Period.DAY, corrections=True, **more
    )
    room.topics(topic)
    room.publish()
    assert feedrules.problems(room.texts()) == []
    for n in range(30):
        bring(room, f"n{n}", at=NOON + n * DAY / 3, title=f"\x00Story {n} ]]> <script>", lang="x y")
        bring(
            room, f"n{n}", at=NOON + n * DAY / 3 + DAY / 9, title="", text=f"<p>Anew {n}", url=None
        )
    clock(NOON + 20 * DAY)
    room.publish()
    assert len(titles(room)) == 11
    assert len(titles(room, "topics/all.corrections.rss")) == 30
    texts = room.texts()
    assert feedrules.problems(texts) == []
    assert not [path for path in texts if path.endswith(".html") and b"<script>" in texts[path]]


def test_a_reader_sees_every_entry_once(room, clock):
    for day in range(3):
        bring(room, f"n{day}", at=NOON + day * DAY)
        bring(room, f"n{day}", at=NOON + day * DAY + DAY / 9, title="Mended")
    clock(NOON + 2 * DAY)
    room.publish()
    port = int(room.settings.publish.base_url.rpartition(":")[2])
    with served(room.public, port) as base, make_reader(":memory:") as reader:
        for series in ("digest", "corrections"):
            for extension in ("atom", "rss", "json"):
                reader.add_feed(f"{base}/topics/all.{series}.{extension}")
        reader.update_feeds(scheduled=False)
        assert [feed.last_exception for feed in reader.get_feeds()] == [None] * 6
        assert reader.get_entry_counts().total == 3 * 2 + 3 * 3
        clock(NOON + 3 * DAY)
        room.publish()
        reader.update_feeds(scheduled=False)
        assert reader.get_entry_counts().total == 3 * 3 + 3 * 3


def test_all_topics_is_one_page_from_wherever_it_is_named(room):
    bring(room, "a")
    room.publish()
    pages = {path: text.decode() for path, text in room.texts().items() if path.endswith(".html")}
    for path, text in pages.items():
        found = re.findall(r'href="([^"]+)"[^>]*>All topics<', text)
        assert {urljoin(f"/{path}", href) for href in found} <= {"/topics.html"}, path
        assert found or path == "topics.html"


def test_where_they_are_named(room):
    bring(room, "a")
    room.publish()
    texts = room.texts()
    for path in ("topics/all.html", "index.html"):
        assert b"all.digest.html" in texts[path]
        assert b"all.corrections.html" in texts[path]
    assert b"plain.digest" not in b"".join(texts.values())
    outlines = etree.fromstring(texts["topics.opml"]).findall("body/outline")
    assert [(one.get("text"), one.get("xmlUrl").rpartition("/")[2]) for one in outlines] == [
        ("All <b> & more", "all.atom"),
        ("Plain", "plain.atom"),
        ("All <b> & more: daily digest", "all.digest.atom"),
        ("All <b> & more: corrections", "all.corrections.atom"),
    ]
    assert [one.get("description") for one in outlines] == [
        "Stories that match *",
        "Stories that match *",
        "The stories of All <b> & more, an entry a day",
        "What publishers changed of the stories of All <b> & more, word by word",
    ]
    digest, corrections, own = (
        parsed(room, f"topics/all{name}.atom").feed for name in (".digest", ".corrections", "")
    )
    assert len({digest.id, corrections.id, own.id}) == 3
    made = json.loads(texts["topics/all.digest.json"])
    assert made["title"] == "All <b> & more: daily digest"
    assert made["_aggregator"]["id"] == digest.id


def test_hubs_are_told_of_them(room, clock):
    room.publish()
    told_of = {f"topics/all{name}.atom" for name in ("", ".digest", ".corrections")}
    assert told_of <= set(room.archive.published.unpinged())
    room.archive.published.mark_pinged(room.archive.published.unpinged())
    bring(room, "a")
    clock(NOON + DAY)
    room.publish()
    assert told_of - set(room.archive.published.unpinged()) == {"topics/all.corrections.atom"}


def test_those_of_a_private_topic_are_at_its_address_only(room, clock):
    room.topics(SECRET, PLAIN)
    bring(room, "a")
    bring(room, "a", at=NOON + DAY, title="Mended")
    clock(NOON + 10 * DAY)
    room.publish()
    address = room.address("secret")
    texts = room.texts()
    assert {f"{address}.digest.atom", f"{address}.corrections.rss"} <= set(texts)
    token = address.removeprefix("private/").encode()
    naming = {path for path, data in texts.items() if token in data}
    assert naming
    assert all(path.startswith(address) for path in naming)
    assert b"Hidden" not in texts["index.html"] + texts["topics.opml"]
    room.archive.published.revoke_address("secret")
    room.publish()
    assert room.address("secret") != address
    assert not [path for path in room.texts() if path.startswith(address)]
    assert f"{room.address('secret')}.digest.json" in room.texts()


def test_a_feed_that_is_not_wanted_any_more_is_gone(room):
    bring(room, "a")
    room.publish()
    port = int(room.settings.publish.base_url.rpartition(":")[2])
    with served(room.public, port) as base:
        wanted = [
            f"{base}/topics/all.digest{end}" for end in ("", ".atom", ".rss", ".json", ".html")
        ]
        assert [_status(url) for url in wanted] == [200] * 5
        room.topics(Topic(slug="all", title="All", query="*", corrections=True), PLAIN)
        room.publish()
        assert [_status(url) for url in wanted] == [410] * 5
        assert _status(f"{base}/topics/all.corrections.atom") == 200
        assert _status(f"{base}/topics/all.atom") == 200
        room.topics(DAILY, PLAIN)
        room.publish()
        assert [_status(url) for url in wanted] == [200] * 5
        room.topics(PLAIN)
        room.publish()
        assert _status(wanted[1]) == _status(f"{base}/topics/all.atom") == 410


def _status(url):
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
