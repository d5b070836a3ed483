"""Repeated polls of feeds, what is true of them, and ways to spoil them that change nothing true.

A series is one source's polls, oldest first. What is true is found without the code
under test: an entry is what has one guid, and a state of it is what its title,
summary and link say, white space aside.
"""

import hashlib
import json
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from msgspec import Struct
from msgspec.structs import replace

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "feeds_rebuilt"
MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
DAYS = timedelta(days=1)


class Printed(Struct, frozen=True):
    """One item as a document has it; ``summary`` is HTML."""

    guid: str
    link: str
    title: str
    summary: str
    date: str = ""
    more: str = ""


class Poll(Struct, frozen=True):
    at: datetime
    items: tuple[Printed, ...]

    def xml(self, title: str = "The Harbour") -> bytes:
        return (
            f"<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
            f"<title>{escape(title)}</title><link>https://harbour.example/</link>"
            f"{''.join(map(_item, self.items))}</channel></rss>"
        ).encode()


def _item(one: Printed) -> str:
    parts = {
        "title": one.title,
        "link": one.link,
        "guid": one.guid,
        "pubDate": one.date,
        "description": one.summary,
    }
    closed = {"guid": "<guid isPermaLink='false'>"}
    inside = (
        f"{closed.get(name, f'<{name}>')}{escape(text)}</{name}>"
        for name, text in parts.items()
        if text
    )
    return f"<item>{''.join(inside)}{one.more}</item>"


def truth(series: Sequence[Poll], *, links: bool = True) -> Counter[tuple[str, int]]:
    """(first title, states) of each entry that a series has, counted; with ``links`` or without
    the states that only a new link makes."""
    states: dict[str, list[tuple[str, str, str]]] = {}
    for poll in series:
        for one in poll.items:
            told = tuple(
                " ".join(text.split())
                for text in (one.title, one.summary, one.link if links else "")
            )
            seen = states.setdefault(one.guid, [told])
            if seen[-1] != told:
                seen.append(told)
    return Counter((seen[0][0], len(seen)) for seen in states.values())


def corpus() -> dict[str, list[Poll]]:
    """The real series, by source; empty where the corpus is not there."""
    index = CORPUS / "index.jsonl"
    if not index.exists():
        return {}
    found: defaultdict[str, list[Poll]] = defaultdict(list)
    rows = (json.loads(line) for line in index.read_text().splitlines())
    for row in sorted((one for one in rows if one["name"] > "2026"), key=lambda one: one["run"]):
        at = datetime.strptime(row["run"], "%Y-%m-%d %H%M_%Z").replace(tzinfo=UTC)
        items = map(_printed, ET.parse(CORPUS / row["name"]).getroot().iter("item"))
        found[row["source"]].append(Poll(at, tuple(items)))
    return dict(found)


def _printed(item: ET.Element) -> Printed:
    names = ("guid", "link", "title", "description", "pubDate")
    plain = (item.findtext(name) or "" for name in names)
    guid, link, title, summary, date = plain
    more = "".join(
        ET.tostring(one, encoding="unicode")
        for one in item
        if one.tag == "category" or one.tag.endswith("creator")
    )
    return Printed(guid, link, title, escape(summary), date, more)


WORDS = (
    "harbour ferry council bridge storm market school pilot crew island museum engine concert winter"
    " fisher mayor budget rescue tide lantern archive garden railway signal chapel orchard ticket"
).split()


def made() -> dict[str, list[Poll]]:
    """Series of our own: dated and undated, with edits, moved dates, items that go and return."""
    return {"dated": _series(1, dated=True), "undated": _series(2, dated=False), "few": _series(3, dated=True, listed=2)}  # fmt: skip


def _series(seed: int, *, dated: bool, listed: int = 10) -> list[Poll]:
    chance = Random(seed)
    news = [_news(chance, number, dated) for number in range(listed + 16)]
    polls = []
    for number in range(9):
        first = 2 * number
        window = news[first : first + listed]
        if number == 3 and listed > 4:
            del window[4]
        polls.append(Poll(MONDAY + number * DAYS, tuple(reversed(window))))
        # One edit of each kind a day, and dates that only move on.
        at = first + listed - 1
        kind = ("title", "summary", "link", "date")[number % 4]
        news[at] = _edited(news[at], kind, number)
    return polls


def _news(chance: Random, number: int, dated: bool) -> Printed:
    title = f"{' '.join(chance.sample(WORDS, 5)).capitalize()} {number}"
    sentences = (f"{' '.join(chance.sample(WORDS, 9)).capitalize()}." for _ in range(3))
    name = f"{title.lower().replace(' ', '-')}"
    date = MONDAY - 10 * DAYS + number * timedelta(hours=7)
    return Printed(
        guid=f"urn:harbour:{number}",
        link=f"https://www.harbour.example/2026/{name}",
        title=title,
        summary=f"<p>{' '.join(sentences)}</p>",
        date=f"{date:%a, %d %b %Y %H:%M:%S} GMT" if dated else "",
    )


def _edited(one: Printed, kind: str, number: int) -> Printed:
    if kind == "title":
        return replace(one, title=f"{one.title}, and more of it")
    if kind == "summary":
        return replace(one, summary=one.summary.replace("</p>", f" It took {number} hours.</p>"))
    if kind == "link":
        return replace(one, link=f"{one.link}-again")
    if one.date:
        later = parsedate_to_datetime(one.date) + timedelta(hours=3)
        return replace(one, date=f"{later:%a, %d %b %Y %H:%M:%S} GMT")
    return one


Spoil = Callable[[int, list[Printed], Random], Iterable[Printed]]


def spoiled(series: Sequence[Poll], *ways: Spoil, seed: int = 7) -> list[Poll]:
    """The series with each poll spoiled in these ways, in their order; the same each time."""
    chance, polls = Random(seed), []
    for number, poll in enumerate(series):
        items = list(poll.items)
        for way in ways:
            items = list(way(number, items, chance))
        polls.append(replace(poll, items=tuple(items)))
    return polls


def rotating_guids(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    return (replace(one, guid=f"{number}-{chance.getrandbits(60):x}") for one in items)


def counted_guids(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    """The place in the document as guid, so that each names another item next time."""
    return (replace(one, guid=f"item-{place}") for place, one in enumerate(items))


def lent_guids(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    """The document's own guids, each time handed on to other items."""
    for place, one in enumerate(items):
        yield replace(one, guid=items[(place + number) % len(items)].guid)


def missing_guids(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    return (replace(one, guid="" if chance.random() < 0.7 else one.guid) for one in items)


def no_guids(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    return (replace(one, guid="") for one in items)


def tracked_links(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    for place, one in enumerate(items):
        sign = "&" if "?" in one.link else "?"
        yield replace(one, link=f"{one.link}{sign}utm_source=rss&utm_campaign={number}-{place}")


def other_hosts(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    """http for https, and with or without www, as it comes."""
    for one in items:
        bare = one.link.removeprefix("https://").removeprefix("www.")
        yield replace(one, link=f"{chance.choice(('http', 'https'))}://{chance.choice(('', 'www.'))}{bare}")  # fmt: skip


def shuffled(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    return chance.sample(items, len(items))


ADVERTS = (
    '<p><a href="https://ads.shop.example/c?id={n}">Win a week at sea: last berths for July</a></p>',
    '<div class="advert banner-{n}">Fresh paint for every boat, half price until Sunday</div>',
    "<p>Advertisement: new oars, offer number {n}, while stocks last</p>",
    '<p>[Sponsored] Ropes and knots, lesson {n}. Book at the shop.</p>',
    '<a href="https://feedads.g.doubleclick.example/~at/{n}/0/da"><img src="https://feedads.example/~at/{n}/0/di" border="0" ismap></a>',
    '<img src="https://count.example/p.gif?n={n}" width="1" height="1">',
    '<p><a rel="sponsored nofollow" href="https://shop.example/{n}">Anchors on sale</a></p>',
    '<p>Anzeige: <a href="https://shop.example/{n}">Segel nach Mass, Angebot {n}</a></p>',
)  # fmt: skip


def adverts(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    """Marked or linked adverts, another one for each item and poll, above or below."""
    for one in items:
        advert = chance.choice(ADVERTS).replace("{n}", str(chance.randrange(10_000)))
        above = chance.random() < 0.3
        yield replace(one, summary=f"{advert}{one.summary}" if above else f"{one.summary}{advert}")


def slogans(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    """One unmarked slogan in all the items of a poll, glued to the text."""
    slogan = f" The {WORDS[number]} shop has all you need for the season."
    for one in items:
        end = "</p>" if one.summary.endswith("</p>") else ""
        yield replace(one, summary=f"{one.summary.removesuffix('</p>')}{slogan}{end}")


PASSING = (
    "<p>{n} views</p>", "<p>{n} comments</p>", "<p>Updated {n} minutes ago</p>", "<p>Comments: {n}</p>",
    "<p>hace {n} minutos</p>", "<p>il y a {n} heures</p>", "<p>vor {n} Stunden aktualisiert</p>",
    "<p>{n} Kommentare</p>", "<p>1,0{n} Aufrufe | {n} Kommentare</p>", "<p>{n} minuti fa</p>",
    "<p>há {n} horas</p>", "<p>{n} comentários</p>", "<p>{n}分前</p>", "<p>{n} часов назад</p>",
    "<p>Last updated: 9 June 2026, 14:{n}</p>", " ({n} comments)",
)  # fmt: skip


def counters(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    for one in items:
        passing = chance.choice(PASSING).replace("{n}", str(chance.randrange(10, 60)))
        yield replace(one, summary=f"{one.summary}{passing}")


def markup(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
    """Attributes that change and change places, tags that say nothing."""
    for one in items:
        bare = one.summary.removeprefix("<p>").removesuffix("</p>")
        pair = chance.sample([f"class='c{number}'", f"id='i{chance.randrange(99)}'"], 2)
        yield replace(one, summary=f"<div><p {' '.join(pair)}>{bare}<span></span></p></div>")


def platform_move(when: int) -> Spoil:
    """From poll ``when`` on, every guid and every link is another one."""

    def move(number: int, items: list[Printed], chance: Random) -> Iterable[Printed]:
        for one in items:
            if number < when:
                yield one
                continue
            name = hashlib.sha256(one.link.encode()).hexdigest()[:12]
            guid = f"https://new.example/?p={hashlib.sha256(one.guid.encode()).hexdigest()[:8]}"
            yield replace(one, guid=guid, link=f"https://new.example/read/{name}")

    return move


def lost_in_move(series: Sequence[Poll], when: int) -> set[str]:
    """Titles of what is dated anew just when its feed moves: nothing but a headline is left of it."""
    last: dict[str, tuple[int, Printed]] = {}
    lost: set[str] = set()
    for number, poll in enumerate(series):
        for one in poll.items:
            at, before = last.get(one.guid, (number, one))
            if at < when <= number and before.date != one.date:
                lost |= {before.title, one.title}
            last[one.guid] = (number, one)
    return lost


ALONE: dict[str, tuple[Spoil, ...]] = {
    "rotating guids": (rotating_guids,),
    "guids by place": (counted_guids,),
    "guids handed on": (lent_guids,),
    "missing guids": (missing_guids,),
    "no guids": (no_guids,),
    "tracked links": (tracked_links,),
    "other hosts": (other_hosts,),
    "shuffled": (shuffled,),
    "adverts": (adverts,),
    "slogans": (slogans,),
    "counters": (counters,),
    "markup": (markup,),
    "a platform move": (platform_move(5),),
}
TOGETHER: dict[str, tuple[Spoil, ...]] = {
    "names and order": (rotating_guids, tracked_links, other_hosts, shuffled),
    "everything said": (adverts, counters, markup, missing_guids, tracked_links),
    "all of it": (platform_move(5), missing_guids, shuffled, tracked_links, other_hosts, adverts),
}
