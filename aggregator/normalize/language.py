"""The language of a text: as declared, unless its script contradicts; else detected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from html import unescape
from typing import Any

from aggregator.normalize.scripts import contradicts, is_foreign
from aggregator.query import language

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LEAST = 40
"""Characters below which a guess is worth nothing."""
_MOST = 600
"""Characters that are looked at: more cost time and change nothing."""
# How a title begins, in XML and in JSON, and what is in it.
_TITLES = (
    (b"<title", re.compile(rb"<title(?:\s[^<>]{0,200})?>\s*(?:<!\[CDATA\[)?([^<>\]]{1,300})")),
    (b'"title"', re.compile(rb'"title"\s*:\s*"([^"\\]{1,300})')),
)


def tag(declared: str) -> str:
    """A declared language as a BCP 47 tag in its usual letter case; "" for what is none."""
    text = declared.strip().replace("_", "-")
    if not _TAG.fullmatch(text):
        return ""
    primary, *rest = text.split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


class Titles:
    """The titles of a document, which ``find`` finds when they are first asked for."""

    def __init__(self, find: Callable[[], str]) -> None:
        self._find = find

    @cached_property
    def text(self) -> str:
        """Enough of them to tell their language, one a line; "" where they cannot be read."""
        return self._find()

    @cached_property
    def lang(self) -> str:
        """Their likeliest language; "" if they are too few to tell."""
        return detect(self.text)


def settled(declared: str, text: str, titles: Titles) -> str:
    """The language of an entry's text: as ``declared``, a tag or "", if it can be; else a guess.

    Where a text is too short to contradict, the titles that it came with do.
    """
    if declared and not (
        contradicts(declared, text)
        or (is_foreign(declared, text, least=1) and is_foreign(declared, titles.text))
    ):
        return declared
    return guess(text, titles)


def guess(text: str, titles: Titles) -> str:
    """The likeliest language of an entry's text. Where it is too short to tell, or what is found is
    none whose words are known, that of the ``titles`` it came with, if it can be in it; "" where nobody
    can tell."""
    found = detect(text)
    if language(found) or is_foreign(titles.lang, text, least=1):
        return found
    return titles.lang or found


def of_feed(declared: str, titles: Titles) -> str:
    """The language of a feed: as ``declared``, a tag or "", if its titles can be in it; else theirs."""
    return titles.lang if declared and is_foreign(declared, titles.text) else declared


def titles_in(document: bytes, charset: str) -> str:
    """The first titles in a feed document, of items that are known too, one a line; "" if they
    are not in ``charset`` (UTF-8, where that is "")."""
    found, size = list[str](), 0
    for title in _titles(document):
        try:
            text = title.decode(charset or "utf-8")
        except (UnicodeDecodeError, LookupError):
            return ""
        found.append(unescape(text).strip())
        size += len(found[-1])
        if size > _MOST:
            break
    return "\n".join(found)


def _titles(document: bytes) -> Iterator[bytes]:
    # Each is looked for as it is written, since a pattern takes ten times as long to find it.
    for begins, pattern in _TITLES:
        at = document.find(begins)
        if at >= 0:
            while at >= 0:
                if title := pattern.match(document, at):
                    yield title[1]
                at = document.find(begins, at + 1)
            return


def detect(text: str) -> str:
    """The likeliest language of a text, as a tag of two or three letters; "" for a text too short
    to tell."""
    if len(text) < _LEAST:
        return ""
    found, _ = _classifier().classify(text[:_MOST])
    return str(found)


@cache
def _classifier() -> Any:
    # Loaded when the first undeclared text comes: NumPy takes a moment, and memory.
    from aggregator.normalize.languagemodel import classifier

    return classifier()
