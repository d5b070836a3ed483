"""What a published entry says, in the words that all formats share.

Everything here works on a page made safe by :func:`safe_page`.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from html import escape

from msgspec.structs import replace

from aggregator.model.address import shown_feed
from aggregator.model.period import Period
from aggregator.model.topic import Detail, Page, PageEntry, Series, Source, Topic
from aggregator.publish.enclosures import safe_enclosures
from aggregator.publish.text import language, one_line, scrub, shorten, uri, web_url

_HEADING = 90
# Letters and signs in which the first that has a direction is sought.
_LOOKED_AT = 500
TEASER = 360
"""Characters of a text that tell what it is about."""

NONE_YET = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed without entries was updated: the same for ever, since documents hold no clock."""

# RFC 5322 has four digits for a year; a publisher's year 824 is no date to pass on.
_EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)


def safe_page(page: Page) -> Page:
    """The page with only characters, links, types and tags that every format takes."""
    topic = replace(
        page.topic,
        title=one_line(page.topic.title) or page.topic.slug,
        description=one_line(page.topic.description),
        query=one_line(page.topic.query),
        languages=tuple(tag for tag in page.topic.languages if language(tag)),
    )
    entries = tuple(safe_entry(entry) for entry in page.entries)
    updated = max([page.updated, *(entry.updated for entry in entries)])
    return replace(page, topic=topic, entries=entries, updated=updated)


def safe_entry(entry: PageEntry) -> PageEntry:
    """The same of one entry."""
    return replace(
        entry,
        url=web_url(entry.url),
        title=one_line(entry.title),
        summary=scrub(entry.summary).strip(),
        html=scrub(entry.html).strip(),
        text=scrub(entry.text).strip(),
        authors=_lines(entry.authors),
        categories=_lines(entry.categories),
        lang=language(entry.lang),
        published=max(entry.published, _EARLIEST),
        updated=_apart(entry),
        image=web_url(entry.image),
        enclosures=safe_enclosures(entry.enclosures),
        origin_id=one_line(entry.origin_id) or entry.entry,
        # An address may hold a log-in or a secret, and be what the feed is called and identified by.
        origin_title=one_line(shown_feed(entry.origin_title)),
        origin_feed=web_url(shown_feed(entry.origin_feed)) or "",
        origin_feed_id=uri(shown_feed(entry.origin_feed_id)),
        origin_home=web_url(shown_feed(entry.origin_home)) or "",
        also_in=tuple(_safe_sources(entry.also_in)),
        reason=one_line(entry.reason),
    )


def _apart(entry: PageEntry) -> datetime:
    """When its state reached us, at a part of the second that is the entry's own.

    Entries that came together have one time, and no two of a feed should have
    (the feed validator's DuplicateUpdated). The part depends on nothing but the
    entry, so that it is the same in every document.
    """
    own = int.from_bytes(blake2b(entry.entry.encode(), digest_size=4).digest()) % 1_000_000
    return max(entry.updated, _EARLIEST).replace(microsecond=0) + timedelta(microseconds=own)


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for text in texts if (line := one_line(text))))


def _safe_sources(sources: tuple[Source, ...]) -> list[Source]:
    found: dict[str, Source] = {}
    for source in sources:
        if url := web_url(source.url):
            found.setdefault(url, Source(title=one_line(shown_feed(source.title)) or url, url=url))
    return list(found.values())


def heading(entry: PageEntry) -> str:
    """The title; the first words of an entry that has none; never empty."""
    return (
        entry.title
        or shorten(entry.summary or entry.text, _HEADING)
        or entry.origin_title
        or "Untitled"
    )


def teaser(entry: PageEntry) -> str:
    """A few lines of plain text that say what it is about, or ""."""
    text = shorten(entry.summary or entry.text, TEASER)
    return "" if text == heading(entry) else text


def further_feeds(topic: Topic) -> list[tuple[Series, str]]:
    """The feeds that a topic has besides its own, as they are called."""
    names = {Series.CORRECTIONS: "corrections"}
    if topic.digest:
        names[Series.DIGEST] = {Period.DAY: "daily digest", Period.WEEK: "weekly digest"}[
            topic.digest
        ]
    return [(series, names[series]) for series in topic.series if series]


def describes(topic: Topic, series: Series = Series.STORIES) -> str:
    """What one of the topic's feeds tells, in a sentence; never empty."""
    title = topic.title or topic.slug
    if series is Series.DIGEST:
        return f"The stories of {title}, an entry a {topic.digest or Period.DAY}"
    if series is Series.CORRECTIONS:
        return f"What publishers changed of the stories of {title}, word by word"
    return topic.description or f"Stories that match {topic.query or topic.title}"


def content(topic: Topic, entry: PageEntry) -> str:
    """The body as HTML, with links to the story's other sources; "" where only a summary goes out."""
    if topic.detail is Detail.SUMMARY:
        return ""
    body = entry.html or paragraphs(entry.text)
    if body and runs_leftwards(entry.text or entry.title):
        # A reader's page runs rightwards, and would put full stops and brackets on the wrong side.
        body = f'<div dir="rtl">{body}</div>'
    return body + also_in(entry) if body else ""


def runs_leftwards(text: str) -> bool:
    """Whether a text runs from right to left: what its first letter tells (rules P2 and P3 of
    the Unicode bidirectional algorithm)."""
    strong = (unicodedata.bidirectional(sign) for sign in text[:_LOOKED_AT])
    return next((kind in {"R", "AL"} for kind in strong if kind in {"L", "R", "AL"}), False)


def summary(topic: Topic, entry: PageEntry) -> str:
    """The summary as plain text; where it is all that goes out, the first words stand in for it."""
    return entry.summary or (teaser(entry) if topic.detail is Detail.SUMMARY else "")


def paragraphs(text: str) -> str:
    """Plain text as HTML paragraphs; what looks like markup stays text."""
    return "".join(
        f"<p>{escape(block)}</p>" for line in text.split("\n") if (block := line.strip())
    )


def also_in(entry: PageEntry) -> str:
    """A paragraph of HTML that names the story's other sources, or ""."""
    if not entry.also_in:
        return ""
    links = ", ".join(
        f'<a href="{escape(source.url)}">{escape(source.title)}</a>' for source in entry.also_in
    )
    return f"<p><small>Also in: {links}</small></p>"
