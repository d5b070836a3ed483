"""A backup that was written: what is in the file, and whether it is all there."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from aggregator.archive.disk import new_private_file
from aggregator.model.errors import UsageError

DATABASE, CAPTURES = "archive.db", "captures"
DIGEST = f"{DATABASE}.sha256"

_A_CAPTURE = re.compile(rf"{CAPTURES}/([^/]+\.warc\.gz)")
_PIECE = 1 << 20
_HINT = "a .tar file that aggregator archive backup wrote is needed"


def digest_line(digest: str) -> bytes:
    """What stands in the backup beside the database."""
    return f"{digest}  {DATABASE}\n".encode()


class BackupFile:
    """The members of a backup, of which everything else in the file is left alone.

    ``captures``: size by name. ``whole``: whether the file ends as it was written.
    """

    def __init__(self, source: Path, file: BinaryIO, tar: tarfile.TarFile) -> None:
        self.source = source
        self._file = file
        self._members = dict[str, tarfile.TarInfo]()
        self.whole = self._read(tar) and _only_zeros(file, tar.offset)
        if DATABASE not in self._members:
            raise tarfile.TarError(f"it holds no {DATABASE}")
        found = map(_A_CAPTURE.fullmatch, self._members)
        names = [match.group(1) for match in found if match]
        self.captures = {one: self._members[f"{CAPTURES}/{one}"].size for one in names}

    def _read(self, tar: tarfile.TarFile) -> bool:
        try:
            for one in tar:
                # Python's own reader takes no part of the name off: "../captures/x" is another.
                if one.isreg() and not one.issparse():
                    self._members[one.name] = one
        except tarfile.TarError:
            return False
        return True

    @property
    def database_size(self) -> int:
        return self._members[DATABASE].size

    def unpack_database(self, target: Path) -> bool:
        """Write the database to a new file; whether it is the one that was backed up, as far as
        the backup tells."""
        digest, left = hashlib.sha256(), self.database_size
        with new_private_file(target) as file:
            for piece in self._pieces(DATABASE):
                digest.update(piece)
                left -= file.write(piece)
        beside = b"".join(self._pieces(DIGEST)) if DIGEST in self._members else b""
        return not left and beside in {b"", digest_line(digest.hexdigest())}

    def capture_pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a capture file, as far as they are there."""
        return self._pieces(f"{CAPTURES}/{name}")

    def capture_file(self, name: str) -> tuple[BinaryIO, int]:
        """Where the bytes of a capture file are: the open backup, and their first place in it."""
        return self._file, self._members[f"{CAPTURES}/{name}"].offset_data

    def _pieces(self, member: str) -> Iterator[bytes]:
        one = self._members[member]
        at, end = one.offset_data, one.offset_data + one.size
        while at < end:
            self._file.seek(at)
            piece = self._file.read(min(end - at, _PIECE))
            if not piece:
                return
            at += len(piece)
            yield piece


@contextmanager
def open_backup(source: Path) -> Iterator[BackupFile]:
    """Raises UsageError where the file is no backup, or cannot be read."""
    if not source.is_file():
        missing = "no file" if source.exists() else "not there"
        raise UsageError(f"{source} is {missing}", hint=_HINT)
    with ExitStack() as stack:
        try:
            file = stack.enter_context(source.open("rb"))
            tar = stack.enter_context(tarfile.open(fileobj=file, mode="r:"))
            backup = BackupFile(source, file, tar)
        except tarfile.TarError as error:
            raise UsageError(f"{source} is no backup: {error}", hint=_HINT) from None
        except OSError as error:
            raise UsageError(f"{source} cannot be read: {error.strerror}") from None
        yield backup


def _only_zeros(file: BinaryIO, offset: int) -> bool:
    """Whether nothing but the end follows, two blocks of zeros at the least (POSIX.1, pax): a file
    that was cut has none, and one with a hole goes on."""
    file.seek(offset)
    count = 0
    while piece := file.read(_PIECE):
        if piece.count(0) != len(piece):
            return False
        count += len(piece)
    return count >= 2 * tarfile.BLOCKSIZE
