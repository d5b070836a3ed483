"""The command line: thin, one file a noun; what a command does is in the rooms below.

Importing this imports no heavy library and no command: each is loaded when it is asked
for, and imports what it needs when it runs, so that ``aggregator --help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from aggregator import __version__
from aggregator.cli.output import harmless, say
from aggregator.cli.session import Session, session_of

__all__ = ["Session", "application", "harmless"]

_HELP = """Collects RSS and Atom feeds on a timer, keeps every entry for good, and
publishes topic feeds.

New here: "aggregator demo" shows everything offline in a minute;
"aggregator init" writes a configuration; "aggregator run" starts the daemon."""


# In the order in which a newcomer meets them; each by the file it is in, and its name there.
_COMMANDS = {
    "init": ("init", "write_configuration"),
    "config": ("configuration", "app"),
    "run": ("services", "run"),
    "collect": ("collecting", "collect"),
    "status": ("status", "print_status"),
    "feeds": ("feeds", "app"),
    "topics": ("topics", "app"),
    "search": ("entries", "search"),
    "show": ("entries", "show"),
    "history": ("entries", "history"),
    "changes": ("entries", "changes"),
    "stories": ("entries", "stories"),
    "stats": ("status", "print_stats"),
    "export": ("exporting", "export"),
    "archive": ("archive", "app"),
    "serve": ("services", "serve"),
    "doctor": ("doctor", "diagnose"),
    "demo": ("demo", "play"),
}


@cache
def application() -> Any:
    """The whole command line: a command of Typer's, put together once a process."""
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        # Plain help: the same words on a terminal, in a pipe and in docs/commands.md.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_before)
    made: Any = typer.main.get_command(app)
    made.commands = _Commands()
    return made


class _Commands(Mapping[str, Any]):
    """The commands by name, each loaded and made when somebody asks for it: most processes run one,
    and all of them take longer than many a command does."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            file, what = _COMMANDS[name]
            found = getattr(import_module(f"aggregator.cli.{file}"), what)
            self._made[name] = _made(name, found)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


def _made(name: str, of: Callable[..., None] | typer.Typer) -> Any:
    made: Any
    if isinstance(of, typer.Typer):
        made = typer.main.get_group(of)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(of)
        made = typer.main.get_command(alone)
    made.name = name
    return made


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
