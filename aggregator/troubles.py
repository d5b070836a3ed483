"""The feeds' troubles, written as a feed of their own whenever something is to be told."""

from __future__ import annotations

from aggregator.archive import Archive
from aggregator.publish import Folder, Site, status_documents

# More than are shown, since what many feeds tell in the same words is shown as one.
_LOOKED_AT = 2000


def publish_status(
    archive: Archive, folder: Folder, site: Site, *, whole: bool = False
) -> tuple[str, ...]:
    """Write the status feed where it is behind the archive (``whole``: in any case); returns the
    changed paths. Raises PublishError, ArchiveError."""
    with archive.notices() as notices:
        version = notices.version
        if version == notices.published and not whole:
            return ()
        newest = notices.newest(_LOOKED_AT)
    changed = folder.write(status_documents(newest, site, whole=len(newest) < _LOOKED_AT))
    with archive.notices(write=True) as notices:
        notices.mark_published(version)
    return changed
