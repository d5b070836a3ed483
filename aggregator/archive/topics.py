"""The configured topics: how they follow the configuration, and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aggregator.archive import filling, following, hits, states
from aggregator.archive.database import Database
from aggregator.archive.following import TopicsSynced
from aggregator.model.entry import EntryRecord
from aggregator.model.time import now as clock
from aggregator.model.topic import (
    Backlog,
    LeavingTopic,
    Standing,
    Topic,
    TopicDifference,
    TopicEdit,
    TopicState,
)


class Topics:
    """Each method is a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(
        self, wanted: Sequence[tuple[Topic, str]], *, page_size: int, muted: Sequence[str] = ()
    ) -> TopicsSynced:
        """Make the topics follow the configuration; says which wait to be filled. ``muted``: the
        feeds and folders that no topic names."""
        with self._database.writing() as connection:
            return following.sync(connection, wanted, page_size, muted, clock())

    def leaving(self, configured: Collection[str]) -> tuple[LeavingTopic, ...]:
        """Those that are configured no more and were not taken down yet, in order of their making,
        also where their time is over."""
        with self._database.reading() as connection:
            return following.leaving(connection, configured, clock())

    def note_leaving(self, configured: Collection[str]) -> tuple[LeavingTopic, ...]:
        """The same; the time of those that were not seen to leave before begins."""
        with self._database.writing() as connection:
            return following.note_leaving(connection, configured, clock())

    def overdue(self) -> bool:
        """Whether the time of a leaving one is over."""
        with self._database.reading() as connection:
            return following.overdue(connection, clock())

    def end(self, slug: str) -> None:
        """End the time of a leaving one at once. Raises UsageError where it is not known to leave."""
        with self._database.writing() as connection:
            following.end(connection, slug)

    def compare(
        self, wanted: Sequence[tuple[Topic, str]], *, page_size: int, muted: Sequence[str] = ()
    ) -> TopicsSynced:
        """What :meth:`sync` would do."""
        with self._database.reading() as connection:
            return following.compare(connection, wanted, page_size, muted)

    def fill(self, backlogs: Sequence[Backlog]) -> tuple[TopicEdit, ...]:
        """Add what new or edited topics find in the archive, in one write; says what came and went."""
        with self._database.writing() as connection:
            return filling.fill(connection, backlogs, clock())

    def compare_fill(self, backlogs: Sequence[Backlog]) -> tuple[TopicDifference, ...]:
        """What :meth:`fill` would change in topics that are there."""
        with self._database.reading() as connection:
            return filling.compare(connection, backlogs)

    def states(self) -> tuple[TopicState, ...]:
        """All of them, with their counts, in order of their making."""
        with self._database.reading() as connection:
            return states.configured(connection)

    def state(self, slug: str) -> TopicState | None:
        """One of them; None where it was not taken up yet."""
        with self._database.reading() as connection:
            return states.named(connection, slug)

    def newest(self, limit: int) -> tuple[TopicState, ...]:
        """Those that something came to last; none that is private."""
        with self._database.reading() as connection:
            return states.newest(connection, limit)

    def newest_titles(self, slug: str) -> tuple[str, ...]:
        """The titles of what a topic announced last. Raises UsageError where there is none."""
        with self._database.reading() as connection:
            return states.newest_titles(connection, slug)

    def standing(self, slug: str, entry: EntryRecord) -> Standing | None:
        """How a topic holds an entry's story; None where it does not."""
        with self._database.reading() as connection:
            return hits.standing(connection, slug, entry)
