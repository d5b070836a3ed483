"""Where worker processes come from: a server that has loaded what reads documents, and forks them.

It is started by the first who needs one, or before, so that it loads while others do.
"""

from __future__ import annotations

import contextlib
import fcntl
import signal
import sys
from collections.abc import Iterator
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

SERVER = "aggregator.normalize.forkserver"
_PIPE_BYTES = 1 << 20


def start_server() -> None:
    """Start the server, if it does not run; it loads while the caller does something else.

    Raises OSError where no process can be started.
    """
    forkserver.set_forkserver_preload([SERVER])
    with _interrupts_held():
        forkserver.ensure_running()


def context() -> ForkServerContext:
    """What processes and pipes are made with."""
    forkserver.set_forkserver_preload([SERVER])
    return _Context()


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold interrupts back, which the server inherits, and from it the workers: one that comes before
    a worker ignores them would end it."""
    # As it starts, it lets interrupts through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Process(ForkServerProcess):
    def start(self) -> None:
        # The first one starts the server.
        with _interrupts_held():
            super().start()


class _Context(ForkServerContext):
    Process = _Process

    def Pipe(self, duplex: bool = True) -> Any:  # noqa: N802
        """Pipes that hold what the next documents are: else a worker that has read one waits until
        the parent, which has other things to do, has handed it over piece by piece."""
        ends = super().Pipe(duplex)
        if sys.platform == "linux" and not duplex:
            # A user may have so many; then they hold what they hold.
            with contextlib.suppress(OSError):
                fcntl.fcntl(ends[1].fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return ends
