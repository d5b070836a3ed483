"""A look-up in SQLite's index that takes long, in two halves at once.

Words that are common each, and hardly ever stand side by side, make FTS5 go through the
whole index. Where that takes more than a moment a second connection goes through the older
half of it meanwhile, in a thread: SQLite lets others run while it looks.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Any

import sqlalchemy as sa

_MOMENT = 0.003
"""Seconds in which most look-ups have found enough; nothing is begun beside them."""
_AHEAD = 200
"""Keys that the second connection brings at most; after them the first goes on alone."""


def look_up_in_halves(connection: sa.Connection, match: str, below: int) -> Iterator[int]:
    """The same as :func:`look_up`, sooner where that takes long.

    The halves may see the archive at two moments; whoever reads the entries decides.
    """
    newest = connection.exec_driver_sql("SELECT max(entry_key) FROM entries").scalar() or 0
    middle = min(below, newest) // 2
    with _beside(connection.engine, match, middle) as older:
        with closing(look_up(connection, match, below)) as keys:
            newer = True
            for key in keys:
                if newer and key < middle:
                    newer = False
                    if older.is_done():
                        break
                    older.break_off()
                yield key
            else:
                return
        yield from older.found
    if len(older.found) == _AHEAD:
        yield from look_up(connection, match, older.found[-1])


def look_up(connection: sa.Connection, match: str, below: int, most: int = -1) -> Generator[int]:
    """Keys of index entries below one that ``match``, newest first."""
    rows = connection.exec_driver_sql(
        "SELECT rowid FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
        (match, below, most),
    )
    with rows:
        for row in rows:
            yield row[0]


@contextmanager
def _beside(engine: sa.Engine, match: str, below: int) -> Iterator[_Older]:
    """The older half, looked up in a thread; what is not finished at the end is broken off."""
    older = _Older(engine, match, below)
    older.start()
    try:
        yield older
    finally:
        older.break_off()


class _Older(Thread):
    """``found``: the newest keys below one, _AHEAD at most, once :meth:`is_done` says so."""

    def __init__(self, engine: sa.Engine, match: str, below: int) -> None:
        super().__init__(name="older half", daemon=True)
        self.found: list[int] = []
        self._engine, self._match, self._below = engine, match, below
        self._begun, self._done, self._unwanted = False, False, Event()
        self._looking: Any = None
        """The driver's connection while it looks, and no longer: what ends it is not to be hit."""
        self._lock = Lock()

    def run(self) -> None:
        if self._unwanted.wait(_MOMENT):
            return
        self._begun = True
        # Broken off, or no second connection is to be had: the first one goes on alone.
        with suppress(sa.exc.SQLAlchemyError), self._engine.connect() as connection:
            self._looking = connection.connection.driver_connection
            try:
                if not self._unwanted.is_set():
                    self.found = list(look_up(connection, self._match, self._below, _AHEAD))
                    self._done = True
            finally:
                with self._lock:
                    self._looking = None

    def is_done(self) -> bool:
        """Whether it was begun and came to its end; waits for that."""
        if self._begun:
            self.join()
        return self._done

    def break_off(self) -> None:
        """Returns when the thread has ended: at once, as a rule."""
        self._unwanted.set()
        while self.is_alive():
            with self._lock:
                if self._looking is not None:
                    self._looking.interrupt()
            self.join(0.01)
