"""Who writes a PostgreSQL database: the one connection that holds a lock of it.

The lock of the archive's folder says nothing to another machine; this one does.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from threading import Lock

import sqlalchemy as sa

from aggregator.model.errors import AlreadyRunning, ArchiveError, ServerAway

# Any number will do, as long as it is the same for all who write one archive, and that of no other
# lock.
_LOCK = 0x61676773
_HOLDER = (
    "SELECT pid, application_name FROM pg_stat_activity JOIN pg_locks USING (pid) "
    "WHERE locktype = 'advisory' AND granted AND objid = %s "
    "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TAKE = sa.select(sa.func.pg_try_advisory_lock(_LOCK))
_NOBODY_KNOWN = "another process"
# How long a server has to end the connection of ours that was lost.
_END_MILLISECONDS = 5000


class Holding:
    """The lock, and the connection that it lives as long as; ``told`` turns errors into our words."""

    def __init__(
        self, engine: sa.Engine, *, location: str, told: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._engine = engine
        self._location = location
        self._told = told
        self._turn = Lock()
        self._purpose: str | None = None
        self._held: sa.Connection | None = None
        self._number: int | None = None
        """The server's own of the connection that holds the lock, or held it until it was lost."""

    def take(self, purpose: str) -> None:
        """Be the one who writes this database, until :meth:`close`.

        Called again, it looks whether the lock outlived the connection. Raises
        AlreadyRunning, ArchiveError.
        """
        with self._turn:
            self._purpose = purpose
            if not self._still_held():
                self._take(purpose)

    def keep(self) -> None:
        """:meth:`take` again, by one who held the database before: who took it meanwhile, while the
        connection was lost, is a trouble that passes (ArchiveError)."""
        if self._purpose is None:
            return
        try:
            self.take(self._purpose)
        except AlreadyRunning as error:
            raise ArchiveError(
                f"{error.holder} writes this archive now: it took over while the connection was lost",
                where=error.where,
                hint="stop one of the two; aggregator run goes on by itself when it can",
            ) from None

    def _take(self, purpose: str) -> None:
        with self._told():
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            name = f"{purpose or 'aggregator'} ({os.getpid()} on {socket.gethostname()})"[:63]
            connection.exec_driver_sql("SELECT set_config('application_name', %s, false)", (name,))
            if connection.scalar(_TAKE) or self._ended_ours(connection):
                # The connection is ours alone from here on, and the lock lives as long as it.
                connection.detach()
                self._held = connection
                self._number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
                return
            number, holder = self._holder(connection)
            connection.invalidate()
            connection.close()
        if number == self._number is not None:
            raise ServerAway(
                "the database server has not ended a connection of ours that was lost",
                where=self._location,
                hint="aggregator run goes on by itself when it has",
            )
        raise AlreadyRunning(
            f"{holder} is writing this archive",
            holder=holder,
            where=self._location,
            hint="stop it first, or use another archive.database",
        )

    def _ended_ours(self, connection: sa.Connection) -> bool:
        """Whether the lock was still that of our connection that was lost, and is this one's now: a
        server that comes back notices only when it writes to it."""
        number, _ = self._holder(connection)
        if number is None or number != self._number:
            return False
        end = sa.func.pg_terminate_backend(number, _END_MILLISECONDS)
        connection.execute(sa.select(end))
        return bool(connection.scalar(_TAKE))

    def _holder(self, connection: sa.Connection) -> tuple[int | None, str]:
        """The server's number of the connection with the lock, and who is behind it; None where it
        cannot be told."""
        row = connection.exec_driver_sql(_HOLDER, (_LOCK,)).first()
        return (row[0], row[1] or _NOBODY_KNOWN) if row else (None, _NOBODY_KNOWN)

    def _still_held(self) -> bool:
        if self._held is None:
            return False
        try:
            self._held.exec_driver_sql("SELECT 1")
        except sa.exc.SQLAlchemyError:
            self._held.close()
            self._held = None
        return self._held is not None

    def close(self) -> None:
        """Somebody else may write it."""
        if self._held is None:
            return
        # By name: a connection that is closed has its lock until the server notices.
        with suppress(sa.exc.SQLAlchemyError):
            self._held.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
        self._held.close()
        self._held = None
