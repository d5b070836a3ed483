"""``feeds backfill``: a feed's archive documents (RFC 5005), read back to where they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aggregator.cli.output import note, one_line, plural, print_json, say, since_here
from aggregator.cli.served import DAEMON
from aggregator.cli.session import Session

if TYPE_CHECKING:
    from aggregator.backfill import Walk
    from aggregator.model.feed import Feed


class _Told(Struct, frozen=True):
    walk: Walk
    written: int


def backfill_feed(session: Session, feed: Feed, *, documents: int, as_json: bool) -> None:
    """Walk back, publish what changed, and tell; takes the writer lock. A daemon that has it is
    asked to do so.

    Raises UsageError where the publisher names no archive, AlreadyRunning, ArchiveError.
    """
    import asyncio

    from aggregator.backfill import Walk
    from aggregator.model.batch import Counts
    from aggregator.model.errors import AlreadyRunning, UsageError

    if feed.previous_archive is None:
        what = f"{feed.title} names no archive documents (prev-archive, RFC 5005)"
        if as_json:
            print_json(_json(Walk(documents=0, counts=Counts(), ended=False), what))
        raise UsageError(what, hint="what its publisher does not offer cannot be had")
    try:
        told = asyncio.run(_walk(session, feed, documents))
    except AlreadyRunning as error:
        if not error.holder.startswith(DAEMON):
            raise
        _ask(session, feed, documents, error.holder, as_json=as_json)
    else:
        _tell(told, as_json=as_json)


def _ask(session: Session, feed: Feed, documents: int, holder: str, *, as_json: bool) -> None:
    # A row is all there is to write; who reads it is there already.
    with session.reading() as archive:
        archive.ask_backfill(feed, documents)
    if as_json:
        print_json({"asked": holder})
    note(f"{since_here(holder)} reads them now; its log tells what they bring")


async def _walk(session: Session, feed: Feed, documents: int) -> _Told:
    import asyncio

    from aggregator.backfill import walk_back
    from aggregator.pipeline import open_pipeline, prepare
    from aggregator.publish import site_of
    from aggregator.publishing import open_to_publish, publish_behind

    configuration = session.configuration()
    settings = configuration.settings
    with open_to_publish(settings, purpose="aggregator feeds backfill") as archive:
        matcher = prepare(
            archive, settings, configuration.subscriptions, configuration.interests,
            inclusions=configuration.inclusions,
        )  # fmt: skip
        async with open_pipeline(
            archive, settings, matcher, access=configuration.access
        ) as pipeline:
            held = archive.feed(feed.url) or feed
            walk = await walk_back(pipeline, held, asyncio.to_thread, documents=documents)
        written = publish_behind(archive, settings, site_of(settings))
    return _Told(walk, len(written))


def _tell(told: _Told, *, as_json: bool) -> None:
    walk = told.walk
    if as_json:
        print_json(_json(walk, walk.failure.what if walk.failure else None))
        return
    entries = plural(walk.counts.new, "new entry", "new entries")
    files = plural(told.written, "published file")
    say(f"{plural(walk.documents, 'archive document')}: {entries}; {files} changed")
    if walk.failure:
        note(f"it ended at {one_line(walk.next or '')}: {one_line(walk.failure.what)}")
    elif not walk.ended:
        note("there are more: --documents takes a larger number")


def _json(walk: Walk, failure: str | None) -> dict[str, object]:
    return {
        "documents": walk.documents,
        "new": walk.counts.new,
        "new_stories": walk.counts.new_stories,
        "ended": walk.ended,
        "next": walk.next,
        "failure": failure,
    }
