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
        ("<p>The end of the season.</p><table><tr class=promoted><td>1<td>Port Elling<td>80<tr><td>2<td>Nebelort<td>71</table>", "Port Elling", ""),
        ("<ul><li class=promoted>Port Elling</li><li>Nebelort</li></ul>", "Port Elling", ""),
        ("<h1>The week</h1><div class=newsletter-body><p>The ferry sails at noon.</p></div>", "The ferry sails at noon.", ""),
        ("<p>The ferry sails.</p><div class=newsletter-box><p>All of it by mail</p></div>", "The ferry sails.", "by mail"),
        ("<p>The ferry sails.</p><div class=read-more-content><p>It comes back at ten.</p></div>", "It comes back at ten.", ""),
        ("<p>The ferry sails.</p><div class=read-more-link><p>All of it at the pier</p></div>", "The ferry sails.", "at the pier"),
        ("<h2>The tide</h2><div class=related><p>It comes at ten.</p></div>", "It comes at ten.", ""),
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


HEAD = "<tr><th>Team<th>Note"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("<p>Won at sea.</p><p>Lost on land.</p>", "Won at sea.<br>Lost on land."),
        ("<p>Won</p> <p><b>Lost</b></p>", "Won<br><b>Lost</b>"),
        ("<p>Won</p><br><p>Lost</p>", "Won<br>Lost"),
        ("Won<br>Lost", "Won<br>Lost"),
        ("Won<br><div>Lost</div>", "Won<br>Lost"),
        ("<div><div>Won</div></div><div></div><div>Lost</div>", "Won<br>Lost"),
        ("Goals:<ul><li>Quill 3</li><li>Pym 40</li></ul>late", "Goals:<br>Quill 3<br>Pym 40<br>late"),
        ("<ol start=3><li value=7>Quill</li></ol>", "Quill"),
        ("<center>Won</center>", "Won"),
        ("<dl><dt>Quill</dt><dd>3</dd></dl>", "Quill<br>3"),
        ("<span>Won</span><hr><font>Lost</font>", "Won<br>Lost"),
        ("<img src=/owl.png alt='An &quot;owl&quot;' width=20> Owls", '<img src="https://harbour.example/owl.png" alt="An &quot;owl&quot;"> Owls'),
        ("<p>Owls</p><img data-src=owl.png src=/blank.gif>", 'Owls<br><img src="https://harbour.example/league/owl.png" alt="">'),
        ("Owls<img src=https://x.example/dot.gif width=1 height=1>", "Owls"),
        ("Owls<img src='javascript:alert(1)' onerror='alert(1)'><img src=/pixel.gif>", "Owls"),
        ("Owls<img src=/o.png alt='<script>alert(1)</script>&lt;b&gt;'>", 'Owls<img src="https://harbour.example/o.png" alt="&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;">'),
    ],
)  # fmt: skip
def test_cells_of_data_hold_paragraphs_lists_and_images(cell: str, written: str) -> None:
    made = settled(f"<p>Before</p><table>{HEAD}<tr><td>Elling<td>{cell}</table><p>After</p>")
    assert made.html.startswith("<p>Before</p><table><tbody><tr><th>Team</th><th>Note</th></tr>")
    assert made.html.endswith(f"<td>Elling</td><td>{written}</td></tr></tbody></table><p>After</p>")


@pytest.mark.parametrize(
    "content",
    [
        "<table><tr><td><p>Elling</p><td>3</table>",
        "<table><tr><th><p>Elling</p><th><p>3</p></table>",
        f"<table>{HEAD}<tr><td><img src=/a.png><td><h3>Elling</h3></table>",
        f"<table>{HEAD}<tr><td>Elling<td><blockquote>No</blockquote></table>",
        f"<table>{HEAD}<tr><td>Elling<td><table><tr><td>A</table></table>",
        "<table><tr><th><img src=/a.png><tr><td><img src=/b.png></table>",
    ],
)
def test_what_places_things_is_taken_apart(content: str) -> None:
    assert "<t" not in settled(content).html


def test_an_image_in_a_cell_leads_no_entry() -> None:
    made = settled(
        f"<table>{HEAD}<tr><td><img src=/crest.png>Elling<td>3</table><p><img src=/i.jpg></p>"
    )
    assert made.image == "https://harbour.example/i.jpg"
    assert "crest.png" in made.html


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("<a href=/elling>Elling</a>", '<a href="https://harbour.example/elling">Elling</a>'),
        ("<a href='https://x.example/a?b=1&amp;c=2'>A</a>", '<a href="https://x.example/a?b=1&amp;c=2">A</a>'),
        ("<a href=mailto:owl@x.example>Owl</a>", '<a href="mailto:owl@x.example">Owl</a>'),
        ("<a href='javascript:alert(1)'>A</a><a href='#top'>B</a><a name=c>C</a>", "ABC"),
        ("<p>1</p><p><a href=/a><b>A</b></a></p>", '1<br><a href="https://harbour.example/a"><b>A</b></a>'),
        ("<a href=/a><img src=/a.png></a>", '<a href="https://harbour.example/a"><img src="https://harbour.example/a.png" alt=""></a>'),
        ("<a href=/a>A <marquee><a href=/b>B</a></marquee> C</a>", '<a href="https://harbour.example/a">A B C</a>'),
        ("<a href='#a'>A <marquee><a href=/b>B</a></marquee> C</a>", 'A <a href="https://harbour.example/b">B</a> C'),
    ],
)  # fmt: skip
def test_links_in_cells_stay(cell: str, written: str) -> None:
    made = settled(f"<table>{HEAD}<tr><td>Elling<td>{cell}</table>")
    assert made.html.endswith(f"<td>Elling</td><td>{written}</td></tr></tbody></table>")


LINKED = f"<table>{HEAD}<tr><td><a href=https://a.example/>Elling</a><td><a href=https://b.example/>Nebelort</a></table>"
ONLY_LINKS = "<table><tr><td><a href=https://a.example/>Elling</a><td><a href=https://b.example/>Nebelort</a></table>"


@pytest.mark.parametrize("table", [LINKED, ONLY_LINKS])
@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "<p>The ferry sails.</p>{}",
        "<p>The ferry sails.</p><h3>Related</h3>{}<p>After</p>",
        "<p>Read more</p>{}",
        "{}<h3>More stories</h3><ul><li><a href=/1>Oars</a><li><a href=/2>Ropes</a></ul>",
    ],
)
def test_a_table_of_links_is_no_list_of_other_articles(content: str, table: str) -> None:
    made = settled(content.format(table))
    assert made.html.count("<a ") == 2
    assert "elling nebelort" in made.lasting
    assert "Oars" not in made.text
