"""Embedded video and audio: nothing plays in a text, and a link leads to what was embedded.

``marked`` puts an ``<embed>`` with the same attributes before each element that embeds
something, before anything is made safe; what is safe of it, and what it leads to, is decided
once the HTML is, as for links and images. In clean HTML it is a ``<figure>`` of the link, with
the poster before it, and known by that form when it is read again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence

from aggregator.normalize.characters import repair, single_spaced
from aggregator.normalize.images import source_of
from aggregator.normalize.players import LABELS, Player, player, recording

MOST = 100
"""Things embedded in one text that are looked at."""
HELD_BACK = ("data-src-cmplz", "data-cmplz-src", "data-cookieblock-src", "consent-original-src-_", "data-suppressedsrc", "suppressedsrc", "data-uc-src", "data-litespeed-src")  # fmt: skip
"""Where what asks for consent first, or loads late, puts the address meanwhile."""
_ATTRIBUTES = r"""((?:\s(?:[^<>"']|"[^"]*"|'[^']*')*+)?)"""
_EMBEDS = re.compile(rf"<(iframe|video|audio|object){_ATTRIBUTES}>", re.IGNORECASE)
_END = re.compile(r"</(?:video|audio|object)\b", re.IGNORECASE)
_SOURCE = re.compile(rf"<source{_ATTRIBUTES}>", re.IGNORECASE)
_OF_OBJECT = re.compile(rf"<(?:param|embed){_ATTRIBUTES}>", re.IGNORECASE)
_NAMES_ADDRESS = re.compile(r"""\b(?:name\s*=\s*["']?(?:movie|src|url)\b|src\s*=)""", re.IGNORECASE)
# So far from its beginning an element says what it plays.
_INSIDE = 4000
_ELEMENTS = ("<iframe", "<video", "<audio", "<object")
_WRITTEN = re.compile(rf"(?:{'|'.join(LABELS)}): ")


def marked(source: str, low: str) -> str:
    """The untrusted HTML, ``low`` the same in small letters, with an ``<embed>`` before what embeds."""
    # Four quick looks spare most texts the pattern.
    if not any(map(low.__contains__, _ELEMENTS)):
        return source
    out: list[str] = []
    at = 0
    for count, found in enumerate(_EMBEDS.finditer(source)):
        if count == MOST:
            break
        kind = found[1].lower()
        # Without quotes: it may stand in those of an attribute. Of an attribute given twice the first counts: what stands inside says what is not said outside.
        told = f"{found[2]} {_told_inside(kind, source[found.end() : found.end() + _INSIDE])}"
        out += (source[at : found.start()], f"<embed data-as={kind}{told}>")
        at = found.start()
    return "".join((*out, source[at:]))


def _told_inside(kind: str, inside: str) -> str:
    """The attributes of the first element inside that says what is played."""
    if kind == "iframe":
        return ""
    if end := _END.search(inside):
        inside = inside[: end.start()]
    if kind != "object":
        found = _SOURCE.search(inside)
        return found[1] if found else ""
    told = (one[1] for one in _OF_OBJECT.finditer(inside) if _NAMES_ADDRESS.search(one[1]))
    return next(told, "")


def places(attributes: Mapping[str, str]) -> Iterator[str]:
    """Where an ``<embed>`` with these attributes may have what it plays, the likeliest first."""
    yield from (attributes[name] for name in HELD_BACK if name in attributes)
    yield source_of(attributes)
    yield from (attributes[name] for name in ("data", "value") if name in attributes)


def player_of(attributes: Mapping[str, str], address: str) -> Player | None:
    """What an ``<embed>`` with these attributes plays, at an absolute address; None if nothing."""
    kind, title = attributes.get("data-as", ""), html.unescape(attributes.get("title", ""))
    if kind in {"video", "audio"}:
        return recording(address, audio=kind == "audio", title=title)
    return player(address, title)


def written(link: str, words: str, poster: str = "") -> str:
    """The inside of the block: ``link`` is the tag of the link, ``poster`` that of an image or ""."""
    return f"{poster}{link}{html.escape(words, quote=False)}</a>"


def end_of_written(parts: Sequence[str], at: int) -> int:
    """Where the ``<figure>`` that opens here closes, if it is such a block; else 0. ``parts`` is safe
    HTML as ``sanitizing.TOKEN`` splits it."""
    if parts[at] or parts[at + 3]:
        return 0
    # Its tags, with the text behind each.
    link = at + (8 if parts[at + 5 : at + 6] == ["img"] and not parts[at + 7] else 4)
    closes = [parts[link + 1 : link + 2], *(parts[one : one + 2] for one in (link + 4, link + 8))]
    if closes != [["a"], ["/", "a"], ["/", "figure"]] or parts[link] or parts[link + 7]:
        return 0
    return link + 8 if _WRITTEN.match(parts[link + 3]) else 0


def words_of(text: str) -> str:
    """What the link of such a block says, as it stands between its tags."""
    return repair(single_spaced(html.unescape(text)))
