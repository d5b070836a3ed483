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
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Protocol

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


def away(at: datetime | None) -> str:
    """How far off a time is, in words: ``in 5 min``, ``3 h ago``; "" for None."""
    if at is None:
        return ""
    seconds = (at - now()).total_seconds()
    if abs(seconds) < 60:
        return "now"
    text = duration(abs(seconds))
    return f"in {text}" if seconds > 0 else f"{text} ago"


def duration(seconds: float) -> str:
    """Seconds in the largest unit that fits: ``40 s``, ``5 min``, ``3 h``, ``12 days``."""
    for size, unit in ((86400 * 2, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // (86400 if unit == 'days' else size))} {unit}"
    return f"{int(seconds)} s"


def size(count: int) -> str:
    """Bytes in words: ``12 kB``, ``3.4 MB``."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit in {"bytes", "kB"} else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 feed``, ``2 feeds``; ``many`` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. ``right`` for figures; ``wide`` gives way last."""

    name: str
    right: bool = False
    wide: bool = False


def print_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, empty: str = ""
) -> None:
    """Print rows: a Rich table on a terminal, tab-separated lines without a head in a pipe.

    ``empty`` is said on standard error where there are no rows, so that a pipe
    stays empty.
    """
    if not rows:
        if empty:
            note(empty)
        return
    if not on_terminal(sys.stdout):
        for row in rows:
            say("\t".join(one_line(cell) for cell in row))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            Text(column.name),
            justify="right" if column.right else "left",
            ratio=None,
            no_wrap=not column.wide,
            overflow="fold" if column.wide else "ellipsis",
        )
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    console().print(table)


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
