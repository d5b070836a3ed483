"""``feeds set``: what the line of a feed in feeds.opml says of it."""

from __future__ import annotations

from typing import Annotated

import typer

from aggregator.cli.options import DryRun, FeedName, Json, read_interval
from aggregator.cli.output import note, one_line, print_json, say
from aggregator.cli.session import session_of
from aggregator.cli.subscribing import own_address

_NO_INTERVAL = "none"


def set_line(
    context: typer.Context,
    feed: FeedName,
    title: Annotated[str, typer.Option(metavar="TITLE", help="Its name in lists.")] = "",
    interval: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help=f"Poll it so often, whatever else: 15m, 2h, or seconds; {_NO_INTERVAL}: by its own rhythm.",
        ),
    ] = "",
    pause: Annotated[
        bool | None, typer.Option("--pause/--resume", help="Ask it no more, or again.")
    ] = None,
    full_text: Annotated[
        bool | None,
        typer.Option(
            "--full-text/--no-full-text",
            help="Read the pages its entries link to, for the whole text, or no more.",
        ),
    ] = None,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Change what feeds.opml says of a feed.

    Its line alone is changed, and of that the attributes that are named; the file before
    is kept as feeds.opml.bak. A running daemon picks it up. To another folder a line is
    moved in an editor. JSON has url and changed.
    """
    from aggregator.config import change_line
    from aggregator.model.errors import UsageError

    session = session_of(context)
    if not title.strip() and not interval and pause is None and full_text is None:
        raise UsageError("nothing is named that is to be changed", hint="such as --interval 15m")
    url = own_address(session, feed)
    changed = change_line(
        session.place,
        url,
        title=title.strip() or None,
        interval=0 if interval == _NO_INTERVAL else read_interval(interval),
        paused=pause,
        full_text=full_text,
        dry_run=dry_run,
    )
    if as_json:
        print_json({"url": url, "changed": changed and not dry_run})
    elif changed:
        say(f"{'would change' if dry_run else 'changed'} the line of {one_line(url)}")
    if not changed:
        note(f"the line of {one_line(url)} says so already")
