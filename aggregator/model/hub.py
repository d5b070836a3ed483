"""What a WebSub hub knows of those who subscribed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

Count = Callable[[str, str], None]
"""Told of each message to or from a hub: its kind (delivery, verification, ping, subscription, push)
and its outcome."""

LONGEST_DELIVERY_WAIT = 86400
"""Seconds: what a subscriber could not be brought is tried again no later."""


class Subscriber(Struct, frozen=True, kw_only=True):
    """One subscription: a document (by its path) that is brought to a callback address.

    ``settled`` names the version of the document that needs no further delivery: it was
    delivered, or given up. ``failures`` counts deliveries that failed one after another.
    """

    path: str
    callback: str
    host: str
    secret: bytes | None = None
    until: datetime
    settled: bytes
    failures: int = 0
    next_try: datetime | None = None

    def __repr__(self) -> str:
        return f"Subscriber({self.path!r}, {self.callback!r})"


class Attempt(Struct, frozen=True, kw_only=True):
    """What a delivery came to, for the subscription of ``path`` and ``callback``.

    ``settled`` as in :class:`Subscriber`, None where it stays; ``ended`` where the
    subscriber said that it wants nothing more.
    """

    path: str
    callback: str
    settled: bytes | None = None
    failures: int = 0
    next_try: datetime | None = None
    ended: bool = False


class HubCounts(Struct, frozen=True, kw_only=True):
    """How many subscriptions there are, wait for a document, and failed when last tried."""

    subscriptions: int
    behind: int
    failing: int
