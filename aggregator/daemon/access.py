"""What a running daemon makes of secrets.toml."""

from __future__ import annotations

from typing import Any

import structlog

from aggregator.archive import Archive
from aggregator.config import Configuration
from aggregator.topics import republished

_log: Any = structlog.get_logger()


class Admission:
    """Log-ins of feeds, over one archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._told = ""

    def take_up(self, configuration: Configuration) -> None:
        """Have feeds tried for which the access was edited, and say once which of those with a
        log-in public topics publish. Blocks. Raises ArchiveError."""
        self._archive.try_access(configuration.access_edited)
        shown = None
        if configuration.access:
            feeds = (feed for feed in self._archive.feeds() if feed.subscribed)
            shown = republished(configuration.interests, configuration.access, feeds)
        told = str(shown) if shown else ""
        if told and told != self._told:
            _log.warning(told)
        self._told = told
