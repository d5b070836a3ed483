"""Which topics a start takes up where one fails a sample."""

from __future__ import annotations

import pytest
from archivedesk import interests
from msgspec.structs import replace

from aggregator.archive import Archive, open_archive
from aggregator.config import load
from aggregator.config.starting import write_starter
from aggregator.daemon.reloading import with_last_topics
from aggregator.model.settings import ArchiveSettings
from aggregator.model.topic import Topic
from aggregator.topics import Matcher

RAIN = Topic(slug="rain", title="Rain", query="rain")
WRONG = Topic(slug="a", title="New title", query="zebra", must=("Torres",))
WAS = Topic(slug="a", title="A", query="torres", must=("Torres",))


@pytest.fixture
def archive(tmp_path):
    with open_archive(ArchiveSettings(directory=tmp_path / "archive"), write=True) as opened:
        yield opened


def taken(archive: Archive, folder, before: tuple[Topic, ...], edited: tuple[Topic, ...]):
    """The topics that a start has after an edit of those that were published."""
    matcher = Matcher(interests(*before))
    wanted = [(one, matcher.definition(one.slug)) for one in before]
    archive.topics.sync(wanted, page_size=5)
    write_starter(folder)
    configuration = replace(load(folder), interests=interests(*edited))
    return with_last_topics(configuration, archive).interests.topics


@pytest.mark.parametrize(
    ("before", "edited", "after"),
    [
        ((WAS, RAIN), (WRONG, RAIN), (WAS, RAIN)),
        # Limits decide as the query does.
        (
            (WAS,),
            (replace(WAS, query="torres", must=("Zebra",), minimum_length=9),),
            (WAS,),
        ),
        # What decides is as it was: the rest of the edit is taken up.
        (
            (WAS,),
            (replace(WAS, title="B", must=("Zebra",)),),
            (replace(WAS, title="B", must=("Zebra",)),),
        ),
        # One that is wrong keeps no other from its edit.
        (
            (WAS, replace(RAIN, must=("Snow",))),
            (WRONG, replace(RAIN, title="Wet", must=("Snow",))),
            (WAS, replace(RAIN, title="Wet", must=("Snow",))),
        ),
        ((), (WRONG,), (WRONG,)),
        # What the topic of before referred to is no more.
        (
            (replace(WAS, query="topic:rain"), RAIN),
            (WRONG,),
            (WRONG,),
        ),
    ],
    ids=["query", "limits", "title", "others", "new", "reference"],
)
def test_a_start_takes_up_what_fails_no_sample(archive, tmp_path, before, edited, after):
    assert taken(archive, tmp_path / "config", before, edited) == after
