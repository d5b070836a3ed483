"""What topics publish: pages, digests, corrections, and how far they are written and told of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from aggregator.archive import corrections, digests, documents, following, pages, states
from aggregator.archive.database import Database
from aggregator.archive.records import read_topic
from aggregator.model.series import CorrectionsFeed, DigestFeed
from aggregator.model.topic import Page, TopicState


class Published:
    """Each method is a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def behind(self) -> tuple[TopicState, ...]:
        """The topics whose content is newer than what was last published: one indexed read."""
        with self._database.reading() as connection:
            return states.behind(connection)

    def folder(self) -> str:
        """The mark of the folder that was published in last; "" where there was none."""
        with self._database.reading() as connection:
            return states.folder(connection)

    def note_folder(self, mark: str) -> None:
        """All that is published stands in the folder with this mark."""
        with self._database.writing() as connection:
            states.note_folder(connection, mark)

    def deleted_topics(self) -> tuple[TopicState, ...]:
        """The topics that were published and then taken out of the configuration, as they were."""
        with self._database.reading() as connection:
            return states.deleted(connection)

    def subscription_page(self, slug: str, *, size: int) -> Page:
        """What a subscriber gets: the newest announced stories."""
        with self._database.reading() as connection:
            return pages.subscription_page(connection, slug, size)

    def archive_page(self, slug: str, number: int) -> Page:
        """An archive page, 1 being the oldest. Raises UsageError where there is none."""
        with self._database.reading() as connection:
            return pages.archive_page(connection, slug, number)

    def archive_pages(self, slug: str) -> int:
        """How many archive pages there are, the open one included."""
        with self._database.reading() as connection:
            return pages.count(connection, slug)

    def first_unpublished(self, slug: str) -> int:
        """The first archive page that may have changed since the version last published."""
        with self._database.reading() as connection:
            return pages.first_unpublished(connection, slug)

    def revoke_address(self, slug: str) -> None:
        """Move a private topic to a new address. Raises UsageError where it is not private."""
        with self._database.writing() as connection:
            following.revoke(connection, slug)

    def mark(
        self,
        slug: str,
        version: int,
        written: Mapping[str, bytes] | None = None,
        *,
        kept: Collection[str] = (),
    ) -> None:
        """The pages of this version are written, and these are its feed documents (by path), besides
        those that were kept as they stood."""
        with self._database.writing() as connection:
            states.mark_published(connection, slug, version, written, kept)

    def due_digests(self, now: datetime) -> tuple[str, ...]:
        """Slugs of the topics of which a period ended since their digest was written: an indexed read."""
        with self._database.reading() as connection:
            return digests.due(connection, now)

    def digests(self, slug: str, *, now: datetime) -> DigestFeed:
        """What a topic announced in the newest periods that are over."""
        with self._database.reading() as connection:
            return digests.read(connection, slug, now)

    def mark_digested(self, feed: DigestFeed, written: Mapping[str, bytes]) -> None:
        """These digests are written, in these documents (by path)."""
        with self._database.writing() as connection:
            digests.mark_written(connection, feed)
            row = read_topic(connection, feed.topic.slug)
            documents.note(connection, row.topic_key, written)

    def corrections(self, slug: str) -> CorrectionsFeed:
        """What publishers changed last of the stories that a topic holds."""
        with self._database.reading() as connection:
            return corrections.read(connection, slug)

    def document(self, path: str) -> bytes | None:
        """The digest of a feed document as last published; None where nothing is at this path."""
        with self._database.reading() as connection:
            return documents.digest_of(connection, path)

    def unpinged(self) -> dict[str, bytes]:
        """Digest by path of the feed documents that changed since a hub was told of them."""
        with self._database.reading() as connection:
            return documents.unpinged(connection)

    def mark_pinged(self, digests: Mapping[str, bytes]) -> None:
        """A hub was told of these versions."""
        with self._database.writing() as connection:
            documents.mark_pinged(connection, digests)
