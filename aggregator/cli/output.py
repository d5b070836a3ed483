"""What the commands print: tables on a terminal, plain lines in a pipe, JSON on demand.

Text that came from feeds is never markup of ours: it reaches Rich only as
:class:`rich.text.Text`, and control characters are made visible first, so that no
title colours, moves or rewrites the terminal (ANSI, OSC, bidirectional overrides).
Results go to standard output, progress and notes to standard error.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING, Protocol

from msgspec import Struct

from aggregator.model.address import shown_url
from aggregator.model.time import now

if TYPE_CHECKING:
    from rich.console import Console

# C0, DEL and C1 steer terminals; the bidirectional controls reorder what is shown
# around them (Unicode TR 36); lone surrogates cannot be written at all.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# json.dumps escapes C0 itself; what it lets through appears only inside strings.
_JSON_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


NOTHING = "—"
"""Stands for a value that is not there, where a name stands before it."""


def one_line(text: str) -> str:
    """Feed text as one harmless line: breaks become spaces, controls become visible, and an
    address is without the log-in that it may hold."""
    return _visible(_BREAKS.sub(" ", shown_url(text))).strip()


def harmless(text: str) -> str:
    """Feed text with its lines kept; every other control character becomes visible."""
    return "\n".join(_visible(line.replace("\t", "    ")) for line in text.splitlines())


def _visible(text: str) -> str:
    return _CONTROLS.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def local(at: datetime | None) -> str:
    """A time in the user's zone: to the minute on a terminal, with its offset in a pipe."""
    if at is None:
        return ""
    here = at.astimezone()
    if on_terminal(sys.stdout):
        return here.strftime("%Y-%m-%d %H:%M")
    return here.isoformat(timespec="seconds")


_HELD_SINCE = re.compile(r"(?<=, since )\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=\))")


def since_here(holder: str) -> str:
    """Who holds an archive, in words, with the time since when in the user's zone."""
    return _HELD_SINCE.sub(lambda found: local(datetime.fromisoformat(found[0])), holder)


_NOW = 5
"""Seconds that are as good as none."""


def away(at: datetime | None) -> str:
    """How far off a time is, in words: ``in 5 min``, ``40 s ago``; "" for None."""
    if at is None:
        return ""
    seconds = (at - now()).total_seconds()
    if abs(seconds) < _NOW:
        return "now"
    text = duration(abs(seconds))
    return f"in {text}" if seconds > 0 else f"{text} ago"


def when(at: datetime | None) -> str:
    """How far off a time is for a person on a terminal, the time itself in a pipe."""
    return away(at) if on_terminal(sys.stdout) else local(at)


def duration(seconds: float) -> str:
    """Seconds in the largest unit that fits: ``40 s``, ``5 min``, ``3 h``, ``12 days``."""
    for size, unit in ((86400 * 2, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // (86400 if unit == 'days' else size))} {unit}"
    return f"{int(seconds)} s"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 feed``, ``2 feeds``; ``many`` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def some_of(sentences: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = f"; and {len(sentences) - 1:,} more" if len(sentences) > 1 else ""
    return f"{sentences[0]}{more}"


def first_of(names: Sequence[str], most: int) -> str:
    """So many names at the most, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def on_terminal(stream: IO[str]) -> bool:
    """Whether a person reads this stream as it comes."""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def print_json(value: object) -> None:
    """Print one JSON value; indented on a terminal, on one line in a pipe."""
    indent = 2 if on_terminal(sys.stdout) else None
    sys.stdout.write(json_line(value, indent=indent) + "\n")


def json_line(value: object, *, indent: int | None = None) -> str:
    """JSON text as people read it (no ``\\u00e9``), safe to show on a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _JSON_CONTROLS.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def say(line: str = "") -> None:
    """Print one line of our own to standard output; feed text in it must be harmless."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """Print one line to standard error: what is no result."""
    sys.stderr.write(shown_url(line) + "\n")


def print_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Print names with their values: aligned on a terminal, tab-separated in a pipe."""
    if not on_terminal(sys.stdout):
        for name, value in fields:
            say(f"{name}\t{one_line(value)}")
        return
    width = max(len(name) for name, _ in fields)
    for name, value in fields:
        say(f"{name:<{width}}  {one_line(value)}")


class Column(Struct, frozen=True):
    """A column of a table. ``right`` for figures. What does not fit is cut where ``cut`` allows
    it, and breaks into lines where the column is ``wide``; any other cell stays whole."""

    name: str
    right: bool = False
    wide: bool = False
    cut: bool = False

    @property
    def weight(self) -> int:
        """The column's share of what the whole columns leave; 0 for those."""
        return 2 if self.wide else int(self.cut)


def print_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, empty: str = ""
) -> None:
    """Print rows: a table on a terminal, tab-separated lines without a head in a pipe.

    A terminal too narrow for a table gets a few lines a row. ``empty`` is said on
    standard error where there are no rows, so that a pipe stays empty.
    """
    if not rows:
        if empty:
            note(empty)
        return
    cells = [[one_line(cell) for cell in row] for row in rows]
    if not on_terminal(sys.stdout):
        for row in cells:
            say("\t".join(row))
        return
    from rich.cells import cell_len

    used = [place for place in range(len(columns)) if any(row[place] for row in cells)]
    columns, cells = [columns[n] for n in used], [[row[n] for n in used] for row in cells]
    needed = [
        max(map(cell_len, (column.name, *(row[place] for row in cells))))
        for place, column in enumerate(columns)
    ]
    widths = fit(columns, needed, console().width)
    if widths is None:
        _print_stacked(columns, cells)
    else:
        _print_rows(columns, widths, cells)


_GAP = 2
_LEAST = 12


def fit(columns: Sequence[Column], needed: Sequence[int], room: int) -> list[int] | None:
    """The width of each column; None where a table would not be readable in so little room."""
    widths = list(needed)
    bending = [place for place, column in enumerate(columns) if column.weight]
    room -= _GAP * (len(columns) - 1) + sum(needed) - sum(needed[place] for place in bending)
    weights = sum(columns[place].weight for place in bending)
    # Those that need least for their share come first and leave the rest to the others.
    for place in sorted(bending, key=lambda place: needed[place] / columns[place].weight):
        weight = columns[place].weight
        widths[place] = min(needed[place], room * weight // weights)
        if widths[place] < min(needed[place], _LEAST * weight):
            return None
        room, weights = room - widths[place], weights - weight
    return widths if room >= 0 else None


def _print_rows(
    columns: Sequence[Column], widths: Sequence[int], rows: Sequence[Sequence[str]]
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            Text(column.name),
            justify="right" if column.right else "left",
            width=width,
            no_wrap=not column.wide,
            overflow="fold" if column.wide else "ellipsis",
        )
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def _print_stacked(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A row in a few lines: what stays whole on the first, then each other cell on its own."""
    from rich.cells import cell_len
    from rich.padding import Padding
    from rich.text import Text

    screen = console()
    for row in rows:
        first = [
            f"{column.name} {cell}" if column.right else cell
            for column, cell in zip(columns, row, strict=True)
            if cell and not column.weight
        ]
        together = "  ".join(first)
        screen.print(Text(together if cell_len(together) <= screen.width else "\n".join(first)))
        for column, cell in zip(columns, row, strict=True):
            if cell and column.weight:
                text = Text(cell, overflow="fold")
                screen.print(Padding(text, (0, 0, 0, _GAP), expand=False))


def console(*, error: bool = False) -> Console:
    """A Rich console that takes nothing for markup, links or emoji; it heeds NO_COLOR."""
    from rich.console import Console

    return Console(stderr=error, markup=False, emoji=False, highlight=False)


def heading(text: str) -> None:
    """Print a line that stands above others: bold on a terminal."""
    if not on_terminal(sys.stdout):
        say(text)
        return
    from rich.text import Text

    console().print(Text(one_line(text), style="bold"))


class Bar(Protocol):
    """A progress display: ``advance`` by so many, with a word on what it came to."""

    def __call__(self, advance: int, message: str) -> None: ...


@contextmanager
def progress(task: str, total: int | None) -> Iterator[Bar]:
    """A progress bar on standard error where that is a terminal; else nothing at all."""
    if not on_terminal(sys.stderr):
        yield lambda _advance, _message: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[message]}", markup=False),
    )
    with Progress(*columns, console=console(error=True), transient=True) as bars:
        bar = bars.add_task(task, total=total, message="")

        def show(advance: int, message: str) -> None:
            bars.update(bar, advance=advance, message=one_line(message))

        yield show
