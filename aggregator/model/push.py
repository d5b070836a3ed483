"""Hubs that tell us of a feed's news (WebSub): what a feed offers, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

LONGEST_LEASE = 30 * 86400
"""Seconds: no subscription of ours is taken to last longer, whatever the hub grants."""

LONGEST_BELIEVED_LEASE = timedelta(seconds=LONGEST_LEASE, days=1)
"""One that ends later was confirmed while our clock was ahead: nobody knows when it ends."""

RENEWED_AFTER = 7
"""Tenths of its lease after which a subscription is renewed."""


class Offer(Struct, frozen=True, kw_only=True):
    """What a feed says of itself: the hub that tells of its news, and the address it has there."""

    hub: str
    topic: str


class HubSeen(Struct, frozen=True, kw_only=True):
    """What a fetch tells of a feed's hub: the one that its document names (None: it names none, or
    there was no document), and whether there was news that its hub should have told of."""

    offer: Offer | None = None
    silent: bool = False


class Push(Struct, frozen=True, kw_only=True):
    """How far a feed's hub is of use.

    ``until`` ends what the hub confirmed (None: nothing), ``told`` is its last message that
    was signed rightly. ``proven``: there was one, and no poll since found news that the hub
    kept silent about. ``failure`` is why it is of no use, in plain words, or "".
    """

    offer: Offer
    until: datetime | None = None
    told: datetime | None = None
    messages: int = 0
    proven: bool = False
    failure: str = ""

    def works(self, at: datetime) -> bool:
        """Whether polling may rest on it."""
        return (
            self.proven
            and self.until is not None
            and at < self.until <= at + LONGEST_BELIEVED_LEASE
        )


class Lease(Struct, frozen=True, kw_only=True):
    """A subscription of ours at a hub, as it is asked for and renewed.

    ``feed`` is the feed's row; ``token`` ends the callback's address and is as secret as
    ``secret``, which signs what the hub sends. ``failures`` counts requests that nothing
    came of, one after another. ``next_try`` is when the next one is due (None: at once);
    whatever else comes of the subscription moves it.
    """

    feed: int
    url: str
    offer: Offer
    token: str
    secret: bytes
    failures: int = 0
    failure: str = ""
    next_try: datetime | None = None

    def __repr__(self) -> str:
        return f"Lease({self.url!r}, {self.offer!r})"


class PushCounts(Struct, frozen=True, kw_only=True):
    """How many feeds offer a hub, have a subscription there, and have had messages from it."""

    offered: int
    subscribed: int
    proven: int
