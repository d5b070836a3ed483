"""From the address of a page to the feeds that are to be had there: each is asked and read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from msgspec import Struct

from aggregator.collect.discovery import (
    Candidate,
    Where,
    declared,
    known_paths,
    linked,
    news_sitemaps,
    of_comments,
    robots,
    stranger,
)
from aggregator.model.address import canonical_url
from aggregator.model.entry import Document
from aggregator.model.errors import FeedError
from aggregator.model.feed import Feed, Response

Fetch = Callable[[Feed], Awaitable[Response | FeedError]]
Read = Callable[[Feed, Response], Awaitable[Document | FeedError]]

_PERMANENT = {301, 308}
# So many addresses are asked at the most, of each kind: a page may name hundreds.
_MOST = 20
_FORMATS = {
    "rss090": "RSS 0.90", "rss091n": "RSS 0.91", "rss091u": "RSS 0.91", "rss092": "RSS 0.92", "rss10": "RSS 1.0",
    "rss20": "RSS 2.0", "rss": "RSS", "atom03": "Atom 0.3", "atom10": "Atom 1.0", "atom": "Atom",
    "json1": "JSON Feed 1.0", "json11": "JSON Feed 1.1", "news": "news sitemap",
}  # fmt: skip


class Found(Struct, frozen=True, kw_only=True):
    """A feed that is there: it was asked and read.

    ``entries`` counts what it lists now, ``newest`` is the date of the newest of them.
    ``comments``: it is of what readers write below articles. ``lasting``: where permanent redirects
    of its address lead, or itself. ``problems``: what is wrong with its document, a sentence each.
    """

    url: str
    title: str
    format: str
    entries: int
    newest: datetime | None
    where: Where
    comments: bool = False
    lasting: str = ""
    problems: tuple[str, ...] = ()


async def discover(url: str, fetch: Fetch, read: Read) -> tuple[Found, ...] | FeedError:
    """The feeds at an address: the one that it is, else those of the page there; none where there
    are none. The failure where the address itself cannot be had.

    What the page declares comes first; the next place is looked at only where nothing was
    found. Requests go out one by one, so that a site is asked as politely as ever.
    """
    page = await fetch(stranger(url))
    if isinstance(page, FeedError):
        return page
    seeker = _Seeker(fetch, read)
    itself = await seeker.read(Candidate(url=url, where=Where.ITSELF), page)
    if itself is not None or url.lower().startswith("file:"):
        return (itself,) if itself else ()
    return (
        await seeker.all_of(declared(page))
        or await seeker.all_of(linked(page))
        or await seeker.first_of(known_paths(page.url))
        or await seeker.first_of(news_sitemaps(page.url, await seeker.text(robots(page.url))))
    )


class _Seeker:
    """Asks at addresses, at none twice."""

    def __init__(self, fetch: Fetch, read: Read) -> None:
        self._fetch = fetch
        self._read = read
        self._asked: set[str] = set()
        self._found: set[str] = set()

    async def all_of(self, candidates: Sequence[Candidate]) -> tuple[Found, ...]:
        """The feeds among the first of these addresses."""
        found = [await self._try(one) for one in candidates[:_MOST]]
        return tuple(one for one in found if one is not None)

    async def first_of(self, candidates: Sequence[Candidate]) -> tuple[Found, ...]:
        """The first feed among these addresses: they are guesses, so that one is enough."""
        for one in candidates[:_MOST]:
            if found := await self._try(one):
                return (found,)
        return ()

    async def text(self, url: str) -> str:
        """What stands there; "" where nothing does."""
        answer = await self._fetch(stranger(url))
        return "" if isinstance(answer, FeedError) else answer.body.decode("utf-8", "replace")

    async def _try(self, one: Candidate) -> Found | None:
        canonical = canonical_url(one.url)
        if canonical in self._asked:
            return None
        self._asked.add(canonical)
        answer = await self._fetch(stranger(one.url))
        return None if isinstance(answer, FeedError) else await self.read(one, answer)

    async def read(self, one: Candidate, answer: Response) -> Found | None:
        """The feed that came, unless it came before from another address; None where it is none."""
        self._asked.add(canonical_url(one.url))
        document = await self._read(stranger(one.url), answer)
        if isinstance(document, FeedError) or canonical_url(answer.url) in self._found:
            return None
        self._found.add(canonical_url(answer.url))
        # What a person named stays as it is; what we found is written down for years.
        lasting = _lasting(one.url, answer)
        url = one.url if one.where is Where.ITSELF else lasting
        title = document.title or one.title
        return Found(
            url=url,
            title=title,
            format=_FORMATS.get(document.version, document.version),
            entries=len(document.entries),
            newest=max((date for e in document.entries if (date := e.published)), default=None),
            where=one.where,
            comments=of_comments(url, one.title or title),
            lasting=lasting,
            problems=document.problems,
        )


def _lasting(url: str, answer: Response) -> str:
    """Where permanent redirects lead."""
    for hop in answer.redirects:
        if hop.status not in _PERMANENT:
            break
        url = hop.url
    return url
