"""What a publisher's server could do better, told so that its keeper can mend it. Pure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from aggregator.model.address import shown_url
from aggregator.model.feed import SERVED_BYTES, Feed, FeedState, Totals

# A document below so many bytes is not worth packing.
_WORTH_PACKING = 2000


class Remark(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, in a sentence, and the lines that would mend it."""

    what: str
    mend: str


def remarks(feed: Feed, totals: Totals) -> tuple[Remark, ...]:
    """What the feed's server does wrong, worst first; empty where nothing is."""
    found = (rule(feed, totals) for rule in _RULES)
    return tuple(one for one in found if one is not None)


def _failing(feed: Feed, _: Totals) -> Remark | None:
    if feed.failure is None:
        return None
    mend = "HTTP/1.1 200 OK" if feed.state is not FeedState.STOPPED else "nothing, if it is over"
    return Remark(what=f"{feed.failure.message}, {feed.failure.count} times by now", mend=mend)


def _liar(feed: Feed, _: Totals) -> Remark | None:
    if not feed.rhythm.get("liar"):
        return None
    return Remark(
        what='its "304 Not Modified" has hidden changes',
        mend="ETag: made anew from the body whenever the body changes",
    )


def _blind(feed: Feed, _: Totals) -> Remark | None:
    if not feed.rhythm.get("blind"):
        return None
    return Remark(
        what="it sends neither ETag nor Last-Modified, so that each request costs the whole document",
        mend='ETag: "a hash of the body"\nLast-Modified: the date of the newest entry\n'
        "and 304 without a body where If-None-Match names that ETag",
    )


def _repeating(_: Feed, totals: Totals) -> Remark | None:
    if totals.repeated < 2:
        return None
    return Remark(
        what=f"{totals.repeated} of the last {totals.kept} fetches brought the same bytes again, "
        "though the request named them",
        mend="compare If-None-Match with the ETag (W/ aside) and answer 304 where they are equal",
    )


def _unpacked(feed: Feed, _: Totals) -> Remark | None:
    size = int(feed.served.get(SERVED_BYTES, 0))
    if size < _WORTH_PACKING or feed.served.get("content-encoding"):
        return None
    return Remark(
        what=f"it sends {size:,} bytes unpacked, though we take gzip, br, zstd and deflate",
        mend=_by_server(
            feed,
            nginx="gzip on;\ngzip_types application/rss+xml application/atom+xml application/xml "
            "application/feed+json;",
            apache="AddOutputFilterByType DEFLATE application/rss+xml application/atom+xml "
            "application/xml application/feed+json",
            other="Content-Encoding: gzip",
        ),
    )


def _unclear(feed: Feed, _: Totals) -> Remark | None:
    said = any(feed.rhythm.get(name) for name in ("fresh", "ttl", "period"))
    if said or not feed.served:
        return None
    return Remark(
        what="it does not say how often to ask, so that readers guess",
        mend=_by_server(
            feed,
            nginx='add_header Cache-Control "max-age=3600";',
            apache='Header set Cache-Control "max-age=3600"',
            other="Cache-Control: max-age=3600",
        ),
    )


def _mistyped(feed: Feed, _: Totals) -> Remark | None:
    kind = feed.served.get("content-type", "")
    if not feed.served or any(word in kind.lower() for word in ("xml", "json")):
        return None
    return Remark(
        what=f"it calls the feed {kind}" if kind else "it does not say what it sends",
        mend="Content-Type: application/rss+xml (or application/atom+xml, application/feed+json)",
    )


def _cookie(feed: Feed, _: Totals) -> Remark | None:
    if "set-cookie" not in feed.served:
        return None
    return Remark(
        what="it sets a cookie with the feed, which keeps caches between us from sharing it",
        mend="no Set-Cookie on the feed's address",
    )


def _detour(feed: Feed, _: Totals) -> Remark | None:
    held = feed.validators
    if held is None or feed.moved_to or held.url == shown_url(feed.fetch_url):
        return None
    return Remark(
        what=f"it redirects each request, for now only, to {held.url}",
        mend=f"301 instead of 302, 303 or 307, if it is there to stay\nLocation: {held.url}",
    )


def _by_server(feed: Feed, *, nginx: str, apache: str, other: str) -> str:
    """The lines in the words of the server's own configuration, where it says what it is."""
    name = feed.served.get("server", "").lower()
    return nginx if "nginx" in name else apache if "apache" in name else other


_RULES: tuple[Callable[[Feed, Totals], Remark | None], ...] = (
    _failing, _liar, _blind, _repeating, _unpacked, _unclear, _detour, _mistyped, _cookie,
)  # fmt: skip
