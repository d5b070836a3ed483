"""``collect``: one round over the due feeds, then publish what changed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict

from aggregator.cli.checking import tell_edit, tell_leaving, warn_of_samples
from aggregator.cli.options import DryRun, Json
from aggregator.cli.outcomes import (
    describe,
    tell_changes,
    tell_failures,
    tell_left_alone,
    tell_lists,
    tell_notices,
    tell_waiting,
)
from aggregator.cli.output import note, one_line, plural, print_json, progress, say
from aggregator.cli.session import Session, session_of
from aggregator.model.address import canonical_url
from aggregator.model.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.batch import Counts
    from aggregator.model.feed import Feed, FeedKey
    from aggregator.model.settings import Settings
    from aggregator.normalize import Workers
    from aggregator.rounds import Round

_SOME_FAILED, _INTERRUPTED = 1, 130


def collect(
    context: typer.Context,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Every feed, whatever its due time, interval or back-off; only a server's "
            "running Retry-After and feeds that are gone for good are left alone.",
        ),
    ] = False,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Collect the feeds that are due, publish, and end.

    Exit code 1 tells that some feeds failed; the others are stored all the same. JSON of
    --dry-run has the addresses that are due.
    """
    import asyncio

    session = session_of(context)
    if dry_run:
        _print_due(session, everything, as_json=as_json)
        return
    done, pages, interrupted = asyncio.run(collect_once(session, everything=everything))
    if as_json:
        told = {**asdict(done.counts), "seconds": round(done.counts.seconds, 3)}
        # Nothing was archived for it that was not counted when its entry was.
        del told["completed"]
        print_json(told)
    else:
        say(describe(done.counts, pages))
    tell_failures(done)
    tell_changes(done)
    tell_notices(done)
    if interrupted:
        raise typer.Exit(_INTERRUPTED)
    if done.counts.failed:
        raise typer.Exit(_SOME_FAILED)


async def collect_once(
    session: Session, *, everything: bool = False, alone: str = ""
) -> tuple[Round, int, bool]:
    """One round, of the feed ``alone`` at this address where one is given; then publish. Returns what
    it came to, how many files changed, and whether it was interrupted. Raises ConfigError,
    ArchiveError, AlreadyRunning."""
    from aggregator.normalize import Workers

    settings = session.settings()
    async with Workers(settings.normalize, settings.collect.max_entries) as workers:
        # They load while we do; and so do the machine's certificates, which aiohttp reads as it
        # is imported.
        workers.start()
        _import_meanwhile("aiohttp")
        return await _collect_with(workers, session.configuration(), everything, alone)


def _import_meanwhile(name: str) -> None:
    import asyncio

    def begin() -> None:
        # What fails here fails again, and is told, where the module is needed.
        with contextlib.suppress(Exception):
            import_module(name)

    asyncio.get_running_loop().run_in_executor(None, begin)


async def _collect_with(
    workers: Workers, configuration: Configuration, everything: bool, alone: str
) -> tuple[Round, int, bool]:
    import asyncio

    from aggregator.cli.signals import stop_on_signals
    from aggregator.inclusions import follow_lists
    from aggregator.model.time import now
    from aggregator.pipeline import open_pipeline, prepare
    from aggregator.publish import site_of
    from aggregator.publishing import open_to_publish, publish_behind
    from aggregator.recleaning import reclean
    from aggregator.rounds import collect_round

    settings, inclusions = configuration.settings, configuration.inclusions
    purpose = "aggregator feeds poll" if alone else "aggregator collect"
    with open_to_publish(settings, purpose=purpose) as archive:
        stop = stop_on_signals("stopping: what came is being stored; Ctrl-C again ends at once")
        archive.free_dead_claims()
        # What a round that was ended left behind.
        reclean(archive, settings.normalize)
        matcher = prepare(
            archive, settings, configuration.subscriptions, configuration.interests,
            inclusions=inclusions, tell=tell_edit, tell_leaving=tell_leaving,
        )  # fmt: skip
        archive.try_access(configuration.access_edited)
        warn_of_samples(configuration, archive)
        only = _key_of(archive, alone) if alone else None
        async with open_pipeline(
            archive, settings, matcher, access=configuration.access, workers=workers
        ) as pipeline:
            with progress("collecting", 1 if alone else len(configuration.subscriptions)) as bar:

                def show(done: Round, wrote: Counts) -> None:
                    bar(wrote.feeds, plural(done.counts.new, "new entry", "new entries"))

                looks = await follow_lists(
                    archive, pipeline.collector, configuration.subscriptions,
                    () if alone else inclusions, everything=everything,
                )  # fmt: skip
                done = await collect_round(
                    pipeline, everything=everything, only=only, stop=stop, progress=show,
                    # While the last of it is written.
                    all_read=lambda: _import_meanwhile("aggregator.publish.pages"),
                )  # fmt: skip
            # Nothing is read any more: they end while what came is published.
            ended = asyncio.create_task(workers.close())
            tell_lists(looks)
            await asyncio.to_thread(reclean, archive, settings.normalize)
            settled = asyncio.create_task(asyncio.to_thread(_settle, archive))
            try:
                changed = await asyncio.to_thread(
                    publish_behind, archive, settings, site_of(settings)
                )
            finally:
                await asyncio.gather(ended, settled)
        if settings.publish.hub:
            await _tell_hub(archive, settings)
        if everything:
            tell_left_alone(archive, done)
        elif not alone:
            tell_waiting(archive, done)
        # Where no daemon runs, nobody else keeps look-ups quick.
        days = settings.normalize.story_window_days
        await asyncio.to_thread(archive.maintain, now(), story_days=days)
        return done, len(changed), stop.is_set()


def _key_of(archive: Archive, url: str) -> FeedKey:
    """The feed that has this address. Raises UsageError where it went meanwhile."""
    feed = archive.feed(url)
    if feed is None:
        raise UsageError(f"{url} is in feeds.opml no more")
    return feed.key


def _settle(archive: Archive) -> None:
    # So that closing is quick, and no more: what cannot be done now is done another time.
    with contextlib.suppress(ArchiveError):
        archive.settle()


async def _tell_hub(archive: Archive, settings: Settings) -> None:
    from aggregator.hub import ping_once
    from aggregator.publish import site_of

    if deaf := await ping_once(archive, settings, site_of(settings)):
        note(f"aggregator: the hub did not hear, and is told the next time: {one_line(deaf)}")


def _print_due(session: Session, everything: bool, *, as_json: bool) -> None:
    """List what a round would fetch now, from the archive as it is."""
    from aggregator.model.inclusion import with_included
    from aggregator.publishing import refuse_lost

    configuration = session.configuration()
    waiting = _waiting(configuration, everything)
    lines = configuration.subscriptions
    if archive := session.reading_if_any():
        with archive:
            lines = with_included(lines, configuration.inclusions, archive.lists.read())
    else:
        refuse_lost(configuration.settings)
    due = [line.url for line in lines if not line.paused and canonical_url(line.url) not in waiting]
    if as_json:
        print_json({"due": due})
        return
    for url in due:
        say(f"would fetch {one_line(url)}")
    note(plural(len(due), "feed is due", "feeds are due"))


def _waiting(configuration: Configuration, everything: bool) -> set[str]:
    """Canonical URLs of the feeds that a round would leave alone; all others are due: new ones,
    those that are asked for again, and those that the settings may have mended."""
    from aggregator.archive import open_archive
    from aggregator.model.feed import OURS_TO_MEND, FeedState
    from aggregator.model.time import now

    settings = configuration.settings
    try:
        with open_archive(settings.archive) as archive:
            longest = settings.collect.max_interval
            due = archive.due(now(), everything=everything, max_interval=longest)
            held = archive.feeds()
    except ArchiveError:
        return set()  # nothing was collected yet: everything is due
    free = {feed.key for feed in due}
    edited = configuration.access_edited
    return {
        canonical_url(feed.url)
        for feed in held
        if feed.key not in free
        and feed.subscribed
        and feed.state is not FeedState.PAUSED
        and not (feed.failure and feed.failure.kind in OURS_TO_MEND)
        and not _may_be_let_in(feed, edited)
    }


def _may_be_let_in(feed: Feed, edited: Mapping[str, datetime]) -> bool:
    """Whether it failed before the access to it was edited, and its server asked for no wait."""
    from aggregator.model.time import now

    at = edited.get(canonical_url(feed.url))
    waits = feed.retry_after is not None and feed.retry_after > now()
    return bool(at and feed.failure and feed.last_fetch and feed.last_fetch < at and not waits)
