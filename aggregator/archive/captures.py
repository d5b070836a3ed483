"""Captures: responses as they came, in WARC 1.1 files (ISO 28500) below ``captures/``.

A record is appended and synced before its reference is committed; what no
reference covers at the end of a file is the trace of a crash and is cut off.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from aggregator.model.errors import ArchiveError
from aggregator.model.feed import Response
from aggregator.model.time import iso

# What a server may set or echo that is ours alone.
_PRIVATE = {"set-cookie", "set-cookie2", "authorization", "proxy-authorization", "www-authenticate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record is: the file's name below ``captures/``, and bytes from and for how long."""

    file: str
    offset: int
    length: int


class Captures:
    """The capture files of one archive."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "captures"

    def append(self, responses: Iterable[Response]) -> list[Place]:
        """Write a record for each response, and sync. Raises ArchiveError (a full disk)."""
        records = [(response, _record(response)) for response in responses]
        if not records:
            return []
        places = []
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            name = _file_name(records[0][0])
            path = self._directory / name
            with path.open("ab") as file:
                if file.tell() == 0:
                    file.write(_warcinfo(name))
                for _, record in records:
                    places.append(Place(file=name, offset=file.tell(), length=len(record)))
                    file.write(record)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ArchiveError(
                f"a capture cannot be written: {error.strerror}",
                where=str(self._directory),
                hint="free some disk; what was fetched is fetched again",
            ) from None
        return places

    def read(self, file: str, offset: int) -> bytes:
        """The decoded body in a record. Raises ArchiveError where it is not there."""
        from warcio.archiveiterator import ArchiveIterator

        try:
            with (self._directory / file).open("rb") as stream:
                stream.seek(offset)
                record = next(iter(ArchiveIterator(stream)))
                return bytes(record.content_stream().read())
        except (OSError, StopIteration) as error:
            raise ArchiveError(
                f"capture {file}:{offset} cannot be read: {error}",
                where=str(self._directory),
                hint="restore the file from a backup",
            ) from None

    def repair(self, end_of: Callable[[str], int]) -> None:
        """Cut what is after the last referenced byte of each of the newest files.

        ``end_of(file)`` is that byte's position, 0 where nothing refers to the file.
        """
        if not self._directory.is_dir():
            return
        for path in sorted(self._directory.glob("*.warc.gz"))[-3:]:
            end = end_of(path.name)
            if end and path.stat().st_size > end:
                with path.open("r+b") as file:
                    file.truncate(end)
                    os.fsync(file.fileno())
            elif not end:
                path.unlink()

    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self._directory.glob("*.warc.gz"))

    def files(self) -> list[Path]:
        return sorted(self._directory.glob("*.warc.gz"))


def _file_name(response: Response) -> str:
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40] or "host"
    return f"{response.started:%Y%m%d}-{host}.warc.gz"


def _record(response: Response) -> bytes:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    headers = [(name, value) for name, value in response.headers if name.lower() not in _PRIVATE]
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False, warc_version="WARC/1.1")
    record = writer.create_warc_record(
        response.url,
        "response",
        payload=io.BytesIO(response.wire),
        http_headers=StatusAndHeaders(f"{response.status} -", headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": iso(response.started)},
    )
    writer.write_record(record)
    # Level 1: most bodies come compressed, the rest shrink well enough.
    return gzip.compress(buffer.getvalue(), 1, mtime=0)


def _warcinfo(name: str) -> bytes:
    from warcio.warcwriter import WARCWriter

    from aggregator import __version__

    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False, warc_version="WARC/1.1")
    info = {"software": f"aggregator/{__version__}", "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record(name, info))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)
