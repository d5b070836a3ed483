"""``topics revoke``: an address that is valid no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from aggregator.cli.checking import tell_edit, tell_leaving, topic_of
from aggregator.cli.options import DryRun, TopicKey
from aggregator.cli.output import note, say
from aggregator.cli.served import elsewhere_words, served_elsewhere, site_told
from aggregator.cli.session import Session, session_of

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.config import Configuration
    from aggregator.model.settings import Settings
    from aggregator.model.topic import Topic, TopicState

# They publish on their own, and have the right to write the archive as long as they run.
_PUBLISHING = ("aggregator run", "aggregator collect")


def revoke(context: typer.Context, topic: TopicKey, dry_run: DryRun = False) -> None:
    """Give a private topic a new address, or take a missing one down.

    The old address answers 410 from then on, where a daemon runs within a minute. Missing are topics
    that went from topics.toml with most others, and go on for a day without this.
    """
    session = session_of(context)
    configuration = session.configuration()
    if _leaves(session, configuration, topic):
        if dry_run:
            say(f"would take {topic} down")
        else:
            _take_down(configuration, topic)
        return
    wanted = topic_of(configuration, topic)
    if not dry_run:
        _move(configuration, wanted)
        return
    from aggregator.archive import not_private

    if not wanted.private:
        raise not_private(wanted.slug)
    say(f"would give {wanted.slug} a new address")


def _leaves(session: Session, configuration: Configuration, slug: str) -> bool:
    """Whether it is a topic that is no longer in topics.toml, and not yet taken down."""
    archive = session.reading_if_any()
    if archive is None:
        return False
    with archive:
        leaving = archive.topics.leaving(_configured(configuration))
    return slug in {one.topic.slug for one in leaving}


def _configured(configuration: Configuration) -> frozenset[str]:
    return frozenset(topic.slug for topic in configuration.topics)


def _opened(settings: Settings) -> tuple[Archive, str]:
    """The archive, and who publishes it now: a row is all there is to write then. "" for nobody."""
    from aggregator.archive import open_archive
    from aggregator.model.errors import AlreadyRunning
    from aggregator.publishing import open_to_publish

    try:
        return open_to_publish(settings, purpose="aggregator topics revoke"), ""
    except AlreadyRunning as error:
        if not error.holder.startswith(_PUBLISHING):
            raise
        return open_archive(settings.archive), error.holder


def _take_down(configuration: Configuration, slug: str) -> None:
    from aggregator.publish import site_of
    from aggregator.publishing import publish_behind

    settings = configuration.settings
    archive, holder = _opened(settings)
    with archive:
        if holder:
            archive.topics.end(slug)
            note(f"{holder}: a daemon takes {slug} down within a minute, collect in its next round")
            return
        archive.topics.note_leaving(_configured(configuration))
        archive.topics.end(slug)
        prepare_topics(archive, configuration)
        publish_behind(archive, settings, site_of(settings))


def _move(configuration: Configuration, topic: Topic) -> None:
    """Give a private topic another address, and say it. Raises UsageError where it is not private."""
    from aggregator.publish import site_of
    from aggregator.publishing import publish_behind

    settings = configuration.settings
    archive, holder = _opened(settings)
    with archive:
        if not holder:
            prepare_topics(archive, configuration)
        archive.published.revoke_address(topic.slug)
        if not holder:
            publish_behind(archive, settings, site_of(settings))
        elif served := served_elsewhere(archive, settings):
            note(elsewhere_words(served))
        state = archive.topics.state(topic.slug)
    if holder:
        note(f"{holder} moves it when it publishes next, a daemon within a minute")
    for address in addresses_of(configuration, topic, state):
        say(address)


def prepare_topics(archive: Archive, configuration: Configuration) -> None:
    """Make the archive follow the configuration, and tell what becomes of topics. Raises ArchiveError."""
    from aggregator.pipeline import prepare

    prepare(
        archive,
        configuration.settings,
        configuration.subscriptions,
        configuration.interests,
        inclusions=configuration.inclusions,
        tell=tell_edit,
        tell_leaving=tell_leaving,
    )


def addresses_of(configuration: Configuration, topic: Topic, state: TopicState | None) -> list[str]:
    """Where it is published, first the address that our own server alone answers with what is asked
    for; nothing of a private topic whose address is not made yet."""
    from aggregator.publish import stem

    if topic.private and not (state and state.token):
        return []
    base = site_told(configuration.settings).base_url
    place = stem(state) if state and topic.private else f"topics/{topic.slug}"
    further = [f".{series}.atom" for series in topic.series if series]
    return [f"{base}/{place}{end}" for end in ("", ".html", ".atom", ".rss", ".json", *further)]
