"""Published files as HTTP representations: coded once, validated by content, kept in memory."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path

from msgspec import Struct

from aggregator.publish import FEED_TYPES

MEDIA_TYPES: Mapping[str, str] = {
    **FEED_TYPES,
    "html": "text/html",
    "opml": "text/x-opml",
    "css": "text/css",
    "svg": "image/svg+xml",
}
CODINGS = ("br", "gzip")
# All kept forms together; a page of fifty full articles takes half a megabyte or less.
_ROOM = 64 * 1024 * 1024
# Below one network packet a coding saves nothing.
_WORTH_CODING = 1000

_State = tuple[int, int, int]


class Document(Struct, frozen=True):
    """A file's content in its codings. ``digest`` names the content, ``modified`` is seconds."""

    digest: str
    modified: int
    last_modified: str
    media_type: str
    bodies: Mapping[str, bytes]

    def etag(self, coding: str) -> str:
        """Strong, so another for each coding (RFC 9110, section 8.8.3)."""
        return f'"{self.digest}"' if coding == "identity" else f'"{self.digest}-{coding}"'

    @property
    def codings(self) -> tuple[str, ...]:
        """What it can be sent in besides identity, best first."""
        return tuple(coding for coding in CODINGS if coding in self.bodies)


class Shelf:
    """Documents of a folder by path. A changed file is noticed by time, size and inode."""

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        self._kept: OrderedDict[str, tuple[_State, Document]] = OrderedDict()
        self._bytes = 0

    async def find(self, path: str) -> Document | None:
        """The document at a path below the folder, or None. ``path`` must be harmless."""
        name = f"{self._directory}/{path}"
        try:
            # Not followed: only what was published here is served, not what it points to.
            found = os.lstat(name)
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        kept = self._kept.get(path)
        if kept is not None and kept[0] == state:
            self._kept.move_to_end(path)
            return kept[1]
        try:
            document = await asyncio.to_thread(_read, name, found.st_mtime_ns)
        except OSError:
            return None
        self._keep(path, state, document)
        return document

    def _keep(self, path: str, state: _State, document: Document) -> None:
        self._drop(path)
        self._kept[path] = (state, document)
        self._bytes += _weight(document)
        while self._bytes > _ROOM and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, path: str) -> None:
        if path in self._kept:
            self._bytes -= _weight(self._kept.pop(path)[1])


def _weight(document: Document) -> int:
    return sum(len(body) for body in document.bodies.values())


def _read(name: str, modified_ns: int) -> Document:
    import brotli  # here, since only a server needs it

    body = Path(name).read_bytes()
    bodies = {"identity": body}
    if len(body) >= _WORTH_CODING:
        # Quality 5 and level 6: a few milliseconds, within a tenth of the smallest.
        coded = {"br": brotli.compress(body, quality=5), "gzip": gzip.compress(body, 6, mtime=0)}
        bodies |= {coding: form for coding, form in coded.items() if len(form) < len(body)}
    modified = modified_ns // 1_000_000_000
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]
    charset = "" if media_type.startswith("image/") else "; charset=utf-8"
    return Document(
        digest=hashlib.blake2b(body, digest_size=12).hexdigest(),
        modified=modified,
        last_modified=formatdate(modified, usegmt=True),
        media_type=media_type + charset,
        bodies=bodies,
    )
