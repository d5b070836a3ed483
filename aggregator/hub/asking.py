"""What a subscriber asks of the hub, read and checked (WebSub, section 5.1). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from aggregator.model.settings import HubSettings
from aggregator.publish import Site

Fields = Mapping[str, Sequence[str]]
"""A form: the values of each name."""

# Both go into one index entry of the database, which takes 2,700 bytes.
_LONGEST_CALLBACK, _LONGEST_PATH = 1900, 400
_SECRET_BYTES = 200
# RFC 3986, section 2.3: written with a percent sign or without, it is the same address.
_NEEDLESS = re.compile(r"%(2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])")


class Reply(Struct, frozen=True, kw_only=True):
    """What the hub answers at once. ``retry_after``: seconds, where asking again makes sense."""

    status: int
    text: str
    retry_after: int | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """A request to subscribe or unsubscribe. ``topic`` is the address as it was given, ``path``
    the document it names, ``lease`` the seconds granted, ``host`` the callback's."""

    subscribe: bool
    topic: str
    path: str
    callback: str
    host: str
    lease: int
    secret: bytes | None = None

    def __repr__(self) -> str:
        return f"Wanted({self.topic!r}, {self.callback!r})"


class _Unfit(Exception):
    """A field that cannot be used; the sentence says why."""


def read_request(fields: Fields, site: Site, settings: HubSettings) -> Wanted | Reply:
    """What is asked for; or the refusal, in plain words for whoever writes the subscriber."""
    try:
        mode = _only(fields, "hub.mode")
        if mode not in {"subscribe", "unsubscribe"}:
            return Reply(status=400, text="hub.mode must be subscribe or unsubscribe")
        callback = _only(fields, "hub.callback")
        topic = _only(fields, "hub.topic")
        path = _path(topic, site)
        if path is None:
            return Reply(status=404, text="hub.topic is no feed that is published here")
        return Wanted(
            subscribe=mode == "subscribe",
            topic=topic,
            path=path,
            callback=callback,
            host=_host(callback),
            lease=_lease(fields, settings) if mode == "subscribe" else 0,
            secret=_secret(fields),
        )
    except _Unfit as error:
        return Reply(status=400, text=str(error))


def _only(fields: Fields, name: str) -> str:
    values = fields.get(name, ())
    if len(values) != 1 or not values[0]:
        raise _Unfit(f"{name} must be given, once")
    return values[0]


def _path(topic: str, site: Site) -> str | None:
    """The document of an address of ours, whether there is one or not; None for other addresses."""
    plain = _NEEDLESS.sub(lambda found: chr(int(found[1], 16)), topic)
    base = site.url("")
    path = plain.removeprefix(base)
    return path if plain.startswith(base) and 0 < len(path) <= _LONGEST_PATH else None


def _host(callback: str) -> str:
    """The host of a callback. Raises _Unfit for what is no address that a message can go to."""
    if len(callback) > _LONGEST_CALLBACK or not re.fullmatch(r"[!-~]+", callback):
        raise _Unfit(f"hub.callback must be a URL of at most {_LONGEST_CALLBACK} characters")
    try:
        parts = urlsplit(callback)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _Unfit("hub.callback is no URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise _Unfit("hub.callback must be an http or https URL")
    if "@" in parts.netloc or "#" in callback:
        raise _Unfit("hub.callback must hold no log-in and no fragment")
    return host.rstrip(".")


def _lease(fields: Fields, settings: HubSettings) -> int:
    """Seconds, between the least and the most."""
    values = fields.get("hub.lease_seconds", ())
    if not values:
        return settings.default_lease
    # Fields that are there and empty come from clients that leave the choice to us.
    if values == [""]:
        return settings.default_lease
    if len(values) > 1 or not re.fullmatch(r"[0-9]{1,20}", values[0]) or not int(values[0]):
        raise _Unfit("hub.lease_seconds must be a positive whole number")
    return min(max(int(values[0]), settings.min_lease), settings.max_lease)


def _secret(fields: Fields) -> bytes | None:
    values = fields.get("hub.secret", ())
    if len(values) > 1:
        raise _Unfit("hub.secret must be given once at most")
    secret = values[0].encode() if values else b""
    if len(secret) >= _SECRET_BYTES:
        raise _Unfit(f"hub.secret must be shorter than {_SECRET_BYTES} bytes")
    return secret or None
