"""What of an edited configuration a running daemon takes up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import structlog

from aggregator.archive import Archive
from aggregator.config import Configuration
from aggregator.model.time import now
from aggregator.topics import Failed, Matcher, failing

_log: Any = structlog.get_logger()


def kept(old: Configuration, fresh: Configuration) -> Configuration:
    """The new configuration, with what only a start can change as it was."""
    was, now_is = old.settings, fresh.settings
    publish = replace(now_is.publish, directory=was.publish.directory)
    settings = replace(now_is, archive=was.archive, server=was.server, publish=publish)
    return replace(fresh, settings=settings)


def with_right_topics(old: Configuration, fresh: Configuration, archive: Archive) -> Configuration:
    """The new configuration; with topics, people and mute table as they were, and a line that says why,
    where a sample fails: nothing wrong is published in silence."""
    if (old.topics, old.people, old.mute) == (fresh.topics, fresh.people, fresh.mute):
        return fresh
    wrong = next(_wrong(fresh, archive), None)
    if wrong is None:
        return fresh
    _log.error("topics kept as they were", why=str(wrong), hint="aggregator topics check")
    return replace(fresh, topics=old.topics, people=old.people, mute=old.mute)


def warn_of_samples(configuration: Configuration, archive: Archive) -> None:
    """A line a sample that fails at the start, where there are no topics as they were."""
    for one in _wrong(configuration, archive):
        _log.warning("a topic fails a sample", why=str(one), hint="aggregator topics check")


def _wrong(configuration: Configuration, archive: Archive) -> Iterator[Failed]:
    """The samples that fail; not those of entries that are not in the archive."""
    matcher = Matcher(configuration.topics, people=configuration.people, mute=configuration.mute)
    failed = failing(matcher, configuration.topics, find=archive.entry, now=now())
    return (one for one in failed if not one.missing)
