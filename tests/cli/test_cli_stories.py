"""``stories`` lists the largest; ``show`` says who had one first, and by how much."""

import json
from datetime import UTC, datetime, timedelta

from feedserver import FeedServer
from madestories import Maker

NOW = datetime.now(UTC).replace(microsecond=0)


def document(name: str, title: str, paragraphs: tuple[str, ...], *, minutes_ago: int) -> bytes:
    date = (NOW - timedelta(minutes=minutes_ago)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    text = "".join(f"&lt;p&gt;{one}&lt;/p&gt;" for one in paragraphs)
    item = (
        f"<item><guid>{name}</guid><title>{title}</title><link>http://{name}.example/story</link>"
        f"<pubDate>{date}</pubDate><description>{text}</description></item>"
    )
    return f"<rss version='2.0'><channel><title>{name}</title><language>en</language>{item}</channel></rss>".encode()


def test_the_largest_stories_and_who_had_them_first(place):
    maker = Maker(1)
    story, other = maker.article(), maker.article()
    with FeedServer() as server:
        place.subscribe(
            server.serve("/a", document("a", story.title, story.paragraphs, minutes_ago=40)),
            server.serve("/b", document("b", "Headline of b", story.paragraphs[1:], minutes_ago=95)),
            server.serve("/c", document("c", other.title, other.paragraphs, minutes_ago=5)),
        )  # fmt: skip
        assert place.run("collect").code == 0
    told = json.loads(place.run("stories", "--json").out)
    assert [(one["entries"], one["feeds"]) for one in told] == [(2, 2), (1, 1)]
    assert list(told[0]) == ["story", "lead", "title", "url", "entries", "feeds", "first_seen", "newest"]  # fmt: skip
    assert len(place.run("stories", "--limit", "1").out.splitlines()) == 1
    row = place.run("stories", "--days", "1").out.splitlines()[0].split("\t")
    assert row[:2] == ["2", "2"]
    shown = place.run("show", told[0]["story"]).out.splitlines()
    whole = json.loads(place.run("show", told[0]["story"], "--sightings", "--json").out)
    assert "sightings" not in json.loads(place.run("show", told[0]["story"], "--json").out)
    assert [(one["url"], one["known_by"]) for one in whole["sightings"]] == [
        ("http://a.example/story", "first"),
        ("http://b.example/story", "near"),
    ]
    first, second = (line.split("\t") for line in shown[-2:])
    assert first[1:3] + first[4:] == ["", "nearly the same text", "http://b.example/story"]
    assert second[1:3] + second[4:] == ["55 min", "came to us first", "http://a.example/story"]


def test_nothing_in_the_time_is_said_on_standard_error(place):
    with FeedServer() as server:
        place.subscribe(
            server.serve("/none", b"<rss version='2.0'><channel><title>N</title></channel></rss>")
        )
        place.run("collect")
    ran = place.run("stories")
    assert (ran.code, ran.out) == (0, "")
    assert "no entries" in ran.err
    assert json.loads(place.run("stories", "--json").out) == []
