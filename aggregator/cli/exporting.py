"""``export``: all entries, or some of them, for other programs and spreadsheets."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import Since, read_moment
from aggregator.cli.output import json_line
from aggregator.cli.session import session_of

if TYPE_CHECKING:
    from aggregator.model.entry import EntryRecord

_COLUMNS = (
    "id", "feed", "url", "title", "authors", "categories", "lang", "published", "updated", "first_seen",
    "summary", "html", "text", "story", "lead", "revisions", "vanished", "topics",
    "feed_title",
)  # fmt: skip
# What stands between two authors, categories or topics in one cell.
_BETWEEN = "; "
# A spreadsheet takes a cell that begins so for a formula, and computes what strangers wrote.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_TEXT = "'"


class ExportFormat(StrEnum):
    """Formats of ``export``."""

    JSONL = "jsonl"
    CSV = "csv"


def export(
    context: typer.Context,
    query: Annotated[
        str, typer.Option("--query", "-q", metavar="QUERY", help="Only what this query matches.")
    ] = "",
    since: Since = "",
    until: Annotated[
        str, typer.Option(metavar="TIME", help="Only what was first seen before then.")
    ] = "",
    changed: Annotated[
        str,
        typer.Option(
            "--changed-since",
            metavar="TIME",
            help="Only what came, was revised, vanished or came back then or later, or got its whole text.",
        ),
    ] = "",
    form: Annotated[
        ExportFormat,
        typer.Option("--format", help="One JSON object a line, or a table for spreadsheets."),
    ] = ExportFormat.JSONL,
) -> None:
    """Print entries, oldest first, as lines of JSON, or as CSV.

    With the time of the last export, `--changed-since` gives what another program must
    take in or replace, by its id; but not what merely entered or left a topic. CSV (RFC 4180, UTF-8) has the names of the JSON in its
    first line, and several authors, categories or topics in one cell, with "; " between. There a text that begins as a formula
    does (= + - @, a tab) has an apostrophe before it, so that no spreadsheet computes what a feed says;
    JSON has all as it is.
    """
    from aggregator.model.errors import UsageError

    session = session_of(context)
    parsed = session.query(query) if query else None
    start, end = read_moment(since), read_moment(until, "--until")
    altered = read_moment(changed, "--changed-since")
    if start and end and start >= end:
        raise UsageError(
            "nothing lies between --since and --until",
            hint="the earlier time belongs to --since, as in --since 3d --until 2d",
        )
    with session.reading() as archive:
        found = archive.export(query=parsed, since=start, until=end, changed=altered)
        if form is ExportFormat.CSV:
            _write_table(found)
            return
        for record in found:
            sys.stdout.write(json_line(record.as_json()) + "\n")


def _write_table(records: Iterable[EntryRecord]) -> None:
    # Line ends as RFC 4180 has them, which a terminal and every reader of CSV take.
    table = csv.DictWriter(sys.stdout, _COLUMNS)
    table.writeheader()
    for record in records:
        table.writerow({name: _harmless(_cell(value)) for name, value in record.as_json().items()})


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _BETWEEN.join(map(str, value))
    return "" if value is None else str(value)


def _harmless(cell: str) -> str:
    """The cell as text, whatever it begins with. Of ours (ids, times, numbers) none begins so."""
    return f"{_TEXT}{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
