"""What topics and the mute table call feeds and folders, and what a feed goes by."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model.address import canonical_url
from aggregator.query.analysis import fold


def called(names: Sequence[str]) -> frozenset[str]:
    """Names of feeds and folders as they are compared: addresses canonical, all else folded."""
    return frozenset(canonical_url(one) if "://" in one else fold(one) for one in names)


def ways(folders: Sequence[str]) -> tuple[str, ...]:
    """The names of a feed's folders; of folders in folders also the way to the inmost."""
    way = ("/".join(folders),) if len(folders) > 1 else ()
    return (*folders, *way)


def goes_by(url: str, title: str, folders: Sequence[str]) -> frozenset[str]:
    """What a feed may be called by, as :func:`called` has it: address, title, folders."""
    return frozenset((canonical_url(url), fold(title), *map(fold, ways(folders))))
