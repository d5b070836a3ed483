"""Regular expressions on a field, by RE2: its time grows with the text alone, whatever is asked.

Python's own ``re`` can be made to run for years by a short pattern; what stands in a topic or comes
from a command line is not trusted with that.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from aggregator.query.analysis import UNSEEN

MAX_PATTERN = 200
"""Characters of a pattern."""
MAX_READ = 200_000
"""Characters of a text that a pattern looks at: what the worst pattern tried reads in a second."""
_MAX_STEPS = 20_000
"""Steps of a compiled pattern: any letter (\\pL) is about 1,200 of them."""
_MEMORY = 1 << 22
"""Bytes that the engine may use for a pattern; with too few it goes its slow way, step by step."""

_MENDS = {
    "missing )": "close what ( opened, or write \\( for the sign itself",
    "unexpected )": "write \\) for the sign itself",
    "missing ]": "close what [ opened, or write \\[ for the sign itself",
    "invalid perl operator": "this engine knows no look-ahead or look-behind: use AND, NOT",
    "invalid escape sequence": "\\d \\w \\s \\b and \\pL are known; no reference back to a group",
    "pattern too large": "ask for fewer repetitions",
    "invalid repetition size": "ask for fewer repetitions",
}


class PatternError(ValueError):
    """A pattern that is refused. ``at``: where in it, from 0; ``hint``: what to write instead."""

    def __init__(self, what: str, at: int, hint: str) -> None:
        super().__init__(what)
        self.what, self.at, self.hint = what, at, hint


def check_pattern(pattern: str) -> None:
    """Raises PatternError for a pattern that is too long, too large or not understood."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(
            f"the pattern has {len(pattern)} characters, {MAX_PATTERN} is the most",
            MAX_PATTERN,
            "use several patterns with OR",
        )
    import re2

    try:
        compiled = _compiled(pattern)
    except UnicodeError:
        raise PatternError("the pattern is no text", 0, "take out the broken sign") from None
    except re2.error as error:
        told = error.args[0] if error.args else b""
        said = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        kind, _, part = said.partition(": ")
        mend = next((mend for begin, mend in _MENDS.items() if kind.startswith(begin)), "")
        raise PatternError(
            f"this is no pattern: {said}",
            max(pattern.rfind(part), 0) if part else 0,
            mend or "queries.md of the program's docs says what a pattern may hold",
        ) from None
    if compiled.programsize > _MAX_STEPS:
        raise PatternError("the pattern is too large", 0, "ask for fewer repetitions")


def find_pattern(pattern: str, text: str) -> str | None:
    """What the pattern finds first in a text as it reads (NFC, without signs that have no width), in
    any case; None: nothing."""
    text = text[:MAX_READ]
    for sign in UNSEEN:
        text = text.replace(sign, "")
    # A text from outside may hold half a sign, which is no UTF-8.
    whole = unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode("utf-8")
    found = _compiled(pattern).search(whole)
    return None if found is None else str(found.group())


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    # Loaded when first asked for: most topics have no pattern.
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(unicodedata.normalize("NFC", pattern), options)
