"""Published files over HTTP: validators, 304, codings, the right type, nothing outside the folder."""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_SMALLEST = 512
_MOST_CACHED = 256


@dataclass(frozen=True, slots=True)
class _Held:
    """A file as it is served: read once for each state it has on disk."""

    stamp: tuple[int, int, int]
    data: bytes
    packed: dict[str, bytes]
    etag: str
    modified: datetime


class PublishedFiles:
    """The files of the output folder, with the newest ones kept ready in memory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def find(self, path: str) -> _Held | None:
        """A published file by its path; None where there is none, or it is not for the public."""
        parts = path.split("/")
        if any(not part or part.startswith(".") or "\0" in part for part in parts):
            return None
        if Path(path).suffix not in TYPES:
            return None
        file = self._directory.joinpath(*parts)
        try:
            about = file.stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            held = self._held.get(path)
            if held is None or held.stamp != stamp:
                held = _read(file, stamp)
        except OSError:
            self._held.pop(path, None)
            return None
        self._held[path] = held
        self._held.move_to_end(path)
        while len(self._held) > _MOST_CACHED:
            self._held.popitem(last=False)
        return held

    def answer(
        self, request: Request, path: str, *, vary: str = "Accept-Encoding"
    ) -> Response | None:
        """The file as an answer to this request (RFC 9110, section 13: ETag before date)."""
        held = self.find(path)
        if held is None:
            return None
        coding = _coding(request.headers.get("accept-encoding", ""), held.packed)
        # Another coding is another representation: its validator differs (RFC 9110, 8.8.3.3).
        etag = f'"{held.etag}{f"-{coding}" if coding else ""}"'
        headers = {
            "ETag": etag,
            "Last-Modified": format_datetime(held.modified, usegmt=True),
            "Cache-Control": "public, max-age=60, must-revalidate",
            "Vary": vary,
        }
        if _unchanged(request, held, etag):
            return Response(status_code=304, headers=headers)
        if coding:
            headers["Content-Encoding"] = coding
        data = held.packed[coding] if coding else held.data
        return Response(data, headers=headers, media_type=TYPES[Path(path).suffix])


def _read(file: Path, stamp: tuple[int, int, int]) -> _Held:
    data = file.read_bytes()
    packed: dict[str, bytes] = {}
    if len(data) >= _SMALLEST:
        import brotli

        packed = {"br": brotli.compress(data, quality=5), "gzip": gzip.compress(data, 6, mtime=0)}
    return _Held(
        stamp=stamp,
        data=data,
        packed=packed,
        etag=hashlib.blake2b(data, digest_size=12).hexdigest(),
        modified=datetime.fromtimestamp(stamp[0] // 10**9, UTC),
    )


def _coding(accepted: str, packed: dict[str, bytes]) -> str:
    """The best coding that both sides have; "" for none."""
    wanted: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted[name.strip()] = float(weight) if weight else 1.0
        except ValueError:
            wanted[name.strip()] = 0.0
    usable = [name for name in packed if wanted.get(name, wanted.get("*", 0.0)) > 0]
    return usable[0] if usable else ""


def _unchanged(request: Request, held: _Held, etag: str) -> bool:
    asked = request.headers.get("if-none-match")
    if asked is not None:
        tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        return "*" in tags or etag in tags
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return held.modified <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
