"""``demo``: the main job, end to end, with sample feeds and without a network."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import typer

from aggregator.cli.output import note, on_terminal, say


def play() -> None:
    """Show the whole job offline, with sample feeds.

    Serves them on this machine, collects them three times, publishes their
    topics and tells what came, what was collapsed, what was revised and why. Works in a temporary directory and removes it at the end. On a terminal it
    goes on serving the topic feeds until Ctrl-C; in a pipe it ends after the summary.
    """
    import asyncio

    from aggregator.cli.demo.stage import perform

    stay = on_terminal(sys.stdout)
    with tempfile.TemporaryDirectory(prefix="aggregator-demo-") as folder:
        interrupted = asyncio.run(perform(Path(folder), stay=stay))
    if interrupted and not stay:
        raise typer.Exit(130)
    if stay:
        say()
        note("the demo's files are gone again; `aggregator init` begins your own")
