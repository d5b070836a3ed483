"""The command line: thin, one file a noun; what a command does is in the rooms below.

Importing this imports no heavy library: each command imports what it needs when
it runs, so that ``aggregator --help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from aggregator import __version__
from aggregator.cli import archive, configuration, entries, feeds, topics
from aggregator.cli.collecting import collect
from aggregator.cli.demo import play
from aggregator.cli.doctor import diagnose
from aggregator.cli.init import write_configuration
from aggregator.cli.output import harmless, say
from aggregator.cli.services import run, serve
from aggregator.cli.session import Session, session_of
from aggregator.cli.status import print_stats, print_status

__all__ = ["Session", "application", "harmless"]

_HELP = """Collects RSS and Atom feeds on a timer, keeps every entry for good, and
publishes topic feeds.

New here: "aggregator demo" shows everything offline in a minute;
"aggregator init" writes a configuration; "aggregator run" starts the daemon."""


_ORDER = (
    "init",
    "config",
    "run",
    "collect",
    "status",
    "feeds",
    "topics",
    "search",
    "show",
    "history",
    "stories",
    "stats",
    "export",
    "archive",
    "serve",
    "doctor",
    "demo",
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "init": write_configuration,
    "run": run,
    "collect": collect,
    "status": print_status,
    "search": entries.search,
    "show": entries.show,
    "history": entries.history,
    "stories": entries.stories,
    "stats": print_stats,
    "export": entries.export,
    "serve": serve,
    "doctor": diagnose,
    "demo": play,
}
_GROUPS = {
    "config": configuration.app,
    "feeds": feeds.app,
    "topics": topics.app,
    "archive": archive.app,
}


@cache
def application() -> Callable[..., object]:
    """The whole command line: a command of Typer's, put together once a process."""
    app = typer.Typer(
        help=_HELP,
        cls=_InOrder,
        no_args_is_help=True,
        # Plain help: the same words on a terminal, in a pipe and in docs/commands.md.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_before)
    for name, command in _COMMANDS.items():
        app.command(name)(command)
    for name, group in _GROUPS.items():
        app.add_typer(group, name=name)
    return typer.main.get_command(app)


class _InOrder(TyperGroup):
    """Lists the commands in the order in which a newcomer meets them."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Names as _ORDER has them; Typer would put groups after all single commands."""
        return sorted(self.commands, key=_ORDER.index)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"aggregator {__version__}")
        raise typer.Exit


def _before(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-C",
            "--config",
            metavar="DIR",
            help="The configuration folder [default: $AGGREGATOR_CONFIG, else config/].",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the trace with an error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=_print_version,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    del version  # its callback has answered
    session = session_of(context)
    session.folder = folder
    session.verbose = verbose
