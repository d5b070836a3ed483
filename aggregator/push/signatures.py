"""Whether a message comes from the hub that we asked (WebSub, section 8). Pure."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence

METHODS = ("sha1", "sha256", "sha384", "sha512")
"""The ways to sign that WebSub knows."""


class Message:
    """A message from a hub, as its body comes in: only its signature is kept of it."""

    def __init__(
        self, feed: int, secret: bytes, signatures: Sequence[str], methods: Collection[str]
    ) -> None:
        """``signatures`` are the values of X-Hub-Signature, ``methods`` the ways to sign that count."""
        self.feed = feed
        self.wrong = ""
        """Why it counts for nothing whatever its body is; "" where the body decides."""
        self._claimed = ""
        self._own: hmac.HMAC | None = None
        if not secret:
            # The hub was told none, since it is asked over plain http: the address, which nobody
            # else was told, is all that says who comes.
            return
        if len(signatures) != 1:
            self.wrong = "its messages are not signed"
            return
        method, _, self._claimed = signatures[0].strip().partition("=")
        method = method.lower()
        if method not in METHODS:
            self.wrong = "it signs in a way that is not known"
        elif method not in methods:
            self.wrong = f"it signs with {method}, which collect.push_signatures does not name"
        else:
            self._own = hmac.new(secret, digestmod=method)

    def take(self, piece: bytes) -> None:
        """More of the body."""
        if self._own is not None:
            self._own.update(piece)

    def judge(self) -> str:
        """Why the message counts for nothing, now that it is whole; "" where it is right."""
        if self._own is None:
            return self.wrong
        own, claimed = self._own.hexdigest().encode(), self._claimed.strip().lower().encode()
        return "" if hmac.compare_digest(own, claimed) else "the signature of a message was wrong"
