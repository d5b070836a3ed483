"""Which story a new entry belongs to, decided once, at first sight; and which entry leads it.

docs/stories.md tells the rules and the reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model.address import canonical_url
from aggregator.model.batch import Known, KnownStory, Lead, StoryChoice
from aggregator.model.entry import Entry, StoryId
from aggregator.model.feed import Feed, FeedKey
from aggregator.model.sample import CROWDED, LEAST_SHARED
from aggregator.normalize.editions import agree, is_half_a_day_apart, is_next_edition
from aggregator.normalize.identity import story_id
from aggregator.normalize.likeness import FORM, Wording, same_story, wording

_WORDINGS = 256
"""Prepared texts that are kept; a long one takes about 300 kB."""
_COMPARED = 4
"""Stories of one batch that an entry is compared with, those it shares most with."""


class Sources(Struct, frozen=True):
    """Which sources lead a story before others: feed URLs, hosts or folders, best first."""

    preferred: Sequence[str]

    def rank(self, feed: str, folders: Sequence[str]) -> int:
        """Place of a feed among the preferred, from 0; behind all of them where it is none."""
        address, host = canonical_url(feed), urlsplit(feed).hostname or ""
        places = {folder.casefold() for folder in folders}
        for rank, name in enumerate(self.preferred):
            low = name.casefold()
            if "://" in name and canonical_url(name) == address:
                return rank
            if low in places or host == low or host.endswith(f".{low}"):
                return rank
        return len(self.preferred)


class _Brought(Struct, frozen=True):
    """A new entry of this batch, as later ones are compared with it."""

    choice: StoryChoice
    entry: Entry
    feed: FeedKey


class Stories(Struct):
    """The stories a batch can join: those of the archive, and those it makes itself."""

    known: Known
    now: datetime
    window: timedelta
    sources: Sources
    _by_url: dict[str, StoryChoice] = field(default_factory=dict)
    _by_text: dict[bytes, StoryChoice] = field(default_factory=dict)
    _first: dict[int, int] = field(default_factory=dict)
    _later: dict[int, dict[StoryId, int]] = field(default_factory=dict)
    _brought: list[_Brought] = field(default_factory=list)
    _leads: dict[StoryId, Lead] = field(default_factory=dict)
    _wordings: dict[str, Wording] = field(default_factory=dict)

    def choose(self, entry: Entry, feed: Feed) -> tuple[StoryChoice, bool]:
        """The story of a new entry, one of its own where it is the first; whether it leads it."""
        choice = self._joined(entry, feed.key)
        if choice is None:
            choice = StoryChoice(id=story_id(entry.id), key=None, how="first")
        if entry.canonical_url:
            self._by_url.setdefault(entry.canonical_url, choice)
        if entry.text_hash:
            self._by_text.setdefault(entry.text_hash, choice)
        self._note(entry.sample, choice.id)
        self._brought.append(_Brought(choice, entry, feed.key))
        return choice, self._takes_lead(choice, entry, feed)

    def _note(self, runs: Sequence[int], story: StoryId) -> None:
        """Remember who carries a run: the first by itself, since of most there is no other."""
        for run in runs:
            first = self._first.setdefault(run, len(self._brought))
            if first < len(self._brought):
                carriers = self._later.setdefault(run, self._alone(run))
                carriers.setdefault(story, len(self._brought))

    def _joined(self, entry: Entry, feed: FeedKey) -> StoryChoice | None:
        if entry.canonical_url:
            if old := _of_page(entry, feed, self.known.stories_by_url.get(entry.canonical_url, ())):
                return self._known(old, "url")
            if entry.canonical_url in self._by_url:
                return replace(self._by_url[entry.canonical_url], how="url")
        if entry.text_hash:
            old = self.known.stories_by_text.get(entry.text_hash)
            if old and self._recent(old) and not _is_anew(entry, feed, old):
                return self._known(old, "text")
            if entry.text_hash in self._by_text:
                return replace(self._by_text[entry.text_hash], how="text")
        return self._near(entry, feed)

    def _near(self, entry: Entry, feed: FeedKey) -> StoryChoice | None:
        own: Wording | None = None
        for text in self.known.alike.get(entry.id, ()):
            story = text.story
            if self._recent(story) and not _is_anew(entry, feed, story):
                own = own or _wording(entry)
                known = self._worded(f"known {text.key}", text.title, text.text)
                one_site = feed == story.feed or _share_host(entry.canonical_url, story.page)
                if same_story(own, known, one_site=one_site):
                    return self._known(story, "near")
        for at in self._alike(entry.sample):
            other = self._brought[at]
            own = own or _wording(entry)
            brought = self._worded(other.entry.id, *_said(other.entry))
            pages = entry.canonical_url, other.entry.canonical_url
            if same_story(own, brought, one_site=feed == other.feed or _share_host(*pages)):
                return replace(other.choice, how="near")
        return None

    def _alike(self, runs: Sequence[int]) -> Iterator[int]:
        """Entries of this batch that share runs with another, one a story, most shared first."""
        shared: dict[StoryId, Counter[int]] = {}
        for run in filter(self._first.__contains__, runs):
            carriers = self._later.get(run) or self._alone(run)
            if len(carriers) <= CROWDED:
                for story, at in carriers.items():
                    shared.setdefault(story, Counter())[at] += 1
        most = sorted(shared.values(), key=Counter.total, reverse=True)
        for entries in most[:_COMPARED]:
            if entries.total() >= LEAST_SHARED:
                yield entries.most_common(1)[0][0]

    def _alone(self, run: int) -> dict[StoryId, int]:
        first = self._first[run]
        return {self._brought[first].choice.id: first}

    def _worded(self, name: str, title: str, text: str) -> Wording:
        """The wording of a text that several of the batch may be compared with."""
        found = self._wordings.get(name)
        if found is None:
            if len(self._wordings) >= _WORDINGS:
                self._wordings.clear()
            found = self._wordings[name] = wording(title, text)
        return found

    def _known(self, story: KnownStory, how: str) -> StoryChoice:
        if story.lead:
            self._leads.setdefault(story.id, story.lead)
        return StoryChoice(id=story.id, key=story.key, how=how)

    def _recent(self, story: KnownStory) -> bool:
        return self.now - story.newest <= self.window

    def _takes_lead(self, choice: StoryChoice, entry: Entry, feed: Feed) -> bool:
        """Whether the entry leads its story from now on: the earliest full version of the best source."""
        lead = Lead(
            feed=feed.url, folders=feed.folders, length=len(_said(entry)[1]), dated=entry.published
        )
        held = self._leads.get(choice.id)
        if choice.new or (held is not None and self._is_better(lead, held)):
            self._leads[choice.id] = lead
            return True
        return False

    def _is_better(self, lead: Lead, held: Lead) -> bool:
        if 3 * held.length <= 2 * lead.length:
            # The one that leads is a beginning only.
            return lead.length > 0
        if 3 * lead.length < 2 * held.length:
            return False
        rank, best = (self.sources.rank(one.feed, one.folders) for one in (lead, held))
        # Of one batch nobody came first.
        earlier = lead.dated is not None and held.dated is not None and lead.dated < held.dated
        return rank < best or (rank == best and earlier)


def _of_page(entry: Entry, feed: FeedKey, stories: Sequence[KnownStory]) -> KnownStory | None:
    """The story of a page, by the last entry that brought it; None where this feed fills the page
    anew, and nobody brought this edition of it."""
    for story in reversed(stories):
        if agree(entry.parts, story.parts):
            return story
    own = [story for story in stories if story.feed == feed]
    if own and all(is_next_edition(entry.parts, story.parts) for story in own):
        stories = [story for story in stories if not is_next_edition(entry.parts, story.parts)]
    return stories[-1] if stories else None


def _is_anew(entry: Entry, feed: FeedKey, story: KnownStory) -> bool:
    """Whether a site has the same few words on another page on another day: a column, or a form
    that is filled anew, of which each edition is a story. A long text that a site has again the
    next day is one that it published twice."""
    pages = entry.canonical_url, story.page
    return (
        None not in pages
        and pages[0] != pages[1]
        and (feed == story.feed or _share_host(*pages))
        and is_half_a_day_apart(entry.parts, story.parts)
        and len(_wording(entry).words) < FORM
    )


def _share_host(one: str | None, other: str | None) -> bool:
    """Whether two pages, by their canonical URLs, are of one host."""
    if not one or not other:
        return False
    return one.partition("/")[0] == other.partition("/")[0]


def _wording(entry: Entry) -> Wording:
    return wording(*_said(entry))


def _said(entry: Entry) -> tuple[str, str]:
    return entry.title, entry.text or entry.summary
