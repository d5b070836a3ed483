"""What changed between two states of a text, word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import Enum
from typing import Protocol

# Words of unchanged text shown on each side of a change.
_CONTEXT = 8
_PIECES = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
# Pieces of one text times those of the other that are compared: a second, at the worst.
_MOST_PAIRS = 4_000_000
_FIELDS = ("title", "summary", "text")


class Mark(Enum):
    """What a stretch of words is: kept, taken out, or put in."""

    SAME = "same"
    OLD = "old"
    NEW = "new"


Stretch = tuple[Mark, str]


class Worded(Protocol):
    """A state of an entry, as far as its words go."""

    @property
    def title(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def text(self) -> str: ...


def compare(old: str, new: str) -> Iterator[Stretch]:
    """The new text told from the old: stretches in reading order, long sameness shortened."""
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    opcodes = _opcodes(before, after)
    for place, (kind, i, j, k, m) in enumerate(opcodes):
        if kind == "equal":
            first, last = place == 0, place == len(opcodes) - 1
            yield Mark.SAME, _shorten(before[i:j], head=not first, tail=not last)
            continue
        if i < j:
            yield Mark.OLD, "".join(before[i:j])
        if k < m:
            yield Mark.NEW, "".join(after[k:m])


def _opcodes(before: list[str], after: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """What becomes of which pieces. Where too much differs to be told apart in a moment, all of it
    gives way to the new."""
    if len(before) * len(after) <= _MOST_PAIRS:
        junk = max(len(before), len(after)) > 500
        return SequenceMatcher(None, before, after, autojunk=junk).get_opcodes()
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    old, new = len(before) - tail, len(after) - tail
    if (old - head) * (new - head) <= _MOST_PAIRS:
        inner = SequenceMatcher(None, before[head:old], after[head:new]).get_opcodes()
        middle = [(k, i + head, j + head, m + head, n + head) for k, i, j, m, n in inner]
    else:
        middle = [("replace", head, old, head, new)]
    ends = [("equal", 0, head, 0, head)] if head else []
    last = [("equal", old, len(before), new, len(after))] if tail else []
    return [*ends, *middle, *last]


def _shorten(pieces: list[str], *, head: bool, tail: bool) -> str:
    """Keep the words next to a change: at the head, at the tail, or both."""
    keep = _CONTEXT * 2
    wanted = keep * (head + tail)
    if len(pieces) <= wanted + 2:
        return "".join(pieces)
    start = "".join(pieces[:keep]) if head else ""
    end = "".join(pieces[-keep:]) if tail else ""
    return f"{start} … {end}"


def reworded(before: Worded, after: Worded) -> Iterator[tuple[str, tuple[Stretch, ...]]]:
    """The fields whose words differ, by name, with what differs in them; white space counts for
    nothing, nor does a summary that is the whole text."""
    same_twice = all(one.summary == " ".join(one.text.split()) for one in (before, after))
    for name in _FIELDS:
        old, new = (" ".join(getattr(one, name).split()) for one in (before, after))
        if old != new and not (name == "summary" and same_twice):
            yield name, tuple(compare(old, new))


def marked(stretches: Sequence[Stretch]) -> str:
    """The stretches as plain text: ``[-taken out-]{+put in+}``."""
    forms = {Mark.SAME: "{}", Mark.OLD: "[-{}-]", Mark.NEW: "{{+{}+}}"}
    return "".join(forms[mark].format(text) for mark, text in stretches)
