"""A list of feeds that someone else keeps, included by its address; and what it named so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.address import canonical_url
from aggregator.model.feed import Subscription, Validators
from aggregator.model.time import require_utc


class Inclusion(Struct, frozen=True, kw_only=True):
    """An outline of feeds.opml with ``type="include"``: its feeds are collected in its place.

    ``folders`` are those it stands in, and its own name where it has one. ``interval``:
    seconds between two looks that a person set, or None.
    """

    url: str
    folders: tuple[str, ...] = ()
    interval: int | None = None


class FeedList(Struct, frozen=True, kw_only=True):
    """What is known of an included list. ``lines`` are all feeds it ever named; those that it
    dropped are paused. ``failure`` is what went wrong at the last look, "" where nothing did."""

    url: str
    lines: tuple[Subscription, ...] = ()
    validators: Validators | None = None
    next_due: datetime | None = None
    last_success: datetime | None = None
    failures: int = 0
    failure: str = ""

    def __post_init__(self) -> None:
        require_utc(self.next_due, "next_due")
        require_utc(self.last_success, "last_success")

    @property
    def named(self) -> int:
        """How many feeds it names, to be collected."""
        return sum(not one.paused for one in self.lines)


def failing_lists(
    inclusions: Iterable[Inclusion], lists: Iterable[FeedList]
) -> tuple[FeedList, ...]:
    """The included lists that failed at the last look, in their order, each once."""
    known = {one.url: one for one in lists if one.failure}
    return tuple(known[url] for url in dict.fromkeys(one.url for one in inclusions) if url in known)


def followed(
    before: Sequence[Subscription], now: Sequence[Subscription]
) -> tuple[Subscription, ...]:
    """The lines of a list that names these feeds ``now``: what it named ``before`` and dropped stays,
    paused, since it may come back and somebody may miss it."""
    named = {canonical_url(one.url) for one in now}
    dropped = (replace(one, paused=True) for one in before if canonical_url(one.url) not in named)
    return (*now, *dropped)


def with_included(
    own: Sequence[Subscription], inclusions: Sequence[Inclusion], lists: Iterable[FeedList]
) -> tuple[Subscription, ...]:
    """A person's own subscriptions, then those of the lists they include, each feed once: the own
    line counts, then the first list's that has it to be asked. Those that are paused come last: under
    another address one may be a feed that is asked."""
    named = _named(own, inclusions, lists)
    lines = (
        replace(line, folders=(*inclusion.folders, *line.folders))
        for inclusion, line in named.values()
    )
    return (*own, *sorted(lines, key=lambda one: one.paused))


def naming_lists(
    own: Sequence[Subscription], inclusions: Sequence[Inclusion], lists: Iterable[FeedList]
) -> dict[str, str]:
    """The address of the list that names a feed, by the feed's, of all lines that
    :func:`with_included` takes from lists."""
    return {line.url: one.url for one, line in _named(own, inclusions, lists).values()}


def _named(
    own: Sequence[Subscription], inclusions: Sequence[Inclusion], lists: Iterable[FeedList]
) -> dict[str, tuple[Inclusion, Subscription]]:
    """The lines of lists that are not one's own, by their feed's canonical URL."""
    known = {one.url: one for one in lists}
    ours = {canonical_url(one.url) for one in own}
    named: dict[str, tuple[Inclusion, Subscription]] = {}
    for inclusion in inclusions:
        for line in known[inclusion.url].lines if inclusion.url in known else ():
            canonical = canonical_url(line.url)
            if canonical in ours:
                continue
            # One list may have dropped what another names.
            if canonical not in named or (named[canonical][1].paused and not line.paused):
                named[canonical] = inclusion, line
    return named
