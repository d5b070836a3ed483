"""Which story a new entry belongs to: decided once, at first sight."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.model.batch import Known, KnownStory, StoryChoice
from aggregator.model.entry import Entry, EntryId, StoryId
from aggregator.normalize.identity import story_id

# The same words a month later are a recurring text, not a copy.
WINDOW = timedelta(days=14)


@dataclass(slots=True)
class Stories:
    """The stories a batch can join: those of the archive, and those it makes itself."""

    known: Known
    now: datetime
    _by_url: dict[str, StoryId] = field(default_factory=dict)
    _by_text: dict[bytes, StoryId] = field(default_factory=dict)

    def choose(self, entry: Entry, entry_id: EntryId) -> StoryChoice:
        """The story of a new entry; one of its own where it is the first."""
        choice = self._joined(entry) or StoryChoice(id=story_id(entry_id), key=None, how="first")
        if entry.canonical_url:
            self._by_url.setdefault(entry.canonical_url, choice.id)
        if entry.text_hash:
            self._by_text.setdefault(entry.text_hash, choice.id)
        return choice

    def _joined(self, entry: Entry) -> StoryChoice | None:
        if entry.canonical_url:
            old = self.known.stories_by_url.get(entry.canonical_url)
            if old:
                return StoryChoice(id=old.id, key=old.key, how="url")
            if entry.canonical_url in self._by_url:
                return StoryChoice(id=self._by_url[entry.canonical_url], key=None, how="url")
        if entry.text_hash:
            old = self.known.stories_by_text.get(entry.text_hash)
            if old and self._recent(old):
                return StoryChoice(id=old.id, key=old.key, how="text")
            if entry.text_hash in self._by_text:
                return StoryChoice(id=self._by_text[entry.text_hash], key=None, how="text")
        return None

    def _recent(self, story: KnownStory) -> bool:
        return self.now - story.newest <= WINDOW
