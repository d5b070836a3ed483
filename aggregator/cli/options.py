"""Options that several commands share: one word, one meaning, one help text."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli.session import Session

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of lines for people.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")]
Limit = Annotated[
    int, typer.Option("--limit", "-n", metavar="N", min=1, max=100_000, help="The most to print.")
]
EntryIdentifier = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="An entry's or story's id: whole, without urn:uuid:, or its first 6 or more digits.",
    ),
]
_LATER = "then or later: 2d (ago), 2026-11-26 or 2026-11-26T18:00, your zone."
Since = Annotated[str, typer.Option(metavar="TIME", help=f"Only what was first seen {_LATER}")]
SeenSince = Annotated[str, typer.Option(metavar="TIME", help=f"Only what was seen {_LATER}")]
FeedName = Annotated[
    str,
    typer.Argument(
        metavar="FEED", help="The feed's address or title, or a part that no other has."
    ),
]


def complete_topic(context: typer.Context, incomplete: str) -> list[str]:
    """The keys of topics.toml that begin so, for the shell; none where the file cannot be read."""
    from aggregator.config import topic_keys
    from aggregator.model.errors import ConfigError

    folder = context.find_root().params.get("folder")
    try:
        keys = topic_keys(Session(folder=Path(folder) if folder else None).place)
    except ConfigError:
        return []
    return [key for key in keys if key.startswith(incomplete)]


TopicKey = Annotated[
    str,
    typer.Argument(
        metavar="TOPIC", help="A topic's key in topics.toml.", autocompletion=complete_topic
    ),
]


def read_interval(text: str) -> int | None:
    """Seconds of ``--interval``, a minute at the least; None for "". Raises UsageError."""
    from aggregator.config import parse_duration
    from aggregator.model.errors import UsageError
    from aggregator.model.settings import MINUTE

    if not text:
        return None
    try:
        seconds = int(parse_duration(text))
    except ValueError as error:
        raise UsageError(f"--interval: {error}", hint="such as --interval 15m") from None
    if seconds < MINUTE:
        raise UsageError(f"--interval takes {MINUTE} s or more", hint="such as --interval 15m")
    return seconds


def read_moment(text: str, option: str = "--since") -> datetime | None:
    """What ``option`` gives, in UTC: so long ago, or a day or time; None for "". Raises UsageError."""
    from aggregator.config import parse_duration
    from aggregator.model.errors import UsageError
    from aggregator.model.time import now

    if not text:
        return None
    with contextlib.suppress(ValueError, OverflowError):
        return datetime.fromisoformat(text).astimezone(UTC)
    with contextlib.suppress(ValueError, OverflowError):
        return now() - timedelta(seconds=parse_duration(text))
    raise UsageError(
        f"{option}: {text!r} is no time", hint="write 2d, 2026-11-26 or 2026-11-26T18:00"
    )
