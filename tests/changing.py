"""A loopback server of feeds that change by edition, for the kill test.

The edition moves on only when every feed has *sent back* the validator of the
one before, which it can do only after that edition was stored. So a killed
collector never misses an edition, and an undisturbed one sees the same.
"""

from __future__ import annotations

import hashlib

from aiohttp import web
from loopback import Loopback

HOSTS = 20
ENTRIES = 5
EDITIONS = 3


def items(feed: int, edition: int) -> list[tuple[str, str, str]]:
    """(link, title, text) of a feed's items in an edition, newest first.

    Each edition brings two new items and revises one; every third feed also
    carries, word for word, an item of the feed before it.
    """
    found = []
    for number in range(2 * edition + ENTRIES - 1, 2 * edition - 1, -1):
        revised = edition > 0 and number == 2 * edition
        found.append(_item(feed, number, revised=revised))
    if feed % 3 == 0 and feed:
        found.append(_item(feed - 1, 2 * edition + ENTRIES - 1, revised=False))
    return found


def _item(feed: int, number: int, *, revised: bool) -> tuple[str, str, str]:
    token = f"F{feed}N{number}"
    person = "Torres coaching" if (feed + number) % 4 == 0 else "A keeper training"
    score = "two goals" if revised else "one goal"
    text = " ".join(
        f"<p>{person} the side of {token}: {score}. {_words(feed, number, n)}.</p>"
        for n in range(4)
    )
    return f"http://news{feed}.example/{token}", f"{token} {person} {number}", text


def _words(feed: int, number: int, sentence: int) -> str:
    """Words of the item's own: whether two texts are nearly one must be beyond doubt, since of
    three that are half alike the order of arrival decides which belong together."""
    return " ".join(
        f"{sign}{feed}{sign}{number}{sign}{sentence}" for sign in "abcdefghijklmnopqrst"
    )


def document(feed: int, edition: int) -> bytes:
    """RSS for even feeds, Atom for odd ones."""
    rows = items(feed, edition)
    if feed % 2 == 0:
        body = "".join(
            f"<item><title>{title}</title><link>{link}</link><guid>{link}#{feed}</guid>"
            f"<description><![CDATA[{text}]]></description></item>"
            for link, title, text in rows
        )
        return (
            '<?xml version="1.0"?><rss version="2.0"><channel>'
            f"<title>Changing {feed}</title><link>http://news{feed}.example/</link>"
            f"<description>d</description><language>en</language>{body}</channel></rss>"
        ).encode()
    body = "".join(
        f"<entry><title>{title}</title><id>{link}#{feed}</id><link href='{link}'/>"
        f"<updated>2026-01-01T00:00:00Z</updated><content type='html'><![CDATA[{text}]]></content>"
        "</entry>"
        for link, title, text in rows
    )
    return (
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f"<title>Changing {feed}</title><id>urn:changing:{feed}</id>"
        f"<updated>2026-01-01T00:00:00Z</updated>{body}</feed>"
    ).encode()


class ChangingServer(Loopback):
    """Serves ``feeds`` feeds; ``served`` holds the hash of every body given out."""

    _paths = "/feed/{number}"
    _hosts = HOSTS

    def __init__(self, feeds: int) -> None:
        super().__init__()
        self.feeds = feeds
        self.edition = 0
        self.served: set[bytes] = set()
        self._confirmed: set[int] = set()

    def url(self, feed: int) -> str:
        return f"http://127.0.0.{1 + feed % HOSTS}:{self.port}/feed/{feed}"

    async def _answer(self, request: web.Request) -> web.Response:
        feed = int(request.match_info["number"])
        body = document(feed, self.edition)
        etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        headers = {"ETag": etag, "Content-Type": "application/xml"}
        if request.headers.get("If-None-Match") == etag:
            self._confirm(feed)
            return web.Response(status=304, headers=headers)
        self.served.add(hashlib.sha256(body).digest())
        return web.Response(body=body, headers=headers)

    def _confirm(self, feed: int) -> None:
        self._confirmed.add(feed)
        if len(self._confirmed) == self.feeds and self.edition < EDITIONS - 1:
            self._confirmed.clear()
            self.edition += 1
