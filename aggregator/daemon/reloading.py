"""What of an edited configuration a running daemon takes up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import structlog
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.config import Configuration
from aggregator.model.time import now
from aggregator.topics import contradicted

_log: Any = structlog.get_logger()


def kept(old: Configuration, fresh: Configuration) -> Configuration:
    """The new configuration, with what only a start can change as it was."""
    was, now_is = old.settings, fresh.settings
    publish = replace(now_is.publish, directory=was.publish.directory)
    settings = replace(now_is, archive=was.archive, server=was.server, publish=publish)
    return replace(fresh, settings=settings)


def with_right_topics(old: Configuration, fresh: Configuration, archive: Archive) -> Configuration:
    """The new configuration; with the interests as they were, and a line that says why, where a
    sample fails: nothing wrong is published in silence."""
    if old.interests == fresh.interests:
        return fresh
    wrong = next(contradicted(fresh.interests, find=archive.entry, now=now()), None)
    if wrong is None:
        return fresh
    _log.error("topics kept as they were", why=str(wrong), hint="aggregator topics check")
    return replace(fresh, interests=old.interests)


def warn_of_lines(configuration: Configuration, *, told: Collection[str] = ()) -> None:
    """A line for each line of the files that is left out, but for those that were ``told``: an
    edit elsewhere repeats none."""
    for warning in configuration.warnings:
        if warning not in told:
            _log.warning(warning)


def warn_of_samples(configuration: Configuration, archive: Archive) -> None:
    """A line a sample that fails at the start, where there are no topics as they were."""
    for one in contradicted(configuration.interests, find=archive.entry, now=now()):
        _log.warning("a topic fails a sample", why=str(one), hint="aggregator topics check")
