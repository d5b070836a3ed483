"""Which address an image really has, and which images look at the reader instead of being looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_TRACKER = re.compile(
    r"(?:^|\.)(?:doubleclick\.net|feedburner\.com|google-analytics\.com|googletagmanager\.com"
    r"|scorecardresearch\.com|quantserve\.com|pixel\.wp\.com|stats\.wordpress\.com|chartbeat\.net"
    r"|imrworldwide\.com|adsymptotic\.com|pheedo\.com|feedsportal\.com|parsely\.com|2mdn\.net)$"
)
_TRACKER_PATH = re.compile(
    r"/(?:pixel|beacon|1x1|spacer|blank|tracking|transparent|clear)\.(?:gif|png)$"
    r"|/(?:pixel|beacon)(?:\.php)?/?$|count\.gif$|~[45rf]/"
)
_LATE = ("data-src", "data-original", "data-lazy-src")
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)[wx],?")
_JOINED = re.compile(r"(?<=\d[wx]),(?=\S)")
_DOTS = {"0", "1", "2"}


def source_of(attributes: Mapping[str, str]) -> str:
    """The image itself: where the page loads it late, else src, else the largest of several."""
    late = next((attributes[name] for name in _LATE if attributes.get(name)), "")
    late = late or largest(attributes.get("data-srcset", ""))
    source = attributes.get("src", "")
    if late:
        return late
    plain = source and not source.startswith("data:")
    return source if plain else largest(attributes.get("srcset", ""))


def largest(several: str) -> str:
    """The widest, or densest, address of a srcset; "" of an empty one."""
    best, most, address = "", 0.0, ""
    for token in (*_JOINED.sub(", ", several).split()[:200], "1x"):
        size = _SIZE.fullmatch(token)
        if address and (size is None or float(size.group(1)) > most):
            best, most = address, float(size.group(1)) if size else max(most, 1.0)
        address = "" if size else token.rstrip(",")
    return best


def is_tracker(address: str, attributes: Mapping[str, str]) -> bool:
    """Whether an image only counts its readers: a dot by its size, or of a known counter."""
    if any(attributes.get(side, "9").strip(" px") in _DOTS for side in ("width", "height")):
        return True
    parts = urlsplit(address)
    return bool(_TRACKER.search(parts.hostname or "") or _TRACKER_PATH.search(parts.path))
