"""From new entries to the pages they link to, for feeds whose whole text is wanted.

::

    archive.known, decide     ─► Entry*      which would be new or revised: others are not asked for
    collector.fetch_page      ─► Response    newest first, one after another
    workers.read_page         ─► Entry       with the page's text, or why it keeps the feed's

A page that cannot be had fails nothing: the entry keeps the text of its feed. What a
round leaves out is not asked for later, since the entry is known by then.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from urllib.parse import urlsplit

from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.collect import Collector
from aggregator.model.batch import ChangeKind, Fetched, LinkedPage
from aggregator.model.entry import Entry
from aggregator.model.errors import FeedError, FetchError
from aggregator.model.feed import FailureKind
from aggregator.model.settings import Settings
from aggregator.model.time import now
from aggregator.normalize import Workers, decide

_PATIENCE = 300.0
"""Seconds after which no further page is begun, so that a feed's claim does not run out."""

_UNWELL = {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT}
_UNWILLING = {401, 403, 429}
_FILES = re.compile(
    r"\.(?:mp3|m4a|mp4|m4v|mov|ogg|wav|webm|pdf|jpe?g|png|gif|webp|zip|docx?|xlsx?)", re.IGNORECASE
)


async def with_pages(
    fetched: Fetched, archive: Archive, collector: Collector, workers: Workers, settings: Settings
) -> Fetched:
    """What was fetched, its new and revised entries with the text of the pages they link to.

    Raises ArchiveError.
    """
    if not fetched.feed.full_text or fetched.document is None:
        return fetched
    news = await asyncio.to_thread(_news, fetched, archive, settings)
    wanted = [entry for entry in news if _leads_to_a_page(entry)]
    read = await _read_pages(fetched, wanted[: settings.collect.pages_per_feed], collector, workers)
    taken = {entry.id: entry for entry, page in read if page.taken}
    entries = tuple(taken.get(entry.id, entry) for entry in fetched.document.entries)
    document = replace(fetched.document, entries=entries)
    return replace(fetched, document=document, pages=tuple(page for _, page in read))


def _news(fetched: Fetched, archive: Archive, settings: Settings) -> list[Entry]:
    """The entries that would be new or revised if this were written now, newest first."""
    known = archive.known([fetched])
    (decision,) = decide([fetched], known, now=now(), settings=settings.normalize)
    return [
        change.entry
        for change in reversed(decision.changes)
        if change.entry and change.kind in (ChangeKind.NEW, ChangeKind.REVISED)
    ]


def _leads_to_a_page(entry: Entry) -> bool:
    """Whether an entry has an address of its own that can be an article's."""
    # A home page, and a page that several items link to, have no canonical form of their own.
    if not entry.url or not entry.canonical_url:
        return False
    parts = urlsplit(entry.url)
    return parts.scheme in {"http", "https"} and not _FILES.fullmatch(
        parts.path[parts.path.rfind(".") :] if "." in parts.path else ""
    )


async def _read_pages(
    fetched: Fetched, wanted: Sequence[Entry], collector: Collector, workers: Workers
) -> list[tuple[Entry, LinkedPage]]:
    """The entries whose page came, each as it is with its page."""
    until = monotonic() + _PATIENCE
    shunned: set[str | None] = set()
    found: list[tuple[Entry, LinkedPage]] = []
    for entry in wanted:
        url = entry.url or ""
        host = urlsplit(url).hostname
        if host in shunned or monotonic() > until:
            continue
        response = await collector.fetch_page(fetched.feed, url, now=now())
        if isinstance(response, FeedError):
            if _is_enough(response):
                shunned.add(host)
            continue
        read = await workers.read_page(fetched.feed, entry, response)
        if isinstance(read, FeedError):
            continue
        taken = isinstance(read, Entry)
        # The wire is what is kept; only the reading needs it unpacked.
        page = LinkedPage(entry=entry.id, response=replace(response, body=b""), taken=taken)
        found.append((read if isinstance(read, Entry) else entry, page))
    return _each_its_own(found)


def _is_enough(error: FeedError) -> bool:
    """Whether a server should not be asked for further pages now."""
    if not isinstance(error, FetchError):
        return False
    status = error.status or 0
    return error.kind in _UNWELL or status in _UNWILLING or status >= 500


def _each_its_own(found: list[tuple[Entry, LinkedPage]]) -> list[tuple[Entry, LinkedPage]]:
    """No two entries with one text: it says what the site says to all, in whatever language."""
    told = Counter(entry.text for entry, page in found if page.taken)
    return [
        (entry, replace(page, taken=page.taken and told[entry.text] == 1)) for entry, page in found
    ]
