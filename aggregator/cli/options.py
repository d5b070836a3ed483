"""Options that several commands share: one word, one meaning, one help text."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of lines for people.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="The most to print.")]
EntryIdentifier = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="An entry's or story's id: whole, without urn:uuid:, or its first 6 or more digits.",
    ),
]
FeedName = Annotated[
    str, typer.Argument(metavar="FEED", help="The feed's URL, or a part of its title.")
]
