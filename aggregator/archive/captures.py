"""Captures: responses as they came, in WARC 1.1 files (ISO 28500) below ``captures/``.

A record is appended and synced before its reference is committed. What a crash
tore at the end of a file is cut off before the next record is appended; a whole
record stays even where no reference was committed: it is of use to a rebuild, and
its response is fetched again anyway.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import socket
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from aggregator.archive.disk import sync_folder
from aggregator.model.address import shown_url
from aggregator.model.decoding import TooLarge, Undecodable, decode
from aggregator.model.errors import ArchiveError
from aggregator.model.feed import Response
from aggregator.model.time import iso

# What a server may set or echo that is ours alone.
_PRIVATE = frozenset(("set-cookie", "set-cookie2", "authorization", "proxy-authorization"))
# The payload came through the HTTP client, which has taken this coding off: kept under
# the name that web archives use for it, so that nobody takes it off again.
_UNDONE = "transfer-encoding"
_UNDONE_AS = "X-Archive-Orig-Transfer-Encoding"
# Files whose end may be torn: the newest, and the one that is appended to now.
_LOOKED_AT = 3
# What was kept was within collect.max_bytes of its day.
_LARGEST = 1 << 30
_PIECE = 1 << 20
# What a member of a gzip file begins with (RFC 1952, 2.3.1): magic and the one method.
_MEMBER = b"\x1f\x8b\x08"


class Place(Struct, frozen=True, kw_only=True):
    """Where a record is: the file's name below ``captures/``, and bytes from and for how long."""

    file: str
    offset: int
    length: int


class Captures:
    """The capture files of one archive."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "captures"

    def append(self, responses: Sequence[Response]) -> list[Place]:
        """Write a record for each response, and sync. Raises ArchiveError (a full disk).

        All are there afterwards, or none.
        """
        if not responses:
            return []
        records = [_record(response) for response in responses]
        name = _file_name(responses[0].started)
        path = self.directory / name
        try:
            fresh = not path.exists()
            self.directory.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                places = _append(file, name, records)
            finally:
                os.close(file)
            if fresh:
                sync_folder(self.directory)
        except OSError as error:
            why, hint = error.strerror, "free some disk; what was fetched is fetched again"
            if self.directory.is_symlink() and not self.directory.exists():
                why, hint = "captures is a link to a folder that is not there", "mount its disk"
            raise ArchiveError(
                f"a capture cannot be written: {why}", where=str(path), hint=hint
            ) from None
        return places

    def read(self, file: str, offset: int) -> bytes:
        """The body in a record, decoded. Raises ArchiveError where it is not there."""
        with self._record(file, offset) as record:
            wire: bytes = record.raw_stream.read()
            headers = record.http_headers
            coding = headers.get_header("content-encoding") if headers else None
        try:
            return decode(wire, coding or "", _LARGEST)
        except (TooLarge, Undecodable) as error:
            raise self._unreadable(file, offset, error) from None

    @contextlib.contextmanager
    def _record(self, file: str, offset: int) -> Iterator[Any]:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed

        try:
            if Path(file).name != file:
                raise FileNotFoundError(file)
            with (self.directory / file).open("rb") as stream:
                stream.seek(offset)
                # warcio looks in what is no gzip for a record of any other kind, or an empty one.
                begins = stream.peek(len(_MEMBER)).startswith(_MEMBER)
                yield next(iter(ArchiveIterator(stream if begins else io.BytesIO())))
        except (OSError, ValueError, StopIteration, ArchiveLoadFailed) as error:
            raise self._unreadable(file, offset, error) from None

    def _unreadable(self, file: str, offset: int, error: Exception) -> ArchiveError:
        # warcio quotes what it found, which is no text where bytes were damaged.
        why = str(error).partition(", first line:")[0]
        return ArchiveError(
            f"capture {file}:{offset} cannot be read: {why or 'it is not there'}",
            where=str(self.directory),
            hint="restore the file from a backup",
        )

    def repair(self, end_of: Callable[[str], int], now: datetime) -> tuple[str, ...]:
        """Cut off records that a crash left torn; returns the names of the files that were cut.

        ``end_of(file)`` is where the last record that is referred to ends, 0 where
        there is none. Nothing before it is touched, and no whole record after it.
        """
        cut = []
        files = self.files()
        current = [path for path in files[:-_LOOKED_AT] if path.name == _file_name(now)]
        for path in (*current, *files[-_LOOKED_AT:]):
            size = path.stat().st_size
            sound = _sound_end(path, min(end_of(path.name), size))
            if sound < size:
                with path.open("r+b") as file:
                    file.truncate(sound)
                    os.fsync(file.fileno())
                cut.append(path.name)
        return tuple(cut)

    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files())

    def files(self) -> list[Path]:
        """All capture files, oldest first."""
        return sorted(self.directory.glob("*.warc.gz"))


def _append(file: int, name: str, records: Sequence[bytes]) -> list[Place]:
    begin = os.lseek(file, 0, os.SEEK_END)
    head = b"" if begin else _warcinfo(name)
    at, places = begin + len(head), []
    for record in records:
        places.append(Place(file=name, offset=at, length=len(record)))
        at += len(record)
    left = memoryview(b"".join((head, *records)))
    try:
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    except OSError:
        # Half a record would stand in the way of the next.
        with contextlib.suppress(OSError):
            os.ftruncate(file, begin)
        raise
    return places


def is_whole(file: BinaryIO, offset: int, length: int) -> bool:
    """Whether the bytes from there on can be read, and are one gzip member of this length, sound by
    its checksum."""
    member, left = zlib.decompressobj(31), length
    try:
        file.seek(offset)
        while left and (piece := file.read(min(left, _PIECE))):
            member.decompress(piece)
            left -= len(piece)
    except (OSError, zlib.error):
        return False
    return member.eof and not left and not member.unused_data


def _sound_end(path: Path, start: int) -> int:
    """Where the last whole gzip member (RFC 1952) after ``start`` ends."""
    with path.open("rb") as file:
        file.seek(start)
        sound, read = start, start
        member = zlib.decompressobj(31)
        while piece := file.read(_PIECE):
            read += len(piece)
            try:
                while piece:
                    member.decompress(piece)
                    if not member.eof:
                        break
                    piece = member.unused_data
                    sound = read - len(piece)
                    member = zlib.decompressobj(31)
            except zlib.error:
                break
    return sound


def _file_name(at: datetime) -> str:
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40] or "host"
    return f"{at:%Y%m%d}-{host}.warc.gz"


def _record(response: Response) -> bytes:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    headers = [
        (_UNDONE_AS if name.lower() == _UNDONE else name, _one_line(value))
        for name, value in response.headers
        if name.lower() not in _PRIVATE
    ]
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False, warc_version="WARC/1.1")
    record = writer.create_warc_record(
        shown_url(response.url),
        "response",
        payload=io.BytesIO(response.wire),
        length=len(response.wire),
        http_headers=StatusAndHeaders(_status(response.status), headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": iso(response.started)},
    )
    writer.write_record(record)
    # What comes compressed does not shrink again and is only wrapped; the rest shrinks well at 1.
    level = 0 if response.header("content-encoding") else 1
    return gzip.compress(buffer.getvalue(), level, mtime=0)


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} -"


def _one_line(value: str) -> str:
    return value.encode("utf-8", "replace").decode().replace("\r", " ").replace("\n", " ")


def _warcinfo(name: str) -> bytes:
    from warcio.warcwriter import WARCWriter

    from aggregator import __version__

    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False, warc_version="WARC/1.1")
    info = {"software": f"aggregator/{__version__}", "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record(name, info))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)
