"""Pages made by hand, for what is written of them."""

from datetime import UTC, datetime, timedelta

from aggregator.model.entry import Enclosure, EntryId
from aggregator.model.topic import Page, PageEntry, Source, Topic
from aggregator.publish import Site

WHEN = datetime(2026, 11, 2, 12, tzinfo=UTC)
SITE = Site(base_url="https://news.example/out", title="Newsroom")
TOPIC = Topic(slug="torres", title="Torres <coaching> & more", query="torres coach*")


def entry(number: int = 1, **more: object) -> PageEntry:
    values = {
        "id": f"urn:uuid:00000000-0000-5000-8000-{number:012}", "entry": EntryId(f"urn:uuid:1-{number}"),
        "url": f"https://one.example/{number}?a=1&b=2", "title": f"Story {number} <b> & ‘more’", "summary": "A summary.",
        "html": '<p>One &amp; two</p><img src="https://one.example/i.jpg" alt="">', "text": "One & two",
        "authors": ("Ida Morrow", "Jo"), "categories": ("Football", "Café & co"), "lang": "en",
        "published": WHEN - timedelta(hours=number), "updated": WHEN - timedelta(hours=number),
        "image": "https://one.example/i.jpg",
        "enclosures": (Enclosure(url="https://one.example/a.mp3", type="audio/mpeg", length=12), Enclosure(url="https://one.example/b", type="", length=None)),
        "origin_id": f"tag:one.example,{number}", "origin_title": "One & only", "origin_feed": "https://one.example/rss?x=1&y=2",
        "origin_home": "https://one.example/", "also_in": (Source(title="Two", url="https://two.example/s"),),
        "reason": "torres (title)", "corrected": False, "vanished": False,
    }  # fmt: skip
    return PageEntry(**(values | more))


def page(*entries: PageEntry, **more: object) -> Page:
    values = {
        "topic": TOPIC,
        "number": None,
        "entries": entries,
        "updated": WHEN,
        "previous": 3,
        "total": 9,
    }
    return Page(**(values | more))
