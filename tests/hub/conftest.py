"""A published archive on each database, and a subscriber's server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from callbacks import Callbacks
from hubdesk import HubDesk

from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings


@pytest.fixture
def server() -> Iterator[Callbacks]:
    """Callbacks of subscribers, on loopback."""
    with Callbacks() as running:
        yield running


@pytest.fixture
def desk(archive_url: str, tmp_path: Path) -> Iterator[HubDesk]:
    """An archive with a topic that is published."""
    held = ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)
    with open_archive(held, write=True, purpose="a test") as archive:
        yield HubDesk(archive, held, tmp_path / "public")
