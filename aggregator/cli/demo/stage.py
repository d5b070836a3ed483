"""The demo's three rounds: a configuration of its own, the sample feeds, the real pipeline."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from aggregator.archive import Archive, open_archive
from aggregator.cli.demo.newsstand import EDITIONS, Newsstand, open_newsstand, sample
from aggregator.cli.demo.summary import print_summary
from aggregator.cli.outcomes import describe
from aggregator.cli.output import heading, note, plural, progress, say
from aggregator.cli.signals import stop_on_signals
from aggregator.config import Configuration, load
from aggregator.model.batch import Counts
from aggregator.model.settings import Settings
from aggregator.model.time import now
from aggregator.pipeline import Pipeline, open_pipeline, prepare
from aggregator.publish import site_of
from aggregator.publishing import publish_behind
from aggregator.rounds import Round, collect_round
from aggregator.web import serving


async def perform(folder: Path, *, stay: bool) -> bool:
    """Play the demo in ``folder``; with ``stay`` serve until a signal.

    Returns whether a signal ended it. Everything is written below ``folder``.
    """
    stop = stop_on_signals()
    with open_newsstand(now()) as stand:
        configuration = _configure(folder, stand)
        settings = configuration.settings
        feeds, topics = configuration.subscriptions, configuration.topics
        heading("aggregator demo")
        say(f"{len(feeds)} sample feeds at {stand.base}, {len(topics)} topics, no network.")
        with open_archive(settings.archive, write=True, purpose="aggregator demo") as archive:
            matcher = prepare(archive, settings, feeds, configuration.interests)
            async with open_pipeline(archive, settings, matcher) as pipeline:
                rounds = await _play_rounds(pipeline, archive, settings, stand, stop)
            if stop.is_set():
                return True
            print_summary(archive, settings, rounds)
    await _serve(configuration, stop, stay=stay)
    return stop.is_set()


def _configure(folder: Path, stand: Newsstand) -> Configuration:
    """Write the demo's own configuration files and load them as any command would."""
    port = str(_free_port())
    for name in ("aggregator.toml", "feeds.opml", "topics.toml"):
        text = sample(name).replace("{{base}}", stand.base).replace("{{port}}", port)
        (folder / name).write_text(text, encoding="utf-8")
    # No variable of the user's environment may lead the demo to the real archive.
    return load(folder, environ={})


async def _play_rounds(
    pipeline: Pipeline,
    archive: Archive,
    settings: Settings,
    stand: Newsstand,
    stop: asyncio.Event,
) -> list[Round]:
    """Collect and publish each edition; fewer rounds where a signal came."""
    rounds: list[Round] = []
    for edition in range(1, EDITIONS + 1):
        if stop.is_set():
            break
        stand.edition = edition
        with progress(f"round {edition}", None) as bar:

            def show(done: Round, wrote: Counts) -> None:
                bar(wrote.feeds, plural(done.counts.new, "new entry", "new entries"))

            done = await collect_round(pipeline, everything=True, stop=stop, progress=show)
        changed = await asyncio.to_thread(publish_behind, archive, settings, site_of(settings))
        say(f"Round {edition}: {describe(done.counts, len(changed))}")
        rounds.append(done)
    return rounds


async def _serve(configuration: Configuration, stop: asyncio.Event, *, stay: bool) -> None:
    """Name the addresses to open and, on a terminal, keep them alive until a signal."""
    settings = configuration.settings
    base = site_of(settings).base_url
    say()
    heading("Open")
    say(f"  {base}/")
    for topic in configuration.topics:
        say(f"  {base}/topics/{topic.slug}  (.atom .rss .json)")
    if not stay:
        note("(served only while the demo runs on a terminal: it ends here, in a pipe)")
        return
    async with serving(settings.server, settings.publish.directory):
        note("serving; Ctrl-C ends the demo and removes its files")
        await stop.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
