"""What a running daemon says of log-ins: once, and again where it is something else."""

from __future__ import annotations

import pytest
from archivedesk import ONE, interests
from msgspec.structs import replace
from structlog.testing import capture_logs

from aggregator.archive import open_archive
from aggregator.config import load
from aggregator.config.starting import write_starter
from aggregator.daemon.access import Admission
from aggregator.model.address import canonical_url
from aggregator.model.feed import Access, Subscription
from aggregator.model.settings import ArchiveSettings
from aggregator.model.time import now
from aggregator.model.topic import Topic

ALL = Topic(slug="all", title="All", query="*")


@pytest.fixture
def archive(tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "archive")
    with open_archive(settings, write=True) as opened:
        opened.attach([Subscription(url=ONE, title="Members")], now=now())
        yield opened


def test_it_is_told_once_and_again_where_it_changes(archive, tmp_path):
    write_starter(tmp_path / "config")
    access = {canonical_url(ONE): Access(password="hush")}
    public = replace(load(tmp_path / "config"), access=access, interests=interests(ALL))
    private = replace(public, interests=interests(replace(ALL, private=True)))
    other = replace(public, interests=interests(ALL, replace(ALL, slug="other")))
    admission, told = Admission(archive), []
    for configuration in (public, public, other, private, public, replace(public, access={})):
        with capture_logs() as logs:
            admission.take_up(configuration)
        told.append([one["event"].partition(" (")[0].rpartition(": ")[2] for one in logs])
    assert told == [["all"], [], ["all, other"], [], ["all"], []]
