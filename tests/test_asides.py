"""What is asked beside the rounds: a server that asks to wait there is left alone over a reload, too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from archivedesk import interests
from feedserver import FeedServer
from linking import settings
from msgspec.structs import replace

from aggregator.archive import open_archive
from aggregator.backfill import walk_back
from aggregator.inclusions import follow_lists
from aggregator.model.feed import Feed, Subscription
from aggregator.model.inclusion import Inclusion
from aggregator.model.time import now
from aggregator.pipeline import Pipeline, open_pipeline, prepare

Aside = Callable[[Pipeline, Feed, str], Awaitable[object]]


def a_page(pipeline: Pipeline, feed: Feed, url: str) -> Awaitable[object]:
    return pipeline.collector.fetch_page(feed, url, now=now())


def an_archive_document(pipeline: Pipeline, feed: Feed, url: str) -> Awaitable[object]:
    feed = replace(feed, previous_archive=url)
    return walk_back(pipeline, feed, asyncio.to_thread, documents=9)


def an_included_list(pipeline: Pipeline, feed: Feed, url: str) -> Awaitable[object]:
    lists = [Inclusion(url=url)]
    return follow_lists(pipeline.archive, pipeline.collector, [Subscription(url=feed.url)], lists)


@pytest.mark.parametrize(
    ("aside", "status", "asked"),
    [
        (a_page, 429, []),
        # Of pages there are many: another one is not asked for either.
        (a_page, 503, ["/feed"]),
        (an_archive_document, 429, []),
        (an_archive_document, 503, ["/feed", "/page"]),
        (an_included_list, 429, []),
        (an_included_list, 503, ["/feed", "/page"]),
    ],
)
def test_a_wait_that_was_asked_for_aside_holds_over_a_reload(
    tmp_path, archive_url, aside: Aside, status, asked
):
    of = settings(tmp_path, archive_url)

    async def go(server: FeedServer) -> None:
        feed_url, page = server.serve("/feed"), server.serve("/page")
        url = server.serve("/aside", status=status, headers={"Retry-After": "7200"})
        with open_archive(of.archive, write=True, purpose="test") as archive:
            matcher = prepare(archive, of, [Subscription(url=feed_url)], interests())
            feed = archive.feed(feed_url)
            assert feed is not None
            async with open_pipeline(archive, of, matcher) as pipeline:
                await aside(pipeline, feed, url)
            assert [one.path for one in server.requests] == ["/aside"]
            server.requests.clear()
            async with open_pipeline(archive, of, matcher) as pipeline:
                await pipeline.collector.fetch(feed, now=now())
                await pipeline.collector.fetch_page(feed, page, now=now())

    with FeedServer() as server:
        asyncio.run(go(server))
        assert [one.path for one in server.requests] == asked
