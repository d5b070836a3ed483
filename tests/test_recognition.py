"""Which entry an item is, from documents to the archive's rows: one story is never lost in another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import NamedTuple

import pytest
from archivedesk import ONE, Desk

from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOME = "https://one.example/"
FIRE = ("Fire at the harbour is out", "Two boats burnt in the night; nobody was hurt, said the brigade on Monday.")  # fmt: skip
MAYOR = ("A mayor steps down", "After nine years in office she wants to teach again, at the school she went to.")  # fmt: skip
FOOTER = " Read more on our site. All rights are ours."


class Item(NamedTuple):
    """An item of a document; "" and None where the publisher gives none. ``hours`` from nine."""

    title: str
    text: str = ""
    guid: str = ""
    link: str = ""
    hours: float | None = None
    more: str = ""

    def xml(self) -> str:
        parts = [f"<title>{escape(self.title)}</title>"] if self.title else []
        if self.guid:
            parts.append(f"<guid isPermaLink='false'>{self.guid}</guid>")
        if self.link:
            parts.append(f"<link>{escape(self.link)}</link>")
        if self.hours is not None:
            date = NINE + timedelta(hours=self.hours)
            parts.append(f"<pubDate>{date:%a, %d %b %Y %H:%M:%S} GMT</pubDate>")
        if self.text:
            parts.append(f"<description>{escape(self.text)}</description>")
        return f"<item>{''.join(parts)}{self.more}</item>"


@pytest.fixture
def desk(archive_url, tmp_path):
    settings = ArchiveSettings(directory=tmp_path / "archive", database=archive_url, free_space=0)
    with open_archive(settings, write=True, purpose="a test") as archive:
        made = Desk(archive, settings)
        made.subscribe(ONE)
        yield made


def poll(desk: Desk, *polls: tuple[Item, ...]) -> list[tuple[str, int, bool]]:
    """(last title, states, whether it vanished) of each entry after these documents, oldest first."""
    for hour, items in enumerate(polls):
        inside = "".join(one.xml() for one in items)
        body = f"<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel><title>H</title><link>{HOME}news/</link><language>en</language>{inside}</channel></rss>"
        at = NINE + timedelta(days=5, hours=hour)
        desk.write([desk.read(ONE, body.encode(), at)], at=at)
    records = sorted(desk.archive.export(), key=lambda one: one.key)
    return [(one.title, one.revisions, one.vanished is not None) for one in records]


def titles(desk: Desk, *polls: tuple[Item, ...]) -> list[tuple[str, int]]:
    return [(title, states) for title, states, _ in poll(desk, *polls)]


@pytest.mark.parametrize("link", ["", HOME, f"{HOME}news/"], ids=["no link", "home", "feed's page"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Item(*FIRE, "1", hours=0), Item(*MAYOR, "1", hours=30)),
        (Item(*FIRE, "1", hours=0), Item(*MAYOR, "1", hours=2)),
        (Item(*FIRE, "1", hours=-9), Item(*MAYOR, "1", hours=-9)),
        (Item(*FIRE, "1"), Item(*MAYOR, "1")),
        (Item(FIRE[0], FIRE[1] + FOOTER, "1", hours=0), Item(MAYOR[0], MAYOR[1] + FOOTER, "1", hours=30)),
        (Item("", FIRE[1], "1", hours=0), Item("", MAYOR[1], "1", hours=30)),
        (Item(FIRE[0], "", "1", hours=0), Item(MAYOR[0], "", "1", hours=30)),
    ],
    ids=["a day later", "hours later", "one day without a time", "undated", "one footer", "no titles", "no texts"],
)  # fmt: skip
def test_another_item_under_a_reused_guid_is_an_entry_of_its_own(desk, one, other, link):
    one, other = one._replace(link=link), other._replace(link=link)
    edited = other._replace(text=f"{other.text} More is not known.".strip())
    found = titles(desk, (one,), (other,), (other,), (edited,), (one,))
    assert found == [(one.title, 1), (other.title, 2)]


SCHOOL = ("School opens anew", "Pupils come back to a school that was built for them in a year.")
A, B, C = (Item(*said, "1", hours=hours) for said, hours in ((FIRE, 0), (MAYOR, 30), (SCHOOL, 50)))
WITH_A_PAGE = {one: one._replace(link=f"{HOME}{one.title[:3]}") for one in (A, B)}


@pytest.mark.parametrize(
    "polls",
    [
        ((A,), (B, A), (B,), (B, A)),
        ((A,), (B, A), (C, B, A), (C, B), (C,), (A,), (B,)),
        ((A,), (B,), (C,), (B,), (A,), (C,)),
        ((A,), (B, A._replace(guid="2")), (B, A._replace(guid="2"))),
        ((A,), (WITH_A_PAGE[B],), (WITH_A_PAGE[B],), (A,)),
        ((WITH_A_PAGE[A],), (B,), (B,), (WITH_A_PAGE[A],)),
        ((A._replace(guid="", link=HOME),), (B._replace(guid="", link=HOME),), (A._replace(guid="", link=HOME),)),
    ],
)  # fmt: skip
def test_items_of_one_guid_are_themselves_whatever_comes_with_them(desk, polls):
    told = sorted({one.title for items in polls for one in items})
    assert sorted(titles(desk, *polls)) == [(title, 1) for title in told]


@pytest.mark.parametrize(
    "later",
    [
        Item("The brigade speaks of arson", FIRE[1] + " It now thinks of arson.", "1", hours=20),
        Item("Harbour fire: out at last", "The brigade went home; what began it is not known.", "1", hours=1),
        Item("Nobody hurt in the night", "Two boats burnt in the night, said the brigade: it is out by now.", "1", hours=3),
        Item(FIRE[0], MAYOR[1], "1", hours=30),
        Item(*MAYOR, "1", hours=0),
    ],
    ids=["lengthened", "headline and date", "rewritten within hours", "same headline", "same moment"],
)  # fmt: skip
def test_what_is_edited_much_is_the_entry_of_its_guid(desk, later):
    found = titles(desk, (Item(*FIRE, "1", hours=0),), (later,), (later,))
    assert found == [(later.title, 2)]


def test_a_board_of_figures_under_one_guid_is_one_entry(desk):
    polls = [
        (Item(f"Harbour now: {7 + n} °C, wind {n} knots", f"It is {7 + n} degrees.", "now", hours=n * 13),)
        for n in range(4)
    ]  # fmt: skip
    assert [states for _, states in titles(desk, *polls)] == [4]


def test_guids_by_place_without_pages_bring_each_item_once(desk):
    news = [
        Item(f"{word} {n} is told of here", f"In {word} all of {word} was {word} since {n}.", hours=n)
        for n, word in enumerate(("Harbour", "Ferry", "Mayor", "School", "Bridge", "Storm", "Market"))
    ]  # fmt: skip
    polls = [
        tuple(one._replace(guid=str(place)) for place, one in enumerate(reversed(news[at : at + 3])))
        for at in range(5)
    ]  # fmt: skip
    assert titles(desk, *polls) == [(one.title, 1) for one in news]


@pytest.mark.parametrize("guid", ["", "notes"], ids=["no guid", "one guid"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://one.example/#!/news/1", "https://one.example/#!/news/2"),
        ("https://one.example/#/news/1", "https://one.example/#/news/2?utm_source=rss"),
        ("https://one.example/app#!news-1", "https://one.example/app#!news-2"),
        ("https://one.example/changes#v1.2", "https://one.example/changes#v1.3"),
    ],
)
def test_fragments_tell_items_apart(desk, one, other, guid):
    first, second = Item(*FIRE, guid, one), Item(*MAYOR, guid, other)
    found = titles(desk, (first,), (second,), (second,), (second, first))
    assert found == [(FIRE[0], 1), (MAYOR[0], 1)]


def test_anchors_tell_items_apart_that_have_one_headline(desk):
    notes = [
        Item("Release", f"{word} is mended.", link=f"https://one.example/changes#v{n}")
        for n, word in enumerate(("Printing", "Reading", "The look of pages"))
    ]
    assert titles(desk, *((one,) for one in notes), tuple(notes)) == [("Release", 1)] * 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "#comments"),
        ("#respond", "#comments"),
        ("", "#xtor=RSS-1"),
        ("#xtor=RSS-1", "#xtor=RSS-2"),
        ("#utm_source=a", "#utm_source=b"),
        ("", "#v2"),
        ("#tok17", "#tok18"),
        ("#!/news/1", "#!/news/1?utm_source=rss"),
    ],
)
def test_fragments_that_only_track_or_scroll_do_not(desk, one, other):
    page = "https://one.example/fire"
    first = Item(*FIRE, link=page + one)
    found = titles(desk, (first,), (first._replace(link=page + other, title="Fire put out"),))
    assert found == [("Fire put out", 2)]


SCORES = ("Live: result", "Harbour Town beat Leeside, 2-1, at home before many.", "Milton and Oakham were level, 0-0, after a long evening.")  # fmt: skip


@pytest.mark.parametrize(
    ("later", "states"),
    [
        ("https://one.example/app#!news-2", 2),
        ("https://new.example/app#!news-1", 1),
        ("https://one.example/app#!news-1", 1),
    ],
)
def test_another_route_is_another_link_and_another_host_is_none(desk, later, states):
    first = Item(*FIRE, "1", "https://one.example/app#!news-1")
    assert titles(desk, (first,), (first._replace(link=later),)) == [(FIRE[0], states)]


@pytest.mark.parametrize(
    ("title", "one", "other"),
    [
        SCORES,
        ("Untitled", FIRE[1], MAYOR[1]),
        ("Weather warning", "Strong wind is expected in Kent until 9 pm.", "Strong wind is expected in Devon until 7 pm."),
        ("Harbour police: a report of the day", f"{FIRE[1]} {FIRE[1]}", f"{MAYOR[1]} {MAYOR[1]}"),
    ],
)  # fmt: skip
def test_one_headline_in_one_second_is_two_entries_where_all_else_differs(desk, title, one, other):
    first = Item(title, one, "1", "https://one.example/1", hours=0)
    second = Item(title, other, "2", "https://one.example/2", hours=0)
    assert titles(desk, (first,), (second,), (second, first)) == [(title, 1), (title, 1)]


@pytest.mark.parametrize(
    ("given", "states"),
    [
        ({"guid": "2"}, 1),
        ({"guid": "2", "link": "https://one.example/2"}, 1),
        ({"guid": "2", "link": "https://new.example/2", "text": f"{FIRE[1]} They sailed for years."}, 2),
        ({"guid": "2", "link": "", "text": f"{FIRE[1]} They sailed for years."}, 2),
        ({"guid": "2", "link": "https://new.example/2", "text": ""}, 2),
    ],
)  # fmt: skip
def test_one_headline_in_one_second_is_one_entry_where_the_text_is(desk, given, states):
    first = Item(*FIRE, "1", "https://one.example/1", hours=0)
    assert titles(desk, (first,), (first._replace(**given),)) == [(FIRE[0], states)]


def test_a_feed_that_moves_and_edits_is_still_itself(desk):
    news = [
        Item(f"{word} {n}", f"In {word} {n} they said so.", f"old{n}", f"https://one.example/{n}", n)
        for n, word in enumerate(("Harbour", "Ferry", "Mayor", "School"))
    ]  # fmt: skip
    moved = [
        one._replace(guid=f"new{n}", link=f"https://new.example/read/{n}", text=f"All anew: {n * 7} words.")
        for n, one in enumerate(news)
    ]  # fmt: skip
    assert titles(desk, tuple(news), tuple(moved)) == [(one.title, 2) for one in news]


def news(*numbers: float, dated: bool = True) -> tuple[Item, ...]:
    """Items of these hours, in this order, each with guid and page."""
    return tuple(
        Item(f"{WORDS[int(n) % 8]} of {n}", f"All that is known of {WORDS[int(n) % 8]}.", f"g{n}",
             f"https://one.example/{n}", n if dated else None)
        for n in numbers
    )  # fmt: skip


WORDS = ("Harbour", "Ferry", "Mayor", "School", "Bridge", "Storm", "Market", "Library")
_UNDATED, _FIRST, _LATER = (
    news(*numbers, dated=False) for numbers in ((5, 4, 3, 2, 1), (0,), (6,))
)
LATE = news(5, 4, 3, 2, 1), news(5, 4, 3, 2, 1, 0)


@pytest.mark.parametrize(
    ("polls", "gone"),
    [
        ((*LATE, news(5, 4, 2, 1, 0), news(5, 4, 2, 1, 0)), {3}),
        # What is added late comes in the document that something is missing from.
        ((LATE[0], news(5, 4, 2, 1, 0), news(5, 4, 2, 1, 0)), {3}),
        ((*LATE, news(6, 5, 4, 2, 1, 0), news(7, 6, 5, 4, 2, 1, 0)), {3}),
        # It is the first to be pushed out, though it came last.
        ((*LATE, news(6, 5, 4, 3, 2, 1), news(7, 6, 5, 4, 3, 2)), set()),
        ((LATE[0], news(4, 3, 2, 1, 0), news(4, 3, 2, 1, 0)), {5}),
        # An old item below the news each time: what it pushes out is not taken away.
        (tuple((*news(n + 3, n + 2, n + 1, n), *news(-20 - n)) for n in range(5)), set()),
        ((news(5, 4, 3), news(6, 5, 1), news(7, 6, 1)), set()),
        # Oldest first: what new items push out is at the top.
        ((news(0, 1, 2, 3), news(1, 2, 3, 4), news(2, 3, 4, 5), news(2, 3, 4, 5)), set()),
        ((news(0, 1, 2, 3, dated=False), news(1, 2, 3, 4, dated=False), news(2, 3, 4, 5, dated=False)), set()),
        ((news(0, 1, 2, 3, 4), *[news(0, 1, 3, 4)] * 2), {2}),
        ((news(0, 1, 2, 3, 4), news(1, 3, 4, 5), news(3, 4, 5, 6)), set()),
        ((news(0, 1, 2, 3, 4), news(1, 3, 4, 5), news(1, 3, 4, 5, 6)), {2}),
        # What was put below once, though it is new, hides not what is gone from above it.
        ((LATE[0], (*LATE[0], *news(6)), *[news(7, 5, 4, 2, 1, 6), news(8, 7, 5, 4, 2, 1)]), {3}),
        # By what is read most: nothing was taken away that is read no more.
        ((news(3, 9, 1, 7, 5, 8), news(9, 3, 1, 5, 8), news(9, 5, 3, 1, 8)), set()),
        ((news(3, 2, 1, dated=False), news(3, 1, dated=False), news(3, 1, dated=False)), {2}),
        # Without dates, what is added late hides not what is gone from above it.
        ((_UNDATED, (*_UNDATED, *_FIRST), *[(*_UNDATED[:2], *_UNDATED[3:], *_FIRST)] * 2), {3}),
        ((_UNDATED, *[(*_UNDATED[:2], *_UNDATED[3:], *_FIRST)] * 2), {3}),
        # News push out what stands above what was added late.
        ((_UNDATED, (*_UNDATED, *_FIRST), (*_LATER, *_UNDATED[:4], *_FIRST), *[(*_LATER, *_UNDATED[:3], *_FIRST)] * 3), set()),
    ],
)  # fmt: skip
def test_what_a_publisher_takes_away_is_noticed_whatever_came_when(desk, polls, gone):
    found = {title for title, _, vanished in poll(desk, *polls) if vanished}
    assert found == {one.title for one in news(*gone)}


NOTE = "Correction: an earlier version named another town."


@pytest.mark.parametrize(
    ("items", "noted", "revised"),
    [(60, 3, 3), (8, 3, 3), (60, 60, 0), (8, 8, 0), (8, 2, 2), (60, 40, 40), (60, 50, 0)],
)
def test_a_note_in_a_few_of_many_items_is_a_correction_and_in_most_the_template(
    desk, items, noted, revised
):
    before = tuple(
        Item(f"Report {n}", f"It was {n} degrees at {n}.", f"g{n}", f"https://one.example/{n}", -n)
        for n in range(items)
    )
    after = tuple(
        one._replace(text=f"{one.text} {NOTE}") if n < noted else one
        for n, one in enumerate(before)
    )
    assert sum(states - 1 for _, states in titles(desk, before, after, after)) == revised


KICK_OFF, SNOW, RAIN = "Kick-off is at 15:00.", "It is postponed because of snow.", "It rained."


def fixtures(*said: str) -> tuple[Item, ...]:
    """Items that say different things, and these besides."""
    return tuple(
        Item(f"{WORDS[n % 8]} {n} v Rovers", f"A cup match in {WORDS[n % 8]} {n}. {one}".strip(),
             f"g{n}", f"https://one.example/{n}", -n)
        for n, one in enumerate(said)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "revised"),
    [
        # Few items: what stands in another sentence's place is news in each, unless all of them had it.
        ([KICK_OFF] * 5, [SNOW] * 4 + [KICK_OFF], 4),
        ([KICK_OFF] * 5, [SNOW] * 5, 0),
        ([KICK_OFF] * 9, [SNOW] * 9, 0),
        ([KICK_OFF] * 4 + [""], [SNOW] * 5, 5),
        ([f"Kick-off is at {n}:00." for n in range(5)], [SNOW] * 5, 5),
        ([KICK_OFF] * 5, [""] * 5, 0),
        # Added to some, it is news; added to all, it is the template's, but in two there is none.
        ([""] * 5, [SNOW] * 4 + [""], 4),
        ([KICK_OFF] * 5, [f"{KICK_OFF} {FOOTER}"] * 5, 0),
        ([""] * 3, [FOOTER] * 3, 0),
        ([""] * 2, [FOOTER] * 2, 2),
        # Many items: in most of them it is the template's, in fewer news, whatever else changed.
        ([KICK_OFF] * 12, [SNOW] * 5 + [KICK_OFF] * 7, 5),
        ([KICK_OFF] * 20, [SNOW] * 4 + [f"{n} spectators came." for n in range(12)] + [KICK_OFF] * 4, 16),
        ([KICK_OFF] * 12, [SNOW] * 4 + [RAIN] * 4 + [KICK_OFF] * 4, 8),
        ([FOOTER] * 12, [RAIN] * 12, 0),
        ([FOOTER] * 12, [""] * 12, 0),
        ([FOOTER] * 12, [RAIN] * 11 + [f"{RAIN} Harbour won."], 1),
        # A sentence that they all have is lost by one, while an advert changes in all.
        ([f"{KICK_OFF} {FOOTER}"] * 12, [f"{KICK_OFF} {RAIN}"] * 11 + [RAIN], 1),
    ],
)  # fmt: skip
def test_the_same_change_in_many_items_is_the_templates_and_in_few_news(
    desk, before, after, revised
):
    first, second = fixtures(*before), fixtures(*after)
    assert sum(states - 1 for _, states in titles(desk, first, second, second)) == revised


OPEN, CLOSED = "Open to all traffic.", "Closed until further notice."


@pytest.mark.parametrize(
    ("before", "after", "revised"),
    [
        ([OPEN] * 4, [CLOSED] * 4, 4),
        ([OPEN] * 12, [CLOSED] * 12, 12),
        ([OPEN] * 12, [CLOSED] * 6 + [OPEN] * 6, 6),
        ([f"{n}-1 after an hour." for n in range(12)], [RAIN] * 12, 12),
        ([""] * 4, [CLOSED] * 4, 4),
        ([CLOSED] * 4, [""] * 4, 4),
        ([OPEN] * 4, [OPEN] * 4, 0),
    ],
)
def test_what_is_all_of_a_text_is_no_templates(desk, before, after, revised):
    first, second = (
        tuple(
            Item(f"Bridge of {WORDS[n % 8]} {n}", one, f"g{n}", f"https://one.example/{n}", -n)
            for n, one in enumerate(said)
        )
        for said in (before, after)
    )
    assert sum(states - 1 for _, states in titles(desk, first, second, second)) == revised


def test_a_feed_that_lists_one_less_today_is_still_one_of_many(desk):
    first, second = fixtures(*[FOOTER] * 10), fixtures(*[RAIN] * 9)
    assert sum(states - 1 for _, states in titles(desk, first, second)) == 0


MP3, SIGNED = "https://cdn.example/3.mp3", "https://cdn.example/report.pdf?id=1"


@pytest.mark.parametrize(
    ("files", "states"),
    [
        ([f'<media:content url="https://i.example/{n}.jpg?w=140"/>' for n in "abc"], 1),
        ([f'<media:content url="https://i.example/{n}" medium="image"/>' for n in "abc"], 1),
        ([f'<enclosure url="https://i.example/{n}" type="image/jpeg"/>' for n in "abc"], 1),
        (["", '<enclosure url="https://i.example/a" type="image/jpeg"/>', ""], 1),
        ([f'<enclosure url="{MP3}?token-time={n}" type="audio/mpeg"/>' for n in "123"], 1),
        ([f'<media:content url="{MP3}?updated={n}"/>' for n in "123"], 1),
        ([f'<enclosure url="{SIGNED}&amp;sig={n}" type="application/pdf"/>' for n in "123"], 1),
        ([f'<enclosure url="https://cdn.example/{n}.mp3" type="audio/mpeg"/>' for n in "123"], 3),
        (
            [
                f'<enclosure url="https://cdn.example/get?hash={n}" type="audio/mpeg"/>'
                for n in "123"
            ],
            3,
        ),
        ([f'<enclosure url="https://cdn.example/stream.mp3?episode={n}"/>' for n in "123"], 3),
        ([f'<enclosure url="https://cdn.example/{n}" type=""/>' for n in "12"], 2),
        (["", f'<enclosure url="{MP3}" type="audio/mpeg"/>'], 2),
        ([f'<enclosure url="{MP3}" type="audio/mpeg"/>', ""], 2),
    ],
)
def test_another_picture_or_signature_is_no_edit_and_another_file_is(desk, files, states):
    polls = [(Item(*FIRE, "1", "https://one.example/1", 0, more=one),) for one in files]
    assert titles(desk, *polls) == [(FIRE[0], states)]


def test_the_same_file_has_the_address_that_it_came_with_last(desk):
    signed = '<enclosure url="https://cdn.example/3.mp3?Expires={0}&amp;Signature=s{0}" type="audio/mpeg"/>'
    polls = [
        (Item(*FIRE, "1", "https://one.example/1", 0, more=signed.format(n)),) for n in (1, 2, 3)
    ]
    assert titles(desk, *polls) == [(FIRE[0], 1)]
    (entry,) = desk.archive.export()
    (revision,) = desk.archive.history(entry.id)
    assert [one.url for one in revision.enclosures] == [
        "https://cdn.example/3.mp3?Expires=3&Signature=s3"
    ]


def test_an_edit_beside_another_picture_names_what_was_edited(desk):
    picture = '<enclosure url="https://i.example/{}.jpg" type="image/jpeg"/>'
    first = Item(*FIRE, "1", "https://one.example/1", 0, more=picture.format("a"))
    second = first._replace(text=f"{FIRE[1]} {NOTE}", more=picture.format("b"))
    assert titles(desk, (first,), (second,)) == [(FIRE[0], 2)]
    (entry,) = desk.archive.export()
    _, revision = desk.archive.history(entry.id)
    assert "enclosures" not in revision.changed
    assert [one.url for one in revision.enclosures] == ["https://i.example/b.jpg"]


@pytest.mark.parametrize(
    ("one", "other", "states"),
    [
        ("{} Published on 3 March 1922.", "{} Published on 3 March 1923.", 2),
        ("{} Published on 3 March 2022", "{} Published on 3 March 2023", 2),
        ("Published on 3 March 1922", "Published on 3 March 1923", 2),
        ("{} Updated on 9 June 2026 at 14:30", "{} Updated on 9 June 2026 at 14:35", 1),
        ("{} Published on 9 June 2026, 14:30", "{} Published on 9 June 2026, 15:30", 1),
        # Polled every hour, a text that is nothing but a counter would bring a revision each time.
        ("1,200 views", "1,400 views", 1),
    ],
)
def test_a_day_of_publication_is_text_and_what_passes_is_not(desk, one, other, states):
    first, second = (
        Item(FIRE[0], text.format(FIRE[1]), "1", "https://one.example/1", 0)
        for text in (one, other)
    )
    assert titles(desk, (first,), (second,)) == [(FIRE[0], states)]
