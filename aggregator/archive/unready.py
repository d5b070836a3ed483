"""What stands before the first use of a database, and may have to wait."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock


class Unready:
    """Work that stands before the first use; it uses the database itself."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = RLock()
        self._inside = self._done = False

    def is_settled(self) -> bool:
        """Whether it is done, which others wait for; False to the work itself."""
        with self._lock:
            if self._inside or self._done:
                return self._done
            self._inside = True
            try:
                self._work()
            finally:
                self._inside = False
            self._done = True
            return True
