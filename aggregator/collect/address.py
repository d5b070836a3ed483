"""Where a feed is fetched next: a permanent move counts after it was seen three times running.

And to which addresses what its own holds of a log-in may go: those of its own server.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit, urlunsplit

from aggregator.model.batch import Address
from aggregator.model.feed import Feed, Response

_PERMANENT = {301, 308}
_TIMES = 3
_PORTS = {"http": 80, "https": 443}


def next_address(feed: Feed, response: Response | None) -> Address:
    """The feed's address after a fetch that brought a feed (None: after one that did not).

    Only an unbroken chain of permanent redirects moves a feed (RFC 9110, 15.4); a
    temporary hop ends the part that counts.
    """
    held = Address(fetch_url=feed.fetch_url, moved_to=feed.moved_to, moved_count=feed.moved_count)
    if response is None:
        return held
    target = feed.fetch_url
    for hop in response.redirects:
        if hop.status not in _PERMANENT:
            break
        target = hop.url
    if target == feed.fetch_url:
        return Address(fetch_url=feed.fetch_url)
    count = feed.moved_count + 1 if feed.moved_to == target else 1
    if count >= _TIMES:
        return Address(fetch_url=with_login(target, feed.fetch_url))
    return Address(fetch_url=feed.fetch_url, moved_to=target, moved_count=count)


def with_login(url: str, feed_url: str) -> str:
    """A link's address as it is asked for: with the feed's log-in where it is on the feed's
    server, and never with one of its own.
    """
    try:
        page, feed = urlsplit(url), urlsplit(feed_url)
        login, at, _ = feed.netloc.rpartition("@")
        if not same_server(url, feed_url):
            login = at = ""
    except ValueError:
        return url
    return urlunsplit(page._replace(netloc=login + at + page.netloc.rpartition("@")[2]))


def same_server(url: str, feed_url: str) -> bool:
    """Whether an address has the feed's origin (scheme, host and port; RFC 6454), or is the same
    host's safe door: https, where the feed's is plain http, both at their usual ports.
    """
    try:
        there, feed = _origin(urlsplit(url)), _origin(urlsplit(feed_url))
    except ValueError:
        return False
    upgraded = ("https", feed[1], 443) if feed[0] == "http" and feed[2] == 80 else feed
    return there in (feed, upgraded)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
