"""The headline stands in the title, and is not read again below it."""

from __future__ import annotations

import pytest

from aggregator.normalize.cleaning import clean

TITLE = "Harbour ferry sails again after the storm"
# headline, what the body begins with, whether it is the headline again
CASES = {
    "the same": (TITLE, TITLE, True),
    "in capitals": (TITLE, TITLE.upper(), True),
    "without its source": (f"{TITLE} - Harbour Times", TITLE, True),
    "without its source, a bar": (f"{TITLE} | Harbour Times", TITLE, True),
    "without its source, a long dash": (f"{TITLE} — Harbour Times", TITLE, True),
    "its source set apart": (f"{TITLE} - Harbour Times", f"{TITLE}&nbsp;&nbsp;Harbour Times", True),
    "with a source": (TITLE, f"{TITLE} - Harbour Times", False),
    "another source": (f"{TITLE} - Harbour Times", f"{TITLE} Quay Post", False),
    "a part of it": (f"{TITLE} - Harbour Times", TITLE[:-6], False),
    "more than it": (f"{TITLE} - Harbour Times", f"{TITLE} in the bay", False),
    "a word before a dash": ("Rovers - United", "Rovers", False),
    "the source alone": (f"{TITLE} - Harbour Times", "Harbour Times", False),
    "no headline": ("", "Harbour Times", False),
}


@pytest.mark.parametrize(("title", "first", "again"), CASES.values(), ids=CASES)
@pytest.mark.parametrize(
    "more", ["", "<p>It left the quay at nine with forty people on board.</p>"]
)
def test_a_headline_is_given_once(title, first, again, more):
    body = f'<p><a href="https://harbour.example/1">{first}</a></p>{more}'
    for made in (clean(title, body, "", base="https://harbour.example/"),
                 clean(title, "", body, base="https://harbour.example/")):  # fmt: skip
        held = made.text.casefold()
        assert ("ferry" in held or "harbour" in held or "rovers" in held) is not again
        assert ("forty people" in held) is bool(more)
        assert clean(made.title, "", made.html, base="https://harbour.example/").html == made.html


def test_a_plain_summary_is_no_headline_again():
    made = clean(f"{TITLE} - Harbour Times", f"{TITLE} Harbour Times", "", base="")
    assert (made.summary, made.text) == ("", "")
