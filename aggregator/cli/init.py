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
        Path | None,
        typer.Argument(metavar="DIR", help="Where to write; the configuration folder by default."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Write a commented starter configuration.

    Makes the folder if needed, writes the files that are missing, and never
    writes over one that is there.
    """
    from aggregator.config import load_settings, write_starter
    from aggregator.model.errors import ConfigError

    place = folder or session_of(context).place
    written = write_starter(place, dry_run=dry_run)
    for path in written:
        say(f"would write {path}" if dry_run else f"wrote {path}")
    if not written:
        note(f"{place} has every file already; nothing was written")
    elif not dry_run:
        # A mistake in a file that was there before is for the next command to tell.
        with contextlib.suppress(ConfigError):
            note(_archive_of(load_settings(place)))
        note(f"next: aggregator -C {place} run")


def _archive_of(settings: Settings) -> str:
    """Where the archive is; two configurations that share one would take turns to publish."""
    directory = settings.archive.directory
    if (directory / "archive.db").exists():
        return (
            f"an archive is in {directory} already, and is used; "
            "for one of its own set archive.directory and publish.directory in aggregator.toml"
        )
    return f"the archive will be in {directory}"
