"""``feeds``: what is collected. Files say it (feeds.opml); the archive tells how it goes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import subscribing
from aggregator.cli.fetches import fetch_json, fetch_words
from aggregator.cli.inclusions import list_called, print_list
from aggregator.cli.options import DryRun, FeedName, Json
from aggregator.cli.output import (
    Column,
    away,
    heading,
    local,
    on_terminal,
    one_line,
    plural,
    print_fields,
    print_json,
    print_table,
    say,
    when,
)
from aggregator.cli.polling import poll
from aggregator.cli.publishers import check, print_bill
from aggregator.cli.session import session_of
from aggregator.cli.setting import set_line
from aggregator.cli.subscriptions import fitting, name_of, named, subscribed, title_of
from aggregator.cli.troubles import trouble_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.archive import FetchRecord
    from aggregator.model.batch import OwedPage
    from aggregator.model.feed import Failure, Feed, Subscription

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_FETCHES_SHOWN = 20


app.command()(check)


@app.callback()
def _group() -> None:
    """See and edit what is collected."""


app.command()(subscribing.add)
app.command()(subscribing.remove)
app.command("set")(set_line)
app.command()(subscribing.discover)


@app.command("list")
def list_feeds(context: typer.Context, as_json: Json = False) -> None:
    """List the feeds with their state.

    Needs no archive: a feed that was never collected is new.
    """
    rows = subscribed(session_of(context))
    if as_json:
        print_json([_feed_json(line, feed) for line, feed in rows])
        return
    # A terminal has room for one name of a feed; what reads a pipe wants the address in any case.
    people = on_terminal(sys.stdout)
    called = [Column("feed", wide=True)] if people else [Column("title"), Column("url")]
    columns = (
        Column("state"),
        Column("next due"),
        Column("entries", right=True),
        *called,
        Column("failure", wide=True),
    )
    cells = [
        (
            _state(line, feed),
            when(_due(line, feed)),
            str(feed.entries) if feed else "0",
            *([name_of((line, feed))] if people else [title_of((line, feed)), line.url]),
            _wrong(feed),
        )
        for line, feed in rows
    ]
    print_table(columns, cells, empty="no feeds yet: aggregator feeds add URL")


@app.command()
def show(
    context: typer.Context,
    feed: FeedName,
    for_publisher: Annotated[
        bool,
        typer.Option(
            "--for-publisher",
            help="What we cost its publisher, and what its server could do better.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one feed: when it is due, why, its last fetches.

    Of a list that feeds.opml includes: when it answered last, how many feeds it names, how it fails.
    """
    from aggregator.cli.delays import WEEK, delay_json, delay_words
    from aggregator.model.delay import delay_of
    from aggregator.model.time import now

    session = session_of(context)
    rows = subscribed(session)
    if not for_publisher and (one := list_called(session, feed, loosely=not fitting(rows, feed))):
        print_list(session, one, as_json=as_json)
        return
    line, known = named(rows, feed)
    if for_publisher:
        print_bill(session, line, _collected(known), as_json=as_json)
        return
    fetches: tuple[FetchRecord, ...] = ()
    owed: tuple[OwedPage, ...] = ()
    delay = None
    if known:
        with session.reading() as archive:
            owed = archive.owed.of(known) if line.full_text else ()
            fetches = archive.fetches(known, limit=_FETCHES_SHOWN)
            found = archive.delays(since=now() - WEEK, feed=known)
            delay = delay_of(found.get(known.key, ()))
    if as_json:
        more = {
            "due_reason": known.due_reason if known else "",
            "delay": delay_json(delay),
            "fetches": [fetch_json(one) for one in fetches],
            "pages_owed": [_owed_json(one) for one in owed],
            **_more_json(known),
        }
        print_json({**_feed_json(line, known), **more})
        return
    heading(one_line(title_of((line, known)) or line.url))
    facts = _facts(line, known)
    facts += [("pages owed", _owed_words(owed))] if owed else []
    facts += [("delay", delay_words(delay))] if delay else []
    print_fields(facts)
    if fetches:
        say()
        columns = (Column("fetched"), Column("came to", wide=True))
        print_table(columns, [(local(f.at), fetch_words(f)) for f in fetches])


@app.command()
def boilerplate(
    context: typer.Context,
    feed: FeedName,
    pin: Annotated[
        str, typer.Option(metavar="BLOCK", help="Always take this block out, from now on.")
    ] = "",
    free: Annotated[str, typer.Option(metavar="BLOCK", help="Never take this block out.")] = "",
    reset: Annotated[
        str, typer.Option(metavar="BLOCK", help="Leave this block to learning again.")
    ] = "",
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Show blocks that recur in a feed; pin or free one.

    A block is named by its id in the list, or by how the id begins. Entries that
    carry it are shown anew at once, by a daemon that runs within seconds; no revision
    is made. The state learned means that it is taken out of what is shown, candidate
    that it recurs, but not often enough.
    """
    from aggregator.cli.boilerplate import print_blocks, rule
    from aggregator.model.errors import UsageError

    session = session_of(context)
    known = _collected(named(subscribed(session), feed)[1])
    asked = [name for name in (("pin", pin), ("free", free), ("reset", reset)) if name[1]]
    if len(asked) > 1:
        raise UsageError("--pin, --free and --reset stand alone", hint="one block at a time")
    if asked:
        rule(session, known, *asked[0], dry_run=dry_run)
    else:
        print_blocks(session, known, as_json=as_json)


@app.command()
def backfill(
    context: typer.Context,
    feed: FeedName,
    documents: Annotated[
        int,
        typer.Option("--documents", metavar="N", min=1, help="The most archive documents to read."),
    ] = 100,
    as_json: Json = False,
) -> None:
    """Archive what a feed listed before it was collected.

    Where the publisher offers archive documents (RFC 5005), they are read from the
    newest to the oldest, each once and with the pauses that any request keeps. Topics
    take up what they find in silence: on their archive pages, as no news. A daemon
    that runs is asked to read them.
    """
    from aggregator.cli.backfilling import backfill_feed

    session = session_of(context)
    known = _collected(named(subscribed(session), feed)[1])
    backfill_feed(session, known, documents=documents, as_json=as_json)


def _collected(known: Feed | None) -> Feed:
    """The feed, where anything was collected of it. Raises UsageError."""
    from aggregator.model.errors import UsageError

    if known is None:
        raise UsageError("nothing was collected of this feed yet", hint="aggregator collect")
    return known


app.command()(poll)
app.command("import")(subscribing.import_feeds)
app.command("export")(subscribing.export_feeds)


def _wrong(feed: Feed | None) -> str:
    """Why a feed fails, or what is wrong though it answers; "" where nothing is."""
    from aggregator.model.time import now

    if feed is None:
        return ""
    return feed.failure.message if feed.failure else trouble_words(feed, now())


def _state(line: Subscription, feed: Feed | None) -> str:
    if line.paused:
        return "paused"
    if feed is None:
        return "new"
    # A line that is no longer paused is collected from the next round on.
    return "ok" if feed.state.value == "paused" else feed.state.value


def _due(line: Subscription, feed: Feed | None) -> datetime | None:
    """When it is asked next; None for a feed that is paused or has ended, whatever was planned."""
    if feed is None or _rests(line, feed):
        return None
    return max((at for at in (feed.next_due, feed.retry_after) if at), default=None)


def _rests(line: Subscription, feed: Feed | None) -> bool:
    return _state(line, feed) in {"paused", "stopped"}


def _feed_json(line: Subscription, feed: Feed | None) -> dict[str, object]:
    """The object of ``feeds list --json``, keys as the contract names them."""
    from aggregator.model.time import iso

    return {
        "url": line.url,
        "title": title_of((line, feed)) or line.url,
        "folders": list(line.folders),
        "state": _state(line, feed),
        "next_due": iso(_due(line, feed)),
        "last_success": iso(feed.last_success) if feed else None,
        "failure": _failure_json(feed.failure) if feed and feed.failure else None,
        "entries": feed.entries if feed else 0,
    }


def _more_json(feed: Feed | None) -> dict[str, object]:
    """What ``feeds show --json`` tells beyond ``feeds list --json``."""
    from aggregator.model.time import iso

    return {
        "missed": iso(feed.missed_at) if feed else None,
        "troubles": sorted(feed.told) if feed else [],
        "archive": feed.previous_archive if feed else None,
    }


def _failure_json(failure: Failure) -> dict[str, object]:
    from aggregator.model.time import iso

    return {
        "kind": failure.kind.value,
        "message": failure.message,
        "since": iso(failure.since),
        "count": failure.count,
    }


def _facts(line: Subscription, feed: Feed | None) -> list[tuple[str, str]]:
    from aggregator.model.time import now

    facts = [
        ("url", line.url),
        ("folders", "/".join(line.folders)),
        ("state", _state(line, feed)),
        ("full text", "from the linked pages" if line.full_text else ""),
    ]
    if feed:
        due, never = _due(line, feed), "never" if _rests(line, feed) else ""
        facts += [
            ("home", feed.home),
            ("fetched at", feed.fetch_url if feed.fetch_url != line.url else ""),
            (
                "moved to",
                f"{feed.moved_to} (said at {plural(feed.moved_count, 'poll')})"
                if feed.moved_to
                else "",
            ),
            ("next due", f"{local(due)} ({away(due)})" if due else never),
            ("because", "its line is paused" if line.paused else feed.due_reason),
            ("last fetch", local(feed.last_fetch)),
            ("last success", local(feed.last_success)),
            ("stay away until", local(feed.retry_after)),
            ("hub", _hub_words(feed)),
            ("entries", str(feed.entries)),
            ("archive", feed.previous_archive or ""),
            ("trouble", trouble_words(feed, now())),
        ]
        if feed.failure:
            since, times = local(feed.failure.since), plural(feed.failure.count, "time")
            facts.append(("failure", f"{feed.failure.message} ({times} since {since})"))
    return [(name, value) for name, value in facts if value]


def _hub_words(feed: Feed) -> str:
    """Which hub tells of its news, until when, and when it last did."""
    from urllib.parse import urlsplit

    push = feed.push
    if push is None:
        return ""
    said = [urlsplit(push.offer.hub).netloc]
    said += [f"until {local(push.until)}"] if push.until else ["no subscription"]
    said += [f"last told {local(push.told)}"] if push.told else []
    return " · ".join([*said, *([push.failure] if push.failure else [])])


def _owed_words(owed: Sequence[OwedPage]) -> str:
    """``2, asked for again with polls after 14:05: the server is out of service for now (503)``."""
    first = owed[0]
    return f"{len(owed)}, asked for again with polls after {local(first.next_try)}: {first.failure}"


def _owed_json(page: OwedPage) -> dict[str, object]:
    from msgspec.structs import asdict

    from aggregator.model.time import iso

    return {**asdict(page), "since": iso(page.since), "next_try": iso(page.next_try)}
