"""``run`` and ``serve``: what stays up until it is told to end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.output import note, on_terminal, say
from aggregator.cli.session import session_of

if TYPE_CHECKING:
    from aggregator.model.settings import Settings


def run(
    context: typer.Context,
    progress: Annotated[
        bool, typer.Option(help="Show a live line at the foot of a terminal.")
    ] = True,
) -> None:
    """Run the daemon: collect on a timer, publish, serve.

    SIGTERM or Ctrl-C ends it after the batch under way, a second one at once;
    SIGHUP, or a change to a configuration file, makes it read them again.
    """
    from aggregator.daemon import run as run_daemon

    raise typer.Exit(run_daemon(session_of(context).folder, progress=progress))


def serve(context: typer.Context) -> None:
    """Serve what is published, without collecting."""
    import asyncio

    settings = session_of(context).configuration().settings
    if not settings.publish.directory.is_dir():
        note(f"aggregator: nothing is published in {settings.publish.directory} yet")
    asyncio.run(serve_folder(settings))


async def serve_folder(settings: Settings) -> None:
    """Serve ``publish.directory`` until SIGINT or SIGTERM. Raises PublishError (a busy port)."""
    from aggregator.cli.signals import stop_on_signals
    from aggregator.publish import site_of
    from aggregator.web import raise_open_files, serving

    raise_open_files()
    stop = stop_on_signals()
    links = site_of(settings).link_header
    async with serving(settings.server, settings.publish.directory, links=links) as address:
        say(f"serving {address}")
        sys.stdout.flush()
        if on_terminal(sys.stderr):
            note("Ctrl-C ends it")
        await stop.wait()
