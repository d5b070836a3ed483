"""The floor: fetch, hash, lxml, SQLite with FTS5; conditional requests; no cleaning, no safety."""

import asyncio
import hashlib
import re
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp
from lxml import etree
from newsroom import url_of

database, port, feeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


def entries(body: bytes) -> list[tuple[str, str, str]]:
    """(id, title, text) of every item."""
    root, found = etree.fromstring(body), []
    for item in root.iter("item", f"{ATOM}entry"):
        if item.tag == "item":
            parts = item.findtext("guid"), item.findtext("title"), item.findtext(CONTENT)
        else:
            parts = tuple(item.findtext(f"{ATOM}{name}") for name in ("id", "title", "content"))
        found.append((parts[0], parts[1], re.sub(r"<[^>]*>", " ", parts[2])))
    return found


async def main() -> None:
    db = sqlite3.connect(database)
    db.execute("pragma journal_mode=wal")
    db.execute("create table if not exists feed(url primary key, etag, hash)")
    db.execute(
        "create table if not exists entry(key integer primary key, feed, id, title, text, unique(feed, id))"
    )
    db.execute("create virtual table if not exists search using fts5(title, text, content='')")
    known = {url: (etag, digest) for url, etag, digest in db.execute("select * from feed")}
    limit = asyncio.Semaphore(32)

    async def fetch(session: aiohttp.ClientSession, url: str) -> None:
        etag, digest = known.get(url, ("", b""))
        async with (
            limit,
            session.get(url, headers={"If-None-Match": etag} if etag else {}) as answer,
        ):
            body = await answer.read()
        if answer.status == 304:
            return
        fresh = hashlib.blake2b(body).digest()
        if fresh == digest:
            return
        for row in entries(body):
            done = db.execute(
                "insert or ignore into entry(feed, id, title, text) values (?,?,?,?)", (url, *row)
            )
            if done.rowcount:
                db.execute(
                    "insert into search(rowid, title, text) values (?,?,?)",
                    (done.lastrowid, row[1], row[2]),
                )
        db.execute(
            "insert or replace into feed values (?,?,?)", (url, answer.headers["ETag"], fresh)
        )

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(fetch(session, url_of(n, port)) for n in range(feeds)))
    db.commit()
    print(db.execute("select count(*) from entry").fetchone()[0])


asyncio.run(main())
