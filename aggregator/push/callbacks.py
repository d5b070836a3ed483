"""Where hubs reach us, and what they ask there (WebSub, section 5.3). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from aggregator.model.hostnames import answers_to
from aggregator.model.push import LONGEST_LEASE, RENEWED_AFTER, Lease
from aggregator.model.settings import DAY, NO_PUSH, Settings

PUSH_PATH = "/push/"
"""What the callbacks' paths in the built-in server begin with; the token follows."""

TOKEN_BYTES = 32
"""Random bytes of a token, which is base64url: nobody guesses it."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

LEASE_SECONDS = 10 * DAY
"""What we ask for. A hub that grants another time is obeyed, up to LONGEST_LEASE."""

_SHORTEST = 600.0
_LONGEST_CHALLENGE = 2000

Asked = Mapping[str, Sequence[str]]
"""A query: the values of each name."""


class Question(Struct, frozen=True, kw_only=True):
    """What a hub asks about a subscription. ``denied`` is why it refuses it, None where it does
    not; ``lease`` are seconds."""

    challenge: str = ""
    lease: int = 0
    denied: str | None = None


def address_of(settings: Settings) -> str:
    """What callbacks' addresses begin with, without a slash; "" where hubs cannot reach us."""
    if pushed := settings.collect.push_address:
        return "" if pushed == NO_PUSH else pushed.rstrip("/")
    # Behind it may be a static host as well: it is the built-in server where that answers to its name.
    base = settings.publish.base_url
    answered = answers_to(urlsplit(base).hostname or "", settings.server.allow_hosts)
    return base.rstrip("/") if answered or _on_loopback(base) else ""


def is_token(text: str) -> bool:
    """Whether a callback of ours may end so."""
    return _TOKEN.fullmatch(text) is not None


def can_reach(address: str, hub: str) -> bool:
    """Whether a hub could call back: one elsewhere can not, where we are on loopback."""
    return not _on_loopback(address) or _on_loopback(hub)


def may_know_secret(hub: str) -> bool:
    """Whether a secret may be sent there: on no wire that others read (WebSub, section 5.1)."""
    return urlsplit(hub).scheme == "https" or _on_loopback(hub)


def request_form(one: Lease, address: str) -> bytes:
    """What asks a hub to tell us of a feed (WebSub, section 5.1)."""
    form = {
        "hub.mode": "subscribe",
        "hub.topic": one.offer.topic,
        "hub.callback": f"{address}{PUSH_PATH}{one.token}",
        "hub.secret": one.secret.decode("ascii"),
        "hub.lease_seconds": str(LEASE_SECONDS),
    }
    return urlencode({name: value for name, value in form.items() if value}).encode()


def read_question(asked: Asked, one: Lease) -> Question | None:
    """A hub's question about a subscription that we asked for; None for one that we did not."""
    values = {name: given[0] for name, given in asked.items() if len(given) == 1}
    if values.get("hub.topic") != one.offer.topic:
        return None
    match values.get("hub.mode"):
        case "denied":
            return Question(denied=values.get("hub.reason", "")[:200])
        case "subscribe" if 0 < len(values.get("hub.challenge", "")) <= _LONGEST_CHALLENGE:
            return Question(
                challenge=values["hub.challenge"], lease=_lease(values.get("hub.lease_seconds", ""))
            )
    return None


def renewal(lease: int) -> float:
    """Seconds after which a lease is renewed: early enough for some tries, should one fail. One of
    less than ten minutes ends first, and the feed is polled: it is not worth more requests."""
    return max(lease * RENEWED_AFTER / 10, _SHORTEST)


def _lease(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        # It must say (section 5.3); what it does not say is taken to be short.
        return DAY
    return min(int(text[:20]), LONGEST_LEASE)


def _on_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
