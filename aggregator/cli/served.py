"""Where a daemon that runs publishes, where the configuration names another place by now."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.cli.session import Session
    from aggregator.model.settings import ArchiveSettings, Settings
    from aggregator.publish import Site

DAEMON = "aggregator run"
"""How what a daemon is doing begins, where the holder of an archive is named."""


def site_told(settings: Settings) -> Site:
    """The site of the settings; on a port that is free when the daemon starts (0), as it was
    published last."""
    from aggregator.publish import site_of

    return site_of(settings, bound=_published(settings))


def served_elsewhere(archive: Archive, settings: Settings) -> str | None:
    """What the addresses begin with under which a daemon that runs publishes, where an edit that it
    has not taken up names others; else None."""
    published = _published(settings)
    if not published or published == site_told(settings).base_url:
        return None
    return published if (archive.holder() or "").startswith(DAEMON) else None


def elsewhere_words(served: str) -> str:
    """A sentence on :func:`served_elsewhere`."""
    return f"the daemon that runs publishes under {served}; an edit of [server] holds from its next start"


def running_daemon(session: Session, settings: ArchiveSettings) -> str:
    """The daemon that runs over this archive, in words; "" where none does, or none can be told."""
    from aggregator.model.errors import ArchiveError

    try:
        archive = session.reading_if_any(settings)
    except (ArchiveError, ValueError):
        return ""
    if archive is None:
        return ""
    with archive:
        holder = archive.holder() or ""
    return holder if holder.startswith(DAEMON) else ""


def _published(settings: Settings) -> str:
    from aggregator.model.errors import PublishError
    from aggregator.publish import Folder

    with suppress(PublishError):
        return Folder(settings.publish.directory).base_url
    return ""
