"""Another author of a feed corrects none of its stories; another of an item does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from archivedesk import ONE, Desk
from msgspec.structs import replace

from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings
from aggregator.normalize.identity import digest
from aggregator.normalize.item import Item, original

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
STORIES = ("The ferry sails again", "A mayor steps down", "The bridge is open", "Fire at the mill")
ANNA, BEA, CLEO = "Anna Berg", "Bea Holm", "Cleo Dahl"


class Poll(NamedTuple):
    """A document: whom it names, whom its items name, and what is new in the text of the first."""

    feed: str = ""
    items: str = ""
    more: str = ""


def atom(poll: Poll) -> bytes:
    def author(name: str) -> str:
        return f"<author><name>{name}</name></author>" if name else ""

    entries = "".join(
        f"<entry><title>{title}</title><id>urn:h:{at}</id><link href='https://h.example/{at}'/>"
        f"<updated>2026-11-2{at}T08:00:00Z</updated>{author(poll.items)}"
        f"<summary>{title}, says the town{poll.more if not at else ''}.</summary></entry>"
        for at, title in enumerate(STORIES)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>H</title><id>urn:h</id>{author(poll.feed)}{entries}</feed>'.encode()


def rss(poll: Poll) -> bytes:
    def author(name: str) -> str:
        return f"<dc:creator>{name}</dc:creator>" if name else ""

    items = "".join(
        f"<item><title>{title}</title><link>https://h.example/{at}</link>{author(poll.items)}"
        f"<description>{title}, says the town{poll.more if not at else ''}.</description></item>"
        for at, title in enumerate(STORIES)
    )
    return f'<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>H</title>{author(poll.feed)}{items}</channel></rss>'.encode()


def json_feed(poll: Poll) -> bytes:
    def author(name: str) -> dict[str, object]:
        return {"authors": [{"name": name}]} if name else {}

    items = [
        {"id": str(at), "title": title, "content_text": f"{title}, says the town{poll.more if not at else ''}."}
        | author(poll.items)
        for at, title in enumerate(STORIES)
    ]  # fmt: skip
    told = {"version": "https://jsonfeed.org/version/1.1", "title": "H", "items": items}
    return json.dumps(told | author(poll.feed)).encode()


@pytest.fixture
def desk(archive_url, tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)
    with open_archive(settings, write=True, purpose="a test") as archive:
        made = Desk(archive, settings)
        made.subscribe(ONE)
        yield made


def states(desk: Desk) -> list[tuple[int, tuple[str, ...]]]:
    """(states, authors) of each story, by its place in the documents."""
    found = {one.title: (one.revisions, one.authors) for one in desk.archive.export()}
    return [found[title] for title in STORIES]


@pytest.mark.parametrize("form", [atom, rss, json_feed])
@pytest.mark.parametrize(
    ("polls", "edited", "shown"),
    [
        ([Poll(ANNA)], 0, ANNA),
        # Of the feed: added, changed, gone.
        ([Poll(), Poll(ANNA)], 0, ""),
        ([Poll(ANNA), Poll(BEA)], 0, ANNA),
        ([Poll(ANNA), Poll()], 0, ANNA),
        ([Poll(ANNA, BEA), Poll(CLEO, BEA)], 0, BEA),
        # From the feed to its items, and back.
        ([Poll(ANNA), Poll("", ANNA)], 0, ANNA),
        ([Poll("", ANNA), Poll(ANNA)], 0, ANNA),
        # Of the items.
        ([Poll(), Poll("", ANNA)], 4, ANNA),
        ([Poll("", ANNA), Poll("", BEA)], 4, BEA),
        ([Poll("", ANNA), Poll()], 4, ""),
        ([Poll(ANNA), Poll(ANNA, BEA)], 4, BEA),
        ([Poll(ANNA, BEA), Poll(ANNA)], 4, ANNA),
    ],
)
def test_another_author_of_the_feed_corrects_no_story(form, polls, edited, shown, desk):
    for hour, one in enumerate(polls):
        at = NINE + timedelta(days=5, hours=hour)
        desk.write([desk.read(ONE, form(one), at)], at=at)
    authors = (shown,) if shown else ()
    assert states(desk) == [(1 + bool(edited), authors)] * 4


@pytest.mark.parametrize("form", [atom, rss, json_feed])
@pytest.mark.parametrize(("before", "kept"), [("", ()), (ANNA, (ANNA,))])
def test_an_edited_story_keeps_the_author_it_was_archived_with(form, before, kept, desk):
    for hour, one in enumerate([Poll(before), Poll(BEA, more=" on Monday")]):
        at = NINE + timedelta(days=5, hours=hour)
        desk.write([desk.read(ONE, form(one), at)], at=at)
    assert states(desk) == [(2, kept)] + [(1, kept)] * 3


def test_what_was_archived_as_if_it_named_the_feed_s_author_itself_is_unchanged(desk):
    """As JSON Feeds were read once: the name counted as the item's own."""
    once = desk.read(ONE, json_feed(Poll(ANNA)), NINE)
    own = digest("anna berg", size=8)
    assert once.document is not None
    entries = [
        replace(
            one,
            item_hash=digest(original(Item(position=0, title=one.title)).decode(), size=32),
            parts=tuple((name, own if name == "authors" else said) for name, said in one.parts),
            fingerprint=digest(one.title),
        )
        for one in once.document.entries
    ]
    desk.write([replace(once, document=replace(once.document, entries=tuple(entries)))], at=NINE)
    at = NINE + timedelta(hours=1)
    desk.write([desk.read(ONE, json_feed(Poll(ANNA)), at)], at=at)
    assert states(desk) == [(1, (ANNA,))] * 4
