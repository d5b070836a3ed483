"""The archive as the other rooms see it: one class, whose methods are transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from aggregator.archive import changes, fetchlog, finding, records, upkeep
from aggregator.archive import feeds as feeds_of
from aggregator.archive.attaching import Attached, attach, try_access
from aggregator.archive.backup import missing_captures, write_backup
from aggregator.archive.batch import WriteBatch
from aggregator.archive.beginning import Elsewhere, nothing
from aggregator.archive.boilerplate import Blocks
from aggregator.archive.captures import Captures
from aggregator.archive.courtesy import Courtesy
from aggregator.archive.database import SCHEMA_VERSION, Database
from aggregator.archive.delays import read_delays
from aggregator.archive.disk import folders_written, refuse_full_disk
from aggregator.archive.fetchlog import FetchRecord
from aggregator.archive.known import read_known
from aggregator.archive.lists import Lists
from aggregator.archive.lock import WriterLock, holder_of
from aggregator.archive.notices import Notices
from aggregator.archive.opening import open_for_reading, open_for_writing
from aggregator.archive.owed import Owed
from aggregator.archive.published import Published
from aggregator.archive.pushes import Pushes
from aggregator.archive.schema import feeds
from aggregator.archive.soundness import (
    Progress,
    Soundness,
    check_captures,
    count_captures,
    examine,
)
from aggregator.archive.subscribers import Subscribers
from aggregator.archive.topics import Topics
from aggregator.archive.upkeep import ArchiveInfo, Stats
from aggregator.model.batch import Fetched, Known
from aggregator.model.entry import (
    ChangeRecord,
    EntryRecord,
    RevisionRecord,
    SightingRecord,
    StoryId,
    StoryRecord,
)
from aggregator.model.feed import Feed, FeedKey, FeedState, Postponed, Subscription
from aggregator.model.settings import ArchiveSettings
from aggregator.model.time import now as clock
from aggregator.query import Query


def open_archive(
    settings: ArchiveSettings,
    *,
    write: bool = False,
    purpose: str = "",
    wait: bool = False,
    elsewhere: Elsewhere = nothing,
) -> Archive:
    """Open the archive. ``write`` takes the writer lock, and makes or migrates the schema; with
    ``wait`` a full disk or a server that is away is told by what uses the archive, while it is so.
    None is made where captures, or what is told of ``elsewhere``, belong to one that is not there.

    Raises AlreadyRunning, which names who writes it; ArchiveError, where it is
    not there yet, of another version, or cannot be opened.
    """
    if write:
        database, lock = open_for_writing(settings, purpose, wait=wait, elsewhere=elsewhere)
        return Archive(settings, database, lock)
    return Archive(settings, open_for_reading(settings), None)


class Archive:
    """An open archive. Methods may be called from any thread; batches one after another.

    Every method raises ArchiveError where the database fails.
    """

    def __init__(
        self, settings: ArchiveSettings, database: Database, lock: WriterLock | None
    ) -> None:
        self._settings = settings
        self._database = database
        self._lock = lock
        self._captures = Captures(settings.directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and give the writer lock back."""
        self._database.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def location(self) -> str:
        """The database file, or the URL without its password."""
        return self._database.location

    def holder(self) -> str | None:
        """Who writes this archive now, in words; None where nobody does."""
        return holder_of(self._settings.directory, self._database.file)

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        return self._database.dialect

    # Feeds

    def attach(self, subscriptions: Sequence[Subscription], *, now: datetime) -> Attached:
        """Make the feeds follow the subscriptions."""
        with self._database.writing() as connection:
            return attach(connection, subscriptions, now)

    def try_access(self, edited: Mapping[str, datetime]) -> None:
        """Have feeds that failed before the access to them was edited (by canonical URL) asked now."""
        if edited:
            with self._database.writing() as connection:
                try_access(connection, edited, clock())

    def is_due(self, now: datetime, *, max_interval: float) -> bool:
        """Whether any feed is due: one indexed read."""
        condition = feeds_of.due_condition(now, everything=False, max_interval=max_interval)
        with self._database.reading() as connection:
            return connection.scalar(sa.select(sa.exists().where(condition))) or False

    def due(self, now: datetime, *, everything: bool, max_interval: float) -> tuple[Feed, ...]:
        """The feeds that could be claimed now; without their listings."""
        condition = feeds_of.due_condition(now, everything=everything, max_interval=max_interval)
        with self._database.reading() as connection:
            return feeds_of.read(connection, condition)

    def refuse_if_paused(self) -> None:
        """Raises ArchiveError below the floor of free space on any of the archive's disks, where
        nothing that comes is kept."""
        folders = folders_written(self._settings, self._database.file)
        refuse_full_disk(folders, self._settings.free_space)

    def claim_due(
        self,
        *,
        now: datetime,
        limit: int,
        holder: str,
        lease_seconds: float,
        everything: bool = False,
        only: FeedKey | None = None,
        after: int = 0,
        max_interval: float,
    ) -> tuple[Feed, ...]:
        """Claim due feeds for a holder, until the lease ends. ``everything``: whatever their due
        time, by key and only larger keys than ``after``, so that a round takes each once; ``only``:
        that one, so too. A running Retry-After and stopped feeds are left alone. Where what comes
        could not be kept, none is."""
        condition = feeds_of.due_condition(
            now, everything=everything, only=only, max_interval=max_interval, after=after
        )
        order = feeds.c.feed_key if everything else feeds.c.next_due
        until = max(now, clock()) + timedelta(seconds=lease_seconds)
        self.refuse_if_paused()
        with self._database.writing() as connection:
            return feeds_of.claim(connection, condition, limit, holder, until, order)

    def excuse(self, feeds: Sequence[tuple[Feed, datetime]]) -> None:
        """The feeds, as they were before their last fetch, did not fail by their own fault: due
        then, and with no more failures than before, but one."""
        with self._database.writing() as connection:
            feeds_of.excuse(connection, feeds)

    @contextmanager
    def courtesy(self, *, write: bool = False) -> Iterator[Courtesy]:
        """What keeps us welcome at publishers' servers, in one transaction."""
        with self._database.writing() if write else self._database.reading() as connection:
            yield Courtesy(connection)

    def away(self, now: datetime) -> tuple[Postponed, ...]:
        """The hosts that want to be left alone, and until when."""
        with self.courtesy() as courtesy:
            return courtesy.away(now)

    def keep_away(self, away: Sequence[Postponed], now: datetime) -> None:
        """Keep which hosts want to be left alone, where no batch does."""
        if away:
            with self.courtesy(write=True) as courtesy:
                courtesy.keep_away(away, now)

    def release(self, holder: str) -> None:
        """Free what a holder still claims."""
        with self._database.writing() as connection:
            feeds_of.free(connection, feeds.c.claim_holder == holder)

    def free_dead_claims(self) -> None:
        """Free all claims: who holds the writer lock knows that their holders are dead."""
        with self._database.writing() as connection:
            feeds_of.free(connection, feeds.c.claim_holder.is_not(None))

    def next_due(self) -> datetime | None:
        """When the next feed is due; None where none is asked for."""
        asked = sa.and_(feeds.c.subscribed, sa.not_(feeds.c.paused), sa.not_(feeds.c.stopped))
        # Its server may have asked to be left alone for longer.
        due = sa.case(
            (feeds.c.retry_after > feeds.c.next_due, feeds.c.retry_after), else_=feeds.c.next_due
        )
        with self._database.reading() as connection:
            found: datetime | None = connection.scalar(sa.select(sa.func.min(due)).where(asked))
            return found

    def feeds(self) -> tuple[Feed, ...]:
        """All feeds, those no longer subscribed included; without their listings."""
        with self._database.reading() as connection:
            return feeds_of.read(connection)

    def feed_states(self) -> dict[FeedState, int]:
        """How many of the feeds asked for are in each state."""
        with self._database.reading() as connection:
            return feeds_of.count_states(connection)

    def resting(self, now: datetime) -> tuple[Feed, ...]:
        """The feeds that no round asks: they have stopped, or wait as their server asked."""
        with self._database.reading() as connection:
            return feeds_of.resting(connection, now)

    def feed(self, url: str) -> Feed | None:
        """The feed that has, or ever had, this URL; with its listing."""
        with self._database.reading() as connection:
            return feeds_of.by_url(connection, url)

    def fetches(self, feed: Feed, *, limit: int = 20) -> tuple[FetchRecord, ...]:
        """The last fetches of a feed, newest first."""
        with self._database.reading() as connection:
            return fetchlog.last(connection, feed.key, limit)

    def delays(self, *, since: datetime, feed: Feed | None = None) -> dict[FeedKey, list[float]]:
        """Seconds from the date of each entry to its arrival, by feed, of what came since then."""
        with self._database.reading() as connection:
            return read_delays(connection, since, feed.key if feed else None)

    def known(self, fetched: Sequence[Fetched]) -> Known:
        """What is known of these documents now: a hint; the truth is read in the write."""
        with self._database.reading() as connection:
            return read_known(connection, fetched)

    def ask_backfill(self, feed: Feed, documents: int | None) -> None:
        """Note how many archive documents of a feed whoever writes is to read; None: it is done."""
        with self._database.writing() as connection:
            feeds_of.ask_backfill(connection, feed.key, documents)

    def asked_backfills(self) -> tuple[tuple[Feed, int], ...]:
        """The feeds of which archive documents are to be read, and how many; with their listings."""
        with self._database.reading() as connection:
            return feeds_of.asked_backfills(connection)

    @property
    def lists(self) -> Lists:
        """The lists of feeds that are included by address."""
        return Lists(self._database)

    @property
    def owed(self) -> Owed:
        """The linked pages that could not be had yet."""
        return Owed(self._database)

    @contextmanager
    def notices(self, *, write: bool = False) -> Iterator[Notices]:
        """What was told of the feeds' troubles, in one transaction."""
        with self._database.writing() if write else self._database.reading() as connection:
            yield Notices(connection)

    # The write

    @contextmanager
    def batch(self) -> Iterator[WriteBatch]:
        """One write transaction: all of it is stored, or nothing."""
        self.refuse_if_paused()
        with self._database.writing() as connection:
            yield WriteBatch(connection, self._settings)

    @contextmanager
    def blocks(self, *, write: bool = False) -> Iterator[Blocks]:
        """What is known of the blocks that entries carry, in one transaction."""
        with self._database.writing() if write else self._database.reading() as connection:
            yield Blocks(connection)

    # Topics

    @property
    def topics(self) -> Topics:
        """The configured topics: their settings, counts and stories."""
        return Topics(self._database)

    @property
    def published(self) -> Published:
        """What topics publish, and how far that is done."""
        return Published(self._database)

    # Hubs

    @contextmanager
    def subscribers(self, *, write: bool = False) -> Iterator[Subscribers]:
        """The built-in hub's subscriptions, in one transaction."""
        with self._database.writing() if write else self._database.reading() as connection:
            yield Subscribers(connection)

    @contextmanager
    def pushes(self, *, write: bool = False) -> Iterator[Pushes]:
        """Our own subscriptions at the hubs of feeds, in one transaction."""
        with self._database.writing() if write else self._database.reading() as connection:
            yield Pushes(connection)

    # Reading

    def candidates(self, query: Query, *, now: datetime | None = None) -> Iterator[EntryRecord]:
        """Entries that may satisfy a query, newest first; the caller asks the matcher, with the
        same ``now``: without it times in the query narrow nothing."""
        return finding.candidates(self._database, query, now)

    def search(
        self,
        query: Query,
        *,
        sort: str = "newest",
        limit: int = 20,
        now: datetime,
        since: datetime | None = None,
    ) -> tuple[EntryRecord, ...]:
        """Entries that satisfy a query, first seen ``since`` then: newest (by arrival) first, or by
        the engine's relevance over the newest 1,000 matches."""
        find = finding.best if sort == "relevance" else finding.newest
        with self._database.reading() as connection:
            first = 0 if since is None else finding.first_since(connection, since)
            return find(connection, query, limit, now, first)

    def entry(self, name: str) -> EntryRecord | None:
        """An entry by its id, or a story's lead by the story's: the urn, the bare UUID, or the
        first 6 or more of its hex digits. Raises UsageError where several begin so."""
        with self._database.reading() as connection:
            return finding.entry(connection, name)

    def history(self, name: str) -> tuple[RevisionRecord, ...]:
        """All states of an entry, oldest first; empty where there is no such entry."""
        with self._database.reading() as connection:
            record = finding.entry(connection, name)
            return records.read_history(connection, record.key) if record else ()

    def sightings(self, story: StoryId) -> tuple[SightingRecord, ...]:
        """The entries that brought a story, first come first."""
        with self._database.reading() as connection:
            return records.read_sightings(connection, story)

    def largest_stories(self, *, since: datetime, limit: int) -> tuple[StoryRecord, ...]:
        """The stories that most entries brought since then, largest first."""
        with self._database.reading() as connection:
            return records.read_stories(connection, finding.first_since(connection, since), limit)

    def export(
        self,
        *,
        query: Query | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        changed: datetime | None = None,
    ) -> Iterator[EntryRecord]:
        """All entries, or those that satisfy a query, first seen ``since`` and before ``until``, or that
        came, were revised, vanished or came back since ``changed``; oldest first, streaming."""
        return finding.export(self._database, query, since, clock(), until=until, changed=changed)

    def changes(
        self, *, query: Query | None = None, since: datetime | None = None
    ) -> Iterator[ChangeRecord]:
        """What publishers revised or took away since then, of all entries or of those that satisfy
        a query now; newest first, streaming."""
        return changes.newest(self._database, query, since, clock())

    def stats(self, *, full: bool = False) -> Stats:
        """Counts; ``full`` counts revisions, vanished entries and hits too, which takes a while."""
        with self._database.reading() as connection:
            return upkeep.read_full_stats(connection) if full else upkeep.read_stats(connection)

    def info(self) -> ArchiveInfo:
        """Where the archive is, how large, and how fast it grows."""
        return upkeep.read_info(self._database, self._settings, SCHEMA_VERSION, clock())

    def capture(self, reference: str) -> bytes:
        """The body in a capture, by the reference a revision gives ("file:offset")."""
        file, _, offset = reference.rpartition(":")
        return self._captures.read(file, int(offset))

    # Upkeep

    def maintain(self, now: datetime, *, story_days: int = 14) -> bool:
        """Once a day, whoever asks: prune the fetch log, and what finds near copies of entries
        older than ``story_days``; let the database tidy up. Returns whether it was time."""
        if upkeep.maintained_lately(self._database, now):
            return False
        upkeep.maintain(self._database, now, timedelta(days=story_days))
        return True

    def settle(self) -> None:
        """Bring what was committed from SQLite's log into its file, as closing would: closing is
        quick then. Raises ArchiveError."""
        upkeep.settle(self._database)

    def backup(self, target: Path, progress: Progress = lambda *_: None) -> tuple[str, ...]:
        """Write everything into one new file; returns what :meth:`damaged_captures` would. Works
        while the daemon runs."""
        return write_backup(self._database, self._captures, target, progress)

    def damaged_captures(self, progress: Progress = lambda *_: None) -> tuple[str, ...]:
        """Read every capture that entries refer to; returns a line for each file of which some
        cannot be read."""
        return check_captures(self._database, self._captures, progress=progress)

    def examine(self, progress: Progress = lambda *_: None) -> Soundness:
        """Read all of it, database and captures, and tell what is damaged or missing."""
        return examine(self._database, self._captures, progress)

    def count_captures(self) -> int:
        """How many captures entries refer to."""
        return count_captures(self._database)

    def missing_captures(self) -> tuple[str, ...]:
        """What entries refer to and the capture files do not hold, a line for each file."""
        return missing_captures(self._database, self._captures)
