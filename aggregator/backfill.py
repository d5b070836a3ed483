"""Back through a feed's archive documents (RFC 5005, section 4): what it listed before we looked.

One document after another, from the one that its last document names, each as politely as a
feed is asked. Their entries are backlog: they are archived in silence, and nothing of the
feed as it is now follows from them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from aggregator.collect import gap_closed, unless, with_login
from aggregator.model.batch import Counts, Fetched
from aggregator.model.entry import Document
from aggregator.model.errors import FeedError
from aggregator.model.feed import Feed
from aggregator.model.time import now
from aggregator.pipeline import Pipeline

T = TypeVar("T")


class Run(Protocol):
    """How the caller runs what blocks: in its thread that writes."""

    async def __call__(self, work: Callable[..., T], /, *args: Any) -> T: ...


# A gap between two polls is small, or it is left to a person: so many documents, so many seconds.
GAP_DOCUMENTS, _GAP_SECONDS = 10, 60.0


class Walk(Struct, frozen=True, kw_only=True):
    """What a walk came to. ``ended``: it reached the oldest document, or what was known before.

    ``failure`` is what ended it, where something went wrong, and ``stopped`` whether it was told to
    end; ``next`` the document it would have asked for then.
    """

    documents: int
    counts: Counts
    ended: bool
    next: str | None = None
    failure: FeedError | None = None
    stopped: bool = False


async def walk_back(
    pipeline: Pipeline,
    feed: Feed,
    run: Run,
    *,
    documents: int,
    seconds: float | None = None,
    until_known: bool = False,
    stop: asyncio.Event | None = None,
) -> Walk:
    """Archive what the feed's archive documents list, the newest first, and at most so many of them.

    ``until_known``: up to the first document that brings nothing new. Once it comes so far, or to
    the oldest, nothing is missed any more. Once ``stop`` is set no document is waited for; what
    came is stored. Raises ArchiveError; a document that cannot be had or read ends the walk.
    """
    stop = stop or asyncio.Event()
    until = None if seconds is None else monotonic() + seconds
    url, visited, counts = feed.previous_archive, set[str](), Counts()
    while url is not None and url not in visited:
        if len(visited) == documents or (until is not None and monotonic() > until):
            return Walk(documents=len(visited), counts=counts, ended=False, next=url)
        fetched = await unless(stop, _fetch(pipeline, feed, url))
        if fetched is None:
            return Walk(documents=len(visited), counts=counts, ended=False, next=url, stopped=True)
        if fetched.failure is not None:
            return Walk(
                documents=len(visited),
                counts=counts,
                ended=False,
                next=url,
                failure=fetched.failure,
            )
        visited.add(url)
        wrote = (await run(pipeline.write, [fetched])).counts
        counts += wrote
        assert fetched.document is not None
        if not wrote.new and _lists_any(fetched.document):
            await run(_note_closed, pipeline, feed, counts.new, len(visited))
            if until_known:
                break
        url = fetched.document.previous_archive
    if visited:
        await run(_note_closed, pipeline, feed, counts.new, len(visited))
    return Walk(documents=len(visited), counts=counts, ended=True)


async def close_gap(pipeline: Pipeline, feed: Feed, run: Run, stop: asyncio.Event) -> Walk:
    """Look for what lay between two polls that had nothing in common; once ``stop`` is set that is
    left to whoever reads archive documents next. Raises ArchiveError."""
    walk = await walk_back(
        pipeline,
        feed,
        run,
        documents=GAP_DOCUMENTS,
        seconds=_GAP_SECONDS,
        until_known=True,
        stop=stop,
    )
    if walk.stopped:
        await run(pipeline.archive.ask_backfill, feed, GAP_DOCUMENTS)
    return walk


def _note_closed(pipeline: Pipeline, feed: Feed, entries: int, documents: int) -> None:
    held = pipeline.archive.feed(feed.url)
    if held is not None and held.missed_at is not None:
        closed = gap_closed(held, now(), entries=entries, documents=documents)
        with pipeline.archive.notices(write=True) as notices:
            notices.note(held, closed)


async def _fetch(pipeline: Pipeline, feed: Feed, url: str) -> Fetched:
    at = now()
    # Under the feed's own name, but whole: what validators it has are of another document.
    there = replace(feed, fetch_url=with_login(url, feed.fetch_url), validators=None, elsewhere=())
    response = await pipeline.collector.fetch_aside(there, now=at)
    if isinstance(response, FeedError):
        return Fetched(feed=feed, at=at, failure=response, archived=True)
    document = await pipeline.workers.read(feed, response, now=at)
    if isinstance(document, FeedError):
        return Fetched(feed=feed, at=at, response=response, failure=document, archived=True)
    return Fetched(feed=feed, at=at, response=response, document=document, archived=True)


def _lists_any(document: Document) -> bool:
    return bool(document.entries or document.known)
