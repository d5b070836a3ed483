"""Where a feed is fetched next: a permanent move counts after it was seen three times running."""

from __future__ import annotations

from aggregator.model.batch import Address
from aggregator.model.feed import Feed, Response

_PERMANENT = {301, 308}
_TIMES = 3


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
        return Address(fetch_url=target)
    return Address(fetch_url=feed.fetch_url, moved_to=target, moved_count=count)
