"""What goes on beside the rounds, and waits for none: archive documents and rulings that a person
asked for, and the lists that feeds.opml includes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from aggregator.archive import Archive
from aggregator.backfill import walk_back
from aggregator.daemon.reporting import report_looks, report_walk
from aggregator.inclusions import follow_lists
from aggregator.model.errors import ArchiveError
from aggregator.model.feed import Subscription
from aggregator.model.inclusion import Inclusion
from aggregator.pipeline import Pipeline
from aggregator.recleaning import rule_asked

_log: Any = structlog.get_logger()

# How soon archive documents are read after a person asked for them.
_BACKFILL_SECONDS = 5.0
# And how soon entries are shown as a person wants them.
_RULING_SECONDS = 5.0
# How soon a list that is due is asked.
_LISTS_SECONDS = 10.0


async def read_archives(pipeline: Pipeline, unpublished: asyncio.Event) -> None:
    """Read the archive documents that a person asks for while we run, without end. ``unpublished``
    is set after each walk."""
    archive = pipeline.archive
    while True:
        try:
            for feed, documents in await asyncio.to_thread(archive.asked_backfills):
                walk = await walk_back(pipeline, feed, asyncio.to_thread, documents=documents)
                await asyncio.to_thread(archive.ask_backfill, feed, None)
                report_walk(feed, walk)
                unpublished.set()
        except ArchiveError as error:
            _log.error("archive documents not read, tried again", why=error.on_one_line)
        await asyncio.sleep(_BACKFILL_SECONDS)


async def follow_rulings(archive: Archive, unpublished: asyncio.Event) -> None:
    """Show entries as a person decides about blocks in them while we run, without end. ``unpublished``
    is set where any is shown otherwise."""
    while True:
        try:
            changed = await asyncio.to_thread(rule_asked, archive)
            if changed is not None:
                _log.info("boilerplate decided on", entries=changed)
                unpublished.set()
        except ArchiveError as error:
            _log.error("boilerplate not decided on, tried again", why=error.on_one_line)
        await asyncio.sleep(_RULING_SECONDS)


async def ask_lists(
    pipeline: Pipeline, subscriptions: Sequence[Subscription], lists: Sequence[Inclusion]
) -> None:
    """Ask the included lists that are due, without end; no feed waits for them. Returns where there
    are none."""
    while lists:
        try:
            report_looks(
                await follow_lists(pipeline.archive, pipeline.collector, subscriptions, lists)
            )
        except ArchiveError as error:
            _log.error("lists not asked, tried again", why=error.on_one_line)
        await asyncio.sleep(_LISTS_SECONDS)
