"""Who publishes in a folder: one process at a time, whichever archive it publishes."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from aggregator.model.errors import PublishError


@contextlib.contextmanager
def sole_publisher(directory: Path) -> Iterator[None]:
    """Be the only one who publishes in a folder, as long as the block runs.

    Two archives that publish in one folder would take each other's topics down, again and
    again. Raises PublishError where somebody else is at it. Where a folder cannot be made or
    locked (some network file systems), nobody looks: who writes is told what is wrong.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            directory.mkdir(parents=True, exist_ok=True)
            place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, place)
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PublishError(
                    "another archive is published in this folder now",
                    where=str(directory),
                    hint="give each its own publish.directory, or stop the other",
                ) from None
        yield
