"""What changed between two states of an entry, word by word."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime
from difflib import SequenceMatcher
from enum import Enum
from typing import TYPE_CHECKING

from aggregator.cli.output import console, harmless, local, on_terminal, one_line, say

if TYPE_CHECKING:
    from aggregator.model.entry import RevisionRecord

# Words of unchanged text shown on each side of a change.
_CONTEXT = 8
_PIECES = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
_FIELDS = ("title", "summary", "text")


class Mark(Enum):
    """What a stretch of words is: kept, taken out, or put in."""

    SAME = "same"
    OLD = "old"
    NEW = "new"


def compare(old: str, new: str) -> Iterator[tuple[Mark, str]]:
    """The new text told from the old: stretches in reading order, long sameness shortened."""
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) > 2000)
    opcodes = matcher.get_opcodes()
    for place, (kind, i, j, k, m) in enumerate(opcodes):
        if kind == "equal":
            first, last = place == 0, place == len(opcodes) - 1
            yield Mark.SAME, _shorten(before[i:j], head=not first, tail=not last)
            continue
        if i < j:
            yield Mark.OLD, "".join(before[i:j])
        if k < m:
            yield Mark.NEW, "".join(after[k:m])


def _shorten(pieces: list[str], *, head: bool, tail: bool) -> str:
    """Keep the words next to a change: at the head, at the tail, or both."""
    keep = _CONTEXT * 2
    wanted = keep * (head + tail)
    if len(pieces) <= wanted + 2:
        return "".join(pieces)
    start = "".join(pieces[:keep]) if head else ""
    end = "".join(pieces[-keep:]) if tail else ""
    return f"{start} … {end}"


def print_differences(before: RevisionRecord | None, after: RevisionRecord) -> None:
    """Print the first state's title, or the fields that differ from the state before.

    Red and green on a terminal; ``[-old-]{+new+}`` in a pipe and where NO_COLOR
    forbids colours.
    """
    if before is None:
        say(f"  title: {one_line(after.title)}")
        return
    same_twice = all(one.summary == " ".join(one.text.split()) for one in (before, after))
    for name in _FIELDS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new and not (name == "summary" and same_twice):
            _print_field(name, old, new)
    for name in ("url", "authors", "categories", "published", "enclosures"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            say(f"  {name}: {_flat(old)} → {_flat(new)}")


def _print_field(name: str, old: str, new: str) -> None:
    screen = console() if on_terminal(sys.stdout) else None
    stretches = [
        (mark, harmless(text))
        for mark, text in compare(" ".join(old.split()), " ".join(new.split()))
    ]
    if screen is None or screen.no_color:
        marked = {Mark.SAME: "{}", Mark.OLD: "[-{}-]", Mark.NEW: "{{+{}+}}"}
        told = "".join(marked[mark].format(text) for mark, text in stretches)
        say(f"  {name}: {told}")
        return
    from rich.text import Text

    styles = {Mark.SAME: "", Mark.OLD: "red strike", Mark.NEW: "green"}
    line = Text(f"  {name}: ")
    for mark, text in stretches:
        line.append(text, style=styles[mark])
    screen.print(line)


def _flat(value: object) -> str:
    if isinstance(value, tuple):
        return one_line(", ".join(str(getattr(one, "url", one)) for one in value)) or "none"
    if isinstance(value, datetime):
        return local(value)
    return one_line(str(value or "none"))
