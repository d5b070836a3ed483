"""What of an edited configuration a running daemon takes up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import structlog
from msgspec.structs import replace

from aggregator.archive import Archive
from aggregator.config import Configuration
from aggregator.model.errors import QueryError
from aggregator.model.interests import Interests
from aggregator.model.time import now
from aggregator.model.topic import Topic
from aggregator.topics import Matcher, contradicted

_log: Any = structlog.get_logger()


def kept(old: Configuration, fresh: Configuration) -> Configuration:
    """The new configuration, with what only a start can change as it was."""
    was, now_is = old.settings, fresh.settings
    publish = replace(now_is.publish, directory=was.publish.directory)
    settings = replace(now_is, archive=was.archive, server=was.server, publish=publish)
    return replace(fresh, settings=settings, access_edited=_access_edited(old, fresh))


def _access_edited(old: Configuration, fresh: Configuration) -> dict[str, datetime]:
    """When the access to each feed was edited: now, where it came, went or is another. An edit of
    what the file says of one feed has no other asked."""
    same = {url: at for url, at in old.access_edited.items() if _same(old, fresh, url)}
    return dict.fromkeys({*old.access, *fresh.access}, now()) | same


def _same(old: Configuration, fresh: Configuration, url: str) -> bool:
    return old.access.get(url) == fresh.access.get(url)


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
    """At the start: a topic that fails a sample is as it was published last, where its query or
    limits were others then; a line tells so, and of samples that fail all the same. A restart, too,
    publishes nothing wrong in silence."""
    interests = configuration.interests
    failed = list(contradicted(interests, find=archive.entry, now=now()))
    wrong = {one.topic for one in failed}
    last = {one.topic.slug: one.topic for one in archive.topics.states() if one.topic.slug in wrong}
    stay = _others(_with(interests, last), interests, last) if last else set()
    for one in failed:
        event = "topic kept as it was" if one.topic in stay else "a topic fails a sample"
        _log.warning(event, why=str(one), hint="aggregator topics check")
    kept_topics = {slug: last[slug] for slug in stay}
    return replace(configuration, interests=_with(interests, kept_topics))


def _with(interests: Interests, topics: Mapping[str, Topic]) -> Interests:
    """The interests with these topics in place of those of the same keys."""
    there = tuple(topics.get(one.slug, one) for one in interests.topics)
    return replace(interests, topics=there)


def _others(before: Interests, fresh: Interests, slugs: Collection[str]) -> set[str]:
    """Those of the topics that catch something else by now; none where what they referred to before
    is no more."""
    try:
        was, now_is = Matcher(before), Matcher(fresh)
    except QueryError:
        return set()
    return {slug for slug in slugs if was.definition(slug) != now_is.definition(slug)}
