"""What has no title is called by its first words, wherever it is listed."""

import pytest
from promises import parsed, rss

UNTITLED = (
    "1",
    "",
    "Rain fell on the harbour all day, and nobody at all had told the gulls of it, nor the boats.",
)
CALLED = "Rain fell on the harbour all day, and nobody at all had told the gulls of it, nor the…"


@pytest.fixture
def untitled(place, server):
    place.topics('[rain]\nquery = "rain"\n')
    place.subscribe(server.serve("/rain.xml", rss(UNTITLED)))
    assert place.run("collect").code == 0
    (found,) = parsed(place.run("search", "rain", "--json"))
    assert found["title"] == ""
    return place, found["id"]


@pytest.mark.parametrize(
    "command",
    [
        ["search", "rain"], ["show", "ID"], ["history", "ID"], ["stories"],
        ["topics", "show", "rain"], ["topics", "preview", "rain"], ["topics", "explain", "rain", "ID"],
    ],
)  # fmt: skip
def test_an_entry_without_a_title_is_called_by_its_first_words(untitled, command):
    place, identifier = untitled
    ran = place.run(*(identifier if one == "ID" else one for one in command))
    assert ran.code == 0
    # Whole, and not as the beginning of its text.
    assert any(
        cell.strip().removeprefix("title: ") == CALLED
        for line in ran.out.splitlines()
        for cell in line.split("\t")
    )
