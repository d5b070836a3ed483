"""One write: what is known of fetched documents, then what was decided about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from aggregator.archive.captures import Captures
from aggregator.archive.known import read_known
from aggregator.archive.writer import Writer
from aggregator.model.batch import Batch, Counts, Fetched, Known
from aggregator.model.settings import ArchiveSettings


class WriteBatch:
    """One write transaction for a batch: :meth:`known`, then :meth:`store`."""

    def __init__(self, connection: sa.Connection, settings: ArchiveSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._known: Known | None = None

    def known(
        self,
        fetched: Sequence[Fetched],
        *,
        capped: Collection[str] = (),
        now: datetime | None = None,
    ) -> Known:
        """The truth that decides about these documents; of the ``capped`` topics also what they
        announced on the day of ``now``."""
        self._known = read_known(self._connection, fetched, capped=capped, now=now)
        return self._known

    def store(self, batch: Batch) -> Counts:
        """Store everything that was decided; returns what it came to."""
        files = Captures(self._settings.directory)
        kept = self._settings.captures
        return Writer(self._connection, files, kept, batch, self._known).store()
