"""The service loop: wait for a tick, run a round, publish, look after things."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import structlog

from aggregator import __version__
from aggregator.archive import Archive
from aggregator.backfill import GAP_DOCUMENTS
from aggregator.config import Configuration, default_folder, load
from aggregator.daemon.access import Admission
from aggregator.daemon.collecting import Collecting
from aggregator.daemon.deadline import SIGNALLED, Deadline
from aggregator.daemon.errands import ask_lists, follow_rulings, read_archives
from aggregator.daemon.health import Health
from aggregator.daemon.logs import configure as configure_logs
from aggregator.daemon.metrics import Metrics
from aggregator.daemon.parts import Parts
from aggregator.daemon.reloading import kept, warn_of_lines, with_last_topics, with_right_topics
from aggregator.daemon.reporting import (
    ProgressLine,
    report_edit,
    report_leaving,
    report_lists,
    report_standing,
    welcome,
)
from aggregator.daemon.systemd import notify, watchdog_seconds
from aggregator.daemon.ticks import Ticks, ticking
from aggregator.daemon.watching import Watch
from aggregator.hub import Reply, Silent, Teller, telling
from aggregator.model.errors import ArchiveError, ConfigError, NoWorkers, Passing, PublishError
from aggregator.model.inclusion import failing_lists
from aggregator.model.time import now
from aggregator.pipeline import Pipeline, Written, open_pipeline, prepare
from aggregator.publish import site_of, sole_publisher
from aggregator.publishing import Publisher, open_to_publish
from aggregator.push import Door, address_of, listening, standing
from aggregator.recleaning import reclean
from aggregator.web import raise_open_files, serving

_log: Any = structlog.get_logger()

# New entries are published this long after the first of them was stored: one
# rendering then serves the writes that follow at once.
_PUBLISH_DELAY = 1.0
# Seconds of rest after the archive failed us, doubled each time: what could not be
# stored is fetched again, and no publisher should feel our trouble.
_FIRST_REST, _LONGEST_REST = 10.0, 600.0
_NOT_NOW = Reply(status=503, text="The hub is not up now.", retry_after=60)


def run(folder: Path | None, *, progress: bool = True) -> int:
    """Run the daemon until a signal ends it; returns the exit code 0.

    ``folder`` as in ``config.load``. Raises ConfigError, ArchiveError,
    AlreadyRunning, PublishError (a busy port or folder) before anything was started.
    """
    folder = default_folder() if folder is None else folder
    watch = Watch(folder)
    configuration = load(folder)
    settings = configuration.settings
    configure_logs(settings.log)
    raise_open_files()
    with (
        Deadline() as deadline,
        open_to_publish(settings, purpose="aggregator run", wait=True) as archive,
        sole_publisher(settings.publish.directory),
    ):
        service = _Service(configuration, archive, watch, progress=progress)
        asyncio.run(service.run(deadline))
    return 0


class _Service:
    def __init__(
        self, configuration: Configuration, archive: Archive, watch: Watch, *, progress: bool
    ) -> None:
        self._configuration = configuration
        self._watch = watch
        self._archive, self._admission = archive, Admission(archive)
        self._address = ""
        self._site = site_of(configuration.settings)
        self._publisher = Publisher(archive, configuration.settings, self._site)
        self._rest = 0.0
        self._metrics = Metrics()
        self._line = ProgressLine(wanted=progress)
        self._stop = asyncio.Event()
        self._stop_rounds: Callable[[], None] = lambda: None
        self._reload = asyncio.Event()
        self._unpublished = asyncio.Event()
        self._publishing, self._recleaning = asyncio.Lock(), asyncio.Lock()
        self._alive = monotonic()
        self._edited = self._ready = self._begun = self._unreadable = False
        self._parts = Parts()
        self._health = Health(archive, self._parts, self._metrics, self._line)
        self._teller: Teller = Silent(_NOT_NOW)
        self._door: Door | None = None

    async def run(self, deadline: Deadline) -> None:
        """Serve, tick and collect until told to stop; then the deadline begins."""
        settings = self._configuration.settings
        self._catch_signals(deadline)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._health.close)
            address = await stack.enter_async_context(
                serving(
                    settings.server,
                    settings.publish.directory,
                    health=lambda: self._health.tell(self._hubs),
                    metrics=self._health.metrics,
                    links=lambda path: self._site.link_header(path),
                    ask=lambda fields: self._teller.ask(fields),
                    door=lambda: self._door,
                )
            )
            self._address = address
            self._site = site_of(settings, bound=address)
            stack.enter_context(self._line)
            _log.info(
                "started",
                version=__version__,
                archive=self._archive.location,
                serving=address,
                feeds=len(self._configuration.subscriptions),
                topics=len(self._configuration.topics),
            )
            welcome(address, settings)
            warn_of_lines(self._configuration)
            with contextlib.suppress(Passing):
                report_standing(await asyncio.to_thread(self._archive.feeds))
                lists = await asyncio.to_thread(self._archive.lists.read)
                report_lists(failing_lists(self._configuration.inclusions, lists))
            ticks = await stack.enter_async_context(ticking())
            watching = self._parts.beside(self._watch.tell(self._reload), again=False)
            await stack.enter_async_context(watching)
            await stack.enter_async_context(self._parts.beside(self._feed_watchdog(), again=False))
            await self._until_stopped(ticks)
            notify("STOPPING=1")
        _log.info("stopped")

    async def _until_stopped(self, ticks: Ticks) -> None:
        """Serve rounds; an archive that fails us once we are up, or of what passes, pauses, and is
        tried again."""
        while not self._stop.is_set():
            try:
                if self._ready:
                    await self._take_up_edits()
                async with self._opened() as pipeline:
                    await pipeline.workers.ready(anyway=self._unreadable)
                    self._unreadable = False
                    self._say_ready()
                    await self._serve_rounds(pipeline, ticks)
            except ArchiveError as error:
                if not self._ready and not isinstance(error, Passing):
                    raise
                self._say_ready()
                self._unreadable = isinstance(error, NoWorkers)
                self._health.pause(error)
                await self._have_rest()

    def _say_ready(self) -> None:
        if not self._ready:
            notify("READY=1")
        self._ready = True

    async def _have_rest(self) -> None:
        """Wait before the archive is tried again; no longer than until something is edited."""
        # Where nothing is fetched first, no publisher feels how often we try.
        felt = self._begun and not self._unreadable
        longest = _LONGEST_REST if felt else _FIRST_REST
        self._rest = min(max(self._rest * 2, _FIRST_REST), longest)
        until = monotonic() + self._rest
        while monotonic() < until and not self._stop.is_set() and not self._reload.is_set():
            self._alive = monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await _first_of(self._stop, self._reload)

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[Pipeline]:
        """The pipeline of the configuration as it is now, with everything behind published."""
        self._parts.begin()
        # No round runs here: claims are left from one that a crash or the database ended.
        await asyncio.to_thread(self._archive.free_dead_claims)
        if not self._begun:
            self._configuration = await asyncio.to_thread(
                with_last_topics, self._configuration, self._archive
            )
            self._begun = True
        configuration = self._configuration
        matcher = await asyncio.to_thread(
            prepare, self._archive, configuration.settings, configuration.subscriptions,
            configuration.interests, inclusions=configuration.inclusions,
            tell=report_edit, tell_leaving=report_leaving,
        )  # fmt: skip
        await asyncio.to_thread(self._admission.take_up, configuration)
        await self._reclean()
        self._publisher = Publisher(self._archive, configuration.settings, self._site)
        await self._publish()
        await self._health.look()
        count = self._metrics.count_message
        async with (
            open_pipeline(
                self._archive, configuration.settings, matcher, access=configuration.access
            ) as pipeline,
            telling(self._archive, configuration.settings, self._site, count) as teller,
            listening(pipeline, configuration.settings, count, self._arrived) as door,
            self._parts.beside(teller.run()),
            self._parts.beside(door.run()),
            self._parts.beside(self._publish_soon()),
            self._parts.beside(read_archives(pipeline, self._unpublished)),
            self._parts.beside(follow_rulings(self._archive, self._unpublished)),
            self._parts.beside(
                ask_lists(pipeline, configuration.subscriptions, configuration.inclusions)
            ),
        ):
            self._teller, self._door = teller, door
            try:
                yield pipeline
            finally:
                self._teller, self._door = Silent(_NOT_NOW), None

    async def _serve_rounds(self, pipeline: Pipeline, ticks: Ticks) -> None:
        """Act on ticks until told to stop, or until a new configuration is there."""
        ticks.collect.set()
        ticks.upkeep.set()
        async with self._collecting_with(pipeline, failed=ticks.collect) as collecting:
            while not self._stop.is_set():
                self._alive = monotonic()
                if ticks.collect.is_set():
                    ticks.collect.clear()
                    await collecting.look()
                if ticks.publish.is_set():
                    ticks.publish.clear()
                    await self._publish()
                    if await asyncio.to_thread(self._archive.topics.overdue):
                        return
                if ticks.upkeep.is_set():
                    ticks.upkeep.clear()
                    days = pipeline.settings.normalize.story_window_days
                    if await asyncio.to_thread(self._archive.maintain, now(), story_days=days):
                        await self._reclean()
                if await self._take_up_edits():
                    return
                await _first_of(
                    self._stop, self._reload, ticks.collect, ticks.publish, ticks.upkeep
                )

    @contextlib.asynccontextmanager
    async def _collecting_with(
        self, pipeline: Pipeline, *, failed: asyncio.Event
    ) -> AsyncIterator[Collecting]:
        collecting = Collecting(
            pipeline,
            health=self._health,
            metrics=self._metrics,
            line=self._line,
            changed=self._unpublished,
            failed=failed,
            resume=self._resume,
            reclean=self._reclean,
        )
        self._stop_rounds = collecting.stop.set
        async with collecting:
            yield collecting

    async def _reclean(self) -> None:
        """Learn from what came, and have published what is shown otherwise now."""
        settings = self._configuration.settings.normalize
        try:
            async with self._recleaning:
                if await asyncio.to_thread(reclean, self._archive, settings):
                    self._unpublished.set()
        except ArchiveError as error:
            _log.error("not cleaned again", why=error.on_one_line)

    async def _arrived(self, written: Written) -> None:
        """News of which a hub told are published at once; then gaps before them are looked into."""
        stored = monotonic()
        self._metrics.count_write(written.counts)
        await self._publish()
        self._metrics.count_wait(monotonic() - stored)
        for one in written.settled:
            document, feed = one.decision.fetched.document, one.decision.fetched.feed
            if one.decision.missed and document and document.previous_archive:
                await asyncio.to_thread(self._archive.ask_backfill, feed, GAP_DOCUMENTS)

    async def _publish_soon(self) -> None:
        while True:
            await self._unpublished.wait()
            stored = monotonic()
            await asyncio.sleep(_PUBLISH_DELAY)
            self._unpublished.clear()
            await self._publish()
            self._metrics.count_wait(monotonic() - stored)

    async def _publish(self) -> None:
        """Write whatever is behind; an output folder that cannot be written is told, not fatal."""
        try:
            async with self._publishing:
                changed = await asyncio.to_thread(self._publisher.publish)
        except (PublishError, ArchiveError) as error:
            _log.error("not published", why=error.on_one_line)
            return
        self._metrics.count_published(len(changed))
        if changed:
            self._teller.wake()

    def _hubs(self) -> dict[str, object | None]:
        """What ``/health`` says of them. Raises ArchiveError."""
        push = standing(self._archive, address_of(self._configuration.settings))
        return {"hub": self._teller.health(), "push": push}

    def _resume(self) -> None:
        self._rest = 0.0
        self._health.resume()

    async def _take_up_edits(self) -> bool:
        """Whether to begin again: files were edited, and are right, or a part had ended. An archive
        that fails us meanwhile (ArchiveError) leaves them to be read."""
        self._edited |= self._reload.is_set()
        self._reload.clear()
        taken = self._edited and await asyncio.to_thread(self._load_again)
        self._edited = False
        again = self._parts.take_due()
        return taken or again

    def _load_again(self) -> bool:
        """Take the files' new state; keep the last good one, and say why, where they are wrong."""
        notify("RELOADING=1")
        old = self._configuration
        self._watch.reading()
        try:
            fresh = with_right_topics(old, load(old.folder), self._archive)
        except ConfigError as error:
            _log.error("configuration kept as it was", why=error.on_one_line)
            return False
        except ArchiveError:
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of ours in reading a file ends no daemon
            _log.error("configuration kept as it was", why=repr(error), hint="please report it")
            return False
        finally:
            notify("READY=1")
        self._configuration = kept(old, fresh)
        if self._configuration != fresh:
            _log.warning("[archive], [server] and publish.directory take effect at the next start")
        self._site = site_of(self._configuration.settings, bound=self._address)
        configure_logs(fresh.settings.log)
        _log.info(
            "configuration reloaded", feeds=len(fresh.subscriptions), topics=len(fresh.topics)
        )
        warn_of_lines(fresh, told=old.warnings)
        return True

    async def _feed_watchdog(self) -> None:
        """Tell systemd we live, as long as the loop really goes on."""
        patience = watchdog_seconds()
        while patience:
            if monotonic() - self._alive < patience:
                notify("WATCHDOG=1")
            await asyncio.sleep(patience / 3)

    def _catch_signals(self, deadline: Deadline) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number, deadline)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    def _end(self, number: int, deadline: Deadline) -> None:
        """First signal: finish the batch under way. Second: at once; the next start repairs."""
        if self._stop.is_set():
            os._exit(SIGNALLED + number)
        _log.info("stopping", hint="a second signal ends at once")
        deadline.begin(number)
        self._stop.set()
        self._stop_rounds()


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()
