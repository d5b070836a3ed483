"""``feeds poll``: one feed, asked now at a person's word, as politely as ever."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from aggregator.cli.collecting import collect_once
from aggregator.cli.fetches import fetch_json, fetch_words
from aggregator.cli.options import FeedName, Json
from aggregator.cli.outcomes import describe, tell_changes, tell_failures, tell_notices
from aggregator.cli.output import away, local, note, one_line, print_json, say, since_here
from aggregator.cli.served import DAEMON
from aggregator.cli.session import Session, session_of
from aggregator.cli.subscriptions import name_of, named, subscribed

if TYPE_CHECKING:
    from aggregator.archive import Archive, FetchRecord
    from aggregator.cli.subscriptions import Row
    from aggregator.model.feed import Feed

_FAILED = 1
# A person may be impatient; a server need not feel it.
_BY_HAND = timedelta(minutes=1)
# A daemon looks every five seconds, and a request may take half a minute.
_PATIENCE, _LOOK = 60.0, 0.5


def poll(context: typer.Context, feed: FeedName, as_json: Json = False) -> None:
    """Ask one feed now, whether it is due or not.

    The request is as polite as any other: conditional, after the pause that its host
    is given, never before a running Retry-After is over, and once a minute at the
    most. A daemon that runs is asked to do it, and its answer waited for. A feed that
    has stopped (410) is asked by `feeds add`. Exit code 1 tells that it failed or may
    not be asked yet. JSON has url, asked (the daemon, or null), refused (why it was
    not asked, or null), fetch (as in `feeds show`, or null) and next_due.
    """
    import asyncio

    from aggregator.model.errors import AlreadyRunning

    session = session_of(context)
    line, known = row = named(subscribed(session), feed)
    _refuse_resting(row)
    if known and (why := _too_early(session, known)):
        note(f"{one_line(line.url)} was not asked: {why}")
        _end(line.url, known, None, refused=why, as_json=as_json)
    before = _last(session, line.url)[1]
    holder = None
    try:
        done, pages, _ = asyncio.run(collect_once(session, alone=line.url))
    except AlreadyRunning as error:
        if not error.holder.startswith(DAEMON):
            raise
        holder = error.holder
        held, fetch = _asked(session, line.url, before, holder)
        if fetch is not None and not as_json:
            say(f"{one_line(name_of((line, held)))}: {one_line(fetch_words(fetch))}")
            if held and fetch.outcome == "failed":
                note(f"asked again {away(held.next_due)}")
    else:
        held, fetch = _last(session, line.url)
        fetch = None if fetch == before else fetch
        if not as_json:
            say(describe(done.counts, pages))
        tell_failures(done)
        tell_changes(done)
        tell_notices(done)
    _end(line.url, held, fetch, asked=holder, as_json=as_json)


def _refuse_resting(row: Row) -> None:
    """Raises UsageError for a feed that nobody is to ask."""
    from aggregator.model.errors import UsageError
    from aggregator.model.feed import FeedState

    line, known = row
    if line.paused:
        raise UsageError(
            f"{name_of(row)} is paused", hint="aggregator feeds set FEED --resume ends that"
        )
    if known and known.state is FeedState.STOPPED:
        raise UsageError(
            f"{name_of(row)} has stopped: its publisher ended it (410)",
            hint=f"`aggregator feeds add {line.url}` asks whether it answers again",
        )


def _too_early(session: Session, feed: Feed) -> str:
    """Why its server may not be asked yet, in words; "" where it may."""
    from aggregator.model.feed import LONGEST_BELIEVED_WAIT
    from aggregator.model.time import now

    at = now()
    host = urlsplit(feed.fetch_url).hostname
    with session.reading() as archive:
        waits = [one.until for one in archive.away(at) if one.host == host and not one.pages]
    if feed.retry_after and feed.retry_after <= at + LONGEST_BELIEVED_WAIT:
        waits.append(feed.retry_after)
    if (until := max(waits, default=at)) > at:
        return f"its server asked to be left alone until {local(until)}"
    if feed.last_fetch and at - _BY_HAND < feed.last_fetch <= at:
        return f"it was {away(feed.last_fetch)}; once a minute is the most"
    return ""


def _asked(
    session: Session, url: str, before: FetchRecord | None, holder: str
) -> tuple[Feed | None, FetchRecord | None]:
    """Have the daemon ask it, and wait for what comes: None where nothing does."""
    from aggregator.model.time import now

    note(f"{since_here(holder)} asks it now")
    until = time.monotonic() + _PATIENCE
    # A row is all there is to write; who reads it is there already. (A feed that came with an edit
    # that the daemon has not taken up yet, it asks as soon as it has.)
    with session.reading() as archive:
        if held := archive.feed(url):
            with archive.courtesy(write=True) as courtesy:
                courtesy.hasten(held, now())
        while time.monotonic() < until:
            held, fetch = _last_of(archive, url)
            if fetch is not None and fetch != before:
                return held, fetch
            time.sleep(_LOOK)
    note(f"nothing came within {_PATIENCE:.0f} s; the daemon's log tells what does")
    return held, None


def _last(session: Session, url: str) -> tuple[Feed | None, FetchRecord | None]:
    archive = session.reading_if_any()
    if archive is None:
        return None, None
    with archive:
        return _last_of(archive, url)


def _last_of(archive: Archive, url: str) -> tuple[Feed | None, FetchRecord | None]:
    """The feed, and what its last fetch came to; None where there is none."""
    feed = archive.feed(url)
    fetches = archive.fetches(feed, limit=1) if feed else ()
    return feed, fetches[0] if fetches else None


def _end(
    url: str,
    feed: Feed | None,
    fetch: FetchRecord | None,
    *,
    asked: str | None = None,
    refused: str | None = None,
    as_json: bool,
) -> None:
    """Print what came as JSON, where that is wanted. Raises Exit 1 where it failed, or nothing came."""
    from aggregator.model.time import iso

    if as_json:
        due: list[datetime] = [at for at in (feed.next_due, feed.retry_after) if at] if feed else []
        print_json(
            {
                "url": url,
                "asked": asked,
                "refused": refused,
                "fetch": fetch_json(fetch) if fetch else None,
                "next_due": iso(max(due, default=None)),
            }
        )
    if fetch is None or fetch.outcome == "failed":
        raise typer.Exit(_FAILED)
