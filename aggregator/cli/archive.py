"""``archive``: look at it, keep a copy of it, bring one back."""

from __future__ import annotations

import typer

from aggregator.cli.options import Json
from aggregator.cli.output import print_fields, print_json
from aggregator.cli.session import session_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Look after the archive."""


@app.command()
def info(context: typer.Context, as_json: Json = False) -> None:
    """Tell where the archive is, how large, and how it grows."""
    from dataclasses import asdict

    with session_of(context).reading() as archive:
        facts = asdict(archive.info())
    if as_json:
        print_json(facts)
        return
    print_fields([(name.replace("_", " "), str(value)) for name, value in facts.items()])
