"""``init``: write the starter configuration."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli.options import DryRun
from aggregator.cli.output import note, say
from aggregator.cli.session import session_of


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
            note(f"the archive will be in {load_settings(place).archive.directory}")
        note(f"next: aggregator -C {place} run")
