"""What to do about a file of the configuration that is not there."""

from __future__ import annotations

from pathlib import Path

from aggregator.model.errors import ConfigError

NAMES = ("aggregator.toml", "feeds.opml", "topics.toml", "people.toml")
"""What ``init`` writes."""

_LEAST = {
    "feeds.opml": 'where there are to be no feeds, <opml version="2.0"><body/></opml>',
    "topics.toml": 'where there are to be no topics, a comment: "# no topics"',
}


def is_begun(folder: Path) -> bool:
    """Whether some of a configuration is there: what is missing was there before, as a rule."""
    return any((folder / name).exists() for name in NAMES)


def refuse_file(folder: Path) -> None:
    """ConfigError where this is a file, and was to be a configuration folder."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            "this is a file, not a configuration folder",
            file=str(folder),
            hint=f"give the folder it is in: -C {folder.parent}",
        )


def mend_of_missing(file: Path) -> str:
    """The hint. What ``init`` writes in place of a lost file would take down a person's own topics."""
    if not is_begun(file.parent):
        return f"aggregator init {file.parent} writes it"
    least = _LEAST.get(file.name)
    return f"put it back; {least}" if least else "put it back, as a backup has it"
