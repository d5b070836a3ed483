"""Which public topics may show the world what a publisher shows to those who have a log-in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from aggregator.model.address import canonical_url
from aggregator.model.feed import Access, Feed, Subscription
from aggregator.model.interests import Interests
from aggregator.query import called, goes_by

_NAMED = 3


class Republished(Struct, frozen=True, kw_only=True):
    """Feeds behind a log-in (their titles, else addresses), and the public topics that do not leave
    all of them out."""

    feeds: tuple[str, ...]
    topics: tuple[str, ...]

    def __str__(self) -> str:
        them = "is" if len(self.feeds) == 1 else "are"
        return (
            f"{_some(self.feeds)} {them} behind a log-in, and public topics may show what it brings "
            f"in full: {_some(self.topics)} (exclude = [an address or folder] leaves feeds out of a "
            "topic, private = true keeps a topic to those who have its address)"
        )


def republished(
    interests: Interests, access: Mapping[str, Access], feeds: Iterable[Feed | Subscription]
) -> Republished | None:
    """What public topics may show of feeds with a log-in; None where they show nothing. What a query
    looks for is not considered: tomorrow's entry may match."""
    muted = called(interests.mute.feeds)
    public = [
        (topic.slug, called(topic.include), called(topic.exclude))
        for topic in interests.topics
        if not topic.private
    ]
    named, slugs = dict[str, None](), dict[str, None]()
    for feed in feeds:
        given = access.get(canonical_url(feed.url))
        if given is None or not given.opens:
            continue
        places = goes_by(feed.url, feed.title, feed.folders)
        showing = [
            slug
            for slug, include, exclude in public
            if places.isdisjoint(exclude | muted) and not (include and places.isdisjoint(include))
        ]
        if showing:
            named[feed.title or feed.url] = None
            slugs |= dict.fromkeys(showing)
    return Republished(feeds=tuple(named), topics=tuple(slugs)) if named else None


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
