"""Who writes the archive: an OS lock, which dies with its holder and is not inherited."""

from __future__ import annotations

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


class WriterLock:
    """The right to write the archive in a folder, held until :meth:`release`.

    Raises AlreadyRunning, which names the holder; ArchiveError where the folder
    cannot be written.
    """

    def __init__(self, directory: Path, purpose: str) -> None:
        path = directory / _NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ArchiveError(
                f"the folder cannot be written: {error.strerror}",
                where=str(directory),
                hint="give it to the user that runs aggregator, or set archive.directory",
            ) from None
        if not _taken(self._file):
            os.close(self._file)
            holder = holder_of(directory) or "another process"
            raise AlreadyRunning(
                f"{holder} is writing this archive",
                holder=holder,
                where=str(directory),
                hint="stop it first, or use another archive.directory",
            )
        command = purpose or Path(sys.argv[0] or "aggregator").name
        told = f"{command} (process {os.getpid()} on {socket.gethostname()}, since {iso(now())})"
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, told.encode(), 0)

    def release(self) -> None:
        """Give the right back; the file stays, empty."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


def _taken(file: int) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sleep(_PAUSE)
        else:
            return True
    return False


def holder_of(directory: Path) -> str | None:
    """Who holds the lock now, in words; None where nobody does."""
    try:
        with (directory / _NAME).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return file.read().decode("utf-8", "replace") or "another process"
    except OSError:
        return None
    return None
