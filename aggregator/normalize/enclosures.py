"""Which files an item brings, whatever addresses they have today."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from msgspec.structs import replace

from aggregator.model.address import canonical_url
from aggregator.model.entry import Enclosure

_PICTURE = re.compile(r".*\.(?:avif|bmp|gif|jfif|jpe?g|png|svg|tiff?|webp)", re.IGNORECASE)
_RECORDING = re.compile(
    r".*\.(?:aac|aiff?|flac|m3u8|m4[abv]|mkv|mov|mp[34]|mpe?g|oga|ogg|ogv|opus|wav|webm|wm[av])",
    re.IGNORECASE,
)
_NAMED = re.compile(r".*/[^/]*\.[a-z0-9]{2,5}", re.IGNORECASE)
# What lets somebody in for a while is another at each fetch: S3, Google, CloudFront, Akamai, Aliyun.
# It says until when, or beside what says so it is no more than a signature.
_UNTIL = re.compile(
    r"x-(?:amz|goog)-.*|(?:.*[-_])?(?:expires?|expiry|hdnts|hdnea)|auth_key|policy",
    re.IGNORECASE,
)
_SIGNS = re.compile(
    r"(?:.*[-_])?(?:sig|signature|token|hash|hmac)|token-.*|key-pair-id|awsaccesskeyid|googleaccessid",
    re.IGNORECASE,
)
# What others sign with, beside a time.
_SIGNS_UNTIL = re.compile(r"md5", re.IGNORECASE)
# Azure's, which has always both of the first two: a season and an episode may be called so as well.
_AZURE = re.compile(r"se|sig|s[tvpri]|spr|sks|sk[a-z]{1,3}", re.IGNORECASE)
# Of the query of a recording that its path names: what may name it all the same (a player's or a
# stream's own address). All else says who asks for it, and when.
_NAMES = re.compile(
    r"(?!.*(?:session|user|visitor|listener|request))(?:.*[-_])?"
    r"(?:id|ep|episode|file|filename|media|track|clip|video|audio|item|guid|src|url|name)",
    re.IGNORECASE,
)
# A path that ends so names a program, which gives any file.
_PROGRAM = re.compile(r".*\.(?:php\d?|aspx?|ashx|cgi|jspx?|pl|do)", re.IGNORECASE)


def files(enclosures: Sequence[Enclosure]) -> frozenset[str]:
    """What tells each file from others. Pictures are none of them; of a recording that its path
    names most of the query is left out, of other addresses what only signs them."""
    return frozenset(file_at(one.url) for one in enclosures if not is_picture(one))


def addresses(enclosures: Sequence[Enclosure]) -> frozenset[str]:
    """The same with all of each address but what only signs it."""
    return frozenset(file_at(one.url, briefly=False) for one in enclosures if not is_picture(one))


def is_picture(one: Enclosure) -> bool:
    """By its type; by its suffix where the type says nothing of what it is."""
    kind = one.type.lower().partition("/")[0]
    return kind == "image" or (kind not in {"audio", "video"} and bool(_ends(_PICTURE, one.url)))


def is_recording(address: str) -> bool:
    """Whether the path of an address ends as those of recordings do."""
    return bool(_ends(_RECORDING, address))


def typed(one: Enclosure, medium: str) -> Enclosure:
    """With a type, where nothing but its ``medium`` tells a picture."""
    if medium != "image" or one.type or is_picture(one):
        return one
    return replace(one, type="image/*")


def file_at(address: str, *, briefly: bool = True) -> str:
    """What tells the file at an address from others. ``briefly``: most of the query of a recording is
    left out."""
    path, _, query = canonical_url(address).partition("?")
    pairs = parse_qsl(query, keep_blank_values=True) if query else []
    telling = _unsigned(pairs, named=bool(_ends(_NAMED, address)) and not _ends(_PROGRAM, address))
    if briefly and _ends(_RECORDING, address):
        telling = [pair for pair in telling if _NAMES.fullmatch(pair[0])]
    return f"{path}?{urlencode(telling)}" if telling else path


def _unsigned(pairs: list[tuple[str, str]], *, named: bool) -> list[tuple[str, str]]:
    """A query without what only signs it. Where nothing tells until when, and without it nothing
    would name the file (``named``: the path does), it may be its name: ``get?hash=…``."""
    names = {name.lower() for name, _ in pairs}
    azure = {"se", "sig"} <= names
    passes = azure or any(map(_UNTIL.fullmatch, names))
    signs = (_UNTIL, _SIGNS, *((_SIGNS_UNTIL,) if passes else ()), *((_AZURE,) if azure else ()))
    left = [pair for pair in pairs if not any(sign.fullmatch(pair[0]) for sign in signs)]
    return left if left or named or passes else pairs


def _ends(suffix: re.Pattern[str], address: str) -> re.Match[str] | None:
    return suffix.fullmatch(re.split("[?#]", address, maxsplit=1)[0].rstrip("/"))
