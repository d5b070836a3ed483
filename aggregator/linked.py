"""From new entries to the pages they link to, for feeds whose whole text is wanted.

::

    archive.known, decide     ─► Entry*      which would be new or revised: others are not asked for
    archive.owed              ─► Entry*      those of which the page could not be had before
    collector.fetch_page      ─► Response    newest first, one after another
    workers.read_page         ─► Entry       with the page's text, or why it keeps the feed's

A page that cannot be had fails nothing: the entry is stored with the text of its feed, and
with some later polls the page is asked for again.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.collect import Collector, unless
from aggregator.model.batch import ChangeKind, Fetched, KeptText, LinkedPage, OwedPage
from aggregator.model.entry import Entry, EntryId
from aggregator.model.errors import FeedError, FetchError
from aggregator.model.feed import FailureKind
from aggregator.model.settings import Settings
from aggregator.model.time import now
from aggregator.normalize import Workers, decide

_PATIENCE = 300.0
"""Seconds after which no further page is begun, so that what a feed brought is archived all the same."""

_AGAIN = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72))
"""How long after each try that failed the next one is due; then none."""
_OWED = timedelta(days=14)
"""So long a page is owed at the most, however seldom its server could be asked."""

_UNWELL = {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT}
_UNWILLING = {401, 403, 429}
_PASSING = {403, 404, 429}
"""Statuses that may be others tomorrow: refused for a while, or not there yet."""
_WORDS = {"summary", "content", "link"}
"""Fields of which an edit may make another text of the page, too."""
_FILES = re.compile(
    r"\.(?:mp3|m4a|mp4|m4v|mov|ogg|wav|webm|pdf|jpe?g|png|gif|webp|zip|docx?|xlsx?)", re.IGNORECASE
)


async def with_pages(
    fetched: Fetched, archive: Archive, collector: Collector, workers: Workers, settings: Settings,
    stop: asyncio.Event | None = None,
) -> Fetched:  # fmt: skip
    """What was fetched, its new and revised entries with the text of the pages they link to, and
    archived ones with that of pages that could not be had before.

    Once ``stop`` is set no page is waited for: what is not there is owed. Raises ArchiveError.
    """
    if not fetched.feed.full_text or fetched.failure is not None:
        return fetched
    wanted = await asyncio.to_thread(_wanted, fetched, archive, settings)
    reading = _Reading(fetched, collector, workers, stop or asyncio.Event())
    most = settings.collect.pages_per_feed
    for page in wanted[:most]:
        await reading.add(page)
    for page in wanted[most:]:
        reading.leave(page)
    stay = [page.id for page in reading.stay]
    return reading.result(await asyncio.to_thread(archive.owed.kept, stay) if stay else ())


class _Wanted(Struct, frozen=True):
    """An entry whose page is to be read, and its id in the archive: one of the document, or, where
    it is ``owed``, an archived one. ``reworded``: new, or its words or link are others now."""

    entry: Entry
    id: EntryId
    owed: OwedPage | None = None
    reworded: bool = True


def _wanted(fetched: Fetched, archive: Archive, settings: Settings) -> list[_Wanted]:
    """News first, then what is owed."""
    news = _news(fetched, archive, settings)
    asked = {one.id for one in news}
    most = settings.collect.pages_per_feed
    due = archive.owed.due(fetched.feed, now=now(), limit=most, longest=_AGAIN[-1] + _AGAIN[0])
    return [
        *(one for one in news if _leads_to_a_page(one.entry)),
        *(_Wanted(entry, entry.id, page) for entry, page in due if entry.id not in asked),
    ]


def _news(fetched: Fetched, archive: Archive, settings: Settings) -> list[_Wanted]:
    """The entries that would be new or revised if this were written now, newest first."""
    if fetched.document is None:
        return []
    entries = {entry.position: entry for entry in fetched.document.entries}
    known = archive.known([fetched])
    (decision,) = decide([fetched], known, now=now(), settings=settings.normalize)
    # An item whose name is another's is stored under the name of its page.
    return [
        _Wanted(
            entries[change.entry.position],
            change.id,
            reworded=not change.fields or not _WORDS.isdisjoint(change.fields),
        )
        for change in reversed(decision.changes)
        if change.entry and change.kind in (ChangeKind.NEW, ChangeKind.REVISED)
    ]


def _leads_to_a_page(entry: Entry) -> bool:
    """Whether an entry has an address of its own that can be an article's."""
    # A home page, and a page that several items link to, have no canonical form of their own.
    # Servers are not told of a route: what they send is the application.
    if not entry.url or not entry.canonical_url or "#" in entry.canonical_url:
        return False
    parts = urlsplit(entry.url)
    return parts.scheme in {"http", "https"} and not _FILES.fullmatch(
        parts.path[parts.path.rfind(".") :] if "." in parts.path else ""
    )


class _Reading(Struct):
    """The pages of one feed's entries, one after another, and what they came to."""

    fetched: Fetched
    collector: Collector
    workers: Workers
    stop: asyncio.Event
    until: float = field(default_factory=lambda: monotonic() + _PATIENCE)
    shunned: dict[str | None, str] = field(default_factory=dict)
    """Hosts that are asked no more now, and what they said."""
    found: list[tuple[_Wanted, Entry, LinkedPage]] = field(default_factory=list)
    owed: list[OwedPage] = field(default_factory=list)
    stay: list[_Wanted] = field(default_factory=list)
    """Those whose text in the archive is as right as before, whatever became of the page."""

    async def add(self, wanted: _Wanted) -> None:
        """Read one page, or note that it is owed."""
        url = wanted.entry.url or ""
        host = urlsplit(url).hostname
        if host in self.shunned or monotonic() > self.until:
            self._owe(wanted, self.shunned.get(host, "others took too long"), tried=False)
            return
        asking = self.collector.fetch_page(self.fetched.feed, url, now=now())
        response = await unless(self.stop, asking)
        if response is None:
            self._owe(wanted, "it was not waited for", tried=False)
            return
        if isinstance(response, FeedError):
            if _is_enough(response):
                self.shunned[host] = response.what
            if isinstance(response, FetchError) and _may_pass(response):
                self._owe(wanted, response.what, tried=response.reached)
            else:
                self._settle(wanted)
                self.leave(wanted)
            return
        self._settle(wanted)
        read = await self.workers.read_page(self.fetched.feed, wanted.entry, response)
        if isinstance(read, FeedError):
            self.leave(wanted)
            return
        # The wire is what is kept; only the reading needs it unpacked.
        kept = replace(response, body=b"")
        page = LinkedPage(entry=wanted.id, response=kept, taken=isinstance(read, Entry))
        self.found.append((wanted, read if isinstance(read, Entry) else wanted.entry, page))

    def _owe(self, wanted: _Wanted, why: str, *, tried: bool) -> None:
        """The page is asked for again; what its server was not asked for is no try."""
        self.leave(wanted)
        at, held = now(), wanted.owed
        since, before = (held.since, held.tries) if held else (at, 0)
        again: datetime | None = at + _AGAIN[0]
        if tried:
            again = at + _AGAIN[before] if before < len(_AGAIN) else None
        if at - since > _OWED:
            again = None
        self._note(wanted, since=since, tries=before + tried, next_try=again, failure=why)

    def leave(self, wanted: _Wanted) -> None:
        """The page is not read now."""
        if not wanted.reworded:
            self.stay.append(wanted)

    def _settle(self, wanted: _Wanted) -> None:
        """Nothing is owed any more, whatever came."""
        self._note(wanted, since=now(), tries=0)

    def _note(self, wanted: _Wanted, **told: Any) -> None:
        self.owed.append(OwedPage(entry=wanted.id, **told))

    def result(self, kept: Sequence[KeptText]) -> Fetched:
        """What was fetched, with all of it. ``kept``: the texts of those that ``stay``."""
        # No two entries have one text: it says what the site says to all, in whatever language.
        told = Counter(entry.text for _, entry, page in self.found if page.taken)
        pages: list[LinkedPage] = []
        news: dict[int, Entry] = {}
        late: list[Entry] = []
        for wanted, entry, page in self.found:
            page = replace(page, taken=page.taken and told[entry.text] == 1)
            pages.append(page)
            if page.taken and wanted.owed is None:
                news[entry.position] = entry
            elif page.taken:
                late.append(entry)
        texts = {one.entry.id: one.entry for one in kept}
        news |= {
            wanted.entry.position: _with_text(wanted.entry, texts[wanted.id])
            for wanted in self.stay
            if wanted.id in texts
        }
        document = self.fetched.document
        if document and news:
            entries = tuple(news.get(entry.position, entry) for entry in document.entries)
            document = replace(document, entries=entries)
        return replace(
            self.fetched,
            document=document,
            pages=tuple(pages),
            late=tuple(late),
            owed=tuple(self.owed),
            kept=tuple(kept),
        )


def _with_text(entry: Entry, text: Entry) -> Entry:
    """An item as it is now, with the text of the page that its entry has."""
    return replace(
        entry,
        html=text.html,
        text=text.text,
        lang=entry.lang or text.lang,
        image=entry.image or text.image,
        blocks=text.blocks,
        shown=text.shown,
        indexed=None,
    )


def _is_enough(error: FeedError) -> bool:
    """Whether a server should not be asked for further pages now."""
    if not isinstance(error, FetchError):
        return False
    return error.kind in _UNWELL or error.status in _UNWILLING or (error.status or 0) >= 500


def _may_pass(error: FetchError) -> bool:
    """Whether a page that could not be had may be there another time."""
    return error.kind in _UNWELL or error.status in _PASSING or (error.status or 0) >= 500
