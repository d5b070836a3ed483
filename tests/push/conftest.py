"""An archive with two feeds, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from archivedesk import ONE, TWO, Desk

from aggregator.archive import Archive, open_archive
from aggregator.model.settings import ArchiveSettings


@pytest.fixture
def archive(archive_url: str, tmp_path: Path) -> Iterator[Archive]:
    held = ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)
    with open_archive(held, write=True, purpose="a test") as opened:
        Desk(opened, held).subscribe(ONE, TWO)
        yield opened
