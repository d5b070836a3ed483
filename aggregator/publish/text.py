"""What may be written: characters that every format takes, and addresses a reader may follow."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

# XML 1.0, section 2.2: everything outside Char; and the C1 controls and non-characters,
# which it allows and discourages. Surrogates cannot be encoded at all.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(
        f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "]"
)
_UNRESERVED = "-._~:/?#[]@!$&'()*+,;=%"
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:[^\s<>\"{}|\\^`\[\]]+")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def scrub(text: str) -> str:
    """``text`` without the characters that XML refuses or discourages."""
    plain = text.isascii() and text.replace("\n", "").isprintable()
    return text if plain else _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """``text`` scrubbed, each run of white space one blank, none at the ends."""
    return " ".join(scrub(text).split())


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters of a line, cut between words, "…" where cut."""
    # Of a long text the beginning is enough, unless it is mostly white space.
    line = one_line(text[: 4 * limit])
    if len(line) <= limit:
        line = one_line(text)
    if len(line) <= limit:
        return line
    head = line[:limit]
    # Scripts without blanks (Chinese, Japanese, Thai) are cut where they stand.
    space = head.rfind(" ", limit * 2 // 3)
    return (head[:space] if space > 0 else head[:-1]).rstrip(" ,;:–—-") + "…"


@lru_cache(maxsize=1024)
def web_url(url: str | None) -> str | None:
    """An absolute http or https address in ASCII (RFC 3986), or None where there is none.

    Whatever else a feed gives (``javascript:``, ``data:``, a relative path) is
    never handed on as a link.
    """
    if not url:
        return None
    try:
        parts = urlsplit(one_line(url))
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:
        return None
    host = f"[{host}]" if ":" in host else host
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    # Credentials in an address are never published.
    place = host if port is None else f"{host}:{port}"
    rest = (_ascii(part) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme.lower(), place, *rest))


def uri(text: str) -> str:
    """An absolute URI of any scheme, as an id is one, or "" where it is none."""
    line = one_line(text)
    return quote(line, safe=_UNRESERVED) if _URI.fullmatch(line) else ""


def _ascii(part: str) -> str:
    encoded = _BARE_PERCENT.sub("%25", quote(part, safe=_UNRESERVED))
    return encoded.replace("[", "%5B").replace("]", "%5D").replace("#", "%23")


def media_type(value: str) -> str:
    """``type/subtype`` in lower case, or "" where the value is none."""
    return value.lower() if _MEDIA_TYPE.fullmatch(value) else ""


def language(tag: str) -> str:
    """The tag where it is formed like one of BCP 47, else ""."""
    return tag if _LANGUAGE.fullmatch(tag) else ""
