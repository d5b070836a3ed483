"""Which blocks are learned, from which entries, and what an entry is without them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.boilerplate import Carrier, Lesson, Ruled, Ruling, Saying, Taught
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import enough, learn
from aggregator.normalize.boilerplate import carried, without
from aggregator.normalize.cleaning import clean

RULE = NormalizeSettings(boilerplate_entries=3, boilerplate_percent=25, boilerplate_window=8)


def hashed(name: str) -> bytes:
    return name.encode().ljust(8, b".")


def run(*entries: str, feeds: int = 1, copies: str = "") -> list[Carrier]:
    """Entries by the blocks they carry, a letter each; those in ``copies`` (by number) do not count."""
    return [
        Carrier(
            key=n, feed=n % feeds, hashes=b"".join(map(hashed, blocks)), counts=str(n) not in copies
        )
        for n, blocks in enumerate(entries, 1)
    ]


def unwanted(lesson: Lesson, entries: list[Carrier]) -> list[str]:
    """What is taken out of each entry."""
    taught = Taught.of(lesson.spans)
    return ["".join(chr(one[0]) for one in taught.unwanted(entry)) for entry in entries]


@pytest.mark.parametrize(
    ("entries", "gone"),
    [
        pytest.param(["a", "b", "c"], ["", "", ""], id="nothing recurs"),
        pytest.param(["ax", "bx"], ["", ""], id="too few"),
        pytest.param(["ax", "bx", "cx"], ["x", "x", "x"], id="enough"),
        pytest.param(["ax", "b", "cx", "d", "ex"], ["x", "", "x", "", "x"], id="not in all"),
        pytest.param(
            ["px", "px", "x", "c", "d", "e"], ["x", "x", "x", "", "", ""], id="a true one stays"
        ),
        pytest.param(
            [*["ax"] * 8, *"bcdefghijkl", "mx"],
            [*["ax"] * 8, *[""] * 12],
            id="stopped: stays out where it stood, and is text again when it comes back",
        ),
        pytest.param([*"abcdefghij", *["kx"] * 4], [*[""] * 10, *["kx"] * 4], id="begins late"),
        pytest.param(
            ["ax", "bx", "cx", *"defghijklm"],
            [""] * 13,
            id="frequent at first, and rare among as many as are looked at",
        ),
    ],
)
def test_what_is_learned(entries, gone):
    rule = NormalizeSettings(boilerplate_entries=3, boilerplate_percent=45, boilerplate_window=8)
    carriers = run(*entries)
    settings = RULE if len(entries) < 8 else rule
    assert unwanted(learn(carriers, Lesson(), settings), carriers) == gone


@pytest.mark.parametrize(
    ("entries", "learned"), [(0, 0), (7, 7), (25, 25), (26, 25), (29, 25), (30, 30), (1004, 1000)]
)
def test_from_how_many_entries_is_learned(entries, learned):
    assert enough(entries) == learned


def test_copies_of_a_story_teach_nothing():
    carriers = run("ab", "ab", "ab", "c", copies="23")
    assert learn(carriers, Lesson(), RULE).spans == ()


def test_a_site_teaches_what_several_of_its_feeds_carry():
    alone, both = run("x", "x", "x", "x"), run("x", "x", "x", "x", feeds=2)
    assert learn(alone, Lesson(), RULE, site=True).spans == ()
    assert [span.hash for span in learn(both, Lesson(), RULE, site=True).spans] == [hashed("x")]


def test_nothing_is_learned_where_that_is_turned_off():
    assert learn(run("x", "x", "x"), Lesson(), NormalizeSettings(boilerplate_entries=0)).spans == ()


def test_a_ruling_stands_above_what_was_learned():
    carriers = run("ax", "bx", "cx", "p")
    rulings = {
        hashed("x"): Ruled(ruling=Ruling.FREED),
        hashed("p"): Ruled(ruling=Ruling.PINNED),
    }
    taught = Taught.of(learn(carriers, Lesson(), RULE).spans, rulings)
    assert [list(taught.unwanted(one)) for one in carriers] == [[], [], [], [hashed("p")]]


@given(
    entries=st.lists(st.text("abcdxy", max_size=4).map(lambda text: "".join(dict.fromkeys(text)))),
    cuts=st.lists(st.integers(0, 60)),
)
def test_batches_make_no_difference(entries, cuts):
    carriers, stepwise = run(*entries), Lesson()
    said = Said({"x": "Half-time: 0-0", "y": "Half-time: 5-1", "a": "Half-time: 3-1"})
    for upto in sorted({*cuts, len(carriers)}):
        seen = [one for one in carriers[:upto] if one.key > stepwise.since]
        stepwise = learn(seen, stepwise, RULE, sayings=said)
    assert stepwise == learn(carriers, Lesson(), RULE, sayings=said)


class Said:
    """Blocks by a letter each, and what they say: all with a link, so that few entries are enough."""

    def __init__(self, said: dict[str, str]) -> None:
        self._said = {hashed(letter): text for letter, text in said.items()}
        self.read = 0

    def words(self, blocks, run):
        return {one: Saying(text=self._said.get(one, ""), linked=True) for one in blocks}

    def texts(self, entries):
        self.read += len(entries)
        return {one.key: "\n\n".join(self._said.get(b, "") for b in one.blocks) for one in entries}


@pytest.mark.parametrize(
    ("entries", "said", "gone"),
    [
        ("ax bx cx d", {"x": "Half-time: 0-0", "d": "HALF-TIME:  5-1"}, ""),
        ("ax bx cx d", {"x": "A crowd of 9,040 saw it", "d": "A crowd of 10,115 saw it"}, "xxx"),
        ("ax bx cx d", {"x": "Result – win", "d": "Result — loss"}, ""),
        ("ax bx cx d", {"x": "Photo: Ann @ann", "d": "Photo: Bob @bob"}, ""),
        ("ax b cx d ex", {"x": "Half-time: 0-0", "b": "HALF-TIME:  5-1"}, ""),
        ("ax b cx d ex", {"x": "Mi-temps : 0-0", "b": "Mi-temps : 5-1"}, ""),
        ("ax b cx d ex", {"x": "最优秀球员：武磊", "b": "最优秀球员：张玉宁"}, ""),
        ("ax bx cx d e", {"x": "Red cards: none", "d": "Red cards: Vale", "e": "Red cards: Teal"}, ""),
        ("ax bx cx d e", {"x": "Source: Agency", "d": "Source: Wire", "e": "Source: Wire"}, ""),
        ("ax b cx d ex", {"x": "Source: Agency", "b": "Result: Agency"}, "xxx"),
        ("axy bxy cxy", {"x": "Follow us: here", "y": "Follow us: there"}, "xyxyxy"),
        ("ax b cx d ex", {"x": "Follow us: @club", "b": "Follow us: @other"}, "xxx"),
        ("ax b cx d ex", {"x": "Chat: https://a.example/1", "b": "Chat: https://b.example/2"}, "xxx"),
        ("ax b cx d ex", {"x": "A crowd of 9,040 saw it", "b": "A crowd of 10,115 saw it"}, ""),
        ("ax b cx d ex", {"x": "All rights reserved 2025", "b": "All rights reserved 2026"}, "xxx"),
        ("ax b cx d ex", {"x": "Starts 15:30 today", "b": "Starts 15:45 tomorrow"}, "xxx"),
        ("ax b cx d ex", {"x": "Starts 15:30 today", "b": "Starts 15:30 tomorrow"}, ""),
        ("ax bx cx d e", {"x": "Alert level is red", "d": "Alert level is green"}, "xxx"),
        ("ax b cx d ex", {"x": "Alert level is red", "b": "Alert level is green"}, ""),
        ("ax b cx d ex", {"x": "Red warning of snow", "b": "Amber warning of heavy rain"}, "xxx"),
        ("ax b cx d ex", {"x": "Red warning of snow", "b": "Amber warning of rain"}, ""),
        ("ax b cx d ex", {"x": "Best of all by the vote: Owl", "b": "Best of all by the vote: Gull Pier"}, ""),
        ("ax b cx d ex", {"x": "The post \ufffc came from us", "b": "The post Owl came from us"}, "xxx"),
        ("ax b cx d ex", {"x": "https://a.example/1.png", "b": "https://a.example/2.png"}, "xxx"),
        (
            "ax b cx d ex",
            {"x": f"We say it with {'many ' * 20}words: yes", "b": f"We say it with {'many ' * 20}words: no"},
            "xxx",
        ),
    ],
)  # fmt: skip
def test_a_form_that_others_fill_with_other_values_is_a_fact(entries, said, gone):
    carriers = run(*entries.split())
    lesson = learn(carriers, Lesson(), RULE, sayings=Said(said))
    assert "".join(unwanted(lesson, carriers)) == gone


def test_what_was_learned_turns_out_to_be_a_fact():
    said = Said({"x": "A crowd of 10", "y": "A crowd of 20", "z": "A crowd of 30"})
    carriers = run("ax", "bx", "cx", "dy", "ez")
    before = learn(carriers[:4], Lesson(), RULE, sayings=said)
    assert [span.hash for span in before.spans] == [hashed("x")]
    assert learn(carriers, before, RULE, sayings=said).spans == ()


def test_texts_are_read_only_where_a_block_is_missing_that_may_be_a_fact():
    carriers = run("ax", "bx", "cx", "d")
    for text, read in (("Half-time: 0-0", 1), ("Get letters", 0)):
        said = Said({"x": text})
        learn(carriers[:3], Lesson(), RULE, sayings=said)
        assert said.read == 0
        learn(carriers, Lesson(), RULE, sayings=said)
        assert said.read == read


def shown(title: str, html: str, *learned: str, summary: str = "", image: str | None = None):
    """An entry without learned blocks, each given as HTML of its own."""
    known: dict[bytes, str] = {}
    for one in learned:
        # Beside other blocks: what stands alone is the text itself.
        among = clean("", "", f"{one}<p>beside</p><p>and beside</p>", base="")
        known |= dict.fromkeys(carried(among, None)[:-2], "")
    cleaned = clean(title, summary, html, base="")
    mine = {one: known[one] for one in carried(cleaned, image) if one in known}
    return without(cleaned.title, cleaned.blocks, cleaned.summary, image, mine)


SIGN = "<p>Sign the guest book of the harbour owl today</p>"


@pytest.mark.parametrize(
    ("html", "learned", "left"),
    [
        pytest.param(f"<p>One.</p>{SIGN}", [SIGN], "<p>One.</p>", id="at the end"),
        pytest.param(
            "<p>One.</p><div><b>Sign</b> the guest book of the HARBOUR owl today</div>",
            [SIGN],
            "<p>One.</p>",
            id="whatever its markup",
        ),
        pytest.param(SIGN, [SIGN], SIGN, id="never the whole text"),
        pytest.param(f"{SIGN}<p>Bye</p>", [SIGN, "<p>Bye</p>"], f"{SIGN}<p>Bye</p>", id="nor all"),
        pytest.param(
            '<p>One.</p><img src="https://a.example/owl.png?v=2"><p>Two.</p>',
            ['<img src="https://a.example/owl.png?v=1">'],
            "<p>One.</p><p>Two.</p>",
            id="an image by its address",
        ),
        pytest.param(
            '<p>One.</p><figure><img src="https://a.example/owl.png"><figcaption>Owl</figcaption></figure>',
            ['<img src="https://a.example/owl.png">'],
            "<p>One.</p>",
            id="a caption with its image",
        ),
        pytest.param(
            '<p>One is long enough.</p><h3>More</h3><ul><li><a href="https://a.example/1">Two</a></li></ul>',
            ["<h3>More</h3>"],
            "<p>One is long enough.</p>",
            id="bare links with their heading",
        ),
        pytest.param(
            '<p>One.</p><h3>More</h3><ul><li><a href="https://a.example/1">A long list is the text</a></li></ul>',
            ["<h3>More</h3>"],
            '<p>One.</p><h3>More</h3><ul><li><a href="https://a.example/1">A long list is the text</a></li></ul>',
            id="not where the links weigh more",
        ),
        pytest.param(
            "<p>One.</p><h3>Line-ups</h3><p>Two.</p>",
            ["<h3>Line-ups</h3>"],
            "<p>One.</p><h3>Line-ups</h3><p>Two.</p>",
            id="a heading stays above text",
        ),
        pytest.param(
            "<p>One.</p><h3>About</h3><p>We are owls.</p>",
            ["<h3>About</h3>", "<p>We are owls.</p>"],
            "<p>One.</p>",
            id="and goes with it",
        ),
        pytest.param(
            "<h3>Sport by the harbour</h3><p>One.</p>",
            ["<h3>Sport by the harbour</h3>"],
            "<p>One.</p>",
            id="on top it heads nothing",
        ),
    ],
)
def test_an_entry_without_learned_blocks(html, learned, left):
    assert shown("A title", html, *learned).html == left


def test_the_title_in_a_block_counts_as_one_sign():
    first, second = (
        carried(clean(title, "", f"<p>One.</p><p>{title} came from the owl.</p>", base=""), None)
        for title in ("Ferry beats gull at home", "Gull holds ferry to a draw")
    )
    assert first[1] == second[1]


def test_the_summary_loses_what_the_text_loses():
    text = f"<p>One is long enough.</p>{SIGN}"
    alone = shown("A title", text, SIGN, summary=text)
    assert alone.summary == "One is long enough."
    assert shown("A title", "", SIGN, summary=text).summary == "One is long enough."
    plain = "Sign the guest book of the harbour owl today"
    assert shown("A title", text, SIGN, summary=f"Two. {plain}").summary == "Two."


def test_the_lead_image_is_one_that_stays():
    owl, match = "https://a.example/owl.png", "https://a.example/match.jpg"
    found = shown(
        "A title",
        f'<img src="{owl}"><p>One.</p><img src="{match}">',
        f'<img src="{owl}">',
        image=owl,
    )
    assert found.image == match


def test_nothing_grows_faster_than_the_entry():
    """Thousands of blocks, all learned, and every other one a heading."""
    many = "".join(f"<h3>Head {n}</h3><p>Text {n}</p>" for n in range(5000))
    cleaned = clean("A title", "", many, base="")
    names = carried(cleaned, None)
    assert len(names) <= 50
    assert (
        "Text 2500" in without("A title", cleaned.blocks, "", None, dict.fromkeys(names, "")).text
    )
