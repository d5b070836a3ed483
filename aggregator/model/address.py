"""What identifies an address: one rule, for feeds and for the pages of entries."""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from aggregator.model.feed import FeedIdentity

# Parameters that say where a click came from, never which page it leads to.
# utm_* (Urchin, Google Analytics), the click ids of ad networks and mailers, and
# the feed readers' own marks of large publishers (BBC at_*, ns_*; Guardian CMP;
# Daily Mail ito, ns_mchannel; Le Monde/Washington Post xtor).
_TRACKING = re.compile(
    r"^(utm_.*|at_(medium|campaign|custom.*|link.*|ptr.*|format|bbc.*)|ns_(mchannel|source|campaign|linkname|fee)"
    r"|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|igsh|twclid|ttclid|li_fat_id"
    r"|mc_(cid|eid)|mkt_tok|_hsenc|_hsmi|__hstc|__hssc|vero_(id|conv)|oly_(anon|enc)_id|wickedid"
    r"|cmpid|cmp|icid|ito|xtor|ncid|sr_share|smid|ref_src|ref_url|feature|partner_rss|maca|spm|_ga|_gl)$",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOGIN = re.compile(r"(https?://)[^/?#\s]*@", re.IGNORECASE)
_WWW = re.compile(r"^www\d?\.")


@lru_cache(maxsize=8192)
def canonical_url(url: str) -> str:
    """The part of a URL that tells which page it is; equal for copies of one address.

    Left out: scheme (http/https), ``www.``, default port, user info, fragment,
    tracking parameters, a trailing slash, an empty query; the rest of the query is
    sorted, percent-escapes of plain characters are undone (RFC 3986, 6.2.2).
    What is no http URL comes back stripped but otherwise as it is.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return text
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        return text
    with contextlib.suppress(UnicodeError):
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    host = _WWW.sub("", host.lower())
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        host = f"{host}:{port}"
    path = _plain_escapes(parts.path).rstrip("/")
    query = urlencode(
        sorted(
            (key, value)
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.match(key)
        )
    )
    return f"{host}{path}?{query}" if query else f"{host}{path}"


def shown_url(text: str) -> str:
    """A feed's URL, or a text with such in it, as it may be logged, shown and published:
    without the user's name and password."""
    return _LOGIN.sub(r"\1", text) if "@" in text else text


def feed_identity(url: str) -> FeedIdentity:
    """The identity of a feed whose first URL is this: its canonical form."""
    return FeedIdentity(canonical_url(url))


def _plain_escapes(path: str) -> str:
    """Undo escapes of unreserved characters and write the others in upper case."""

    def undo(match: re.Match[str]) -> str:
        char = unquote(match.group(0))
        return char if re.fullmatch(r"[A-Za-z0-9._~-]", char) else match.group(0).upper()

    return re.sub(r"%[0-9A-Fa-f]{2}", undo, path)
