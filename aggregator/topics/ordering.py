"""In which order a topic gets what was found at once: as it would have come one by one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from datetime import datetime
from operator import itemgetter
from typing import TypeVar

T = TypeVar("T")


def oldest_first(found: Iterable[tuple[datetime, Collection[Hashable], T]]) -> list[T]:
    """What was found by its time (the first of each), oldest first.

    The second of each names threads, a story or a feed: what shares one stays in the order in
    which it was given, whatever its time says, and what has the same time does, too.
    """
    last = dict[Hashable, datetime]()
    timed = list[tuple[datetime, T]]()
    for when, threads, one in found:
        when = max((when, *(last[thread] for thread in threads if thread in last)))
        last.update(dict.fromkeys(threads, when))
        timed.append((when, one))
    return [one for _, one in sorted(timed, key=itemgetter(0))]
