"""A topic's corrections feed: an entry for each change that a publisher made, as a diff."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from uuid import UUID, uuid5

from msgspec.structs import replace

from aggregator.model.differences import Mark, Stretch, compare, marked, reworded
from aggregator.model.series import Correction, CorrectionsFeed, Wording
from aggregator.model.topic import Detail, Page, PageEntry, Series
from aggregator.publish.site import Site, document_path
from aggregator.publish.text import one_line, shorten
from aggregator.publish.wording import TEASER, describes

# Name space of corrections' ids. Never changes: readers know corrections by these ids.
_CORRECTIONS = UUID("c41f6d28-03be-5f97-b1d5-92e07a6c8d13")
_NAMES = {"title": "Title", "authors": "Authors", "summary": "Summary", "text": "Text"}
_MARKUP = {Mark.SAME: "{}", Mark.OLD: "<del>{}</del>", Mark.NEW: "<ins>{}</ins>"}


def corrections_page(feed: CorrectionsFeed, site: Site) -> Page:
    """The corrections as a page that is published like a topic's own. Pure: a correction is dated by
    when it was seen, and a feed without any by when its topic was made or edited."""
    topic = replace(
        feed.topic,
        title=f"{feed.topic.title}: corrections",
        description=describes(feed.topic, Series.CORRECTIONS),
        detail=Detail.FULL,
    )
    page = Page(
        topic=topic,
        number=None,
        entries=(),
        updated=max((one.seen for one in feed.corrections), default=feed.since),
        total=len(feed.corrections),
        token=feed.token,
        series=Series.CORRECTIONS,
    )
    address = site.url(document_path(page, "html"))
    return replace(page, entries=tuple(_entry(one, address) for one in feed.corrections))


def _entry(correction: Correction, address: str) -> PageEntry:
    name = uuid5(_CORRECTIONS, f"{correction.entry} {correction.number}").urn
    html, plain = told(correction.before, correction.after)
    return PageEntry(
        id=name,
        entry=correction.entry,
        url=correction.url or f"{address}#{name.rpartition(':')[2]}",
        title=one_line(correction.after.title or correction.before.title),
        summary=shorten(plain, TEASER),
        html=html,
        text=plain,
        authors=correction.after.authors,
        categories=(),
        lang=correction.lang,
        published=correction.seen,
        updated=correction.seen,
        image=None,
        enclosures=(),
        origin_id=correction.origin_id,
        origin_title=correction.origin_title,
        origin_feed=correction.origin_feed,
        origin_home=correction.origin_home,
        also_in=(),
        reason="",
        corrected=True,
        vanished=False,
        origin_feed_id=correction.origin_feed_id,
    )


# Remembered, since a feed is written again with each of its corrections, and the others stay.
@lru_cache(maxsize=1000)
def told(before: Wording, after: Wording) -> tuple[str, str]:
    """What changed, as HTML (what was taken out in ``del``, what was put in in ``ins``) and as text."""
    fields = [(_NAMES[name], stretches) for name, stretches in _fields(before, after)]
    html = "".join(
        f"<h3>{name}</h3><p>{''.join(map(_markup, stretches))}</p>" for name, stretches in fields
    )
    return html, "\n".join(f"{name}: {marked(stretches)}" for name, stretches in fields)


def _fields(before: Wording, after: Wording) -> Iterator[tuple[str, tuple[Stretch, ...]]]:
    yield from reworded(before, after)
    if before.authors != after.authors:
        yield "authors", tuple(compare(", ".join(before.authors), ", ".join(after.authors)))


def _markup(stretch: Stretch) -> str:
    mark, text = stretch
    return _MARKUP[mark].format(escape(text))
