"""Lines that take turns in one place of a feed's entries: what was found stays, what a template says goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from aggregator.model.boilerplate import TITLE, Carrier, Lesson, Saying, Taught
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import learn
from aggregator.normalize.characters import key

ENTRIES = 40
CLEAN = "The inspection found no faults in the kitchen, and the house may stay open as it is."
SHUT = "The inspection found serious faults in the kitchen; the house was shut at once."
NO_WAVE = "この揺れによる津波のおそれはありません。"
WAVE = "津波警報が出ています。高い所へ逃げてください。"
NOBODY = "Nobody was held for it, and the search goes on."
SEAL = "What the gull says here is its own opinion and no advice to anybody who owns a boat."
SALE, SONG = "Mugs with our gull are back in the shop", "Our gull has a song now, and it is loud"
OURS = "© The Gull of Port Elling"
BAR = "Pass it on: Quack · Honk · Chirp"
NEWS = "Letters by mail: gull@port.example"


def own(n: int, number: int = 1) -> str:
    words = "river stone cloud field tower light paper bell glass road".split()
    return f"Report {n}.{number}: {' '.join(Random(100 * n + number).choices(words, k=12))}."


def owns(n: int, *, least: int = 2, most: int = 7) -> list[str]:
    """As many paragraphs of an entry's own as articles have."""
    return [own(n, k) for k in range(Random(n).randint(least, most))]


class Entries:
    """A feed's entries by their lines, oldest first."""

    def __init__(self, says: Callable[[int], Sequence[str]], count: int = ENTRIES) -> None:
        self._lines = {n: list(says(n)) for n in range(1, count + 1)}
        self._said = {self._hash(one): one for lines in self._lines.values() for one in lines}

    @staticmethod
    def _hash(line: str) -> bytes:
        return hash(key(line)).to_bytes(8, "big", signed=True)

    def words(self, blocks, run):
        return {one: Saying(text=self._said[one]) for one in blocks}

    def texts(self, entries):
        return {
            one.key: "\n\n".join(self._lines[one.key]).replace(TITLE, f"The house of {one.key}")
            for one in entries
        }

    def run(self, *, feeds: int = 1) -> list[Carrier]:
        return [
            Carrier(key=n, feed=n % feeds, hashes=b"".join(map(self._hash, lines)))
            for n, lines in self._lines.items()
        ]

    def removed(self) -> set[str]:
        run = self.run()
        taught = Taught.of(learn(run, Lesson(), NormalizeSettings(), sayings=self).spans)
        return {self._said[block] for one in run for block in taught.unwanted(one)}


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(lambda n: [own(n), (CLEAN, SHUT)[n % 2]], id="two verdicts"),
        pytest.param(lambda n: [(CLEAN, SHUT)[n % 2]], id="and nothing else"),
        pytest.param(lambda n: [(CLEAN, SHUT)[n % 2], own(n)], id="on top"),
        pytest.param(lambda n: [own(n), (CLEAN, SHUT)[n % 2], own(n, 2)], id="between"),
        pytest.param(lambda n: [*owns(n), (CLEAN, SHUT)[n % 2]], id="below some paragraphs"),
        pytest.param(
            lambda n: [*owns(n), (CLEAN, SHUT)[n % 2], *owns(-n)], id="among some paragraphs"
        ),
        pytest.param(lambda n: [own(n), NO_WAVE if n != 9 else WAVE], id="in all but one"),
        pytest.param(lambda n: [own(n), CLEAN if n != 9 else NOBODY], id="of another matter"),
        pytest.param(
            lambda n: [
                own(n),
                f"{TITLE} {('has passed', 'was shut by the city')[n % 2]}, says the gull.",
            ],
            id="of its title",
        ),
        pytest.param(lambda n: [*owns(n), NO_WAVE if n % 19 else WAVE], id="of the same matter"),
        pytest.param(
            lambda n: [own(n), own(n, 2), NOBODY if n % 6 == 2 else own(n, 3)], id="among others"
        ),
        pytest.param(
            lambda n: [*owns(n), NOBODY if n % 6 == 2 else own(n, 9)],
            id="among others below some paragraphs",
        ),
        pytest.param(
            lambda n: [own(n), SHUT if 12 <= n <= 20 else CLEAN], id="one of them in a stretch"
        ),
        pytest.param(lambda n: [own(n), NOBODY if 12 <= n <= 20 else own(n, 2)], id="for a while"),
    ],
)
def test_what_stands_in_the_place_of_others_is_text(says):
    assert Entries(says).removed() == set()


@pytest.mark.parametrize(
    ("says", "lines"),
    [
        pytest.param(lambda n: [own(n), (CLEAN, SHUT)[n % 2], OURS], {OURS}, id="above a notice"),
        pytest.param(
            lambda n: [*owns(n), (CLEAN, SHUT)[n % 2], OURS], {OURS}, id="below some paragraphs"
        ),
        pytest.param(
            lambda n: [own(n), NEWS, (CLEAN, SHUT)[n % 2], OURS],
            {NEWS, OURS},
            id="alike, in a frame",
        ),
        pytest.param(
            lambda n: [own(n), NEWS, NOBODY if n % 6 == 2 else own(n, 2), OURS],
            {NEWS, OURS},
            id="among others, in a frame",
        ),
        pytest.param(
            lambda n: [own(n), "What we found:", (CLEAN, SHUT)[n % 2], OURS],
            {"What we found:", OURS},
            id="below a label",
        ),
        pytest.param(
            lambda n: [own(n), "What we found:", (SEAL, NOBODY)[n % 2], OURS],
            {"What we found:", OURS},
            id="unlike, below a label",
        ),
        pytest.param(lambda n: [own(n), (SEAL, NOBODY)[n % 2], OURS], {OURS}, id="unlike"),
    ],
)
def test_what_stands_beside_a_template_may_be_text(says, lines):
    assert Entries(says).removed() == lines


@pytest.mark.parametrize(
    ("says", "lines"),
    [
        pytest.param(lambda n: [*owns(n), SEAL], {SEAL}, id="in all"),
        pytest.param(lambda n: [*owns(n), *([SEAL] if n % 13 else [])], {SEAL}, id="in nearly all"),
        pytest.param(
            lambda n: [own(n), own(n, 2), *([SEAL] if n % 3 else [])], {SEAL}, id="or nothing"
        ),
        pytest.param(
            lambda n: [*owns(n), SEAL] if n % 3 else [own(n)], {SEAL}, id="no text of one line"
        ),
        pytest.param(
            lambda n: [own(n), SEAL if n < 20 else CLEAN], {SEAL, CLEAN}, id="one that changed"
        ),
        pytest.param(
            lambda n: [own(n), (SEAL, CLEAN, NOBODY)[n // 14]],
            {SEAL, CLEAN, NOBODY},
            id="one that changed twice",
        ),
        pytest.param(lambda n: [*owns(n), *([SEAL] if n > 20 else [])], {SEAL}, id="one that came"),
        pytest.param(
            lambda n: [*owns(n), (SALE, SONG)[n % 2], BAR], {SALE, SONG, BAR}, id="lines in turns"
        ),
        pytest.param(
            lambda n: [*owns(n), (SALE, SONG)[n % 2], *([BAR] if n % 13 else [])],
            {SALE, SONG, BAR},
            id="in turns, above what is not in all",
        ),
        pytest.param(
            lambda n: [*owns(n), (SALE, SONG)[n % 2], f"{TITLE} came from the gull on the pier"],
            {SALE, SONG, f"{TITLE} came from the gull on the pier"},
            id="in turns, above what has the title in it",
        ),
        pytest.param(
            lambda n: [*owns(n), BAR, (SEAL, NOBODY)[n % 2], OURS],
            {BAR, SEAL, NOBODY, OURS},
            id="in a frame",
        ),
        pytest.param(
            lambda n: [*owns(n), (OURS, NEWS)[n % 2]], {OURS, NEWS}, id="notices and addresses"
        ),
    ],
)
def test_what_a_template_says_in_turns_goes(says, lines):
    assert Entries(says).removed() == lines


def test_feeds_of_a_site_that_never_carry_it_have_no_place_for_it():
    fed = Entries(lambda n: [*owns(n), *([SEAL] if n % 3 else [])])
    found = learn(fed.run(feeds=3), Lesson(), NormalizeSettings(), site=True, sayings=fed)
    assert len(found.spans) == 1
    assert Entries(lambda n: [*owns(n), *([SEAL] if n % 3 else [])]).removed() == set()


@pytest.mark.parametrize("step", [1, 7, 25])
def test_batches_make_no_difference(step):
    """Verdicts, a notice and other endings by chance, over several runs."""
    settings = NormalizeSettings(boilerplate_window=16)
    ends = [[CLEAN], [SHUT], [NOBODY, SEAL], [SEAL], [], [BAR, SALE]]
    fed = Entries(lambda n: [own(n), own(n, 2), *Random(n // 3).choice(ends)], count=75)
    run, stepwise = fed.run(), Lesson()
    for upto in range(step, len(run) + step, step):
        seen = [one for one in run[:upto] if one.key > stepwise.since]
        stepwise = learn(seen, stepwise, settings, sayings=fed)
    assert stepwise == learn(run, Lesson(), settings, sayings=fed)
    assert stepwise.spans


def test_entries_are_read_only_where_others_came_between():
    read = []

    class Counted(Entries):
        def texts(self, entries):
            read.extend(one.key for one in entries)
            return super().texts(entries)

    for says in (
        lambda n: [own(n), SEAL],
        lambda n: [own(n), *([SEAL] if n > 9 else [])],
    ):
        assert Counted(says).removed()
    assert not read
    Counted(lambda n: [own(n), (CLEAN, SHUT)[n % 2]]).removed()
    assert set(read) == set(range(1, ENTRIES + 1))
