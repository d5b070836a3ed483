"""Which of two entries is older."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from aggregator.model.batch import KnownEntry
from aggregator.model.entry import EntryKey
from aggregator.normalize.dates import from_sortable


class Age(Struct, frozen=True):
    """When an entry was published, as it said first, and the order in which it came."""

    published: datetime | None
    key: EntryKey | None

    def is_before(self, other: Age) -> bool:
        """By date where both have one, since what is added late is old all the same."""
        if self.published and other.published and self.published != other.published:
            return self.published < other.published
        return self.key is not None and other.key is not None and self.key <= other.key


def age_of(held: KnownEntry) -> Age:
    """Of one that we have."""
    return Age(from_sortable(dict(held.parts).get("published", b"")), held.key)
