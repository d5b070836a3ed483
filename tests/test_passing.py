"""What passes makes no revision, poll after poll, nor does a rule about it that has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from archivedesk import ONE, Desk

from aggregator.archive import open_archive
from aggregator.model.settings import ArchiveSettings
from aggregator.normalize import cleaning

MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
BOATS = ("Ada", "Berta", "Clara", "Dora")


@pytest.fixture
def desk(tmp_path) -> Iterator[Desk]:
    settings = ArchiveSettings(directory=tmp_path, free_space=0)
    with open_archive(settings, write=True, purpose="test") as archive:
        made = Desk(archive, settings)
        made.subscribe(ONE, now=MONDAY)
        yield made


def poll(desk: Desk, hour: int, said: Callable[[str], str], *, teased: bool = False) -> int:
    """Brings a document with an item a boat. How many revisions it made. ``teased``: all of the text
    is the content, beside a summary."""
    items = "".join(_item(boat, said(boat), teased) for boat in BOATS)
    body = (
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        f"<title>Boats</title><language>en</language>{items}</channel></rss>"
    )
    at = MONDAY + timedelta(hours=hour)
    return desk.write([desk.read(ONE, body.encode(), at)], at=at).revised


def _item(boat: str, said: str, teased: bool) -> str:
    text = escape(f"<p>The {boat} sailed in the morning.</p>{said}")
    teaser = escape(f"The {boat} sailed, it is told. {said.rpartition('<p>')[2]}")
    shown = f"<description>{teaser if teased else text}</description>"
    if teased:
        shown += f"<content:encoded>{text}</content:encoded>"
    return (
        f"<item><guid isPermaLink='false'>{boat}</guid><title>Report of the {boat}</title>"
        f"<link>https://one.example/{boat}</link><pubDate>Mon, 01 Jun 2026 08:00:00 GMT</pubDate>{shown}</item>"
    )


@pytest.mark.parametrize(
    "counter",
    ["Post Views: {}", "(Visited {} times, 1 visits today)", "Rating: 4.3/5 - ({} votes)", "{} people like this", "Read {} times", "# Comments: {}"],
)  # fmt: skip
def test_a_counter_makes_no_revision(desk: Desk, counter: str) -> None:
    for hour in range(3):
        counted = f"<p>{counter.format(hour * 7 + 3)}</p>"
        assert not poll(desk, hour, lambda _, counted=counted: counted)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Points: 30", "Points: 33"),
        ("Plays: 65", "Plays: 66"),
        ("1,200 shares", "1,300 shares"),
        ("Published: 14.30", "Published: 15.30"),
        ("Ad: the ferry is cancelled", "Ad: the ferry is on time"),
        ("Total: 620 Average: 206", "Total: 720 Average: 240"),
        ("Advertisement: No. 12/2026, last date 30 June", "Advertisement: No. 12/2026, last date 15 July"),
        ("They won. Updated 21:14", "They won. Updated 24:14"),
        ("The table. (Promoted) Leeds United, with 90.", "The table. (Promoted) Hull City, with 91."),
    ],
)  # fmt: skip
def test_what_an_editor_corrects_is_a_revision(desk: Desk, before: str, after: str) -> None:
    poll(desk, 0, lambda boat: f"<p>{before}</p>")
    assert poll(desk, 1, lambda boat: f"<p>{after if boat == 'Ada' else before}</p>") == 1


@pytest.mark.parametrize("teased", [False, True])
@pytest.mark.parametrize("long", ["", " It is told at length." * 60])
def test_what_was_archived_by_other_rules_is_compared_by_those_of_today(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, teased: bool, long: str
) -> None:
    def former(texts: Iterable[str], away: object = None) -> list[str]:
        return [text for text in texts if not text.startswith("points")]

    def brought(hour: int, **edits: str) -> int:
        def said(boat: str) -> str:
            fact = edits.get(boat, "Points: 30")
            return f"<p>{fact}</p><p>It was full.{long}</p><p>Post Views: {hour}</p>"

        return poll(desk, hour, said, teased=teased)

    with monkeypatch.context() as patch:
        patch.setattr(cleaning, "lasting", former)
        brought(0)
    assert brought(1) == brought(2) == 0
    assert brought(3, Ada="Points: 33") == 1
    assert brought(4, Ada="Points: 33", Dora="Points: 30 and a half") == 1


def test_an_advert_makes_no_revision_and_a_correction_in_its_place_does(desk: Desk) -> None:
    def brought(hour: int, *of_ada: str) -> int:
        def said(boat: str) -> str:
            links = of_ada if boat == "Ada" else (f"Win a week at sea, offer {hour}",)
            return "".join(f'<p><a href="https://b.example/{hour}">{one}</a></p>' for one in links)

        return poll(desk, hour, said)

    brought(0, "Buy oars")
    assert brought(1, "Buy sails") == brought(2) == brought(3, "Buy ropes") == 0
    assert brought(4, "Correction: she did not sail") == 1
    assert brought(5, "Buy sails", "Buy ropes") == brought(6, "Buy sails", "Buy knots") == 1
