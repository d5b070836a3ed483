"""What is filled in one write: whole topics, in order, as many as take a moment."""

from itertools import islice

import pytest

from aggregator.model.entry import EntryId, StoryId
from aggregator.model.topic import Backlog, Hit
from aggregator.topics import portions


def backlog(number: int, hits: int) -> Backlog:
    slug = f"t{number}"
    hit = Hit(topic=slug, story=StoryId("s"), entry=EntryId("e"), revision=1, announced=False)
    return Backlog(topic=slug, hits=(hit,) * hits, definition="d")


@pytest.mark.parametrize(
    ("hits", "sizes"),
    [
        ([], []),
        ([0] * 3, [3]),
        ([0] * 401, [200, 200, 1]),
        ([400] * 7, [3, 3, 1]),
        ([5, 10_000, 5, 994, 1, 0], [2, 3, 1]),
    ],
)
def test_a_portion_is_bounded_by_topics_and_by_hits(hits, sizes):
    given = [backlog(number, count) for number, count in enumerate(hits)]
    found = list(portions(given))
    assert [len(portion) for portion in found] == sizes
    assert [one for portion in found for one in portion] == given


def test_a_portion_is_stored_before_the_next_topic_is_looked_for():
    looked = []

    def search():
        for number in range(500):
            looked.append(number)
            yield backlog(number, 0)

    (first,) = islice(portions(search()), 1)
    assert len(looked) == len(first) == 200
