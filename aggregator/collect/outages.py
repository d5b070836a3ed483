"""Want of a network, told from failures that are a feed's own."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from aggregator.model.errors import FeedError
from aggregator.model.feed import Failure, FailureKind, Feed, FeedKey, FeedState

NO_NETWORK = "no network"
"""What :func:`unreached` feeds fail of, in words."""

E = TypeVar("E", FeedError, Failure)
_NEAR = {FailureKind.DNS, FailureKind.CONNECT}
# Names that no public name server knows (RFC 6761, 6762, 8375; "internal" by ICANN in 2024).
_HOME_NAMES = (".localhost", ".local", ".home.arpa", ".internal", ".lan")


def unreached(failures: Sequence[tuple[Feed, E]], answered: Iterable[Feed]) -> list[tuple[Feed, E]]:
    """Those of the failures that are for want of a network, and no feed's own; none as a rule.

    At least two feeds of different hosts failed, each because its name was not found or its
    server not reached, and none ``answered``. What is at home needs no network: where one
    answers there, whatever it says, the others that fail there are down by themselves.
    """
    answered = tuple(answered)
    far = [(feed, error) for feed, error in failures if not at_home(feed)]
    home = [(feed, error) for feed, error in failures if at_home(feed)]
    if not all(map(at_home, answered)) or any(error.kind not in _NEAR for _, error in far):
        return []
    if not answered and all(error.kind in _NEAR for _, error in home):
        far = list(failures)
    return far if len({urlsplit(feed.fetch_url).netloc for feed, _ in far}) > 1 else []


def at_home(feed: Feed) -> bool:
    """Whether the feed is a file, or a server on this machine or in the network around it."""
    address = urlsplit(feed.fetch_url)
    host = address.hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return address.scheme == "file" or "." not in host or host.endswith(_HOME_NAMES)


def unreached_of(feeds: Iterable[Feed]) -> frozenset[FeedKey]:
    """Those of all feeds, as they stand, that fail for want of a network: paused and ended ones are
    not asked, and new ones were not yet."""
    resting = {FeedState.PAUSED, FeedState.STOPPED}
    asked = [feed for feed in feeds if feed.state not in resting and feed.last_fetch]
    failing = [(feed, feed.failure) for feed in asked if feed.failure]
    found = unreached(failing, [feed for feed in asked if not feed.failure])
    return frozenset(feed.key for feed, _ in found)
