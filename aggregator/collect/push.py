"""What a feed says of its hub, and how polling rests on one that works. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

from aggregator.model.batch import Fetched
from aggregator.model.feed import Feed, Response
from aggregator.model.push import HubSeen, Offer
from aggregator.model.settings import MINUTE, CollectSettings

# RFC 8288, section 3: <target>; name=value; name="value", and the next link after a comma.
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?)*)')
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))')
NOT_SHOWN_YET = "its hub told of news that its server does not show yet"
"""Why a feed is due that was unchanged though its hub had told of news."""

_LONGEST_HEADER, _LONGEST_ADDRESS = 8192, 1000
# A server's caches may show what its hub told of a little later.
_LAG = 5.0 * MINUTE
# A message so long before a fetch may have told of what that fetch had and the next one finds.
_EARLIER = timedelta(minutes=10)


def offered(fetched: Fetched) -> Offer | None:
    """The hub of the document that came, from the headers before the body (WebSub, section 4)."""
    response, document = fetched.response, fetched.document
    if response is None or document is None or response.url.lower().startswith("file:"):
        return None
    links = list(_links(response))
    hubs = [target for rel, target in links if rel == "hub"] + list(document.hubs)
    selves = [target for rel, target in links if rel == "self"] + [document.self_url or ""]
    hub = next(filter(_usable, hubs), None)
    topic = next(filter(_usable, (*selves, response.url)), None)
    return Offer(hub=hub, topic=topic) if hub and topic else None


def hub_of(fetched: Fetched, *, new: int) -> HubSeen:
    """What a fetch that brought so many new entries tells of the feed's hub."""
    return HubSeen(offer=offered(fetched), silent=kept_silent(fetched, new=new))


def told_of_news(feed: Feed, at: datetime) -> bool:
    """Whether its hub has told of news since the feed was last asked, before this time."""
    told = _told(feed, at)
    return told is not None and (feed.last_fetch is None or told > feed.last_fetch)


def kept_silent(fetched: Fetched, *, new: int) -> bool:
    """Whether news came of which a hub that polling rested on had not told."""
    feed, push = fetched.feed, fetched.feed.push
    if not new or push is None or not push.proven or feed.last_fetch is None:
        return False
    told = _told(feed, fetched.at)
    return told is None or told < min(feed.last_fetch, fetched.at) - _EARLIER


def _told(feed: Feed, at: datetime) -> datetime | None:
    """When its hub last told of news; None for a time to come, which our clock noted while it was
    ahead."""
    told = feed.push.told if feed.push else None
    return None if told is None or told > at + _EARLIER else told


def rest_on_hub(
    fetched: Fetched, seconds: float, settings: CollectSettings
) -> tuple[float, str] | None:
    """The interval where the feed's hub has a say in it, and why; None where it has none.

    ``seconds`` is the interval without a hub. While the hub works polling only watches over
    it; where it told of news that the server does not show yet, the server is asked soon again.
    """
    feed = fetched.feed
    if told_of_news(feed, fetched.at) and fetched.unchanged:
        return _LAG, NOT_SHOWN_YET
    if feed.push is None or feed.interval is not None or not feed.push.works(fetched.at):
        return None
    return max(seconds, float(settings.max_interval)), "its hub tells of news"


def _links(response: Response) -> Iterator[tuple[str, str]]:
    """(relation, absolute address) of each link about the document itself in the headers."""
    for name, value in response.headers:
        if name.lower() != "link":
            continue
        for target, rest in _LINK.findall(value[:_LONGEST_HEADER]):
            given = {
                key.lower(): quoted or plain for key, quoted, plain in _PARAMETER.findall(rest)
            }
            if "anchor" not in given:
                for rel in given.get("rel", "").lower().split():
                    yield rel, _joined(response.url, target.strip())


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return ""


def _usable(address: str) -> bool:
    """Whether it is a web address that may be sent around: whole, and without a log-in."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    fits = len(address) <= _LONGEST_ADDRESS and re.fullmatch(r"[!-~]+", address)
    return bool(fits and parts.scheme in {"http", "https"} and host and "@" not in parts.netloc)
