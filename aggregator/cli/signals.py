"""Ctrl-C and SIGTERM in commands that run a loop: finish what is under way, then end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

from aggregator.cli.output import note, on_terminal

_SIGNALLED = 128


def stop_on_signals(ending: str = "") -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets; a second ends the process at once,
    with the exit code a shell gives for it: 130 or 143.

    Ending at once loses nothing that was committed: the archive repairs itself
    at the next start. ``ending`` is said on standard error at the first, for commands that
    then have something to finish.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end(number: int) -> None:
        if stop.is_set():
            os._exit(_SIGNALLED + number)
        stop.set()
        if ending:
            # Nobody may be there to read it.
            with contextlib.suppress(OSError):
                note(f"\n{ending}" if on_terminal(sys.stderr) else ending)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    return stop
