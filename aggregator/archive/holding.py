"""Who writes a PostgreSQL database: the one connection that holds a lock of it.

The lock of the archive's folder says nothing to another machine; this one does.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from threading import Lock
from time import monotonic, sleep

import sqlalchemy as sa

from aggregator.model.errors import AlreadyRunning, ArchiveError, ServerAway

# Any number will do, as long as it is the same for all who write one archive, and that of no other
# lock.
_LOCK = 0x61676773
_HOLDER = (
    "SELECT pid, backend_start::text, application_name FROM pg_stat_activity JOIN pg_locks USING (pid) "
    "WHERE locktype = 'advisory' AND granted AND objid = %s "
    "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
# A server gives a number again: when it began is what tells a connection, and the name that it is ours.
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start::text, application_name) = (%s, %s, %s)"
_OURS = "SELECT pid, backend_start::text, application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_TAKE = sa.select(sa.func.pg_try_advisory_lock(_LOCK))
# How long a server that was told to end a connection may take, and how often that is looked at.
_END_SECONDS, _LOOK_SECONDS = 5.0, 0.1

_Holder = tuple[int, str, str]
"""A connection: the server's number of it, since when it stands, and what it calls itself."""


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
        self._ours: _Holder | None = None
        """The connection that holds the lock, or held it until it was lost."""

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
        name = f"{purpose or 'aggregator'} ({os.getpid()} on {socket.gethostname()})"[:63]
        with self._told():
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                connection.exec_driver_sql(
                    "SELECT set_config('application_name', %s, false)", (name,)
                )
                if connection.scalar(_TAKE) or self._ended_ours(connection):
                    self._ours = _row(connection, _OURS)
                    # The connection is ours alone from here on, and the lock lives as long as it.
                    connection.detach()
                    self._held = connection
                    return
                holder = _row(connection, _HOLDER, _LOCK)
            finally:
                if self._held is None:
                    # Not given back: it has our name, and may have our lock.
                    connection.invalidate()
                    connection.close()
        if holder is not None and holder == self._ours:
            raise ServerAway(
                "the database server has not ended a connection of ours that was lost",
                where=self._location,
                hint="aggregator run goes on by itself when it has",
            )
        known = (holder and holder[2]) or "another process"
        raise AlreadyRunning(
            f"{known} is writing this archive",
            holder=known,
            where=self._location,
            hint="stop it first, or use another archive.database",
        )

    def _ended_ours(self, connection: sa.Connection) -> bool:
        """Whether the lock was still that of our connection that was lost, and is this one's now: a
        server that comes back notices only when it writes to it."""
        if self._ours is None or _row(connection, _HOLDER, _LOCK) != self._ours:
            return False
        connection.exec_driver_sql(_END, self._ours)
        until = monotonic() + _END_SECONDS
        while not (taken := bool(connection.scalar(_TAKE))) and monotonic() < until:
            sleep(_LOOK_SECONDS)
        return taken

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
        with self._turn:
            held, self._held, self._purpose = self._held, None, None
            if held is None:
                return
            # By name: a connection that is closed has its lock until the server notices.
            with suppress(sa.exc.SQLAlchemyError):
                held.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
            held.close()


def _row(connection: sa.Connection, question: str, *given: object) -> _Holder | None:
    row = connection.exec_driver_sql(question, given).first()
    return (row[0], row[1], row[2]) if row else None
