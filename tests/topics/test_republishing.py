"""Which public topics may show what is behind a log-in: any that does not leave it out."""

from __future__ import annotations

import pytest
from archivedesk import interests
from msgspec.structs import replace

from aggregator.model.feed import Access, Subscription
from aggregator.model.topic import Mute, Topic
from aggregator.topics import republished

PAID = "https://club.example/members.xml"
FREE = "https://news.example/feed.xml"
FEEDS = (
    Subscription(url=PAID, title="Members", folders=("Clubs", "Paid")),
    Subscription(url=FREE, title="News"),
)
LOGIN = Access(username="ann", password="hush")
ALL = Topic(slug="all", title="All", query="*")


def shown(*topics: Topic, access: Access = LOGIN, url: str = PAID, mute: tuple[str, ...] = ()):
    name = url.removeprefix("https://")
    asked = replace(interests(*topics), mute=Mute(feeds=mute))
    return republished(asked, {name: access}, FEEDS)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, True),
        ({"query": "torres"}, True),
        ({"private": True}, False),
        ({"exclude": (PAID,)}, False),
        ({"exclude": ("https://www.club.example/members.xml",)}, False),
        ({"exclude": ("members",)}, False),
        ({"exclude": ("Paid",)}, False),
        ({"exclude": ("Clubs/Paid",)}, False),
        ({"exclude": (FREE, "News")}, True),
        ({"include": ("News",)}, False),
        ({"include": ("News", "Clubs")}, True),
        ({"include": ("Clubs",), "exclude": ("Paid",)}, False),
    ],
)
def test_a_topic_that_does_not_leave_it_out(given, told):
    found = shown(replace(ALL, **given))
    assert (found is not None) is told
    if found:
        assert (found.feeds, found.topics) == (("Members",), ("all",))


@pytest.mark.parametrize(
    ("access", "told"),
    [
        (LOGIN, True),
        (Access(password="hush"), True),
        (Access(headers=(("X-Api-Key", "hush"),)), True),
        (Access(headers=(("Authorization", "Bearer hush"),)), True),
        (Access(headers=(("user-agent", "Mozilla"), ("Accept-Language", "de"))), False),
        (Access(proxy="http://me:hush@127.0.0.1:3128"), False),
        (Access(), False),
    ],
)
def test_what_opens_nothing_is_no_log_in(access, told):
    assert (shown(ALL, access=access) is not None) is told


def test_muted_feeds_are_in_no_topic():
    assert shown(ALL, mute=("Members",)) is None
    assert shown(ALL, mute=("News",))


def test_it_is_one_line_however_many_there_are():
    many = [replace(ALL, slug=f"t{n}") for n in range(9)]
    told = str(shown(*many))
    assert "t0, t1, t2 and 6 more" in told
    assert "Members is behind" in told
    assert "exclude" in told
    assert "private = true" in told
    assert "\n" not in told
    assert "hush" not in told
