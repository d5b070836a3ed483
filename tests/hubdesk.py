"""A desk whose archive is published and told of: each piece of news is one entry, stored and written."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from pathlib import Path

from archivedesk import ONE, Desk, item
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.hub import Reply, telling
from aggregator.model.settings import (
    ArchiveSettings,
    CollectSettings,
    HubSettings,
    PublishSettings,
    Settings,
)
from aggregator.model.topic import Topic
from aggregator.publish import site_of
from aggregator.publishing import publish_behind

TORRES = Topic(slug="torres", title="Torres", query="torres")


class HubDesk:
    """Publishes, and runs whoever tells of it in a thread of its own: ``with desk.telling():``."""

    def __init__(self, archive: Archive, held: ArchiveSettings, public: Path, **hub: int) -> None:
        self.archive = archive
        self.settings = Settings(
            archive=held,
            collect=CollectSettings(allow_networks=("127.0.0.0/8",)),
            publish=PublishSettings(
                directory=public, base_url="http://news.example", hub="built-in"
            ),
            hub=HubSettings(**({"min_lease": 1, "allow_networks": ("127.0.0.0/8",)} | hub)),
        )
        self.desk = Desk(archive, held)
        self.desk.subscribe(ONE)
        self.desk.topics(TORRES)
        self.counted = Counter[tuple[str, str]]()
        self._news = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.bring()

    @property
    def site(self):
        return site_of(self.settings)

    def url(self, extension: str = "atom") -> str:
        return self.site.url(f"topics/torres.{extension}")

    def document(self, extension: str = "atom") -> bytes:
        return (self.settings.publish.directory / f"topics/torres.{extension}").read_bytes()

    def choose(self, hub: str, base_url: str = "http://news.example") -> None:
        """Use another hub from the next telling on."""
        publish = replace(self.settings.publish, hub=hub, base_url=base_url)
        self.settings = replace(self.settings, publish=publish)

    def bring(self) -> bytes:
        """One more entry, stored and published; returns the Atom document as it is then."""
        self._news += 1
        self.desk.bring(ONE, item(f"torres-{self._news}", title=f"Torres {self._news}"))
        return self.publish()

    def publish(self) -> bytes:
        if publish_behind(self.archive, self.settings, self.site) and self._loop:
            self._loop.call_soon_threadsafe(self._teller.wake)
        return self.document()

    def telling(self) -> _Telling:
        """Tell others while the context lasts."""
        return _Telling(self)

    def ask(self, callback: str, mode: str = "subscribe", **fields: str) -> Reply:
        """Send the hub a form."""
        form = {"mode": mode, "topic": self.url(), "callback": callback} | fields
        question = self._teller.ask({f"hub.{name}": [value] for name, value in form.items()})
        return asyncio.run_coroutine_threadsafe(question, self._loop).result(20)

    async def forward(self, fields) -> Reply:
        """Hand a form from another loop on to the hub."""
        question = asyncio.run_coroutine_threadsafe(self._teller.ask(fields), self._loop)
        return await asyncio.wrap_future(question)

    def subscriptions(self) -> int:
        with self.archive.subscribers() as held:
            return held.count()

    def health(self):
        return self._teller.health()

    async def _tell(self, ready: threading.Event) -> None:
        def count(kind: str, outcome: str) -> None:
            self.counted[kind, outcome] += 1

        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with telling(self.archive, self.settings, self.site, count) as self._teller:
            work = asyncio.create_task(self._teller.run())
            ready.set()
            await self._end.wait()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        self._loop = None


class _Telling:
    def __init__(self, desk: HubDesk) -> None:
        self._desk = desk

    def __enter__(self) -> HubDesk:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._desk._tell(ready)))
        self._thread.start()
        assert ready.wait(20)
        return self._desk

    def __exit__(self, *_error: object) -> None:
        loop = self._desk._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._desk._end.set)
        self._thread.join(20)
