"""Collect: when to ask, and asking. Feed → Response; errors are values."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.collect.address import next_address
from aggregator.collect.cadence import next_poll
from aggregator.model.errors import FeedError
from aggregator.model.feed import FailureKind, Response

if TYPE_CHECKING:
    from aggregator.collect.http import Collector


def __getattr__(name: str) -> object:
    # The HTTP client takes a moment to load, and commands that only read need none.
    if name == "Collector":
        from aggregator.collect.http import Collector

        return Collector
    raise AttributeError(name)


def body_hash(response: Response) -> bytes:
    """16 bytes that are equal when a document says the same: the body, and from outside it the
    declared type and charset, and the address its relative addresses stand on."""
    outside = f"{response.header('content-type') or ''}\0{response.url}\0".encode()
    return hashlib.blake2b(outside + response.body, digest_size=16).digest()


def shared_cause(failures: Sequence[FeedError], feeds: int) -> str | None:
    """The one sentence for a cause that all feeds share (no network), or None.

    All of at least two feeds failed, each because its name was not found or its
    server not reached.
    """
    near = {FailureKind.DNS, FailureKind.CONNECT}
    if feeds < 2 or len(failures) < feeds or any(error.kind not in near for error in failures):
        return None
    return "no network"


__all__ = ["Collector", "body_hash", "next_address", "next_poll", "shared_cause"]
