"""``topics publish --dry-run``: what would be published, and what edits of topics would change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from aggregator.cli.checking import tell_leaving, warn_of_samples
from aggregator.cli.output import note, one_line, plural, say
from aggregator.cli.titles import short, title_of

if TYPE_CHECKING:
    from aggregator.archive import Archive, TopicsSynced
    from aggregator.cli.session import Session
    from aggregator.config import Configuration
    from aggregator.leaving import Wanted
    from aggregator.model.topic import TopicDifference

# So many stories of an edit are named each way, the newest.
_NAMED = 10
_KEPT = (
    "a running daemon keeps all topics as they were until these samples hold; collect and topics publish "
    "take them up as they are"
)


def tell_what_is_due(session: Session, configuration: Configuration, everything: bool) -> None:
    """A line for each topic that would be published and each that would be removed, and for the
    newest stories that would come by an edit, or match no more; how many there are as notes, and the
    samples that fail, of which publishing warns too."""
    from aggregator.pipeline import backlogs
    from aggregator.publishing import refuse_lost

    due, removed = tuple(topic.slug for topic in configuration.topics), tuple[str, ...]()
    told, counted = list[str](), list[str]()
    archive = session.reading_if_any()
    if archive is None:
        refuse_lost(configuration.settings)
        warn_of_samples(configuration)
    else:
        with archive:
            failing = warn_of_samples(configuration, archive)
            found = what_is_due(archive, configuration, everything=everything)
            tell_leaving(found.wanted.leaving)
            synced, due, removed = found.synced, found.topics, found.synced.deleted
            if not failing.isdisjoint({*synced.new, *synced.edited}):
                note(_KEPT)
            edited = dict.fromkeys(synced.edited, 0)
            for one in archive.topics.compare_fill(
                list(backlogs(archive, found.wanted.matcher, edited))
            ):
                told += _named(archive, one)
                counted.append(_counted(one))
    for slug in due:
        say(f"would publish {slug}")
    for slug in removed:
        say(f"would remove {slug}")
    for line in told:
        say(line)
    for line in counted:
        note(line)
    note(f"{plural(len(due), 'topic')} would be published, {len(removed)} removed")


class Due(Struct, frozen=True):
    """``topics``: keys of the topics that would be published, in their order. ``synced``: what of
    them is new or edited, and which topics are gone. ``wanted``: all that are to be published."""

    topics: tuple[str, ...]
    synced: TopicsSynced
    wanted: Wanted


def what_is_due(archive: Archive, configuration: Configuration, *, everything: bool = False) -> Due:
    """What publishing would do; reads no entry. Raises PublishError, ArchiveError."""
    from aggregator.leaving import wanted
    from aggregator.publish import site_of
    from aggregator.publishing import all_is_due

    settings, found = configuration.settings, wanted(archive, configuration.interests)
    synced = _synced(archive, configuration, found)
    if everything or all_is_due(archive, settings, site_of(settings)):
        return Due(tuple(topic.slug for topic, _ in found.topics), synced, found)
    return Due(_behind(archive, found, synced), synced, found)


def unpublished(archive: Archive, configuration: Configuration) -> Due:
    """The same, as lists tell it; where the folder cannot be read, as if it were whole. Raises
    ArchiveError."""
    from aggregator.leaving import wanted
    from aggregator.model.errors import PublishError

    try:
        return what_is_due(archive, configuration)
    except PublishError:
        found = wanted(archive, configuration.interests)
        synced = _synced(archive, configuration, found)
        return Due(_behind(archive, found, synced), synced, found)


def _behind(archive: Archive, found: Wanted, synced: TopicsSynced) -> tuple[str, ...]:
    """Keys of the topics whose documents say something else than the archive, or than they will."""
    from aggregator.model.time import now

    behind = {state.topic.slug for state in archive.published.behind()}
    behind.update(archive.published.due_digests(now()), synced.new, synced.edited, synced.renewed)
    return tuple(topic.slug for topic, _ in found.topics if topic.slug in behind)


def _synced(archive: Archive, configuration: Configuration, found: Wanted) -> TopicsSynced:
    """How the topics of the archive differ from those that are to be published."""
    size, mute = configuration.settings.publish.page_size, configuration.interests.mute
    return archive.topics.compare(found.topics, page_size=size, muted=mute.feeds)


def waiting_edits(
    archive: Archive, configuration: Configuration, synced: TopicsSynced
) -> dict[str, str]:
    """Why topics are published as they were, or not yet, by their keys: those of which the archive
    holds what topics.toml says are not among them. Raises ArchiveError."""
    from aggregator.model.time import now
    from aggregator.topics import contradicted

    edited = dict.fromkeys([*synced.edited, *synced.renewed], "kept as it was")
    waiting = edited | dict.fromkeys(synced.new, "not taken up")
    if not waiting:
        return {}
    failed = contradicted(configuration.interests, find=archive.entry, now=now())
    failing = list(dict.fromkeys(one.topic for one in failed))
    if not failing:
        return dict.fromkeys(waiting, "not taken up yet")
    return {
        slug: f"{stands}: {'fails' if slug in failing else f'{failing[0]} fails'} a sample"
        for slug, stands in waiting.items()
    }


def _counted(edit: TopicDifference) -> str:
    return (
        f"{edit.topic} is {'back' if edit.back else 'edited'}: {len(edit.came):,} would come from the archive, {len(edit.went):,} held "
        "match no more, and stay"
    )


def _named(archive: Archive, edit: TopicDifference) -> Iterator[str]:
    for what, entries in (("would come to", edit.came), ("matches no more in", edit.went)):
        for record in filter(None, map(archive.entry, entries[:_NAMED])):
            yield f"{what} {edit.topic}: {short(record.id)}  {one_line(title_of(record))}"
