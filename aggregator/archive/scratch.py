"""The folder that a backup is made in, beside its target; one that a killed backup left is removed.

Whoever works in one holds a lock on a file in it, which dies with its holder, and writes there
which machine it is: over a network disk another's lock may not be seen.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from aggregator.archive.backupfile import DATABASE

PART = "part"
_PREFIX, _LOCK = "aggregator-backup-", "lock"
_OURS = {_LOCK, PART, DATABASE, *(f"{DATABASE}-{end}" for end in ("journal", "wal", "shm"))}


@contextmanager
def scratch_in(folder: Path) -> Iterator[Path]:
    """A new folder in this one, which goes at the end. Raises OSError."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=_PREFIX) as made:
        scratch = Path(made)
        with (scratch / _LOCK).open("xb") as lock:
            # What nobody can lock, nobody takes for left.
            if _locked(lock):
                lock.write(_here())
                lock.flush()
            yield scratch


def remove_left(folder: Path) -> None:
    """Remove what backups that were killed left in a folder: only what this machine made and no
    process holds. What cannot be removed stays."""
    with suppress(OSError):
        for left in folder.glob(f"{_PREFIX}*"):
            _remove(left)


def _remove(left: Path) -> None:
    with suppress(OSError):
        if left.is_symlink() or not {one.name for one in left.iterdir()} <= _OURS:
            return
        # For writing, as locks over a network want it; nothing is written.
        with (left / _LOCK).open("r+b") as lock:
            if _locked(lock) and lock.read() == _here():
                shutil.rmtree(left, ignore_errors=True)


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _here() -> bytes:
    return f"{socket.gethostname()}\n".encode()
