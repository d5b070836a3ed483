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
# What lets somebody in for a while is another at each fetch: S3, Google, Azure, CloudFront, Akamai.
_SIGNS = re.compile(
    r"x-(?:amz|goog)-.*|(?:.*[-_])?(?:sig|signature|token|hash|hmac|expires?|expiry|hdnts|hdnea)"
    r"|policy|key-pair-id|awsaccesskeyid|googleaccessid|token-.*",
    re.IGNORECASE,
)


def files(enclosures: Sequence[Enclosure]) -> frozenset[str]:
    """What tells each file from others. Pictures are none of them; of a recording that its path
    names the query is left out, of other addresses what only signs them."""
    return frozenset(_file(one) for one in enclosures if not is_picture(one))


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


def _file(one: Enclosure) -> str:
    address = canonical_url(one.url)
    path, _, query = address.partition("?")
    if not query or _ends(_RECORDING, one.url):
        return path
    pairs = parse_qsl(query, keep_blank_values=True)
    telling = urlencode([(name, value) for name, value in pairs if not _SIGNS.fullmatch(name)])
    return f"{path}?{telling}" if telling else path


def _ends(suffix: re.Pattern[str], address: str) -> re.Match[str] | None:
    return suffix.fullmatch(re.split("[?#]", address, maxsplit=1)[0].rstrip("/"))
