"""The published folder, kept up with the archive: the last stage of an entry's walk.

    archive.published.behind ─► Page ─► publish.documents ─► bytes ─► Folder.write

Publishing is a pure function of the archive: run again, or after a crash, it writes what is
missing and nothing else. It costs as much as there is news, however many topics there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.archive import Archive, open_archive
from aggregator.archive import refuse_lost as refuse_lost_archive
from aggregator.digests import publish_digests
from aggregator.model.settings import Settings
from aggregator.model.topic import Series, TopicState
from aggregator.publish import (
    PRIVATE,
    STATUS,
    Card,
    Folder,
    Overview,
    Site,
    directory,
    documents,
    feed_paths,
    fingerprints,
    further_documents,
    index_page,
    sole_publisher,
    stem,
    stems,
)
from aggregator.troubles import publish_status

# The front page is written at each turn, so it does not grow with the topics.
_ON_FRONT_PAGE = 100


class Publisher:
    """Writes what is behind the archive, for as long as settings and topics stay as they are.

    Its first turn looks at everything: files that are missing, topics that are no more, what was
    written for another site or by other rendering. All others only look at what is behind.
    """

    def __init__(self, archive: Archive, settings: Settings, site: Site) -> None:
        self._archive = archive
        self._site = site
        self._size = settings.publish.page_size
        self._directory = settings.publish.directory
        self._folder = Folder(self._directory)
        self._places: frozenset[str] | None = None
        """Where the topics' documents stand; None before the first turn."""
        self._listed = 0
        self._cards: dict[str, Card] = {}
        """The front page as it was written last, by slug."""

    def publish(self, *, everything: bool = False) -> tuple[str, ...]:
        """Write every topic that is behind (``everything``: every topic); returns paths.

        Raises PublishError, ArchiveError: what was not written is still behind then.
        """
        behind, changed = self._archive.published.behind(), list[str]()
        known = self._places is not None and self._places.issuperset(map(stem, behind))
        # Another folder was published in since, or another archive in this one; or somebody took
        # the folder away.
        strange = _strange(self._archive, self._folder)
        if strange:
            self._folder = Folder(self._directory)
        if everything or strange or not known:
            changed += self._look(everything=everything, strange=strange)
        else:
            for state in behind:
                changed += self._write(state)
            changed += publish_digests(self._archive, self._folder, self._site)
            changed += publish_status(self._archive, self._folder, self._site)
        changed += self._folder.write(self._front_page())
        return tuple(changed)

    def _look(self, *, everything: bool, strange: bool) -> Sequence[str]:
        """Write what is behind, missing, or made for another site; remove what is no more."""
        self._places, archive = None, self._archive
        states, changed = archive.topics.states(), list[str]()
        lacking = self._folder.lacking()
        whole = everything or strange or not self._folder.made_for(self._site)
        # Readers take a full page for what never changes: its feeds are left, unless they would
        # lead to addresses that are no more.
        afresh = everything or strange or self._folder.moved(self._site)
        again = [state for state in states if whole or _lacks(state, lacking)]
        for state in again:
            changed += self._write(state, whole=True, afresh=afresh)
        # The others, of which some pages changed.
        for state in archive.published.behind():
            changed += self._write(state)
        changed += publish_digests(archive, self._folder, self._site, again)
        told = whole or STATUS in lacking
        changed += publish_status(archive, self._folder, self._site, whole=told)
        changed += self._folder.write(directory(states, self._site))
        places = _places(states)
        ended = _places(archive.published.deleted_topics())
        changed += self._folder.retain(places | {STATUS}, ended=ended, rewritten=whole)
        archive.published.note_folder(
            self._folder.settle(self._site, archive.location, anew=strange)
        )
        self._places, self._listed = places, sum(not state.token for state in states)
        return changed

    def _write(
        self, state: TopicState, *, whole: bool = False, afresh: bool = False
    ) -> Sequence[str]:
        """Write a topic's pages that may have changed (``whole``: all of them; ``afresh``: the
        feeds of full pages too) and note that they are published."""
        archive, slug, changed = self._archive, state.topic.slug, list[str]()
        first = archive.published.first_unpublished(slug)
        newest = archive.published.subscription_page(slug, size=self._size)
        # What is linked to comes first: readers, and a crash between, find no broken link.
        for number in range(archive.published.archive_pages(slug), 0 if whole else first - 1, -1):
            made = documents(archive.published.archive_page(slug, number), self._site)
            changed += self._folder.write(made, full=number < first and not afresh)
        subscribed = documents(newest, self._site)
        if state.topic.corrections:
            subscribed |= further_documents(archive.published.corrections(slug), self._site)
        changed += self._folder.write(subscribed)
        digest = feed_paths(state, Series.DIGEST)
        archive.published.mark(slug, state.version, fingerprints(subscribed), kept=digest)
        return changed

    def _front_page(self) -> dict[str, bytes]:
        stats = self._archive.stats()
        overview = Overview(
            feeds=stats.feeds,
            collected=stats.collected,
            failing=stats.failing,
            entries=stats.entries,
            stories=stats.stories,
            topics=self._listed,
        )
        self._cards = {
            state.topic.slug: self._card(state)
            for state in self._archive.topics.newest(_ON_FRONT_PAGE)
        }
        return index_page(tuple(self._cards.values()), overview, self._site)

    def _card(self, state: TopicState) -> Card:
        """What the front page shows of a topic: of most what it showed at the last turn."""
        before = self._cards.get(state.topic.slug)
        if before and before.state.version == state.version:
            return Card(state=state, titles=before.titles)
        return Card(state=state, titles=self._archive.topics.newest_titles(state.topic.slug))


def _places(states: Sequence[TopicState]) -> frozenset[str]:
    """Where the documents of topics stand."""
    return frozenset(place for state in states for place in stems(state))


def _lacks(state: TopicState, lacking: frozenset[str]) -> bool:
    """Whether a file of the topic may be missing."""
    return PRIVATE in lacking if state.token else not lacking.isdisjoint(stems(state))


def open_to_publish(settings: Settings, *, purpose: str, wait: bool = False) -> Archive:
    """Open the archive to write and to publish it; a new one is made only where nothing tells of an
    earlier one: what it would publish takes the place of what that one has published.

    Raises AlreadyRunning, ArchiveError, and PublishError where a new one would be made and the
    output folder cannot be looked at.
    """
    return open_archive(
        settings.archive,
        write=True,
        purpose=purpose,
        wait=wait,
        elsewhere=lambda location: _outlived(settings, location),
    )


def refuse_lost(settings: Settings) -> None:
    """Refuse what :func:`open_to_publish` would refuse for what is left of an earlier archive, and
    make nothing. Raises ArchiveError, PublishError."""
    refuse_lost_archive(settings.archive, lambda location: _outlived(settings, location))


def _outlived(settings: Settings, location: str) -> Sequence[str]:
    """What an archive of this location has published, a line. Who names another database begins a
    new archive, and what it publishes takes the place of the other's."""
    directory = settings.publish.directory
    if not Folder(directory).is_of(location):
        return ()
    return (f"{directory} (publish.directory) is where it is published",)


def all_is_due(archive: Archive, settings: Settings, site: Site) -> bool:
    """Whether the next turn writes every page again: for another site or folder, or as this
    version renders it. Raises PublishError, ArchiveError."""
    folder = Folder(settings.publish.directory)
    return _strange(archive, folder) or not folder.made_for(site)


def _strange(archive: Archive, folder: Folder) -> bool:
    """Whether the archive was published elsewhere since, or another archive in this folder."""
    return archive.published.folder() != folder.mark


def publish_behind(
    archive: Archive, settings: Settings, site: Site, *, everything: bool = False
) -> tuple[str, ...]:
    """Look at everything once and write what is behind or missing; returns the changed paths.

    Raises PublishError, also where another archive is published there now, ArchiveError.
    """
    with sole_publisher(settings.publish.directory):
        return Publisher(archive, settings, site).publish(everything=everything)
