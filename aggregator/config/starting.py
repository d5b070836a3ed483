"""The starter configuration that ``init`` writes: package data in ``starter/``."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from aggregator.config.editing import write_whole
from aggregator.config.missing import NAMES, refuse_file
from aggregator.model.errors import ConfigError


def starter_files(folder: Path) -> tuple[Path, ...]:
    """Where the files of a starter configuration are, or will be."""
    return tuple(folder / name for name in NAMES)


def write_starter(folder: Path, *, dry_run: bool = False) -> tuple[Path, ...]:
    """Write what is missing into ``folder``, made if needed; never overwrites.

    Returns the paths written (``dry_run``: that would be). Raises ConfigError
    where the folder cannot be written; no file is left in part.
    """
    refuse_file(folder)
    # A link that leads nowhere now may lead to the person's own file again.
    missing = tuple(path for path in starter_files(folder) if not os.path.lexists(path))
    if dry_run:
        return missing
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            data = files("aggregator.config").joinpath("starter", path.name).read_bytes()
            write_whole(path, data)
    except OSError as error:
        raise ConfigError(
            f"the folder cannot be written: {error.strerror}",
            file=str(folder),
            hint="give another folder",
        ) from None
    return missing
