"""A topic that is filled, published and served as it would be, in a folder of the test's own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from archivedesk import ONE, Desk, interests
from lxml import etree
from msgspec.structs import replace

from aggregator.archive import Archive, open_archive
from aggregator.model.feed import Subscription
from aggregator.model.settings import (
    ArchiveSettings,
    PublishSettings,
    ServerSettings,
    Settings,
)
from aggregator.model.topic import Topic
from aggregator.pipeline import prepare
from aggregator.publish import site_of
from aggregator.publishing import publish_behind
from aggregator.topics import Matcher
from aggregator.web import serving

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"


class Newsroom:
    """An archive with one feed, and its published folder."""

    def __init__(self, folder: Path, *, base_url: str, page_size: int = 50) -> None:
        self.settings = Settings(
            archive=ArchiveSettings(directory=folder / "archive", free_space=0),
            publish=PublishSettings(
                directory=folder / "public", base_url=base_url, page_size=page_size
            ),
        )
        self.public = folder / "public"
        self._open = open_archive(self.settings.archive, write=True, purpose="a test")
        self.archive = self._open.__enter__()
        self.desk = Desk(self.archive, self.settings.archive)
        self.desk.subscribe(ONE)

    def __enter__(self) -> "Newsroom":
        return self

    def __exit__(self, *_error: object) -> None:
        self.archive.close()

    def topics(self, *topics: Topic) -> None:
        """What topics.toml holds from now on; what it held before, it does no more since long."""
        self.follow([ONE], topics)

    def follow(self, urls: Sequence[str], topics: Sequence[Topic]) -> None:
        """What feeds.opml and topics.toml hold from now on, as :meth:`topics` has it."""
        take_out_others(self.archive, topics)
        self.edit(urls, topics)

    def edit(self, urls: Sequence[str], topics: Sequence[Topic]) -> None:
        """What feeds.opml and topics.toml hold at this moment."""
        subscriptions = [Subscription(url=url) for url in urls]
        self.desk.matcher = prepare(self.archive, self.settings, subscriptions, interests(*topics))

    def publish(self, *, everything: bool = False) -> tuple[str, ...]:
        return publish_behind(
            self.archive, self.settings, site_of(self.settings), everything=everything
        )

    def configure(self, **given: object) -> None:
        """Other settings of [publish] from now on."""
        publish = replace(self.settings.publish, **given)
        self.settings = replace(self.settings, publish=publish)

    def move(self, folder: Path) -> None:
        """Another ``publish.directory`` from now on."""
        self.configure(directory=folder)
        self.public = folder

    def file(self, url: str) -> bytes:
        """What a plain web server would answer for this address."""
        return (self.public / urlsplit(url).path.removeprefix("/")).read_bytes()

    def texts(self) -> dict[str, bytes]:
        """Everything that stands in the published folder, by path, what is hidden included."""
        return {
            str(path.relative_to(self.public)): path.read_bytes()
            for path in self.public.rglob("*")
            if path.is_file()
        }

    def address(self, slug: str) -> str:
        """The address of a private topic."""
        (token,) = [one.token for one in self.archive.topics.states() if one.topic.slug == slug]
        return f"private/{token}"


def take_out_others(archive: Archive, topics: Sequence[Topic]) -> None:
    """All other topics are taken down, as when they are missing for a day."""
    matcher = Matcher(interests(*topics))
    wanted = [(topic, matcher.definition(topic.slug)) for topic in topics]
    archive.topics.sync(wanted, page_size=50)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(folder: Path, port: int, **given: object) -> Iterator[str]:
    """The built-in server over a published folder; its address. ``given``: more of [server]."""
    end, ready = [], threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        end.append((asyncio.get_running_loop(), stop))
        async with serving(ServerSettings(port=port, **given), folder):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop, stop = end[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)


@dataclass
class HistoryClient:
    """Follows prev-archive, and asks for no archive document twice (RFC 5005, section 4).

    ``seen`` is what it knows: the newest state (``updated``, title) of each entry by its id.
    """

    address: str
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def update(self, fetch) -> Sequence[str]:
        """Bring what is known up to date; returns the addresses that were asked for."""
        asked, url = [], self.address
        while url and url not in self.kept:
            asked.append(url)
            feed = etree.fromstring(fetch(url))
            if url != self.address:
                self.kept.add(url)
            for entry in feed.findall(f"{ATOM}entry"):
                state = (entry.findtext(f"{ATOM}updated"), entry.findtext(f"{ATOM}title"))
                name = entry.findtext(f"{ATOM}id")
                self.seen[name] = max(self.seen.get(name, state), state)
            links = {one.get("rel"): one.get("href") for one in feed.findall(f"{ATOM}link")}
            url = links.get("prev-archive")
        return asked
