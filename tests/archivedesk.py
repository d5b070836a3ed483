"""A desk that brings an archive documents as the pipeline would."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.model.batch import Address, Batch, Counts, Decision, Fetched, NextPoll, Settled
from aggregator.model.entry import Document, Entry, EntryId
from aggregator.model.errors import FeedError
from aggregator.model.feed import Feed, Response, Subscription
from aggregator.model.interests import Interests
from aggregator.model.original import pack_original
from aggregator.model.person import Person
from aggregator.model.settings import ArchiveSettings, NormalizeSettings
from aggregator.model.topic import Backlog, Hit, Mute, Topic, TopicEdit
from aggregator.normalize import decide, read
from aggregator.query import analyse
from aggregator.topics import Matcher

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, TWO = "https://one.example/feed", "https://two.example/feed"


def interests(*topics: Topic, people: Sequence[Person] = (), mute: Mute = Mute()) -> Interests:
    """What is wanted: these topics, where nothing else is given without people and mute table."""
    return Interests(topics=topics, people=tuple(people), mute=mute)


def item(identity: str, **given) -> Entry:
    """An entry as normalize hands it on; its fingerprint follows what it says."""
    title = given.pop("title", f"Title of {identity}")
    text = given.pop("text", f"Some words about {identity}.")
    feed = given.pop("feed", ONE)
    published = given.pop("published", NOON)
    url = given.pop("url", f"https://one.example/{identity}")

    def hashed(*parts: object) -> bytes:
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()

    parts = (
        ("title", hashed(title)[:8]),
        ("text", hashed(text)[:8]),
        ("authors", hashed(given.get("authors", ()))[:8]),
    )
    made = {
        "id": EntryId(f"urn:uuid:{_uuid(feed, identity)}"),
        "identity": identity,
        "position": 0,
        "item_hash": hashed(identity, title, text, url),
        "guid": identity,
        "url": url,
        "canonical_url": url.removeprefix("https://") if url else None,
        "title": title,
        "text": text,
        "html": f"<p>{text}</p>",
        "lang": "en",
        "published": published,
        "fingerprint": hashed(parts),
        "parts": parts,
        "text_hash": hashed(title, text),
        "original": pack_original(b'{"title": "as it came"}'),
        "indexed": analyse(title, text, given.get("lang", "en")),
    }
    return Entry(**(made | given))


def _uuid(feed: str, identity: str) -> str:
    digits = hashlib.blake2b(f"{feed} {identity}".encode(), digest_size=16).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def answer(url: str, at: datetime, body: bytes = b"<rss/>", status: int = 200, **headers: str):
    """A response whose body came as it is."""
    names = {"Content-Type": "application/rss+xml", **headers}
    return Response(
        requested=url,
        url=url,
        status=status,
        headers=tuple((name.replace("_", "-"), value) for name, value in names.items()),
        wire=body,
        body=body,
        started=at,
        seconds=0.1,
    )


class Desk:
    """Brings documents to an archive: known → decide → match → store, one batch a call."""

    def __init__(self, archive: Archive, settings: ArchiveSettings) -> None:
        self.archive = archive
        self.settings = settings
        self.matcher = Matcher(interests())

    def subscribe(self, *urls: str, now: datetime = NOON):
        return self.archive.attach([Subscription(url=url) for url in urls], now=now)

    def topics(self, *topics: Topic, page_size: int = 50, mute: Mute = Mute()):
        self.matcher = Matcher(interests(*topics, mute=mute))
        synced = self.archive.topics.sync(
            [(one, self.matcher.definition(one.slug)) for one in topics],
            page_size=page_size,
            muted=mute.feeds,
        )
        for slug in (*synced.new, *synced.edited):
            self.fill(slug, [], self.matcher.definition(slug))
        return synced

    def fetched(self, url: str, *items: Entry, at: datetime = NOON, **given) -> Fetched:
        feed = self.archive.feed(url)
        assert feed is not None
        response = given.pop("response", None) or answer(url, at, repr(items).encode())
        placed = [_placed(one, place) for place, one in enumerate(items)]
        given.setdefault(
            "document", Document(version="rss20", title="A feed", entries=tuple(placed))
        )
        return Fetched(feed=feed, at=at, response=response, body_hash=b"h" * 16, **given)

    def read(
        self, url: str, body: bytes, at: datetime = NOON, *, content_type: str = "application/xml"
    ) -> Fetched:
        """The bytes of a document, read as the pipeline would."""
        feed = self.archive.feed(url)
        assert feed is not None
        document = read(
            body, content_type=content_type, url=feed.url, feed=feed.identity,
            seen=feed.seen, now=at, max_entries=100,
        )  # fmt: skip
        response = answer(feed.url, at, body)
        return Fetched(feed=feed, at=at, response=response, body_hash=b"h" * 16, document=document)

    def bring(self, url: str, *items: Entry, at: datetime = NOON, **given) -> Counts:
        """One document of these items, newest first, stored in a write of its own."""
        return self.write([self.fetched(url, *items, at=at, **given)], at=at)

    def fail(self, url: str, failure: FeedError, at: datetime = NOON, **given) -> Counts:
        feed = self.archive.feed(url)
        return self.write([Fetched(feed=feed, at=at, failure=failure)], at=at, **given)

    def write(self, fetched: Sequence[Fetched], at: datetime = NOON, **given) -> Counts:
        with self.archive.batch() as write:
            known = write.known(fetched, capped=self.matcher.capped, now=at)
            decisions = decide(fetched, known, now=at, settings=NormalizeSettings())
            hits = self.matcher.match(decisions, known, now=at)
            settled = tuple(_settled(one, **given) for one in decisions)
            return write.store(Batch(at=at, settled=settled, hits=hits))

    def fill(self, slug: str, hits: Sequence[Hit], text: str = "") -> TopicEdit:
        backlog = Backlog(topic=slug, hits=tuple(hits), definition=text)
        (edit,) = self.archive.topics.fill([backlog])
        return edit


def _placed(entry: Entry, place: int) -> Entry:
    return replace(entry, position=place)


def _settled(decision: Decision, poll: NextPoll | None = None, address: Address | None = None):
    feed: Feed = decision.fetched.feed
    due = decision.fetched.at + timedelta(hours=1)
    return Settled(
        decision=decision,
        poll=poll or NextPoll(due=due, reason="hourly"),
        address=address or Address(fetch_url=feed.fetch_url),
    )
