"""What of an edited configuration a running daemon takes up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import structlog
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.config import Configuration
from aggregator.model.errors import QueryError
from aggregator.model.time import now
from aggregator.topics import Matcher, contradicted

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


def with_last_topics(configuration: Configuration, archive: Archive) -> Configuration:
    """At the start: a topic that fails a sample is as it was published last, where its query was
    another then; a line tells so, and of samples that fail all the same. A restart, too, publishes
    nothing wrong in silence."""
    interests, last = (
        configuration.interests,
        {one.topic.slug: one.topic for one in archive.topics()},
    )
    failed = list(contradicted(interests, find=archive.entry, now=now()))
    stay = {
        topic.slug: last[topic.slug]
        for topic in interests.topics
        if topic.slug in {one.topic for one in failed} & last.keys()
        and last[topic.slug].query != topic.query
    }
    before = replace(interests, topics=tuple(stay.get(one.slug, one) for one in interests.topics))
    try:
        Matcher(before)
    except QueryError:
        # What it referred to then is no more.
        before, stay = interests, {}
    for one in failed:
        event = "topic kept as it was" if one.topic in stay else "a topic fails a sample"
        _log.warning(event, why=str(one), hint="aggregator topics check")
    return replace(configuration, interests=before)
