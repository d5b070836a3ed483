"""The language of a text: as declared, else detected."""

from __future__ import annotations

import re

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LEAST = 40
"""Characters below which a guess is worth nothing."""
_MOST = 600
"""Characters that are looked at: more cost time and change nothing."""


def tag(declared: str) -> str:
    """A declared language as a BCP 47 tag in its usual letter case; "" for what is none."""
    text = declared.strip().replace("_", "-")
    if not _TAG.fullmatch(text):
        return ""
    primary, *rest = text.split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def detect(text: str) -> str:
    """The likeliest language of a text, as a two-letter tag; "" for a text too short to tell."""
    if len(text) < _LEAST:
        return ""
    # The model is loaded when the first undeclared text comes: it costs a moment and memory.
    from py3langid import classify

    found, _ = classify(text[:_MOST])
    return str(found)
