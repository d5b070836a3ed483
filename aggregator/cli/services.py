"""``run`` and ``serve``: what stays up until it is told to end."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.output import note, on_terminal, say
from aggregator.cli.served import running_daemon
from aggregator.cli.session import Session, session_of

if TYPE_CHECKING:
    from aggregator.model.errors import PublishError
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

    from aggregator.model.errors import PublishError

    session = session_of(context)
    settings = session.configuration().settings
    if not settings.publish.directory.is_dir():
        note(f"aggregator: nothing is published in {settings.publish.directory} yet")
    try:
        asyncio.run(serve_folder(settings))
    except PublishError as error:
        raise _beside_daemon(error, session, settings) from error


def _beside_daemon(error: PublishError, session: Session, settings: Settings) -> PublishError:
    """The same, where it is a port that is taken and the daemon of this archive is up: that serves
    what it publishes, and is nothing to be ended."""
    from aggregator.model.errors import PublishError

    taken = getattr(error.__cause__, "errno", None) == errno.EADDRINUSE
    daemon = running_daemon(session, settings.archive) if taken else ""
    if not daemon:
        return error
    return PublishError(
        f"{error.what}, and {daemon} is up: a daemon serves what it publishes",
        where=error.where,
        hint="to serve it once more, set server.port (AGGREGATOR_SERVER__PORT) to another",
    )


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
