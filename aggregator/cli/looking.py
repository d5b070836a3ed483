"""A look at an address, as the collector would ask: which feeds are there, and which hide news."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aggregator.cli.output import note, one_line
from aggregator.cli.session import Session
from aggregator.model.address import canonical_url

if TYPE_CHECKING:
    from aggregator.collect import Found
    from aggregator.model.entry import Document
    from aggregator.model.errors import FeedError
    from aggregator.model.feed import Feed, Postponed, Response


def look(session: Session, url: str, *, remember: bool = True) -> tuple[Found, ...] | FeedError:
    """Ask at the address, and wherever that leads; blocks.

    What was brought shows where the server of a feed of ours says "unchanged" and has news:
    that is told, and noted unless ``remember`` is false. Raises ConfigError.
    """
    import asyncio

    from aggregator import __version__
    from aggregator.collect import Collector, discover
    from aggregator.model.entry import Document
    from aggregator.model.time import now
    from aggregator.normalize import Workers

    settings, access, away = session.settings(), session.access(), _away(session)
    brought: dict[str, Document] = {}

    async def ask() -> tuple[Found, ...] | FeedError:
        one_worker = replace(settings.normalize, workers=1)
        async with (
            Workers(one_worker, settings.collect.max_entries) as workers,
            Collector(settings.collect, __version__, access=access, away=away) as collector,
        ):

            async def read(feed: Feed, response: Response) -> Document | FeedError:
                document = await workers.read(feed, response, now=now())
                if isinstance(document, Document):
                    brought[feed.url] = document
                return document

            return await discover(url, lambda feed: collector.fetch_aside(feed, now=now()), read)

    found = asyncio.run(ask())
    if brought and remember:
        _note_brought(session, brought)
    return found


def ask_stopped(session: Session, url: str, *, remember: bool = True) -> str | None:
    """Where the feed of this address has stopped (410), ask whether it answers again: it is asked
    as before then, unless ``remember`` is false. Returns what came of it, in words; None where no
    such feed has stopped, and nobody was asked. Raises ConfigError.
    """
    from aggregator.model.errors import FeedError

    if not _has_stopped(session, url):
        return None
    found = look(session, url, remember=remember)
    if isinstance(found, FeedError):
        return f"its feed has ended (410), and is asked no more: {one_line(found.what)}"
    if not any(one.where.value == "itself" for one in found):
        return "its feed has ended (410), and no feed is at its address"
    return "its line stays as it is" if remember else "its feed had ended (410) and answers again"


def _has_stopped(session: Session, url: str) -> bool:
    from aggregator.model.errors import AggregatorError
    from aggregator.model.feed import FeedState

    # Whatever is wrong with the archive or the settings, nothing of feeds.opml depends on it.
    with contextlib.suppress(AggregatorError):
        if archive := session.reading_if_any():
            with archive:
                feed = archive.feed(url)
            return feed is not None and feed.subscribed and feed.state is FeedState.STOPPED
    return False


def _away(session: Session) -> tuple[Postponed, ...]:
    """The hosts that asked the collector to be left alone: their word holds here, too."""
    from aggregator.model.errors import ArchiveError
    from aggregator.model.time import now

    with contextlib.suppress(ArchiveError):
        archive = session.reading_if_any()
        if archive is not None:
            with archive, archive.courtesy() as courtesy:
                return courtesy.away(now())
    return ()


def _address(feed: Feed, url: str) -> str:
    """Where a feed is asked that was found at this address: as we have it, with any log-in."""
    held = (feed.fetch_url, feed.url)
    return next((one for one in held if canonical_url(one) == canonical_url(url)), url)


def _note_brought(session: Session, brought: Mapping[str, Document]) -> None:
    """Doubt the "unchanged" of servers that have news all the same; ask feeds again that had ended."""
    from aggregator.collect import hides
    from aggregator.model.errors import ArchiveError
    from aggregator.model.feed import FeedState
    from aggregator.model.time import now

    try:
        archive = session.reading_if_any()
        if archive is None:
            return
        with archive:
            looked = [(url, archive.feed(url), document) for url, document in brought.items()]
            held = [(feed, document) for _, feed, document in looked if feed]
            ended = {
                feed.key: (feed, url)
                for url, feed, _ in looked
                if feed and feed.subscribed and feed.state is FeedState.STOPPED
            }
            for feed, url in ended.values():
                with archive.courtesy(write=True) as courtesy:
                    courtesy.revive(feed, now(), _address(feed, url))
                note(
                    f"{one_line(feed.url)} had ended (410) and answers again: it is asked again, "
                    "unless its line is paused"
                )
            for feed in [feed for feed, document in held if hides(feed, document)]:
                note(f"{one_line(feed.url)}: its server said unchanged though it had news")
                # A row is all there is to write; who reads it is there already.
                with archive.courtesy(write=True) as courtesy:
                    courtesy.doubt(feed, now())
                note("the collector asks it once without validators (once in 30 days at most)")
    except ArchiveError as error:
        # What was found is told whatever the archive says.
        note(f"aggregator: the archive was not told: {one_line(error.sentence)}")
