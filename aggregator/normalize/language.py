"""The language of a text: as declared, else detected."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from aggregator.query import language

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LEAST = 40
"""Characters below which a guess is worth nothing."""
_MOST = 600
"""Characters that are looked at: more cost time and change nothing."""
_TITLE = re.compile(
    rb"""<title(?:\s[^<>]{0,200})?>\s*(?:<!\[CDATA\[)?([^<>\]]{1,300})|"title"\s*:\s*"([^"\\]{1,300})""",
    re.IGNORECASE,
)


def tag(declared: str) -> str:
    """A declared language as a BCP 47 tag in its usual letter case; "" for what is none."""
    text = declared.strip().replace("_", "-")
    if not _TAG.fullmatch(text):
        return ""
    primary, *rest = text.split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def guess(text: str, others: Callable[[], str]) -> str:
    """The likeliest language of an entry's text. Where it is too short to tell, or what is found is
    none whose words are known, what ``others`` says of the texts it came with; "" where nobody can tell."""
    found = detect(text)
    return found if language(found) else others() or found


def of_titles(document: bytes, charset: str) -> str:
    """The likeliest language of the titles in a feed document, of items that are known too; "" if
    they are too few to tell, or not in ``charset`` (UTF-8, where that is "")."""
    found, size = list[str](), 0
    for title in _TITLE.finditer(document):
        try:
            text = (title[1] or title[2]).decode(charset or "utf-8")
        except (UnicodeDecodeError, LookupError):
            return ""
        found.append(unescape(text).strip())
        size += len(found[-1])
        if size > _MOST:
            break
    return detect("\n".join(found))


def detect(text: str) -> str:
    """The likeliest language of a text, as a tag of two or three letters; "" for a text too short
    to tell."""
    if len(text) < _LEAST:
        return ""
    # The model is loaded when the first undeclared text comes: it costs a moment and memory.
    from py3langid import classify

    found, _ = classify(text[:_MOST])
    return str(found)
