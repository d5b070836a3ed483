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
# Of an address of a database: before its host, or as a parameter.
_PASSWORD = re.compile(
    r"(://[^:/?#\s@]*:)[^/?#\s]*@|([?&](?:ssl)?password=)[^&#\s]*", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_PARAMETER = re.compile(r"(?<=[?&;#])([^=&;#?\s]+)=([^&;#\s]+)")
# What a name is made of: "feed_token", "accessToken", "auth[key]".
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Words by which the name of a parameter says that whoever knows its value is let in.
_SECRETS = frozenset(
    [
        "token",
        "key",
        "apikey",
        "authkey",
        "accesskey",
        "auth",
        "authorization",
        "secret",
        "password",
        "passwd",
        "pass",
        "pwd",
        "passphrase",
        "credential",
        "credentials",
        "sig",
        "signature",
        "hmac",
        "jwt",
        "session",
        "sessionid",
        "sessid",
        "phpsessid",
        "jsessionid",
    ]
)
# The same, written as one word: "accesstoken", "rsskey".
_SECRET_ENDS = ("token", "secret", "password", "apikey", "rsskey", "feedkey", "passkey", "userkey")
_PLAIN_WORD = re.compile(r"[a-z-]{1,15}")
_WWW = re.compile(r"^www\d?\.")
# What an application of one page goes by: "#!/news/1", "#/news/1".
_ROUTE = re.compile(r"[!/].*\w", re.DOTALL)
# Places on a page at which every page of a site has the same.
_COMMON_PLACE = re.compile(
    r"top|main|content|comments?|comment-?form|respond|reply|disqus_thread|rss|utm.*|xtor.*",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def canonical_url(url: str) -> str:
    """The part of a URL that tells which page it is; equal for copies of one address.

    Left out: scheme (http/https), ``www.``, default port, user info, fragment (but for
    the routes of applications, "#!/news/1" and "#/news/1"), tracking parameters, a
    trailing slash, an empty query; the rest of the query is sorted, percent-escapes
    of plain characters are undone (RFC 3986, 6.2.2).
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
    place = f"{host}{_canonical(parts.path, parts.query)}"
    if not _ROUTE.match(parts.fragment):
        return place
    route, _, query = parts.fragment.partition("?")
    return f"{place}#{_canonical(route, query)}"


def plain_place(url: str) -> str:
    """The canonical form without dot segments ("/./", "/a/../"; RFC 3986, 5.2.4).

    For comparing what a person names with what is listed, alone: what is archived keeps the
    identity that :func:`canonical_url` gave it.
    """
    canonical = canonical_url(url)
    if "://" in canonical or "/." not in canonical:
        return canonical
    host, slash, rest = canonical.partition("/")
    path = re.split("[?#]", rest, maxsplit=1)[0]
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    plain = f"{host}{slash}{'/'.join(kept)}".rstrip("/")
    return plain + rest[len(path) :]


def anchor(url: str) -> str:
    """The place on its page that a URL leads to; "" where it names none.

    What every page has (``#comments``) is none, nor what tells where a click came from
    (``#xtor=…``), nor the route of an application: that is a page, see :func:`canonical_url`.
    """
    fragment = url.partition("#")[2].strip()
    if not fragment or "=" in fragment or _ROUTE.match(fragment):
        return ""
    return "" if _COMMON_PLACE.fullmatch(fragment) else fragment


def shown_url(text: str) -> str:
    """A feed's URL, or a text with such in it, as it may be logged, shown and published:
    without the user's name and password."""
    return _LOGIN.sub(r"\1", text) if "@" in text else text


def without_password(text: str) -> str:
    """A database's address as it may be shown: with *** in place of passwords."""
    return _PASSWORD.sub(lambda match: f"{match[1]}***@" if match[1] else f"{match[2]}***", text)


def shown_feed(text: str) -> str:
    """A feed's URL, or a text with such in it, as it may be logged and published: as
    :func:`shown_url`, and of parameters whose name says that they are secret ("feed_token") without
    the value. The page of an entry is to be opened, and needs what stands in its address."""
    shown = shown_url(text)
    return _ADDRESS.sub(_without_secrets, shown) if "=" in shown and "://" in shown else shown


def _without_secrets(address: re.Match[str]) -> str:
    return _PARAMETER.sub(_hidden, address[0])


def _hidden(parameter: re.Match[str]) -> str:
    words = {word.lower() for word in _WORD.findall(unquote(parameter[1]))}
    if words.isdisjoint(_SECRETS) and not any(word.endswith(_SECRET_ENDS) for word in words):
        return parameter[0]
    if words == {"key"} and _PLAIN_WORD.fullmatch(parameter[2]):
        # ?key=sport names a section of a site.
        return parameter[0]
    return f"{parameter[1]}="


def feed_identity(url: str) -> FeedIdentity:
    """The identity of a feed whose first URL is this: its canonical form."""
    return FeedIdentity(canonical_url(url))


def _canonical(path: str, query: str) -> str:
    path = _plain_escapes(path).rstrip("/")
    if not query:
        return path
    pairs = parse_qsl(query, keep_blank_values=True)
    telling = urlencode(sorted((key, value) for key, value in pairs if not _TRACKING.match(key)))
    return f"{path}?{telling}" if telling else path


def _plain_escapes(path: str) -> str:
    """Undo escapes of unreserved characters and write the others in upper case."""

    def undo(match: re.Match[str]) -> str:
        char = unquote(match.group(0))
        return char if re.fullmatch(r"[A-Za-z0-9._~-]", char) else match.group(0).upper()

    return re.sub(r"%[0-9A-Fa-f]{2}", undo, path)
