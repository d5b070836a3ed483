"""The starter configuration that ``init`` writes: package data in ``starter/``."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path

from aggregator.config.editing import write_whole
from aggregator.config.missing import NAMES, refuse_file
from aggregator.model.errors import ConfigError

# Whose tables are a person's own, and not settings of the program.
_OF_TABLES = {
    "people.toml": "\n",
    "topics.toml": """
#
# [harbour]
# title = "The harbour"
# query = '(harbour OR ferry) NOT cruise*'
""",
}


def starter_files(folder: Path) -> tuple[Path, ...]:
    """Where the files of a starter configuration are, or will be."""
    return tuple(folder / name for name in NAMES)


def write_starter(folder: Path, *, empty: bool = False, dry_run: bool = False) -> tuple[Path, ...]:
    """Write what is missing into ``folder``, made if needed; never overwrites. ``empty``: without
    feeds, topics and people.

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
            text = files("aggregator.config").joinpath("starter", path.name).read_text("utf-8")
            write_whole(path, (_emptied(path.name, text) if empty else text).encode())
    except OSError as error:
        raise ConfigError(
            f"the folder cannot be written: {error.strerror}",
            file=str(folder),
            hint="give another folder",
        ) from None
    return missing


def _emptied(name: str, text: str) -> str:
    """A starter file with what it says of itself, and nothing that is only an example."""
    if name.endswith(".opml"):
        head, _, _ = text.partition("<body>")
        return re.sub("<title>.*?</title>", "<title>Feeds</title>", head) + "<body/>\n</opml>\n"
    if name in _OF_TABLES:
        # What follows the first empty line is of the first table.
        return text.partition("\n\n")[0] + _OF_TABLES[name]
    return text
