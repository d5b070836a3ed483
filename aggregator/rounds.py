"""A round: many feeds walk the pipeline at once, and batches of them are written.

Fetching and reading overlap freely; writing is one batch after another, in one
thread. Memory is bounded by the number of feeds claimed ahead, and by the bytes of what
they brought and is not stored yet.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import datetime
from itertools import count
from math import inf
from time import monotonic
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.backfill import close_gap
from aggregator.collect import Room, after_outage, at_home, unreached
from aggregator.model.batch import Address, Counts, Decision, Fetched
from aggregator.model.errors import FeedError
from aggregator.model.feed import Feed, FeedKey, Postponed
from aggregator.model.notice import Notice
from aggregator.model.time import now
from aggregator.pipeline import Pipeline

# A batch closes at this many entries: large enough that one commit (one fsync) is
# shared by many, small enough that an entry is archived within a second or two.
_BATCH_ENTRIES = 1200
_BATCH_FEEDS = 250
# What came waits for more to be written with it: for a part of the time that those under way
# will take, so that few writes serve many and the last of a round are small. Where room is scarce
# no longer than it must: nobody is asked before some is given back.
_LEAST_WAIT, _MOST_WAIT, _WAIT_SHARE = 0.1, 1.2, 1 / 16
# Feeds claimed ahead: enough to keep every host busy, bounded for memory; and where most of
# them wait for the same few hosts, so many.
_CLAIM, _CLAIM_MOST = 200, 2000
# For good, however long a round takes and whatever is done to the clock meanwhile: whoever dies
# leaves claims that the next start frees.
_LEASE_SECONDS = 50 * 365 * 24 * 3600.0
_NUMBERS = count()
# Bytes of what was fetched and is not stored yet: as long as there are more, nobody is asked.
# (What is on its way by then still comes.)
_HELD_BYTES = 32 << 20

T = TypeVar("T")


class Round(Struct, kw_only=True):
    """What a round came to. It grows while the round runs.

    ``failures`` are (feed, error) in order of writing; ``recovered`` feeds had
    failed before; ``missed`` had no item in common with their last poll; ``postponed``
    were not asked, because their host wants to be left alone; ``left_alone`` are the hosts of
    which that was not known before; ``moved`` were seen at a
    new address for the first time, or now follow it; ``notices`` are what is to be told
    of feeds' troubles, once each.
    """

    claimed: int = 0
    counts: Counts = field(default_factory=Counts)
    failures: list[tuple[Feed, FeedError]] = field(default_factory=list)
    answered: list[Feed] = field(default_factory=list)
    """One that did at home, and one beyond it, where there are such."""
    recovered: list[Feed] = field(default_factory=list)
    missed: list[Feed] = field(default_factory=list)
    postponed: list[Feed] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    moved: list[tuple[Feed, Address]] = field(default_factory=list)
    due: dict[FeedKey, datetime] = field(default_factory=dict)
    """When those that failed are asked again."""
    notices: list[tuple[Feed, Notice]] = field(default_factory=list)

    @property
    def unreached(self) -> list[tuple[Feed, FeedError]]:
        """Those of ``failures`` that are for want of a network."""
        return unreached(self.failures, self.answered)


class Shared(Struct, frozen=True):
    """What rounds at the same time have in common: the memory for what came, and the thread that
    writes it."""

    writer: ThreadPoolExecutor
    room: Room


@contextmanager
def sharing() -> Iterator[Shared]:
    """For all rounds of one pipeline that begin while the context lasts."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer") as writer:
        yield Shared(writer, Room(_HELD_BYTES))


Progress = Callable[[Round, Counts], None]
"""Called after each write with the round so far and what this write came to."""


async def collect_round(
    pipeline: Pipeline,
    *,
    everything: bool = False,
    only: FeedKey | None = None,
    stop: asyncio.Event | None = None,
    progress: Progress | None = None,
    all_claimed: Callable[[], None] | None = None,
    all_read: Callable[[], None] | None = None,
    shared: Shared | None = None,
) -> Round:
    """Collect every due feed once (``everything``: every feed; ``only``: that one, due or not) and
    store what came.

    Returns when all that was claimed is stored; once ``stop`` is set, when the
    batch under way is. Raises ArchiveError where the archive cannot be written; NoWorkers, at once
    where that was so before: nobody is asked for what cannot be read.
    Claims are freed in any case. ``progress`` is called after each write, ``all_claimed`` once
    no other feed is taken, ``all_read`` when nothing is fetched and read any more (but what gaps are
    closed with). ``shared``: with other rounds that run.
    """
    await pipeline.workers.ready()
    with nullcontext(shared) if shared else sharing() as one:
        crew = _Crew(pipeline, everything, stop or asyncio.Event(), one, only)
        telling = progress or (lambda _round, _counts: None)
        return await crew.run(telling, all_claimed, all_read)


class _Crew:
    def __init__(
        self,
        pipeline: Pipeline,
        everything: bool,
        stop: asyncio.Event,
        shared: Shared,
        only: FeedKey | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._everything = everything
        self._only = only
        self._after = 0
        self._taken: set[FeedKey] = set()
        self._claimed: set[FeedKey] = set()
        """Those of which the claim was not given back."""
        self._stop = stop
        self._writer = shared.writer
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{next(_NUMBERS)}"
        self._queue: asyncio.Queue[tuple[float, Fetched] | None] = asyncio.Queue()
        """What is to be written, with when it came; None at the end."""
        self._written = asyncio.Event()
        self._hosts: Counter[str] = Counter()
        self._began = monotonic()
        self._came = 0
        """Feeds with an outcome, failures too."""
        self._room = shared.room
        self._answered: set[asyncio.Task[None] | None] = set()
        """Those who have what they asked for, and make something of it."""
        self._gaps: list[Feed] = []
        self._round = Round()

    async def run(
        self,
        progress: Progress,
        all_claimed: Callable[[], None] | None,
        all_read: Callable[[], None] | None,
    ) -> Round:
        fetching = asyncio.create_task(self._fetch_all(now(), all_claimed))
        if all_read is not None:
            fetching.add_done_callback(lambda _: all_read())
        try:
            while batch := await self._next_batch():
                counts = await self._in_writer(self._write, batch)
                self._written.set()
                self._room.give(one.feed.key for one in batch)
                progress(self._round, counts)
            await fetching
            if lost := self._round.unreached:
                await self._in_writer(self._excuse, lost)
            await self._close_gaps(progress)
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
            await self._in_writer(self._release)
            self._room.give(self._claimed)
        self._round.counts = replace(self._round.counts, seconds=monotonic() - self._began)
        return self._round

    async def _fetch_all(self, at: datetime, all_claimed: Callable[[], None] | None) -> None:
        """Claim in portions, fetch, queue every outcome; None at the end, however it ends."""
        running: set[asyncio.Task[None]] = set()
        ended: list[asyncio.Task[None]] = []
        stirred = asyncio.Event()

        # (asyncio.wait would look at every task each time that one ends.)
        def end(task: asyncio.Task[None]) -> None:
            ended.append(task)
            stirred.set()

        stopped = asyncio.create_task(self._stop.wait())
        stopped.add_done_callback(lambda _: stirred.set())
        try:
            more = True
            while more and not self._stop.is_set():
                feeds, more = await self._in_writer(self._claim, at)
                self._round.claimed += len(feeds)
                if all_claimed is not None and not more:
                    all_claimed()
                for feed in feeds:
                    begun = asyncio.create_task(self._fetch(feed))
                    begun.add_done_callback(end)
                    running.add(begun)
                # The last portion is waited for whole.
                while self._busy(running, last=not more) and not self._stop.is_set():
                    await stirred.wait()
                    stirred.clear()
                    for done in ended:
                        running.discard(done)
                        self._answered.discard(done)
                        done.result()
                    ended.clear()
                if more:
                    await self._wait_for_writer(stopped)
        finally:
            # What has answered is not thrown away: its publisher would be asked for it again.
            stay = self._answered if self._stop.is_set() else set()
            for task in (*(running - stay), stopped):
                task.cancel()
            await asyncio.gather(*running, stopped, return_exceptions=True)
            self._queue.put_nowait(None)

    def _busy(self, running: Collection[object], *, last: bool) -> bool:
        """Whether there is enough under way. Feeds that wait for their turn at a few hosts are
        not: others would wait for them."""
        if last:
            return bool(running)
        if len(running) <= _CLAIM // 2:
            return False
        places = self._pipeline.settings.collect.concurrency
        return len(self._hosts) >= places or len(running) >= _CLAIM_MOST

    async def _wait_for_writer(self, stopped: asyncio.Task[Literal[True]]) -> None:
        """Wait while the writer is far behind: what was fetched waits in memory."""
        while self._queue.qsize() > _CLAIM and not self._stop.is_set():
            self._written.clear()
            written = asyncio.create_task(self._written.wait())
            await asyncio.wait({written, stopped}, return_when=asyncio.FIRST_COMPLETED)
            written.cancel()

    def _claim(self, at: datetime) -> tuple[tuple[Feed, ...], bool]:
        """Feeds that this round has not taken yet, whatever their due times say by now; and
        whether there may be more."""
        feeds = self._pipeline.archive.claim_due(
            now=at,
            limit=_CLAIM,
            holder=self._holder,
            lease_seconds=_LEASE_SECONDS,
            everything=self._everything,
            only=self._only,
            after=self._after,
            max_interval=self._pipeline.settings.collect.max_interval,
        )
        self._after = max((feed.key for feed in feeds), default=self._after)
        fresh = tuple(feed for feed in feeds if feed.key not in self._taken)
        self._taken.update(feed.key for feed in fresh)
        self._claimed.update(feed.key for feed in feeds)
        return fresh, len(feeds) == _CLAIM

    def _release(self) -> None:
        """Free what is still claimed: of a round that came to its end nothing, as a rule."""
        if self._claimed:
            self._pipeline.archive.release(self._holder)

    async def _fetch(self, feed: Feed) -> None:
        host = urlsplit(feed.fetch_url).hostname or ""
        self._hosts[host] += 1
        try:
            fetched = await self._pipeline.ask(feed, self._room)
            self._answered.add(asyncio.current_task())
            if not isinstance(fetched, Postponed):
                if fetched.response is not None:
                    self._room.take(feed.key, fetched.response)
                fetched = await self._pipeline.read(fetched)
                if feed.full_text:
                    # Pages come at the pace of their host: nobody else is to wait for them.
                    self._room.give((feed.key,))
                fetched = await self._pipeline.complete(fetched, self._stop)
        finally:
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]
        if isinstance(fetched, Postponed):
            await self._in_writer(self._postpone, feed, fetched)
        else:
            self._came += 1
            self._queue.put_nowait((monotonic(), fetched))

    def _postpone(self, feed: Feed, postponed: Postponed) -> None:
        if self._pipeline.postpone(feed, postponed):
            self._round.left_alone.append(postponed.host)
        self._claimed.discard(feed.key)
        self._round.postponed.append(feed)

    async def _next_batch(self) -> list[Fetched]:
        """What is on the queue, or comes before the first of it has waited for a moment; empty at
        the end of the round. What came during a write has waited by then."""
        batch: list[Fetched] = []
        weight, until = 0, inf
        while weight < _BATCH_ENTRIES and len(batch) < _BATCH_FEEDS:
            try:
                item = await self._come(until)
            except TimeoutError:
                break
            if item is None:
                if batch:
                    self._queue.put_nowait(None)
                break
            came, fetched = item
            until = min(until, came + self._patience())
            batch.append(fetched)
            weight += len(fetched.document.entries) if fetched.document else 0
        return batch

    def _patience(self) -> float:
        """Seconds that what came waits for others to be written with it."""
        if self._room.scarce:
            return _LEAST_WAIT
        each = (monotonic() - self._began) / max(1, self._came)
        rest = each * self._hosts.total()
        return min(_MOST_WAIT, max(_LEAST_WAIT, rest * _WAIT_SHARE))

    async def _come(self, until: float) -> tuple[float, Fetched] | None:
        """The next on the queue. Raises TimeoutError where none comes before a time."""
        if not self._queue.empty():
            return self._queue.get_nowait()
        async with asyncio.timeout(None if until == inf else until - monotonic()):
            return await self._queue.get()

    def _write(self, batch: list[Fetched]) -> Counts:
        written = self._pipeline.write(batch)
        self._claimed.difference_update(one.feed.key for one in batch)
        self._round.counts += written.counts
        for one in written.settled:
            decision, address = one.decision, one.address
            feed, failure = decision.fetched.feed, decision.fetched.failure
            if address.fetch_url != feed.fetch_url or address.moved_to not in (None, feed.moved_to):
                self._round.moved.append((feed, address))
            if failure:
                self._round.failures.append((feed, failure))
                self._round.due[feed.key] = one.poll.due
            elif at_home(feed) not in map(at_home, self._round.answered):
                self._round.answered.append(feed)
            if feed.failure and not failure:
                self._round.recovered.append(feed)
            if one.noted:
                self._round.notices += [(feed, notice) for notice in one.noted.notices]
            if decision.missed:
                self._note_missed(decision)
        return written.counts

    def _note_missed(self, decision: Decision) -> None:
        feed, document = decision.fetched.feed, decision.fetched.document
        self._round.missed.append(feed)
        if document is not None and document.previous_archive:
            self._gaps.append(replace(feed, previous_archive=document.previous_archive))

    async def _close_gaps(self, progress: Progress) -> None:
        """Look in archive documents for what feeds brought between two polls, all at once, until
        stopped."""

        async def close(feed: Feed) -> None:
            walk = await close_gap(self._pipeline, feed, self._in_writer, self._stop)
            self._round.counts += walk.counts
            progress(self._round, walk.counts)

        tasks = [asyncio.create_task(close(feed)) for feed in self._gaps]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _excuse(self, lost: Sequence[tuple[Feed, FeedError]]) -> None:
        """No feed is at fault where none was reached: each is asked again soon, and its back-off
        is no longer than before."""
        dues = ((feed, after_outage(feed, now())) for feed, _ in lost)
        self._pipeline.archive.excuse([(feed, due) for feed, due in dues if due])

    async def _in_writer(self, work: Callable[..., T], *args: object) -> T:
        """Run in the one thread that writes; a cancelled caller leaves the commit whole."""
        future = asyncio.get_running_loop().run_in_executor(self._writer, work, *args)
        return await asyncio.shield(future)
