"""The starter configuration that ``init`` writes: package data in ``starter/``."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from aggregator.config.missing import NAMES
from aggregator.model.errors import ConfigError


def write_starter(folder: Path, *, dry_run: bool = False) -> tuple[Path, ...]:
    """Write what is missing into ``folder``, made if needed; never overwrites.

    Returns the paths written (``dry_run``: that would be). Raises ConfigError
    where the folder cannot be written.
    """
    missing = tuple(folder / name for name in NAMES if not (folder / name).exists())
    if dry_run:
        return missing
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            data = files("aggregator.config").joinpath("starter", path.name).read_bytes()
            with path.open("xb") as file:
                file.write(data)
    except OSError as error:
        raise ConfigError(
            f"the folder cannot be written: {error.strerror}",
            file=str(folder),
            hint="give another folder",
        ) from None
    return missing
