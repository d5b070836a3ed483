"""A headline without the name of its site at the end: "Ferry sails again | Harbour Times"."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from aggregator.normalize.characters import key, line
from aggregator.normalize.item import Head

_BETWEEN = re.compile(r"\s+(?:[-–—·•»/]|::|//)\s+|\s*[|｜]\s*")
_DASHES = "-–—"
# A name of one word after a dash may be half of the headline, as in "Chelsea - Arsenal".
_WORDS, _WORDS_BEFORE_DASH = 3, 5


def site_names(head: Head, url: str) -> frozenset[str]:
    """What a feed calls itself and its site, folded: its title, the parts of it, its host."""
    title = line(head.title)
    names = {title, *_BETWEEN.split(title)}
    for address in (head.home, url):
        host = (urlsplit(address).hostname or "").removeprefix("www.").removeprefix("feeds.")
        names |= {host, host.partition(".")[0]}
    return frozenset(key(name) for name in names if len(name) > 2)


def headline(text: str, names: Collection[str]) -> str:
    """A title, one plain line, without a site's name at its end. A title that would be left
    with a few words is kept whole."""
    separators = list(_BETWEEN.finditer(text))
    if not separators:
        return text
    last = separators[-1]
    name, rest = key(text[last.end() :]), text[: last.start()]
    if name not in names:
        return text
    few = _WORDS
    if last.group(0).strip() in _DASHES and " " not in name:
        few = _WORDS_BEFORE_DASH
    return rest if _words(rest) >= few else text


def _words(text: str) -> int:
    """Words of a text; of one without spaces, as Japanese is written, its signs by threes."""
    return text.count(" ") + 1 if text.isascii() or " " in text else len(text) // 3
