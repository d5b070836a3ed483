"""Connections to PostgreSQL that end where the server falls silent, whatever the reason.

A server that ends closes its connections, and a network that drops packets is noticed by the
kernel (:data:`PATIENCE`). A server that hangs is noticed by neither: its kernel acknowledges what
it never reads. So whoever waits long for an answer asks over another connection, too. There is no
limit to a statement at which a server works: a migration takes its time.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.waiting import Ready

T = TypeVar("T")

_CONNECT_SECONDS = 10
PATIENCE = {
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What libpq is told: in seconds, the last in milliseconds; on a socket in the file system only the
first has a meaning (https://www.postgresql.org/docs/current/libpq-connect.html)."""

# How long an answer may take before somebody looks whether it will come; longer each time.
_SILENCE_SECONDS = 10.0
# A server that has taken nothing up, or did not answer, in two looks: in one, its answer may still
# be on the way.
_IDLE_LOOKS = 2


class Connection(psycopg.Connection[Any]):
    """One that closes itself, with OperationalError, where no answer will come."""

    def wait(self, gen: PQGen[T], *given: Any, **named: Any) -> T:
        return super().wait(self._watched(gen), *given, **named)

    def _watched(self, gen: PQGen[T]) -> PQGen[T]:
        """``gen``, which psycopg resumes when there is something to read, and every tenth of a
        second when there is not."""
        pause, idle = _SILENCE_SECONDS, 0
        look = monotonic() + pause
        try:
            state = next(gen)
            while True:
                ready = yield state
                if ready != Ready.NONE:
                    look = monotonic() + pause
                elif monotonic() >= look:
                    idle = 0 if self._is_at_work() else idle + 1
                    if idle == _IDLE_LOOKS:
                        raise self._given_up()
                    pause = pause if idle else 2 * pause
                    look = monotonic() + pause
                state = gen.send(ready)
        except StopIteration as end:
            answer: T = end.value
            return answer

    def _is_at_work(self) -> bool:
        """Whether the server answers and, as far as it tells, has taken up what it was asked."""
        asked = "SELECT state FROM pg_stat_activity WHERE pid = %s"
        options = {**self.info.get_parameters(), "connect_timeout": str(_CONNECT_SECONDS)}
        place = make_conninfo(**options, password=self.info.password or None)
        try:
            with _Look.connect(place, autocommit=True) as look:
                row = look.execute(asked, (self.info.backend_pid,)).fetchone()
        except psycopg.errors.ConnectionTimeout:
            # It hangs, or has so much to do that it is slow to let anybody in: the next look tells.
            return False
        except psycopg.Error:
            # It refuses one more connection: it lives.
            return True
        # A pooler hands out numbers of its own: of them the server tells nothing.
        return row is None or not str(row[0]).startswith("idle")

    def _given_up(self) -> psycopg.OperationalError:
        self.close()
        return psycopg.OperationalError("no answer: timeout expired")


class _Look(psycopg.Connection[Any]):
    """A short one, which waits no longer for an answer than for its beginning."""

    def wait(self, gen: PQGen[T], *given: Any, **named: Any) -> T:
        return super().wait(_in_time(gen), *given, **named)


def _in_time(gen: PQGen[T]) -> PQGen[T]:
    until = monotonic() + _CONNECT_SECONDS
    try:
        state = next(gen)
        while True:
            ready = yield state
            if monotonic() >= until:
                raise psycopg.errors.ConnectionTimeout("no answer in time")
            state = gen.send(ready)
    except StopIteration as end:
        answer: T = end.value
        return answer
