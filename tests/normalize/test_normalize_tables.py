"""Tables of data: no row, word, image or link of theirs is lost."""

import pytest

from aggregator.normalize.cleaning import Clean, clean

BASE = "https://harbour.example/league/"


def settled(content: str) -> Clean:
    """The clean form of a content, which stays as it is when it is cleaned again."""
    made = clean("T", "", content, base=BASE)
    assert clean("T", "", made.html, base="https://elsewhere.example/").html == made.html
    return made


@pytest.mark.parametrize(
    ("content", "kept", "gone"),
    [
        # A table with a head cell
        ("<table><tr><th>Team<th>Points<tr class=promoted><td>Port Elling<td>80<tr><td>Nebelort<td>71</table>", "Port Elling 80", ""),
        ("<table><thead id=related><tr><th>Team<th>Points</thead><tr><td>Nebelort<td>71</table>", "Team", ""),
        ("<table><tr><th>Team<th>Points<tr><td class='sponsored'>Owl Rovers<td id=ads>3</table>", "Owl Rovers 3", ""),
        ("<table><tr><th>Team<th>Points<tbody class=sponsors><tr><td>Owl Rovers<td>3</table>", "Owl Rovers 3", ""),
        # What only places things
        ("<p>The ferry sails.</p><table><tr><td><p>Oars</p><tr class=promoted><td><p>Ropes</p></table>", "Oars", "Ropes"),
        ("<p>The ferry sails.</p><table><tr class=promoted><td><table><tr><th>Team<th>Points<tr><td>A<td>1</table></table>", "The ferry sails.", "Team"),
        ("<p>The ferry sails.</p><table><tr><th>Team<th>Points<tr><td>A <span class=ad-label>Ropes</span><td>1</table>", "A", "Ropes"),
        # Headings
        ("<h2 id=sponsors>Sponsors</h2><p>The quay pays for the boats.</p>", "Sponsors", ""),
        ("<h3 id=related>Related</h3><p>The quay pays for the boats.</p>", "Related", ""),
        ("<h1 id=newsletter>The newsletter of 1911</h1><p>It told of a storm.</p>", "The newsletter of 1911", ""),
        ("<p>The ferry sails.</p><h2 class=sponsored>Ropes</h2>", "The ferry sails.", "Ropes"),
        ("<p>The ferry sails.</p><div id=sponsors>Ropes</div>", "The ferry sails.", "Ropes"),
    ],
)  # fmt: skip
def test_what_a_class_or_id_removes(content: str, kept: str, gone: str) -> None:
    text = settled(content).text
    assert kept in text
    assert not gone or gone not in text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<table><caption>Standings</caption><tr><th>Team</th><th>Points</th></tr><tr><td>Elling</td><td>3</td></tr></table>", "Standings Team Points Elling 3"),
        ("<table><thead><tr><th>Team</th><th>W</th></tr></thead><tbody><tr><th>Elling</th><td>3</td></tr></tbody></table>", "Team W Elling 3"),
    ],
)  # fmt: skip
def test_cells_are_words_of_their_own(content: str, text: str) -> None:
    assert settled(content).text == text
