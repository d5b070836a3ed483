"""``topics preview``: what a topic or query would catch, and what keeps it from catching anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from aggregator.cli.weeks import weekly_counts

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.entry import EntryRecord
    from aggregator.model.topic import Topic

# So many of the newest entries are looked at for one that is muted.
_TRIED = 1000
# How alike a key and what was meant by it are (difflib's ratio).
_SAME, _ALIKE = 0.8, 0.6


def caught(
    archive: Archive, configuration: Configuration, topic: Topic, limit: int
) -> tuple[list[tuple[EntryRecord, str]], int, list[tuple[date, int]]]:
    """The newest stories a topic would hold, with reasons; how many there are, and a week."""
    from aggregator.model.time import now
    from aggregator.topics import Matcher, newest

    dated: dict[str, date] = {}

    def noted(records: Iterable[EntryRecord]) -> Iterator[EntryRecord]:
        for record in records:
            dated[record.id] = (record.published or record.first_seen).date()
            yield record

    matcher = Matcher(configuration.interests, only=(topic,))
    records = noted(archive.candidates(matcher.query(topic.slug)))
    hits = newest(topic, matcher.backlog(topic.slug, records, now=now()))
    shown = [(archive.entry(hit.entry), hit.reason) for hit in hits[:limit]]
    weeks = weekly_counts([dated[hit.entry] for hit in hits])
    return [(record, reason) for record, reason in shown if record], len(hits), weeks


def meant_topic(text: str, keys: Iterable[str], *, found: bool) -> str:
    """The key that was probably meant by a text that is none; "" where there is none. Of a text that is
    a query that found something, only one that is nearly the same; else one of which a part is, too."""
    from difflib import get_close_matches

    whole = list(keys)
    if near := get_close_matches(text, whole, n=1, cutoff=_SAME if found else _ALIKE):
        return near[0]
    parts = {part: key for key in reversed(whole) for part in key.split("-")}
    near = [] if found else get_close_matches(text, parts, n=1, cutoff=_SAME)
    return parts[near[0]] if near else ""


def muted_newest(archive: Archive, configuration: Configuration, topic: Topic) -> str | None:
    """What mutes the newest entry that a topic would take up else; None where there is none."""
    from itertools import islice

    from aggregator.model.time import now
    from aggregator.topics import Matcher

    matcher, at = Matcher(configuration.interests, only=(topic,)), now()
    for record in islice(archive.candidates(matcher.query(topic.slug)), _TRIED):
        told = matcher.explain(topic.slug, record, now=at)
        if told.only_muted:
            return told.muted
    return None
