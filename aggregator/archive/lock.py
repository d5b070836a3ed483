"""Who writes the archive: an OS lock, which dies with its holder and is not inherited."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
from pathlib import Path
from time import sleep

from aggregator.model.errors import AlreadyRunning, ArchiveError
from aggregator.model.time import iso, now

_NAME = "writer.lock"
# Who only looks (holder_of) has the lock for a moment: that is no reason to give up.
_TRIES, _PAUSE = 5, 0.02
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class WriterLock:
    """The right to write the archive in a folder, held until :meth:`release`.

    And the database file, where it is one: others may name it from other folders.
    Raises AlreadyRunning, which names the holder; ArchiveError where a folder
    cannot be written.
    """

    def __init__(self, directory: Path, purpose: str, database: Path | None = None) -> None:
        self._files: list[int] = []
        self._made: list[Path] = []
        try:
            for path in _places(directory, database):
                self._take(path, purpose)
        except BaseException:
            self.withdraw()
            raise

    def _take(self, path: Path, purpose: str) -> None:
        there = path.exists()
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            hint = "give it to the user that runs aggregator, or set archive.directory"
            raise _unwritable(path, error, hint) from None
        if not _taken(file):
            os.close(file)
            raise _held(path, _holder(path) or "another process")
        if not _stands_at(file, path):
            # Who held it withdrew meanwhile, and took the file along.
            os.close(file)
            self._take(path, purpose)
            return
        self._files.append(file)
        if not there:
            self._made.append(path)
        command = purpose or Path(sys.argv[0] or "aggregator").name
        told = f"{command} (process {os.getpid()} on {socket.gethostname()}, since {iso(now())})"
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, told.encode(), 0)
        except OSError as error:
            # On a full disk the lock holds as well without a name.
            if error.errno not in _NO_ROOM:
                raise _unwritable(path, error, "look at that disk; nothing is lost") from None

    def release(self) -> None:
        """Give the right back; the files stay, empty."""
        while self._files:
            file = self._files.pop()
            os.ftruncate(file, 0)
            os.close(file)

    def withdraw(self) -> None:
        """Give back a right of which no use was made: the files that were made for it go."""
        # As long as they are held, so that nobody holds one that is no more.
        for path in self._made:
            path.unlink(missing_ok=True)
        self._made.clear()
        self.release()


_DAEMON = "aggregator run "
_BY_ITSELF = "it collects and publishes by itself; for more "


def _held(path: Path, holder: str) -> AlreadyRunning:
    return AlreadyRunning(
        f"{holder} is writing this archive",
        holder=holder,
        where=str(path.parent),
        hint=f"{_BY_ITSELF if holder.startswith(_DAEMON) else ''}stop it first, or use another archive.directory",
    )


def _unwritable(path: Path, error: OSError, hint: str) -> ArchiveError:
    what = f"the folder cannot be written: {error.strerror}"
    return ArchiveError(what, where=str(path.parent), hint=hint)


def _places(directory: Path, database: Path | None) -> list[Path]:
    """The lock of the folder, and the one beside the database, by whatever name it is reached."""
    places = [directory / _NAME]
    if database is not None and database.resolve().parent.is_dir():
        places.append(database.resolve().with_name(f"{database.resolve().name}.lock"))
    return places


def _taken(file: int) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sleep(_PAUSE)
        else:
            return True
    return False


def _stands_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def holder_of(directory: Path, database: Path | None = None) -> str | None:
    """Who holds the folder or the database file now, in words; None where nobody does."""
    found = (_holder(path) for path in _places(directory, database))
    return next((holder for holder in found if holder), None)


def refuse_held(directory: Path, database: Path | None = None) -> None:
    """AlreadyRunning, as :class:`WriterLock` raises it, where somebody holds one of them now."""
    for path in _places(directory, database):
        if holder := _holder(path):
            raise _held(path, holder)


def _holder(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return file.read().decode("utf-8", "replace") or "another process"
    except OSError:
        return None
    return None
