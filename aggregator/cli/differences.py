"""What changed between two states of an entry, on a terminal or in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.cli.output import console, harmless, local, on_terminal, one_line, say
from aggregator.cli.titles import title_of
from aggregator.model.differences import Mark, Stretch, marked, reworded

if TYPE_CHECKING:
    from aggregator.model.entry import RevisionRecord


def print_differences(before: RevisionRecord | None, after: RevisionRecord) -> None:
    """Print the first state's title, or the fields that differ from the state before.

    Red and green on a terminal; ``[-old-]{+new+}`` in a pipe, where NO_COLOR forbids
    colours, and on a terminal that has none.
    """
    if before is None:
        say(f"  title: {one_line(title_of(after))}")
        return
    for name, stretches in reworded(before, after):
        _print_field(name, [(mark, harmless(text)) for mark, text in stretches])
    for name in ("url", "authors", "categories", "published", "enclosures"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            say(f"  {name}: {_flat(old)} → {_flat(new)}")


def _print_field(name: str, stretches: Sequence[Stretch]) -> None:
    screen = console() if on_terminal(sys.stdout) else None
    if screen is None or screen.no_color or screen.color_system is None:
        say(f"  {name}: {marked(stretches)}")
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
