"""Feeds polled for days: every entry once, a revision for every edit and for nothing else."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import pollseries
import pytest
from archivedesk import Desk, answer
from pollseries import Poll

from aggregator.archive import open_archive
from aggregator.model.batch import Fetched
from aggregator.model.settings import ArchiveSettings
from aggregator.normalize import read

CORPUS, MADE = pollseries.corpus(), pollseries.made()
# Each way on dated items; without dates, and with two items a document, the hard ones.
SPOILED = [
    *(("dated", way) for way in pollseries.ALONE | pollseries.TOGETHER),
    *(("undated", way) for way in ("no guids", "slogans", "a platform move", *pollseries.TOGETHER)),
    *(("few", way) for way in ("guids by place", "guids handed on", *pollseries.TOGETHER)),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = ArchiveSettings(directory=tmp_path, free_space=0)
    with open_archive(settings, write=True, purpose="a test") as archive:
        yield Desk(archive, settings)


def bring(desk: Desk, url: str, poll: Poll) -> None:
    """One poll of a feed, read and written as the pipeline would."""
    feed = desk.archive.feed(url)
    assert feed is not None
    body = poll.xml()
    document = read(
        body,
        content_type="application/xml",
        url=url,
        feed=feed.identity,
        seen=feed.seen,
        now=poll.at,
        max_entries=5000,
    )
    response = answer(url, poll.at, body)
    desk.write([Fetched(feed=feed, at=poll.at, response=response, document=document)], at=poll.at)


def kept(desk: Desk, series: list[Poll]) -> Counter[tuple[str, int]]:
    """(first title as published, states) of each entry the archive has after these polls, counted."""
    url = f"https://feeds.example/{len(desk.archive.feeds())}"
    desk.subscribe(url, now=series[0].at)
    for poll in series:
        bring(desk, url, poll)
    found: Counter[tuple[str, int]] = Counter()
    for record in desk.archive.export():
        if record.feed == url:
            first, *_ = states = desk.archive.history(record.id)
            found[" ".join(str(first.original["title"]).split()), len(states)] += 1
    return found


def titles(counted: Counter[tuple[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (title, _), count in counted.items():
        found[title] += count
    return found


def states(counted: Counter[tuple[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (title, number), count in counted.items():
        found[title] += number * count
    return found


@pytest.mark.parametrize("source", [*MADE, *CORPUS])
def test_every_entry_once_and_every_edit_once(desk: Desk, source: str) -> None:
    series = (MADE | CORPUS)[source]
    assert kept(desk, series) == pollseries.truth(series)


@pytest.mark.parametrize(("source", "way"), SPOILED)
def test_what_is_spoiled_changes_nothing_that_is_true(desk: Desk, source: str, way: str) -> None:
    series = MADE[source]
    ways = (pollseries.ALONE | pollseries.TOGETHER)[way]
    check(kept(desk, pollseries.spoiled(series, *ways)), series)


@pytest.mark.parametrize("source", [name for name, polls in CORPUS.items() if len(polls) > 3])
def test_real_feeds_spoiled_in_all_ways_say_the_same(desk: Desk, source: str) -> None:
    series = CORPUS[source]
    found = kept(desk, pollseries.spoiled(series, *pollseries.TOGETHER["all of it"]))
    check(found, series, aside=pollseries.lost_in_move(series, 5))


def check(found: Counter[tuple[str, int]], series: list[Poll], aside: Collection[str] = ()) -> None:
    """Each entry once; every edit of title and summary, and at most those of links besides."""
    most, least = pollseries.truth(series), pollseries.truth(series, links=False)
    assert _left(titles(found), aside) == _left(titles(most), aside)
    for title, number in _left(states(found), aside).items():
        assert states(least)[title] <= number <= states(most)[title], title


def _left(counted: Counter[str], aside: Collection[str]) -> dict[str, int]:
    return {title: n for title, n in counted.items() if title not in aside}
