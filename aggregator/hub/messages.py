"""What the hub and the publisher send, word for word. Pure."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode

from aggregator.hub.asking import Wanted
from aggregator.publish import FEED_TYPES, Site

FORM_TYPE = "application/x-www-form-urlencoded"


def confirmation_url(wanted: Wanted, challenge: str) -> str:
    """Where the subscriber is asked whether it meant it (WebSub, section 5.3)."""
    asked = {
        "hub.mode": "subscribe" if wanted.subscribe else "unsubscribe",
        "hub.topic": wanted.topic,
        "hub.challenge": challenge,
    }
    if wanted.subscribe:
        asked["hub.lease_seconds"] = str(wanted.lease)
    return _with_query(wanted.callback, asked)


def denial_url(callback: str, topic: str, reason: str) -> str:
    """Where the subscriber is told that there is no subscription (WebSub, section 5.2)."""
    told = {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason}
    return _with_query(callback, told)


def delivery_headers(path: str, site: Site, body: bytes, secret: bytes | None) -> dict[str, str]:
    """The headers that a document is brought with (WebSub, sections 7 and 7.1)."""
    media_type = FEED_TYPES[path.rpartition(".")[2]]
    headers = {
        "Content-Type": f"{media_type}; charset=utf-8",
        "Link": site.link_header(path),
    }
    if secret is not None:
        headers["X-Hub-Signature"] = f"sha256={hmac.new(secret, body, 'sha256').hexdigest()}"
    return headers


def ping_form(topic: str) -> bytes:
    """What tells a hub of a change (WebSub, section 6, leaves it open; this is what hubs take).

    Most read the address in ``hub.url``, some in ``hub.topic``.
    """
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()


def _with_query(callback: str, values: dict[str, str]) -> str:
    """The callback with values after what is in its query already."""
    joint = "" if callback[-1] in "?&" else "&" if "?" in callback else "?"
    return f"{callback}{joint}{urlencode(values)}"
