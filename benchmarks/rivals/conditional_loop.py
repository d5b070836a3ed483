"""The floor of asking: aiohttp as it comes, conditional requests, nothing kept of the answers."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp
from quietroom import url_of, validators_of

port, hosts, feeds, concurrency = map(int, sys.argv[1:])
HEADERS = {
    "User-Agent": "bare/1.0",
    "Accept": "application/atom+xml, application/rss+xml, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate",
    "A-IM": "feed",
}


async def main() -> None:
    unchanged = 0

    async def fetch(session: aiohttp.ClientSession, feed: int) -> None:
        nonlocal unchanged
        held = validators_of(str(feed))
        headers = {
            **HEADERS, "If-None-Match": held["ETag"], "If-Modified-Since": held["Last-Modified"],
        }  # fmt: skip
        async with session.get(url_of(feed, hosts, port), headers=headers) as answer:
            await answer.read()
            unchanged += answer.status == 304

    connector = aiohttp.TCPConnector(limit=concurrency, limit_per_host=1)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(fetch(session, feed) for feed in range(feeds)))
    print(unchanged)


asyncio.run(main())
