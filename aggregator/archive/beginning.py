"""When a new archive may begin: where nothing tells of an earlier one.

A disk that is not mounted, and a database that was lost, look like a first start; a new archive
would be published over what the earlier one has published, and nobody would be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from aggregator.archive.captures import Captures
from aggregator.archive.database import Database
from aggregator.model.errors import ArchiveError
from aggregator.model.settings import ArchiveSettings

_HINT = (
    "{look} else bring a backup back: aggregator archive restore FILE; "
    "to begin a new archive all the same, first move away what is named here, or set other folders"
)
_ON_DISK = "is its disk mounted, and archive.directory right?"
_ON_SERVER = "is archive.database right?"


Elsewhere = Callable[[str], Sequence[str]]
"""What an archive of this location has left elsewhere, a line each."""


def nothing(_location: str) -> Sequence[str]:
    """Who looks nowhere else."""
    return ()


def refuse_to_begin(
    settings: ArchiveSettings, database: Database, elsewhere: Elsewhere = nothing
) -> None:
    """ArchiveError where the database holds no archive, and what belongs to one is there all the
    same: captures, a log of the database, or what is told of ``elsewhere``."""
    with database.told():
        missing = database.file is not None and not database.file.exists()
        if not missing and database.version() is not None:
            return
        logs = logs_of(database.file) if missing else []
        found = [f"{one} is the log of a database" for one in logs]
        if not settings.database:
            # Of a database that somebody named they may be another's: it is a new one, then.
            found = [*_captures(settings), *found]
    found += elsewhere(database.location)
    if found:
        raise ArchiveError(
            "there is no archive, but what belongs to one is there",
            where=database.location,
            hint=_HINT.format(look=_ON_DISK if database.sqlite else _ON_SERVER),
            further=found,
        )


def holds_something(file: Path) -> bool:
    """Whether a file is there and not empty."""
    try:
        return file.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False


def _captures(settings: ArchiveSettings) -> list[str]:
    captures = Captures(settings.directory)
    folder = captures.directory
    if folder.is_symlink() and not folder.exists():
        return [f"{folder} is a link to a folder that is not there"]
    count = len(captures.files())
    return [f"{folder} holds captures; files: {count}"] if count else []


def logs_of(file: Path | None) -> list[Path]:
    """What SQLite has left beside a database file, and would delete beside a new one: what was
    committed last may stand there alone."""
    if file is None:
        return []
    place = file.resolve()
    beside = (place.with_name(f"{place.name}-{end}") for end in ("wal", "journal"))
    return list(filter(holds_something, beside))
