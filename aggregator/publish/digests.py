"""A topic's digest feed: an entry a day or week, with its stories in the order they came in."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from uuid import UUID, uuid5

from msgspec.structs import replace

from aggregator.model.entry import EntryId
from aggregator.model.period import Period
from aggregator.model.series import Digest, DigestFeed
from aggregator.model.topic import Detail, Page, PageEntry, Series
from aggregator.publish.site import Site, document_path
from aggregator.publish.text import shorten
from aggregator.publish.wording import TEASER, describes, further_feeds, heading, safe_entry, teaser

# Name space of digests' ids. Never changes: readers know digests by these ids.
_DIGESTS = UUID("5b8e1a9c-7f43-5d20-8a61-3c9d2e7b0f54")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def digest_page(feed: DigestFeed, site: Site) -> Page:
    """The digests as a page that is published like a topic's own. Pure, and without a clock: a digest is
    dated by the end of its period, and a feed without any by when its topic was made or edited."""
    period = feed.topic.digest or Period.DAY
    topic = replace(
        feed.topic,
        title=f"{feed.topic.title}: {dict(further_feeds(feed.topic))[Series.DIGEST]}",
        description=describes(feed.topic, Series.DIGEST),
        detail=Detail.FULL,
    )
    page = Page(
        topic=topic,
        number=None,
        entries=(),
        updated=max((digest.end for digest in feed.digests), default=feed.since),
        total=len(feed.digests),
        token=feed.token,
        series=Series.DIGEST,
    )
    address = site.url(document_path(page, "html"))
    entries = (_entry(digest, feed.topic.slug, period, address) for digest in feed.digests)
    return replace(page, entries=tuple(entries))


def _entry(digest: Digest, slug: str, period: Period, address: str) -> PageEntry:
    stories = tuple(map(safe_entry, digest.stories))
    day = digest.begin.date().isoformat()
    name = EntryId(uuid5(_DIGESTS, f"{slug} {period} {day}").urn)
    count = f"{len(stories):,} {'story' if len(stories) == 1 else 'stories'}"
    headings = tuple(map(_line, stories))
    return PageEntry(
        id=name,
        entry=name,
        url=f"{address}#{day}",
        title=f"{_span(digest, period)}: {count}",
        summary=shorten("; ".join(headings), TEASER),
        html=f"<ol>{''.join(map(_item, stories))}</ol>",
        text="\n".join(headings),
        authors=(),
        categories=(),
        lang="",
        published=digest.end,
        updated=digest.end,
        image=None,
        enclosures=(),
        origin_id=name,
        origin_title="",
        origin_feed="",
        origin_home="",
        also_in=(),
        reason="",
        corrected=False,
        vanished=False,
    )


def _span(digest: Digest, period: Period) -> str:
    """ "26 November 2026", "Week 48, 23 to 29 November 2026": in English whatever the locale."""
    first, last = digest.begin, digest.end - timedelta(days=1)
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if period is Period.DAY:
        return end
    month = "" if first.month == last.month else f" {_MONTHS[first.month - 1]}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"Week {first.isocalendar().week}, {first.day}{month}{year} to {end}"


def _line(story: PageEntry) -> str:
    source = f" ({story.origin_title})" if story.origin_title else ""
    return f"{heading(story)}{source}"


def _item(story: PageEntry) -> str:
    """A story as an item of the list: its title, linked, its source, and a few lines of it."""
    title = escape(heading(story))
    linked = f'<a href="{escape(story.url)}">{title}</a>' if story.url else title
    source = f" <small>{escape(story.origin_title)}</small>" if story.origin_title else ""
    lines = f"<br>{escape(teaser(story))}" if teaser(story) else ""
    lang = f' lang="{escape(story.lang)}"' if story.lang else ""
    return f'<li{lang} dir="auto">{linked}{source}{lines}</li>'
