"""Lines that recur in a feed's entries: which are a template's, and which its texts say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from random import Random

import pytest

from aggregator.model.feed import FeedIdentity
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import read

ENTRIES = 24
CREW = "Ada Bo Cleo Dag Esa Finn Gerda Hugo Ines Jens Karl Lotte Mads Nora Olav Pia Rune".split()
PANTRY = ["2 eggs", "1 cup flour", "1 tsp salt", "1 cup milk", "1 onion, cut", "salt to taste"]
BIO = "Mabel Quill has written about rowing and rain since she lost an oar."
OTHER_BIO = "Otto Pym covers the lower leagues and keeps bees behind the stand."
LINKED = (
    BIO.replace("Mabel Quill", '<a href="/mabel">Mabel Quill</a>'),
    OTHER_BIO.replace("Otto Pym", '<a href="/otto">Otto Pym</a>'),
)
CLAIM = (
    "No part of this may be copied, sent, sung or carried out of the harbour without a letter "
    "from the owl, who is seldom there."
)


def removed(says: Callable[[int], str]) -> set[str]:
    """What is taken out of the entries of a feed, below or above a text of their own in each."""
    items = "".join(
        f"<item><guid>{n}</guid><title>Report {n} of the harbour</title><description>"
        f"{escape(says(n).replace('TEXT', f'<p>{own(n)}</p>'))}</description></item>"
        for n in range(ENTRIES, 0, -1)
    )
    found = read(
        f'<rss version="2.0"><channel><title>Harbour</title>{items}</channel></rss>'.encode(),
        content_type="application/rss+xml",
        url="https://harbour.example/feed",
        feed=FeedIdentity("https://harbour.example/feed"),
        now=datetime(2026, 6, 1, tzinfo=UTC),
        max_entries=100,
        seen=frozenset(),
        learning=NormalizeSettings(),
    )
    assert len(found.entries) == ENTRIES
    return {
        line
        for entry in found.entries
        if entry.shown
        for line in set(entry.text.split("\n\n")) - set(entry.shown.text.split("\n\n"))
    }


def own(n: int) -> str:
    words = Random(n).choices("river stone cloud field tower light paper bell glass".split(), k=25)
    return f"In round {n} there were {' '.join(words)} and {n} more."


def listed(n: int, names: list[str], count: int, *, order: bool = False) -> str:
    chosen = Random(n).sample(names, count)
    items = sorted(chosen) if order else chosen
    return f"<ul>{''.join(f'<li>{one}</li>' for one in items)}</ul>"


def turn(n: int, *lines: str) -> str:
    return f"<p>{lines[n % len(lines)]}</p>"


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(lambda n: "TEXT" + listed(n, CREW, 11), id="line-ups"),
        pytest.param(lambda n: "TEXT" + listed(n, CREW, 11, order=True), id="from A to Z"),
        pytest.param(
            lambda n: f"TEXT<h3>Crew</h3><ul><li>Wilma</li>{listed(n, CREW, 9)[4:]}",
            id="and one who is always there",
        ),
        pytest.param(
            lambda n: "TEXT<ul>" + "".join(f'<li><a href="/{one}">{one}</a></li>' for one in Random(n).sample(CREW, 11)) + "</ul>",
            id="with links",
        ),
        pytest.param(lambda n: "TEXT" + listed(n, PANTRY, 4), id="ingredients"),
        pytest.param(
            lambda n: f"TEXT<ul><li>{['Security fix', 'Bug fixes', 'Quicker than ever'][n % 3]}</li><li>Change {own(n)}</li></ul>",
            id="release notes",
        ),
        pytest.param(
            lambda n: "TEXT" + ("<p>The match was postponed.</p>" if n % 3 == 0 else ""),
            id="a short sentence",
        ),
        pytest.param(
            lambda n: "TEXT" + turn(n, "No injuries were reported.", "Two people were hurt in it.", "Three people were hurt in it."),
            id="in the place of others",
        ),
        pytest.param(
            lambda n: "TEXT" + ('<img src="https://harbour.example/rain.png"><p>Rain</p>' if n % 4 == 0 else f"<p>{own(n)}</p>"),
            id="below an image of the same",
        ),
        pytest.param(lambda n: "TEXT" + turn(n, "Result – win", "Result – defeat"), id="a dash"),
        pytest.param(
            lambda n: f"TEXT<p>Competition: {'Harbour League' if n <= 20 else 'Pier Cup'}</p>",
            id="a label whose value changed late",
        ),
        pytest.param(
            lambda n: "TEXT" + turn(n, "Alert level is red.", "Alert level is green."), id="a word"
        ),
        pytest.param(
            lambda n: "TEXT" + turn(n, "Yellow warning of rain", "Amber warning of wind", "Red warning of snow"),
            id="two words",
        ),
        pytest.param(
            lambda n: "TEXT" + turn(n, *(f"{one}, light winds from the west." for one in ("Sunny", "Partly cloudy", "Snow"))),
            id="one word or two",
        ),
        pytest.param(
            lambda n: "TEXT" + turn(n, "Best of the day by the vote: Ada", "Best of the day by the vote: Bo"),
            id="a long label",
        ),
        pytest.param(
            lambda n: "TEXT" + "".join(f"<p>{own(n + 50 * k)}?</p>" + turn(n + k, "Yes.", "No.") for k in (1, 2)),
            id="answers",
        ),
        pytest.param(lambda n: f"TEXT<p>{'★' * (n % 5 + 1)}</p>", id="ratings"),
        pytest.param(lambda n: turn(n, "Port Elling", "Villaluz") + "TEXT", id="datelines"),
        pytest.param(
            lambda n: "TEXT" + turn(n, "Photo: Ann @ann", "Photo: Bob @bob"), id="a name and handle"
        ),
    ],
)  # fmt: skip
def test_what_texts_say_again_stays(says):
    assert removed(says) == set()


@pytest.mark.parametrize(
    ("says", "lines"),
    [
        pytest.param(lambda n: "TEXT" + turn(n, *LINKED), [BIO, OTHER_BIO], id="two authors"),
        pytest.param(
            lambda n: "TEXT" + turn(n, LINKED[0], own(n), own(-n), LINKED[1]),
            [BIO, OTHER_BIO],
            id="among others",
        ),
        pytest.param(
            lambda n: f"TEXT<p>{own(-n)}</p>" + (f"<p>{CLAIM}</p>" if n % 4 == 0 else ""),
            [CLAIM],
            id="a long line in few entries",
        ),
        pytest.param(
            lambda n: f"TEXT{turn(n, 'No injuries were reported.', own(-n))}<p>{CLAIM}</p>",
            [CLAIM],
            id="not the sentence above it",
        ),
        pytest.param(
            lambda n: "TEXT<p>Photo: Harbour Agency</p>", ["Photo: Harbour Agency"], id="an agency"
        ),
        pytest.param(
            lambda n: "<p>Hello, friends</p>TEXT<p>Get the app</p>",
            ["Hello, friends", "Get the app"],
            id="a word or two in all",
        ),
        pytest.param(
            lambda n: "TEXT" + ("" if n % 5 == 0 else "<p>The owl thanks you for reading.</p>"),
            ["The owl thanks you for reading."],
            id="a line in most",
        ),
        pytest.param(
            lambda n: "TEXT" + ('<p><a href="/letter">The letter of the owl</a></p>' if n % 4 == 0 else f"<p>{own(-n)}</p>"),
            ["The letter of the owl"],
            id="a link in few",
        ),
        pytest.param(
            lambda n: "TEXT" + ("<p>Find us</p><p>Chat: https://a.example/owl</p><p>Hoot!</p>" if n % 4 == 0 else f"<p>{own(-n)}</p>"),
            ["Find us", "Chat: https://a.example/owl", "Hoot!"],
            id="what always comes with an address",
        ),
        pytest.param(
            lambda n: "TEXT" + turn(n, *LINKED) + f"<h3>Read on</h3><p>{own(-n)}</p>",
            [BIO, OTHER_BIO],
            id="a heading above text stays",
        ),
        pytest.param(
            lambda n: "TEXT" + turn(n, *LINKED) + f"<p>Others said</p><p>{own(-n)}</p>",
            [BIO, OTHER_BIO, "Others said"],
            id="a word or two beside what changes",
        ),
        pytest.param(
            lambda n: "TEXT<ul><li>Books</li><li>Mugs</li><li>Songs</li></ul>",
            ["Books", "Mugs", "Songs"],
            id="a list that is always the same",
        ),
    ],
)  # fmt: skip
def test_what_a_template_says_goes(says, lines):
    assert removed(says) == set(lines)
