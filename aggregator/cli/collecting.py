"""``collect``: one round over the due feeds, then publish what changed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict

from aggregator.cli.checking import tell_edit, warn_of_samples
from aggregator.cli.options import DryRun, Json
from aggregator.cli.output import away, local, note, one_line, plural, print_json, progress, say
from aggregator.cli.session import Session, session_of
from aggregator.model.address import canonical_url
from aggregator.model.errors import ArchiveError, FeedError, FetchError, RefusedURL, Retry

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.inclusions import Look
    from aggregator.model.batch import Counts
    from aggregator.model.feed import Feed
    from aggregator.model.settings import Settings
    from aggregator.normalize import Workers
    from aggregator.rounds import Round

_SOME_FAILED, _INTERRUPTED = 1, 130
# So many feeds with one failure are named; of more, as many.
_NAMED = 3
_OFFLINE = "check the network; `aggregator demo` needs none"


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
    done, pages, interrupted = asyncio.run(_collect(session, everything))
    if as_json:
        told = {**asdict(done.counts), "seconds": round(done.counts.seconds, 3)}
        # Nothing was archived for it that was not counted when its entry was.
        del told["completed"]
        print_json(told)
    else:
        say(describe(done.counts, pages))
    _tell_failures(done)
    _tell_changes(done)
    _tell_notices(done)
    if interrupted:
        raise typer.Exit(_INTERRUPTED)
    if done.counts.failed:
        raise typer.Exit(_SOME_FAILED)


def describe(counts: Counts, pages: int) -> str:
    """One sentence on what a round came to."""
    brought = [
        f"{plural(counts.new, 'new entry', 'new entries')}"
        + (f" ({plural(counts.new_stories, 'new story', 'new stories')})" if counts.new else ""),
        f"{counts.revised:,} revised",
        f"{counts.vanished:,} vanished",
        *([f"{plural(counts.completed, 'whole text')} came late"] if counts.completed else []),
    ]
    fetched = f"{counts.unchanged:,} unchanged, {counts.failed:,} failed"
    written = f"{plural(pages, 'published file')} changed"
    return (
        f"{plural(counts.feeds, 'feed')} ({fetched}): {', '.join(brought)}; "
        f"{written}; {counts.seconds:.1f} s"
    )


async def _collect(session: Session, everything: bool) -> tuple[Round, int, bool]:
    from aggregator.normalize import Workers

    settings = session.settings()
    async with Workers(settings.normalize, settings.collect.max_entries) as workers:
        # They load while we do; and so do the machine's certificates, which aiohttp reads as it
        # is imported.
        workers.start()
        _import_meanwhile("aiohttp")
        return await _collect_with(workers, session.configuration(), everything)


def _import_meanwhile(name: str) -> None:
    import asyncio

    def begin() -> None:
        # What fails here fails again, and is told, where the module is needed.
        with contextlib.suppress(Exception):
            import_module(name)

    asyncio.get_running_loop().run_in_executor(None, begin)


async def _collect_with(
    workers: Workers, configuration: Configuration, everything: bool
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

    settings = configuration.settings
    with open_to_publish(settings, purpose="aggregator collect") as archive:
        stop = stop_on_signals("stopping: what came is being stored; Ctrl-C again ends at once")
        archive.free_dead_claims()
        # What a round that was ended left behind.
        reclean(archive, settings.normalize)
        matcher = prepare(
            archive, settings, configuration.subscriptions, configuration.interests,
            inclusions=configuration.inclusions, tell=tell_edit,
        )  # fmt: skip
        warn_of_samples(configuration, archive)
        async with open_pipeline(
            archive, settings, matcher, access=configuration.access, workers=workers
        ) as pipeline:
            with progress("collecting", len(configuration.subscriptions)) as bar:

                def show(done: Round, wrote: Counts) -> None:
                    bar(wrote.feeds, plural(done.counts.new, "new entry", "new entries"))

                looks = await follow_lists(
                    archive, pipeline.collector, configuration.subscriptions,
                    configuration.inclusions, everything=everything,
                )  # fmt: skip
                done = await collect_round(
                    pipeline, everything=everything, stop=stop, progress=show,
                    # While the last of it is written.
                    all_read=lambda: _import_meanwhile("aggregator.publish.pages"),
                )  # fmt: skip
            # Nothing is read any more: they end while what came is published.
            ended = asyncio.create_task(workers.close())
            _tell_lists(looks)
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
            _tell_left_alone(archive, done)
        else:
            _tell_waiting(archive, done)
        # Where no daemon runs, nobody else keeps look-ups quick.
        days = settings.normalize.story_window_days
        await asyncio.to_thread(archive.maintain, now(), story_days=days)
        return done, len(changed), stop.is_set()


def _settle(archive: Archive) -> None:
    # So that closing is quick, and no more: what cannot be done now is done another time.
    with contextlib.suppress(ArchiveError):
        archive.settle()


async def _tell_hub(archive: Archive, settings: Settings) -> None:
    from aggregator.hub import ping_once
    from aggregator.publish import site_of

    if deaf := await ping_once(archive, settings, site_of(settings)):
        note(f"aggregator: the hub did not hear, and is told the next time: {one_line(deaf)}")


def _tell_failures(done: Round) -> None:
    """On standard error: a line a failure, one for many of the same cause, one for what all share."""
    from aggregator.collect import NO_NETWORK, by_cause

    lost = {feed.key for feed, _ in done.unreached}
    if lost:
        note(f"aggregator: {NO_NETWORK}: {plural(len(lost), 'feed')} ({_OFFLINE})")
    for error, feeds in by_cause([one for one in done.failures if one[0].key not in lost]):
        named = [one_line(feed.url) for feed in feeds]
        hint = f" ({error.hint})" if error.hint else ""
        why = f"{one_line(error.what)}{hint}; {_what_next(error, feeds, done)}"
        if len(feeds) > _NAMED:
            some = ", ".join(named[:_NAMED])
            note(f"failed: {plural(len(feeds), 'feed')}, such as {some}: {why}")
            continue
        for url in named:
            note(f"failed: {url}: {why}")


def _what_next(error: FeedError, feeds: Sequence[Feed], done: Round) -> str:
    from aggregator.model.feed import OURS_TO_MEND

    if isinstance(error, FetchError) and error.retry is Retry.GONE:
        return "it is asked no more, until `aggregator feeds add URL` finds it answering again"
    if error.kind in OURS_TO_MEND and not (isinstance(error, RefusedURL) and error.reached):
        return "asked again with the next round"
    soonest = away(min(done.due[feed.key] for feed in feeds))
    return f"asked again {'with the next round' if soonest == 'now' else soonest}"


def _tell_changes(done: Round) -> None:
    """On standard error: what is well again, and what has moved."""
    back = [one_line(feed.url) for feed in done.recovered]
    if len(back) > _NAMED:
        note(f"{len(back)} feeds are well again, such as {', '.join(back[:_NAMED])}")
    else:
        for url in back:
            note(f"well again: {url}")
    for feed, address in done.moved:
        if address.moved_to is None and address.fetch_url != feed.fetch_url:
            note(
                f"moved: {one_line(feed.url)} is fetched at {one_line(address.fetch_url)} from now "
                "on; `aggregator feeds check --fix` writes it into feeds.opml"
            )
    if done.postponed:
        waits = plural(len(done.postponed), "feed waits", "feeds wait")
        note(f"{waits} because their host asked to be left alone")


def _tell_lists(looks: Sequence[Look]) -> None:
    """What became of included lists: those that name other feeds now, and those that fail."""
    for look in looks:
        url, one = one_line(look.list.url), look.list
        if one.failure:
            named = "its feeds are collected as it named them last"
            kept = named if one.last_success else "it never named a feed"
            note(f"{url}: {one_line(one.failure)}: {kept}")
        elif look.changed:
            dropped = f", {look.paused} dropped by it are paused" if look.paused else ""
            note(f"{url}: {plural(one.named, 'feed')} included{dropped}")


def _tell_notices(done: Round) -> None:
    """What began or ended with feeds that answer: once, a line each."""
    from aggregator.model.feed import Trouble

    for feed, notice in done.notices:
        if notice.trouble is not Trouble.BROKEN:
            note(f"{one_line(feed.url)}: {one_line(notice.message)}")


def _tell_waiting(archive: Archive, done: Round) -> None:
    """How many subscribed feeds fail and were not asked, because they are not due yet, those for want
    of a network by themselves; or when the first one is due, where none was asked."""
    from aggregator.collect import NO_NETWORK, unreached_of
    from aggregator.model.feed import FeedState
    from aggregator.model.time import now

    asked = {feed.key for feed, _ in done.failures}
    feeds = [feed for feed in archive.feeds() if feed.subscribed]
    lost = unreached_of(feeds)
    waiting = [
        (feed.key in lost, feed.next_due)
        for feed in feeds
        if feed.state is FeedState.FAILING and feed.next_due and feed.key not in asked
    ]
    if unreached := [due for is_lost, due in waiting if is_lost]:
        wait = f"not due before {local(min(unreached))}; --all asks now"
        none = f"none of {plural(len(lost), 'feed')} was reached"
        note(f"aggregator: {NO_NETWORK} at the last try: {none}; {wait} ({_OFFLINE})")
    if own := [due for is_lost, due in waiting if not is_lost]:
        failing = plural(len(own), "feed is failing and", "feeds are failing and")
        note(f"{failing} not due before {local(min(own))}; --all asks now")
    elif (
        not waiting
        and not done.counts.feeds
        and (soonest := archive.next_due())
        and soonest > now()
    ):
        note(f"no feed is due before {local(soonest)}; --all asks now")


def _tell_left_alone(archive: Archive, done: Round) -> None:
    """How many subscribed feeds were not asked though all were wanted, and why: a wait that a server
    asked for is not over, or they are gone for good. What this round told of is not told again."""
    from aggregator.model.feed import FeedState
    from aggregator.model.time import now

    told = {feed.key for feed, _ in done.failures} | {feed.key for feed in done.postponed}
    left = [feed for feed in archive.resting(now()) if feed.key not in told]
    stopped = sum(feed.state is FeedState.STOPPED for feed in left)
    waits = [
        feed.retry_after
        for feed in left
        if feed.state is not FeedState.STOPPED and feed.retry_after
    ]
    why = []
    if waits:
        soonest = " at the soonest" if len(waits) > 1 else ""
        why.append(f"{len(waits):,} may not be asked before {local(min(waits))}{soonest}")
    if stopped:
        why.append(f"{plural(stopped, 'has', 'have')} stopped (aggregator feeds check)")
    if why:
        alone = plural(len(waits) + stopped, "feed was", "feeds were")
        note(f"{alone} left alone: {', '.join(why)}")


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
    return {
        canonical_url(feed.url)
        for feed in held
        if feed.key not in free
        and feed.subscribed
        and feed.state is not FeedState.PAUSED
        and not (feed.failure and feed.failure.kind in OURS_TO_MEND)
    }
