"""Run the command line and die by SIGKILL at a counted place.

    python killed.py PLACE COUNT ARGUMENT…

PLACE is ``module:Class.method`` or ``module:function``, with ``+`` in front to
die after the COUNT-th call instead of before it. The program itself knows nothing of this.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import signal
import sys
import threading


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(place: str, count: int) -> None:
    """Wrap the function at ``place`` so that its ``count``-th call is the last thing done."""
    after = place.startswith("+")
    module_name, _, path = place.lstrip("+").partition(":")
    owner = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original = getattr(owner, name)
    lock, calls = threading.Lock(), 0

    def due() -> bool:
        nonlocal calls
        with lock:
            calls += 1
            return calls == count

    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def wrapped(*args, **kwargs):
            now = due()
            if now and not after:
                die()
            result = await original(*args, **kwargs)
            if now:
                die()
            return result
    else:

        @functools.wraps(original)
        def wrapped(*args, **kwargs):
            now = due()
            if now and not after:
                die()
            result = original(*args, **kwargs)
            if now:
                die()
            return result

    setattr(owner, name, wrapped)


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]))
    sys.argv = ["aggregator", *sys.argv[3:]]
    from aggregator.__main__ import main

    sys.exit(main())
