"""The walk of one entry, from a due feed to the published page.

::

    archive.claim_due ─► Feed
        collect.fetch     ─► Response          one request, conditional, guarded
        normalize.read    ─► Document          in a worker process: parse, clean, analyse
        linked.with_pages ─► Document          with the text of linked pages, for feeds that want it
      ┌ archive.known     ─► Known             one write transaction a batch: what we hold
      │ normalize.decide  ─► Decision          new, revised, moved, vanished; which story
      │ topics.match      ─► Hit               which topics it belongs to, and why
      └ archive.store     ─► Counts            captures, revisions, stories, hits: all or nothing
        publish.documents ─► bytes             whatever topic is behind its archive (publishing.py)

The stages do not know each other; they meet here. An error of one feed is a
value that walks along in :class:`Fetched`; an error of the archive ends the
round (:mod:`aggregator.rounds`), and what was not written is fetched again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from msgspec import Struct
from msgspec.structs import replace

from aggregator import __version__
from aggregator.archive import Archive
from aggregator.collect import (
    Collector,
    Room,
    after_pause,
    body_hash,
    hub_of,
    next_address,
    next_poll,
    noted,
    still_no_feed,
)
from aggregator.inclusions import attach
from aggregator.linked import with_pages
from aggregator.model.batch import Batch, Counts, Decision, Fetched, Settled
from aggregator.model.errors import ArchiveError, FeedError
from aggregator.model.feed import Access, Feed, Postponed, Subscription
from aggregator.model.inclusion import Inclusion
from aggregator.model.interests import Interests
from aggregator.model.settings import Settings
from aggregator.model.time import now
from aggregator.model.topic import Backlog, TopicEdit
from aggregator.normalize import Workers, decide
from aggregator.topics import Matcher, portions


class Written(Struct, frozen=True, kw_only=True):
    """What one write came to: counts, and what it settled."""

    counts: Counts
    settled: tuple[Settled, ...]


class Pipeline(Struct, frozen=True, kw_only=True):
    """The stages, opened once for many rounds. Make it with :func:`open_pipeline`."""

    archive: Archive
    settings: Settings
    matcher: Matcher
    collector: Collector
    workers: Workers

    async def fetch(self, feed: Feed) -> Fetched | Postponed:
        """Feed → Response → Document: :meth:`ask`, :meth:`read` and :meth:`complete`."""
        asked = await self.ask(feed)
        return await self.complete(await self.read(asked)) if isinstance(asked, Fetched) else asked

    async def ask(self, feed: Feed, room: Room | None = None) -> Fetched | Postponed:
        """Feed → Response, when there is ``room``. A failure of this feed is in the result, never raised.

        Postponed: it was not asked, because its host wants to be left alone.
        """
        response = await self.collector.fetch(feed, now=now(), room=room)
        if isinstance(response, Postponed):
            return response
        if isinstance(response, FeedError):
            return Fetched(feed=feed, at=now(), failure=response)
        at = response.started
        if failure := still_no_feed(feed, response):
            return Fetched(feed=feed, at=at, response=response, failure=failure)
        digest = feed.body_hash if response.status == 304 else body_hash(response)
        return Fetched(feed=feed, at=at, response=response, body_hash=digest)

    async def read(self, asked: Fetched) -> Fetched:
        """Response → Document, where there is one that says something else than the last."""
        feed, response, at = asked.feed, asked.response, asked.at
        if response is None or asked.failure or asked.body_hash == feed.body_hash:
            return asked
        document = await self.workers.read(feed, response, now=at)
        if isinstance(document, FeedError):
            return Fetched(feed=feed, at=at, response=response, failure=document)
        return replace(asked, document=document)

    async def complete(self, read: Fetched, stop: asyncio.Event | None = None) -> Fetched:
        """Document → Document, with the text of linked pages where the feed is to have it."""
        rooms = self.archive, self.collector, self.workers, self.settings
        return await with_pages(read, *rooms, stop)

    def write(self, fetched: Sequence[Fetched]) -> Written:
        """Document* → Known → Decision* → Hit* → archive, in one transaction; batches one by one.

        Blocks. Raises ArchiveError, and then nothing of the batch is stored.
        """
        at = now()
        with self.archive.batch() as write:
            known = write.known(fetched, capped=self.matcher.capped, now=at)
            decisions = decide(fetched, known, now=at, settings=self.settings.normalize)
            hits = self.matcher.match(decisions, known, now=at)
            settled = tuple(map(self._settle, decisions))
            batch = Batch(at=at, settled=settled, hits=hits, away=self.collector.away(at))
            counts = write.store(batch)
        return Written(counts=counts, settled=settled)

    def postpone(self, feed: Feed, postponed: Postponed) -> bool:
        """Give back a feed that was not asked; is it the first that waits? Blocks. Raises ArchiveError."""
        due = after_pause(feed, postponed.until)
        with self.archive.courtesy(write=True) as courtesy:
            return courtesy.postpone(feed, postponed.until, due)

    def _settle(self, decision: Decision) -> Settled:
        fetched, feed = decision.fetched, decision.fetched.feed
        new = decision.new
        listed = len(decision.listing) if decision.listing is not None else len(feed.listing)
        poll = next_poll(
            fetched, new=new, listed=listed, missed=decision.missed, settings=self.settings.collect
        )
        return Settled(
            decision=decision,
            poll=poll,
            address=next_address(feed, None if fetched.failure else fetched.response),
            hub=hub_of(fetched, new=new),
            noted=None if fetched.archived else noted(decision, new=new),
        )


@asynccontextmanager
async def open_pipeline(
    archive: Archive,
    settings: Settings,
    matcher: Matcher,
    *,
    access: Mapping[str, Access] | None = None,
    workers: Workers | None = None,
) -> AsyncIterator[Pipeline]:
    """Open collector and workers around an archive that was opened for writing.

    ``access``: what secrets.toml gives for feeds, by canonical URL. ``workers`` end with it, too.
    """
    away = await asyncio.to_thread(archive.away, now())
    workers = workers or Workers(settings.normalize, settings.collect.max_entries)
    made = Collector(settings.collect, __version__, access=access, away=away)
    async with made as collector, workers:
        try:
            yield Pipeline(
                archive=archive, settings=settings, matcher=matcher, collector=collector,
                workers=workers,
            )  # fmt: skip
        finally:
            # What was asked for beside the rounds may be in no write.
            with suppress(ArchiveError):
                await asyncio.to_thread(archive.keep_away, collector.away(now()), now())


def prepare(
    archive: Archive, settings: Settings, subscriptions: Sequence[Subscription], interests: Interests,
    *, inclusions: Sequence[Inclusion] = (), tell: Callable[[TopicEdit], None] = lambda _: None,
) -> Matcher:  # fmt: skip
    """Make the archive follow the configuration and fill new and edited topics from it; ``tell`` is
    told of them, and of those that are gone. Returns the matcher. Raises QueryError, ArchiveError."""
    matcher = Matcher(interests)
    attach(archive, subscriptions, inclusions)
    size = settings.publish.page_size
    wanted = [(topic, matcher.definition(topic.slug)) for topic in interests.topics]
    synced = archive.topics.sync(wanted, page_size=size, muted=interests.mute.feeds)
    for slug in synced.deleted:
        tell(TopicEdit(topic=slug, new=False, came=0, went=0, gone=True))
    announced = dict.fromkeys(synced.edited, 0) | dict.fromkeys(synced.new, size)
    for portion in portions(backlogs(archive, matcher, announced)):
        for edit in archive.topics.fill(portion):
            tell(edit)
    return matcher


def backlogs(archive: Archive, matcher: Matcher, most: Mapping[str, int]) -> Iterator[Backlog]:
    """What topics find in the archive, so many of each announced at the most. Raises ArchiveError."""
    at = now()
    for slug, announced in most.items():
        records = archive.candidates(matcher.query(slug), now=at)
        hits = matcher.backlog(slug, records, announced=announced, now=at)
        yield Backlog(topic=slug, hits=hits, definition=matcher.definition(slug))
