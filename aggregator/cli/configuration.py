"""``config show``: each setting's value, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import typer

from aggregator.cli.checking import warn_of_samples
from aggregator.cli.options import Json
from aggregator.cli.output import Column, print_json, print_table
from aggregator.cli.session import session_of
from aggregator.model.address import without_password
from aggregator.model.settings import Settings

app = typer.Typer(help="Look at the configuration.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Look at the configuration."""


@app.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """Show every setting, its value, and where it comes from.

    Values have the unit with which they may be written; JSON has seconds and bytes.
    """
    from aggregator.config import as_written

    configuration = session_of(context).configuration()
    warn_of_samples(configuration)
    rows = [
        (name, value, configuration.sources.get(name, "default"))
        for name, value in _flat(configuration.settings)
    ]
    if as_json:
        print_json({name: {"value": value, "source": source} for name, value, source in rows})
        return
    columns = (Column("setting"), Column("value", wide=True), Column("from", cut=True))
    print_table(columns, [(name, as_written(name, value), source) for name, value, source in rows])


def _flat(settings: Settings) -> Iterator[tuple[str, object]]:
    """(dotted name, JSON value) of every setting, in the order of the file."""
    for table in settings.__struct_fields__:
        part = getattr(settings, table)
        for setting in part.__struct_fields__:
            yield f"{table}.{setting}", _plain(getattr(part, setting))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path | StrEnum):
        return str(value)
    if isinstance(value, str):
        # What is shown is sent to others: a database's address has a password in it.
        return without_password(value)
    return value
