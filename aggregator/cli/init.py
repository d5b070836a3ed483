"""``init``: write the starter configuration."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import DryRun
from aggregator.cli.output import note, say
from aggregator.cli.session import session_of

if TYPE_CHECKING:
    from aggregator.model.settings import Settings


def write_configuration(
    context: typer.Context,
    folder: Annotated[
        str | None,
        typer.Argument(metavar="DIR", help="Where to write; the configuration folder by default."),
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Without the feeds, topics and people of the starter.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Write a commented starter configuration.

    Makes the folder if needed, writes the files that are missing, and never
    writes over one that is there: those are named.
    """
    from aggregator.config import load_settings, starter_files, write_starter
    from aggregator.model.errors import ConfigError, UsageError

    if folder is not None and not folder.strip():
        raise UsageError("the folder has no name", hint="for the current one: aggregator init .")
    place = session_of(context).place if folder is None else Path(folder)
    written = write_starter(place, empty=empty, dry_run=dry_run)
    for path in written:
        say(f"would write {path}" if dry_run else f"wrote {path}")
    if left := [path for path in starter_files(place) if path not in written]:
        note(f"left as it is: {', '.join(map(_as_left, left))}")
    if not written:
        note(f"{place} has every file already; nothing was written")
    elif not dry_run:
        # A mistake in a file that was there before is for the next command to tell.
        with contextlib.suppress(ConfigError):
            note(_archive_of(load_settings(place)))
        if empty:
            note(
                f"next: aggregator -C {place} feeds add URL, and a topic in {place / 'topics.toml'}"
            )
        else:
            note(f"next: aggregator -C {place} run")


def _as_left(path: Path) -> str:
    """A file that was there before, and whether it says anything at all."""
    with contextlib.suppress(OSError):
        if not path.stat().st_size:
            return f"{path.name} (which is empty)"
    return path.name


def _archive_of(settings: Settings) -> str:
    """Where the archive is; two configurations that share one would take turns to publish."""
    directory = settings.archive.directory
    if (directory / "archive.db").exists():
        return (
            f"an archive is in {directory} already, and is used; "
            "for one of its own set archive.directory and publish.directory in aggregator.toml"
        )
    return f"the archive will be in {directory}"
