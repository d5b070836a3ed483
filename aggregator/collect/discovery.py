"""Where the feeds of a page may be: what the page says, where others have theirs. Pure.

In order of trust: what the page declares (``link`` elements and the Link header), what it
links to, the paths that many sites use, and news sitemaps, which sites without a feed have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from aggregator.model.address import canonical_url
from aggregator.model.feed import Feed, FeedIdentity, FeedKey, Response, Validators

_MOST_BYTES = 2 * 1024 * 1024
"""Of a page: its head and its links stand in it."""
_TYPES = frozenset({
    "application/rss+xml", "application/atom+xml", "application/feed+json", "application/json",
    "application/rdf+xml", "application/xml", "text/xml", "application/x-rss+xml",
})  # fmt: skip
_PATHS = ("feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.json", "feeds/posts/default")  # fmt: skip
_SITEMAPS = ("news-sitemap.xml", "sitemap-news.xml", "news_sitemap.xml")
_FEEDISH = re.compile(r"(?:^|[/._?=&-])(?:rss|atom|feeds?|rdf)(?:$|[/._?=&0-9-])", re.IGNORECASE)
_NAMED = re.compile(r"\W*(?:(?:our|the)\s+)?(?:rss|atom|json|web)?[\s-]*(?:feed|rss|atom)s?\W*", re.IGNORECASE)  # fmt: skip
_HEADER_LINK = re.compile(r"<([^<>]{1,4000})>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)")
_PARAMETER = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))")
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_COMMENTS = re.compile(r"\bcomments?\b|/comments?(?:/|$)", re.IGNORECASE)


class Where(StrEnum):
    """How an address came to be thought a feed's."""

    ITSELF = "itself"
    DECLARED = "declared"
    LINKED = "linked"
    KNOWN_PATH = "known path"
    NEWS_SITEMAP = "news sitemap"


class Candidate(Struct, frozen=True, kw_only=True):
    """An address where a feed may be; ``title`` as the page calls it, or ""."""

    url: str
    where: Where
    title: str = ""


def stranger(url: str, validators: Validators | None = None) -> Feed:
    """An address that is no feed of the archive's (yet), as a collector asks for it."""
    return Feed(
        key=FeedKey(0),
        identity=FeedIdentity(canonical_url(url)),
        url=url,
        fetch_url=url,
        validators=validators,
    )


def declared(page: Response) -> tuple[Candidate, ...]:
    """The feeds that a page names as its own, in its order."""
    read = _read(page)
    links = [*_header_links(page), *read.declared]
    return _apart(_candidates(links, read.base, Where.DECLARED))


def linked(page: Response) -> tuple[Candidate, ...]:
    """The addresses that a page links to which look like feeds', or are called so."""
    read = _read(page)
    links = [
        (href, text)
        for href, text in read.anchors
        if _FEEDISH.search(_place(href)) or (text and _NAMED.fullmatch(text))
    ]
    return _apart(_candidates(links, read.base, Where.LINKED))


def known_paths(url: str) -> tuple[Candidate, ...]:
    """Where many sites have their feed: below the page, then below the site's root."""
    root, page = urljoin(url, "/"), urljoin(url, ".")
    folders = dict.fromkeys((page, root))
    paths = [urljoin(folder, path) for folder in folders for path in _PATHS]
    return tuple(Candidate(url=path, where=Where.KNOWN_PATH) for path in paths)


def robots(url: str) -> str:
    """The address of a site's robots.txt, which names its sitemaps."""
    return urljoin(url, "/robots.txt")


def news_sitemaps(url: str, robots_text: str = "") -> tuple[Candidate, ...]:
    """News sitemaps: those that robots.txt names which are called so, then the usual places."""
    named = [one for one in _SITEMAP_LINE.findall(robots_text[:500_000]) if "news" in one.lower()]
    places = [*named, *(urljoin(url, f"/{name}") for name in _SITEMAPS)]
    return _apart(_candidates([(one, "") for one in places], url, Where.NEWS_SITEMAP))


def of_comments(url: str, title: str) -> bool:
    """Whether a feed is of what readers write below articles, which few mean who add a page."""
    return bool(_COMMENTS.search(title) or _COMMENTS.search(_place(url)))


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}"


def _candidates(links: Iterable[tuple[str, str]], base: str, where: Where) -> Iterator[Candidate]:
    for href, title in links:
        try:
            url = urljoin(base, href.strip())
            web = urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
        except ValueError:
            continue
        if web:
            yield Candidate(url=url, where=where, title=" ".join(title.split())[:200])


def _apart(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each address once."""
    found: dict[str, Candidate] = {}
    for one in candidates:
        found.setdefault(canonical_url(one.url), one)
    return tuple(found.values())


def _header_links(page: Response) -> Iterator[tuple[str, str]]:
    """The feeds in the Link header (RFC 8288)."""
    text = ",".join(value for name, value in page.headers if name.lower() == "link")[:20_000]
    for href, rest in _HEADER_LINK.findall(text):
        told = {name.lower(): one or other for name, one, other in _PARAMETER.findall(rest)}
        if _is_feed(told.get("rel"), told.get("type")):
            yield href, told.get("title", "")


def _is_feed(rel: str | None, kind: str | None) -> bool:
    rels = (rel or "").lower().split()
    named = (kind or "").partition(";")[0].strip().lower() in _TYPES
    # rel=feed was HTML5's word for a time.
    return ("alternate" in rels and named) or "feed" in rels


def _read(page: Response) -> _Links:
    """The links of a page; nothing of what is no HTML."""
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", page.header("content-type") or "")
    body = page.body[:_MOST_BYTES]
    try:
        text = body.decode(charset.group(1) if charset else "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    links = _Links(page.url)
    links.feed(text)
    return links


class _Links(HTMLParser):
    """``declared`` and ``anchors`` are (href, title or text), as they stand there."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.base = url
        self.declared: list[tuple[str, str]] = []
        self.anchors: list[tuple[str, str]] = []
        self._open: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        href = told.get("href", "")
        if tag == "base" and href:
            self.base = urljoin(self.base, href)
        elif tag == "link" and href and _is_feed(told.get("rel"), told.get("type")):
            self.declared.append((href, told.get("title", "")))
        elif tag == "a" and href:
            self._open, self._text = href, [told.get("title", "") or told.get("aria-label", "")]

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            said = [" ".join(one.split()) for one in self._text]
            self.anchors.append((self._open, next((one for one in said[1:] if one), said[0])))
            self._open = None
