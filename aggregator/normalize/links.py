"""Addresses as feeds write them → absolute ones that can be kept, shown and sent."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

LONGEST = 8192
"""Characters of an address; longer ones are no addresses of pages."""

# Already absolute, and made of signs that need no care (RFC 3986, 2.2 and 2.3).
_PLAIN = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:[/?#][A-Za-z0-9!#$%&()*+,./:;=?@_~-]*)?"
)
# From the root of the site, of such signs, and nothing in it that joining would change.
_SEGMENT = r"[A-Za-z0-9!$%&()*+,:=@_~-][A-Za-z0-9!$%&()*+,.:=@_~-]*"
_ROOTED = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?")
# What urlsplit would keep and XML, HTML or a header line could not: controls, lone surrogates.
_NOISE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_UNSAFE = re.compile(r"""[\s"'<>\\^`{|}\u200b-\u200f\u202a-\u202e\u2066-\u2069]""")
_ORIGIN = re.compile("https?://[^/?#]+")
WEB = frozenset({"http", "https"})


@lru_cache(maxsize=4096)
def absolute(written: str | None, base: str, schemes: frozenset[str] = WEB) -> str | None:
    """The absolute form of an address, or None where it is none or of another scheme.

    Signs that would need care in XML or HTML come percent-encoded.
    """
    if not written:
        return None
    if len(written) < LONGEST and _PLAIN.fullmatch(written):
        return written
    if len(written) < LONGEST // 2 and _ROOTED.fullmatch(written) and (origin := _origin(base)):
        return origin + written
    try:
        found = urljoin(base, _NOISE.sub("", written.strip()))
        parts = urlsplit(found)
        whole = parts.hostname or parts.scheme == "mailto"
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in schemes or not whole or len(found) >= LONGEST:
        return None
    if parts.scheme != "mailto" and _UNSAFE.search(parts.netloc):
        return None
    return _UNSAFE.sub(_escaped, found)


@lru_cache(maxsize=256)
def _origin(base: str) -> str:
    """Scheme, host and port of a plain address of the web; "" of any other."""
    found = _ORIGIN.match(base) if _PLAIN.fullmatch(base) else None
    return found.group(0) if found else ""


def is_elsewhere(address: str, base: str) -> bool:
    """Whether an address, as HTML has it, is of another site than ``base``."""
    one, own = (
        (urlsplit(html.unescape(of)).hostname or "").removeprefix("www.") for of in (address, base)
    )
    return not (one == own or one.endswith(f".{own}") or own.endswith(f".{one}"))


def _escaped(sign: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.group(0).encode("utf-8"))
