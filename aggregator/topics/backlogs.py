"""How many topics are filled from the archive in one write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator.model.topic import Backlog

# A commit waits for the disk, so that one a topic would make a start with thousands of topics
# slow; whoever writes beside it waits for the whole of one.
_TOPICS, _HITS = 200, 1_000


def portions(backlogs: Iterable[Backlog]) -> Iterator[tuple[Backlog, ...]]:
    """What is to be stored in one write each: whole topics, in order; as many as a write of a
    moment takes, and one at least. Each portion is given as soon as it is whole."""
    portion, hits = list[Backlog](), 0
    for backlog in backlogs:
        portion.append(backlog)
        hits += len(backlog.hits)
        if len(portion) >= _TOPICS or hits >= _HITS:
            yield tuple(portion)
            portion, hits = [], 0
    if portion:
        yield tuple(portion)
