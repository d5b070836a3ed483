"""Which topics a start takes up where one fails a sample, and what a reload takes for edited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from archivedesk import interests
from msgspec.structs import replace
from simclock import SimClock

from aggregator.archive import Archive, open_archive
from aggregator.config import Configuration, load
from aggregator.config.starting import write_starter
from aggregator.daemon.reloading import kept, with_last_topics
from aggregator.model.feed import Access
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


ONE, TWO = "one.example/a", "two.example/b"
EARLY, LATE = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "edited"),
    [
        ({ONE: "hush", TWO: "a"}, {ONE: "hush", TWO: "b"}, {TWO}),
        ({ONE: "hush"}, {ONE: "hush", TWO: "a"}, {TWO}),
        ({ONE: "hush", TWO: "a"}, {TWO: "a"}, {ONE}),
        ({ONE: "hush"}, {ONE: "hush"}, set()),
        ({}, {}, set()),
    ],
)
def test_an_edit_of_the_access_to_one_feed_is_none_of_another(tmp_path, before, after, edited):
    write_starter(tmp_path)
    read = load(tmp_path)

    def given(passwords: dict[str, str], at: datetime) -> Configuration:
        access = {url: Access(password=one) for url, one in passwords.items()}
        return replace(read, access=access, access_edited=dict.fromkeys(access, at))

    with SimClock(LATE):
        taken = kept(given(before, EARLY), given(after, LATE)).access_edited
    assert {url for url, at in taken.items() if at >= LATE} == edited
    assert {url for url, at in taken.items() if at == EARLY} == {*before, *after} - edited
