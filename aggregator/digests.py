"""Digest feeds of topics, written when a period has ended."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.archive import Archive
from aggregator.model.time import now
from aggregator.model.topic import TopicState
from aggregator.publish import Folder, Site, fingerprints, further_documents


def publish_digests(
    archive: Archive, folder: Folder, site: Site, whole: Sequence[TopicState] = ()
) -> tuple[str, ...]:
    """Write the digests of topics of which a period ended since, and those of ``whole``; returns the
    changed paths.

    Where none is due it costs one indexed read. Raises PublishError, ArchiveError.
    """
    at, changed = now(), list[str]()
    asked = (state.topic.slug for state in whole if state.topic.digest)
    for slug in dict.fromkeys((*archive.published.due_digests(at), *asked)):
        feed = archive.published.digests(slug, now=at)
        written = further_documents(feed, site)
        changed += folder.write(written)
        archive.published.mark_digested(feed, fingerprints(written))
    return tuple(changed)
