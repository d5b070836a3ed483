"""Which of an entry's files are passed on, and as what."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from aggregator.model.entry import Enclosure
from aggregator.publish.text import media_type, web_url

# What feeds bring, where nobody says of what type it is: readers offer what they do not know as a
# download, and some refuse it. Not the standard library's table, which grows with its releases:
# documents that are full must stay as they are.
_TYPES = {
    "aac": "audio/aac", "avif": "image/avif", "epub": "application/epub+zip", "flac": "audio/flac",
    "gif": "image/gif", "jpeg": "image/jpeg", "jpg": "image/jpeg", "m3u8": "application/vnd.apple.mpegurl",
    "m4a": "audio/mp4", "m4v": "video/mp4", "mkv": "video/x-matroska", "mov": "video/quicktime",
    "mp3": "audio/mpeg", "mp4": "video/mp4", "mpeg": "video/mpeg", "oga": "audio/ogg",
    "ogg": "audio/ogg", "ogv": "video/ogg", "opus": "audio/ogg", "pdf": "application/pdf",
    "png": "image/png", "svg": "image/svg+xml", "wav": "audio/wav", "webm": "video/webm",
    "webp": "image/webp", "zip": "application/zip",
}  # fmt: skip
# No program plays it any more. YouTube still gives such an address for each film, beside the link to
# its page.
_FLASH = "application/x-shockwave-flash"


def safe_enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    """Those with an address that may be followed, each address once; "" for a type that nothing tells."""
    found: dict[str, Enclosure] = {}
    for one in enclosures:
        url, kind = web_url(one.url), media_type(one.type)
        if url and kind != _FLASH:
            length = one.length if one.length and one.length > 0 else None
            found.setdefault(url, Enclosure(url=url, type=kind or _type_of(url), length=length))
    return tuple(found.values())


def _type_of(url: str) -> str:
    """The type that the suffix of an address tells of."""
    return _TYPES.get(PurePosixPath(urlsplit(url).path).suffix[1:].lower(), "")
