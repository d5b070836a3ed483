"""What publishers' templates put around a text, known by the words they use for it.

What one publisher repeats is learned from its own entries; here is what is the same everywhere
(``phrases``). A phrase counts only in a short block of its own, or in a link at the very end: a
paragraph that merely mentions cookies is text. Most phrases begin true sentences as well ("Read
more books, says the teacher"): with anything after them they count only where a link or an arrow
leads on. In doubt a block is text.
"""

from __future__ import annotations

import html
import re

from aggregator.normalize.phrases import (
    ALONE,
    CAPITALS,
    LEADING,
    MORE_ABOUT,
    ONWARD,
    OTHERS,
    PLACE,
    RELATED,
    REPORTED,
    SECTIONS,
    TITLE,
)

_LONGEST = 240
# No phrase is longer that says nothing, even where nothing else is said.
_BARE = 30
_LINK = re.compile(r"<a href=\"[^\"]*\">(?:(?!</?a\b).)*</a>", re.DOTALL)
_PIECES = re.compile(r"(<a href=\"[^\"]*\">(?:(?!</?a\b).)*</a>)|[|·•]|<br>", re.DOTALL)
_LAST_LINK = re.compile(r"<a href=\"[^\"]*\">((?:(?!</?a\b).)*)</a>[\s.…»›→]*$", re.DOTALL)
_TAG = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>')
_ARROWS = " \t.…»›→>|[]()-–—:"
_LEADING = "»›→>"
# Between links that stand side by side.
_BETWEEN = " \u00a0|·•,/-–—"
# Where a sentence is over, and what follows it is none of its words.
_BREAK = re.compile(r"(?:[.!?…:;|\"”»()\[\]—–。！？-]|<br>)(?:\s|&nbsp;|</?[a-z0-9]+>)*$")
# What no advert leads to: official notices of vacancies and tenders call themselves advertisements. Nor is
# "Read the full report" then the entry's own page.
_DOCUMENT = re.compile(
    r"<a href=\"[^\"?#]*\.(?:pdf|docx?|odt|rtf|xlsx?|ods|pptx?|odp|zip)[\"?#]", re.IGNORECASE
)
# An item or a heading of a few words is a text's own, whatever it says, where nothing can be clicked.
_OWN = frozenset(["li", "h2", "h3", "h4", "h5", "h6"])
_FEW = 3


def introduces_links(text: str, *, linked: bool = True) -> bool:
    """Whether a line of its own says "Related articles", "Lire aussi": what follows is links.

    Not ``linked``, none is there: "More from the talks tomorrow" may be said of anything then.
    """
    short = text.strip(_ARROWS)
    if not 0 < len(short) <= 60:
        return False
    return bool(RELATED.fullmatch(short) or (linked and MORE_ABOUT.fullmatch(short)))


def is_furniture(text: str, inside: str = "", *, kind: str = "p") -> bool:
    """Whether a block of its own says nothing but "read on", "cookies", "subscribe".

    ``inside`` is the HTML of the block, where there is one, ``kind`` that of the block.
    """
    if len(text.strip(_ARROWS)) > _LONGEST:
        return False
    return _says_nothing(text, inside, kind) or ("<a " in inside and _all_say_nothing(inside))


def _says_nothing(text: str, inside: str, kind: str = "p") -> bool:
    short = text.strip(_ARROWS)
    if not short:
        return True
    alone = bool(ALONE.fullmatch(short.lower()) and not REPORTED.search(short))
    alone = alone or bool(CAPITALS.fullmatch(short))
    leads = "<a " in inside or _points(text)
    if kind in _OWN and not leads:
        return alone and short.count(" ") + 1 >= _FEW
    if alone:
        return True
    found = ONWARD.match(short)
    if leads and _names_document(short, found, inside):
        return False
    if found and _is_onward(found, text):
        return True
    return leads and bool(found or OTHERS.fullmatch(short)) and _leads_on(text, inside)


def _names_document(short: str, found: re.Match[str] | None, inside: str) -> bool:
    """Whether a link leads to a document by its name: what is read on at "read more", or printed, is
    the entry itself."""
    named = found.group().lower().endswith(("report", "text")) if found else " " in short
    return named and _DOCUMENT.search(inside) is not None


def _all_say_nothing(inside: str) -> bool:
    """Whether a line is several links, or links and words set apart, each of which says nothing."""
    found = (piece for piece in _PIECES.split(inside) if piece)
    pieces = [piece for piece in found if _said(piece).strip(_BETWEEN)]
    return len(pieces) > 1 and all(_says_nothing(_said(piece), piece) for piece in pieces)


def _said(inside: str) -> str:
    return html.unescape(_TAG.sub("", inside)).strip()


def _is_onward(found: re.Match[str], text: str) -> bool:
    """Whether a block that begins with "read on" says so without what leads there."""
    tail = found.string[found.end() :]
    if PLACE.fullmatch(tail):
        return True
    if text.endswith(("…", "..")) and found.group().lower() == "continue reading":
        return True
    if text.endswith((".", "。")) or not (title := TITLE.fullmatch(tail)):
        return False
    return not (title[1] or "")[:1].islower()


def _leads_on(text: str, inside: str) -> bool:
    """Whether a block is a link, leads to one, or ends in an arrow."""
    beside = html.unescape(_TAG.sub("", _LINK.sub("", inside))) if "<a " in inside else text
    beside = beside.strip(_ARROWS + "\u00a0,;·•%/")
    if not beside or _points(text):
        return text.endswith("..") or not text.endswith((".", "!", "?", "。", "！", "？"))
    return bool(LEADING.fullmatch(beside)) and "<a " in inside


def _points(text: str) -> bool:
    return text.rstrip(" .:)]")[-1:] in _LEADING


def is_bare(text: str) -> bool:
    """Whether furniture is so short that it is no text, even where there is no other."""
    return len(text.strip(_ARROWS)) <= _BARE


def without_last_link(inside: str) -> str:
    """A block's inside without the "continue reading" link at its very end, or several side by side."""
    left = kept = inside
    while found := _LAST_LINK.match(left, max(0, left.rfind("<a "))):
        said, before = _TAG.sub("", found[1]), left[: found.start()].rstrip()
        if not before or not is_furniture(said, found[0]):
            break
        if not _ends_sentence(before, said):
            kept = before
        left = before.rstrip(_BETWEEN)
    return kept if kept == inside else _without_loose_end(kept)


def _ends_sentence(before: str, said: str) -> bool:
    """Whether the words of a link are the last of the sentence before it."""
    if _BREAK.search(before[-60:]) or said[:1] in "[(" or _points(said):
        return False
    short = said.strip(_ARROWS)
    onward = ONWARD.fullmatch(short)
    return not onward or short[:1].islower()


def _without_loose_end(inside: str) -> str:
    """Without the dots, bracket or line break that led over to a link that is gone."""
    shorter = inside.rstrip(" …[(").removesuffix("<br>")
    while shorter != inside:
        inside = shorter
        shorter = inside.rstrip(" …[(").removesuffix("<br>")
    return inside


def is_section(text: str) -> bool:
    """Whether a line is the name of a section, such as Soccer."""
    return text.strip(_ARROWS).casefold() in SECTIONS
