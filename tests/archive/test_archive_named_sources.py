"""Which other sources a topic names beside a story: none that it excludes or that is muted."""

import pytest
from archivedesk import NOON, ONE, TWO, item
from msgspec.structs import replace

from aggregator.model.feed import Subscription
from aggregator.model.topic import Mute, Topic

ALL = Topic(slug="all", title="All", query="*")
SPAM = "https://spam.example/feed"


def also_in(page) -> list[str]:
    return [one.url for entry in page.entries for one in entry.also_in]


@pytest.mark.parametrize(
    ("exclude", "mute", "named"),
    [
        ((), (), ["https://spam.example/z", "https://two.example/z"]),
        (("Two Daily",), (), ["https://spam.example/z"]),
        (("Mirrors",), (), ["https://spam.example/z"]),
        ((), ("http://spam.example/feed/",), ["https://two.example/z"]),
        (("mirrors",), ("SPAM",), []),
    ],
)
def test_sources_that_are_excluded_or_muted_are_not_named(desk, exclude, mute, named):
    topic, mute = replace(ALL, exclude=exclude), Mute(feeds=mute)
    feeds = [
        Subscription(url=ONE),
        Subscription(url=TWO, title="Two Daily", folders=("Mirrors",)),
        Subscription(url=SPAM, title="Spam"),
    ]
    desk.archive.attach(feeds, now=NOON)
    desk.topics(topic, page_size=2, mute=mute)
    desk.bring(ONE, item("n0", title="n0", text="same words"))
    for feed, host in ((TWO, "two"), (SPAM, "spam")):
        copy = item("z", feed=feed, title="n0", text="same words", url=f"https://{host}.example/z")
        desk.bring(feed, copy)
    assert also_in(desk.archive.published.subscription_page("all", size=50)) == named
    desk.bring(ONE, item("n0", title="n0", text="same words"), item("n1"))
    assert also_in(desk.archive.published.archive_page("all", 1)) == named
    # Whatever is muted later, or no more: a page that is full says what it said.
    desk.archive.topics.sync([(topic, "d")], page_size=2, muted=("Two Daily", "Spam"))
    assert also_in(desk.archive.published.archive_page("all", 1)) == named
    assert also_in(desk.archive.published.subscription_page("all", size=50)) == []


def test_topics_are_published_again_when_another_feed_is_muted(desk):
    desk.subscribe(ONE)
    desk.topics(ALL)
    published = desk.archive.published
    for state in published.behind():
        published.mark(state.topic.slug, state.version)
    wanted = [(ALL, desk.matcher.definition("all"))]
    for muted, renewed in (((), ()), (("Spam",), ("all",)), (("Spam",), ()), ((), ("all",))):
        told = desk.archive.topics.compare(wanted, page_size=50, muted=muted)
        assert desk.archive.topics.sync(wanted, page_size=50, muted=muted) == told
        assert told.renewed == renewed
    assert [state.topic.slug for state in published.behind()] == ["all"]
