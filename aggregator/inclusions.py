"""Lists of feeds that others keep, followed by their address (``<outline type="include">``).

A list is asked once a day, or as often as its outline says, by one conditional request; a
failure leaves what it named last. What it drops is paused, so that nothing is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.collect import Collector, stranger
from aggregator.config import subscriptions_of
from aggregator.model.address import canonical_url
from aggregator.model.errors import ConfigError, FeedError, FetchError
from aggregator.model.feed import LONGEST_BELIEVED_WAIT, FeedState, Response, Subscription
from aggregator.model.inclusion import FeedList, Inclusion, followed, with_included
from aggregator.model.settings import DAY, HOUR
from aggregator.model.time import now

_MOST = 10_000
"""Feeds that are taken from one list."""

# A clock that is put right by a little makes no list due.
_ROOM = 1.1


class Look(Struct, frozen=True, kw_only=True):
    """A look at one list: what is known of it now. ``changed``: it names other feeds than before.
    ``paused``: so many of the feeds that it does not name any more are asked no more."""

    list: FeedList
    changed: bool
    paused: int = 0


async def follow_lists(
    archive: Archive,
    collector: Collector,
    subscriptions: Sequence[Subscription],
    inclusions: Sequence[Inclusion],
    *,
    everything: bool = False,
) -> tuple[Look, ...]:
    """Ask the lists that are due (``everything``: all), and make the feeds follow what they name.

    Raises ArchiveError; a list that cannot be had is told in its look.
    """
    known = {one.url: one for one in await asyncio.to_thread(archive.lists.read)}
    at = now()

    async def look(inclusion: Inclusion, held: FeedList) -> Look:
        asked = stranger(inclusion.url, held.validators)
        found = after(held, await collector.fetch_aside(asked, now=at), inclusion, at)
        await asyncio.to_thread(archive.lists.keep, found)
        return Look(list=found, changed=found.lines != held.lines)

    each = [(one, known.get(one.url) or FeedList(url=one.url)) for one in inclusions]
    due = [(one, held) for one, held in each if everything or is_due(held, one, at)]
    looks = await asyncio.gather(*(look(one, held) for one, held in due))
    if not any(look.changed for look in looks):
        return tuple(looks)

    def attached() -> tuple[Look, ...]:
        attach(archive, subscriptions, inclusions)
        before = {url: one.lines for url, one in known.items()}
        return tuple(
            replace(look, paused=_paused(archive, before.get(look.list.url, ()), look.list.lines))
            for look in looks
        )

    return await asyncio.to_thread(attached)


def is_due(held: FeedList, inclusion: Inclusion, at: datetime) -> bool:
    """Whether a list is to be asked now. No pause is longer than its interval, but after a failure,
    where its server may have asked for one: what is due later was noted while our clock was ahead,
    or before a person set a shorter interval. Pure."""
    if held.next_due is None or held.next_due <= at:
        return True
    longest = timedelta(seconds=inclusion.interval or DAY)
    if held.failures:
        longest = max(longest, LONGEST_BELIEVED_WAIT)
    return held.next_due > at + _ROOM * longest


def _paused(archive: Archive, before: Sequence[Subscription], after: Sequence[Subscription]) -> int:
    """How many feeds that lines named ``before``, and do not ``after``, are paused now: another line
    may have them too, under whatever address."""
    named = {canonical_url(line.url) for line in after if not line.paused}
    dropped = (line.url for line in before if not line.paused)
    feeds = (archive.feed(url) for url in dropped if canonical_url(url) not in named)
    return len({feed.key for feed in feeds if feed and feed.state is FeedState.PAUSED})


def attach(
    archive: Archive, subscriptions: Sequence[Subscription], inclusions: Sequence[Inclusion]
) -> None:
    """Make the feeds follow the subscriptions, and what the included lists name. Blocks."""
    lists = archive.lists.read() if inclusions else ()
    archive.attach(with_included(subscriptions, inclusions, lists), now=now())


def after(
    held: FeedList, answer: Response | FeedError, inclusion: Inclusion, at: datetime
) -> FeedList:
    """What is known of a list after a look at it. Pure."""
    usual = inclusion.interval or DAY
    if isinstance(answer, FeedError):
        return _failed(held, answer.what, usual, at, answer)
    lines = held.lines
    if answer.status != 304:
        try:
            named = subscriptions_of(answer.body, held.url)[:_MOST]
        except ConfigError as error:
            return _failed(held, error.what, usual, at)
        if held.lines and not named:
            return _failed(held, "the list names no feed any more; what it named stays", usual, at)
        lines = followed(held.lines, named)
    return replace(
        held,
        lines=lines,
        validators=answer.validators or (held.validators if answer.status == 304 else None),
        next_due=at + timedelta(seconds=usual),
        last_success=at,
        failures=0,
        failure="",
    )


def _failed(
    held: FeedList, what: str, usual: int, at: datetime, error: FeedError | None = None
) -> FeedList:
    """As it was, asked again after longer and longer pauses."""
    wait = min(HOUR * 2.0 ** min(held.failures, 10), max(usual, DAY))
    asked = error.retry_after if isinstance(error, FetchError) else None
    due = at + timedelta(seconds=max(wait, asked or 0.0))
    return replace(held, next_due=due, failures=held.failures + 1, failure=what)
