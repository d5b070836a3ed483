"""Whether a message comes from the hub that we asked (WebSub, section 8). Pure."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

_STRONG = ("sha256", "sha384", "sha512")
_WEAK = "sha1"


class Message:
    """A message from a hub, as its body comes in: only its signature is kept of it."""

    def __init__(self, feed: int, secret: bytes, signatures: Sequence[str], *, sha1: bool) -> None:
        """``signatures`` are the values of X-Hub-Signature, ``sha1`` whether that is enough."""
        self.feed = feed
        self.wrong = ""
        """Why it counts for nothing whatever its body is; "" where the body decides."""
        self._claimed = ""
        self._own: hmac.HMAC | None = None
        if len(signatures) != 1:
            self.wrong = "its messages are not signed"
            return
        method, _, self._claimed = signatures[0].strip().partition("=")
        method = method.lower()
        if method == _WEAK and not sha1:
            self.wrong = "it signs with sha1, which counts only with collect.push_sha1"
        elif method not in (*_STRONG, _WEAK):
            self.wrong = "it signs in a way that is not known"
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
