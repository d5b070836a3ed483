"""An archive on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from archivedesk import ONE, Desk

from aggregator.archive import Archive, open_archive
from aggregator.model.settings import ArchiveSettings


@pytest.fixture
def settings(archive_url: str, tmp_path: Path) -> ArchiveSettings:
    """Settings of a new archive, on each database."""
    return ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)


@pytest.fixture
def archive(settings: ArchiveSettings) -> Iterator[Archive]:
    """An empty archive, open for writing."""
    with open_archive(settings, write=True, purpose="a test") as opened:
        yield opened


@pytest.fixture
def desk(archive: Archive, settings: ArchiveSettings) -> Desk:
    """The archive with one feed, and one who brings it documents."""
    made = Desk(archive, settings)
    made.subscribe(ONE)
    return made
