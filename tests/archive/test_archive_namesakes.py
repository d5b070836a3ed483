"""Items that go by one name: none is taken for another, and none stops the others."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, answer

from aggregator.model.batch import Fetched
from aggregator.normalize.reading import read


def ticker(*words: str) -> bytes:
    """A document of items without guid or date, all of one headline and one page."""
    items = "".join(
        "<item><title>Warning</title><link>https://one.example/warnings/</link>"
        f"<description>Words about {word} in the county of {word}.</description></item>"
        for word in words
    )
    return (
        "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>"
        f"<link>https://one.example/</link><description>d</description>{items}</channel></rss>"
    ).encode()


def poll(desk, body: bytes, at):
    feed = desk.archive.feed(ONE)
    document = read(
        body, content_type="application/rss+xml", url=ONE, feed=feed.identity, seen=feed.seen,
        now=at, max_entries=100,
    )  # fmt: skip
    brought = Fetched(
        feed=feed,
        at=at,
        response=answer(ONE, at, body),
        document=document,
        body_hash=hashlib.sha256(body).digest(),
    )
    return desk.write([brought], at=at)


@pytest.mark.parametrize(
    ("polls", "news"),
    [
        # What rolled off is not taken for what came, though an item between them was not read.
        ([("b", "a"), ("c", "b"), ("d", "c")], [2, 0, 1]),
        # A name is an archived entry's, and that entry is another item by now.
        ([("a", "b"), ("c", "b"), ("c", "a", "b")], [2, 0, 0]),
    ],
)
def test_each_is_itself(desk, polls, news):
    desk.subscribe(ONE)
    found = [
        poll(desk, ticker(*words), NOON + timedelta(hours=hour)).new
        for hour, words in enumerate(polls)
    ]
    assert found == news


def test_whose_name_is_taken_is_an_entry_again_once_the_other_is_gone(desk):
    desk.subscribe(ONE)
    said = []
    for hour, words in enumerate([("a", "b"), ("c", "b"), ("c", "a", "b"), ("a", "b")]):
        poll(desk, ticker(*words), NOON + timedelta(hours=hour))
        said.append({record.text.split()[2] for record in desk.archive.export()})
    assert said == [{"a", "b"}, {"c", "b"}, {"c", "b"}, {"a", "b"}]
