"""The daemon: ticks, signals, reload, one instance; runs rounds until it is told to end.

APScheduler's jobs only set events; the loop in :mod:`aggregator.daemon.service`
does the work, so that ending never cuts a write (the scheduler's own shutdown
would cancel running coroutines).
"""

from aggregator.daemon.logs import configure as configure_logs
from aggregator.daemon.service import run

__all__ = ["configure_logs", "run"]
