"""What is repeated by mistake goes; what somebody repeats stays, and its links with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalize.cleaning import clean

BASE = "https://harbour.example/"
TEASER = "The ferry sails again after three weeks, and the island has bread."
STORM = "The storm of the first week of June had torn the bridge from the quay, and no boat could land there."
CREW = "The crew slept on the other side of the bay, the mayor says, and was brought to work by a fishing boat."
LONG = f"{STORM} {CREW}"


def of(*blocks: str) -> str:
    """The HTML of these: ``h: …`` is a heading, ``- …`` an item of a list, others are paragraphs."""
    made = []
    for block in blocks:
        name, at = {"h:": ("h3", 3), "- ": ("li", 2)}.get(block[:2], ("p", 0))
        made.append(f"<{name}>{block[at:]}</{name}>")
    return "".join(made).replace("<li>", "<ul><li>").replace("</li>", "</li></ul>").replace("</ul><ul>", "")  # fmt: skip


def link(text: str, to: str) -> str:
    return f'<a href="https://b.example/{to}">{text}</a>'


NO_FERRY = "No ferry sails on this route."
CHORUS = "Hallelujah to the harbour and the sea"
OIL, SALT = "- 2 tablespoons of olive oil", "- 1 teaspoon of fine sea salt"
NOTES, LOG = (
    "- " + link("The notes of this release", "1.0"),
    "Read them in the change log of the harbour",
)
MEANT = {
    "an ingredient of two lists": ["h: For the dough", "- 500 g of flour", OIL, SALT, "h: For the sauce", OIL, SALT],
    "two lists under lines in bold": ["<b>For the dough</b>", "- 500 g of flour", OIL, SALT, "<b>For the sauce</b>", OIL, SALT],
    "a timetable": ["h: Monday", NO_FERRY, "h: Tuesday", "The ferry sails at ten.", "h: Wednesday", NO_FERRY],
    "a timetable under words": ["Monday", NO_FERRY, "Tuesday", "The ferry sails at ten.", "Wednesday", NO_FERRY],
    "a refrain": ["The boats went out into the night", CHORUS, "The nets came up and they were white", CHORUS],
    "a refrain that comes first": [CHORUS, "The boats went out into the night", CHORUS],
    "a verse sung twice": ["The boats went out into the night", CHORUS, CHORUS, "The nets came up and they were white"],
    "a chorus sung twice": ["The boats went out", CHORUS, "The nets came up", CHORUS, "The nets came up"],
    "a refrain with a full stop": ["Row over the bay", "Sing to the sea, you men of the oar.", "Row home again", "Sing to the sea, you men of the oar."],
    "facts of two players": ["Ann Torres", "Position: wing", "Under contract until June 2027", STORM, "Bea Olsen", "Position: wing", "Under contract until June 2027", CREW],
    "a long notice under each heading": ["h: Fund A", LONG, "h: Fund B", LONG],
    "a heading of each part": ["h: Ann Torres", "What she did well last season:", STORM, "h: Bea Olsen", "What she did well last season:", CREW],
    "links to other places": [NOTES, LOG, NOTES.replace("1.0", "0.9"), LOG],
    "a link of each day": ["Saturday.", link("Buy a ticket for the match", "1"), "Sunday.", link("Buy a ticket for the match", "2")],
    "a long text with other links": [LONG.replace("storm", link("storm", "1")), "And so it went.", LONG.replace("storm", link("storm", "2"))],
    "a short answer": [STORM, "No, he said.", "No, he said."],
}  # fmt: skip
MISTAKEN = {
    "a teaser": ([TEASER, TEASER, STORM], [TEASER, STORM]),
    "a teaser above the byline": ([TEASER, "By Ann Torres", TEASER, STORM], [TEASER, "By Ann Torres", STORM]),
    "a short teaser": (["The ferry sails again.", "The island waits.", "The ferry sails again."], ["The ferry sails again.", "The island waits."]),
    "a teaser without the link": ([TEASER, TEASER.replace("ferry", link("ferry", "1")), STORM], [TEASER.replace("ferry", link("ferry", "1")), STORM]),
    "what has lost its link": ([TEASER.replace("ferry", link("ferry", "1")), TEASER, STORM], [TEASER.replace("ferry", link("ferry", "1")), STORM]),
    "a caption as text, twice": ([STORM, "The ferry at its quay", "The ferry at its quay", CREW], [STORM, "The ferry at its quay", CREW]),
    "two captions, twice each": ([STORM, "The ferry at its quay", "The ferry at its quay", "Ann at the oar", "Bea and Ann at the oar", "Bea and Ann at the oar", CREW], [STORM, "The ferry at its quay", "Ann at the oar", "Bea and Ann at the oar", CREW]),
    "a heading, twice": ([STORM, "h: How the bridge was torn", "h: How the bridge was torn", CREW], [STORM, "h: How the bridge was torn", CREW]),
    "all of it": ([STORM, "h: The crew", CREW, "So it went."] * 2, [STORM, "h: The crew", CREW, "So it went."]),
    "all of it, three times": ([STORM, CREW] * 3, [STORM, CREW]),
    "all of it, something between": ([STORM, "h: The crew", CREW, "More of it below", STORM, "h: The crew", CREW], [STORM, "h: The crew", CREW, "More of it below"]),
    "all of a list": ([OIL, SALT, "- 400 g of ripe tomatoes", "- 500 g of flour", "- 3 cloves of garlic, cut small", "- 2 litres of cold water, and ice"] * 2, [OIL, SALT, "- 400 g of ripe tomatoes", "- 500 g of flour", "- 3 cloves of garlic, cut small", "- 2 litres of cold water, and ice"]),
    "two paragraphs": (["It is Monday.", STORM, CREW, "It is Tuesday.", STORM, CREW], ["It is Monday.", STORM, CREW, "It is Tuesday."]),
    "a long paragraph": (["It is Monday.", LONG, "It is Tuesday.", LONG], ["It is Monday.", LONG, "It is Tuesday."]),
}  # fmt: skip


def html_of(source: str) -> str:
    made = clean("T", "", source, base=BASE)
    assert clean("T", "", made.html, base=BASE).html == made.html
    return made.html


@pytest.mark.parametrize("name", MEANT)
def test_what_somebody_repeats_stays(name: str) -> None:
    assert html_of(of(*MEANT[name])) == of(*MEANT[name])


@pytest.mark.parametrize("name", MISTAKEN)
def test_what_is_repeated_by_mistake_goes(name: str) -> None:
    given, left = MISTAKEN[name]
    assert html_of(of(*given)) == of(*left)


def test_verses_of_one_paragraph_stay() -> None:
    verses = ["The boats went out", CHORUS, "The nets came up", CHORUS, "The bay was white"]
    assert html_of(f"<p>{'<br>'.join(verses)}</p>") == of(*verses)
    assert clean("T", "", "\n".join(verses), base=BASE).html == of(*verses)


FIGURE = (
    '<figure><img src="https://harbour.example/1.jpg" alt=""><figcaption>{}</figcaption></figure>'
)


@pytest.mark.parametrize("said", ["The ferry", "The ferry at its quay"])
def test_a_caption_is_there_once_with_its_image(said: str) -> None:
    figure = FIGURE.format(said)
    for source in (
        f"{figure}<p>{said}</p><p>{STORM}</p>",
        f"<p>{said}</p>{figure}<p>{STORM}</p>",
        f"{figure}<p>{STORM}</p>{figure}<h3>{said}</h3>",
    ):
        assert html_of(source) == f"{figure}<p>{STORM}</p>"


def test_a_text_that_has_a_link_more_than_the_caption_stays() -> None:
    linked = f"<p>{link('The ferry at its quay', '1')}</p>"
    source = f"{FIGURE.format('The ferry at its quay')}{linked}"
    assert html_of(source) == source
    source = f"{FIGURE.format(link('The ferry at its quay', '1'))}"
    assert html_of(f"{source}{linked}") == source


PIECES = [
    TEASER, STORM, LONG, LONG.replace("storm", link("storm", "1")), LONG.replace("storm", link("storm", "2")), CHORUS, "h: The crew",
    OIL, NOTES, "By Ann", f"{CHORUS}<br>{CHORUS}", "Row<br>home", NO_FERRY, "1-0",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_all_that_is_said_is_said_once_at_least_and_cleaning_settles(blocks: list[str]) -> None:
    said, linked = clean("T", "", html_of(of(*blocks)), base=BASE).text, html_of(of(*blocks))
    for block in blocks:
        alone = clean("T", "", of(block), base=BASE)
        assert alone.text in said
        assert "<a " not in alone.html or alone.html[alone.html.index("<a ") :][:26] in linked
