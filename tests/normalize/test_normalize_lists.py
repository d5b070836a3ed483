"""List items and captions: which text they are, and the numbers of ordered lists."""

import pytest

from aggregator.normalize.cleaning import clean

IMAGE = '<img src="https://harbour.example/i.jpg" alt="">'


def settled(content: str) -> str:
    """The clean HTML of a content, which stays as it is when it is cleaned again."""
    made = clean("T", "", content, base="https://harbour.example/")
    assert clean("T", "", made.html, base="https://elsewhere.example/").html == made.html
    return made.html


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("<ul><li><p>First step</p></li><li><p>Next step</p></li></ul>", "<ul><li>First step</li><li>Next step</li></ul>"),
        ("<ol><li><div><p>First</p></div><li><div></div><p>Next</p></ol>", "<ol><li>First</li><li>Next</li></ol>"),
        ("<ul><li><p>First</p><p>More of it</p><li>Next</ul>", "<ul><li>First</li></ul><p>More of it</p><ul><li>Next</li></ul>"),
        ("<ul><li>First<p>More of it</p><p>And more</p></ul>", "<ul><li>First</li></ul><p>More of it</p><p>And more</p>"),
        ("<ul><li><p></p>First</ul><p>After</p>", "<ul><li>First</li></ul><p>After</p>"),
        (f"<ul><li><p>{IMAGE}</p><p>First</p></ul>", f"<figure>{IMAGE}</figure><ul><li>First</li></ul>"),
        (f"<figure>{IMAGE}<figcaption><p>Boats at rest</p></figcaption></figure><p>After</p>", f"<figure>{IMAGE}<figcaption>Boats at rest</figcaption></figure><p>After</p>"),
        (f"<figure>{IMAGE}<figcaption><p>Boats</p><p>Photo: Quill</p></figcaption></figure>", f"<figure>{IMAGE}<figcaption>Boats</figcaption></figure><p>Photo: Quill</p>"),
        (f"<figure>{IMAGE}<figcaption></figcaption></figure><p>After</p>", f"<figure>{IMAGE}</figure><p>After</p>"),
        ("<ul><li></ul><p>After</p>", "<p>After</p>"),
        ("<ul><li><blockquote><p>Said</p></blockquote></ul>", "<blockquote><p>Said</p></blockquote>"),
        ("<ul><li><h3>Head</h3><p>Text</p></ul>", "<h3>Head</h3><p>Text</p>"),
    ],
)  # fmt: skip
def test_the_first_paragraph_is_the_item_or_the_caption(content: str, written: str) -> None:
    assert settled(content) == written


FIGURE = f"<figure>{IMAGE}</figure>"


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("<ol><li>A<li>B</ol>", "<ol><li>A</li><li>B</li></ol>"),
        ("<ol start=1><li value=1>A<li value=2>B</ol>", "<ol><li>A</li><li>B</li></ol>"),
        ("<ol start=3><li>A<li>B</ol>", '<ol start="3"><li>A</li><li>B</li></ol>'),
        ("<ol><li>A<li value=7>B<li>C</ol>", '<ol><li>A</li><li value="7">B</li><li>C</li></ol>'),
        ("<ol start=0><li>A<li value=-2>B</ol>", '<ol start="0"><li>A</li><li value="-2">B</li></ol>'),
        # Something between
        (f"<ol><li>A{IMAGE}<li>B</ol>", f'<ol><li>A</li></ol>{FIGURE}<ol start="2"><li>B</li></ol>'),
        (f"<ol><li>A{IMAGE}more<li>B</ol>", f'<ol><li>A</li></ol>{FIGURE}<p>more</p><ol start="2"><li>B</li></ol>'),
        ("<ol><li>A<ul><li>x<li>y</ul><li>B</ol>", '<ol><li>A</li></ol><ul><li>x</li><li>y</li></ul><ol start="2"><li>B</li></ol>'),
        ("<ol><li>A<ol><li>x<li>y</ol><li>B</ol>", '<ol><li>A</li><li value="1">x</li><li>y</li><li value="2">B</li></ol>'),
        ("<ol><li><p>A</p><p>more</p><li><p>B</p></ol>", '<ol><li>A</li></ol><p>more</p><ol start="2"><li>B</li></ol>'),
        ("<ol><li>A<br><br>more<li>B</ol>", '<ol><li>A</li></ol><p>more</p><ol start="2"><li>B</li></ol>'),
        ("<ol><li>A<blockquote><p>said</p></blockquote><li>B</ol>", '<ol><li>A</li></ol><blockquote><p>said</p></blockquote><ol start="2"><li>B</li></ol>'),
        ("<ol><li>A<li>Share this article<li>B</ol>", '<ol><li>A</li><li value="3">B</li></ol>'),
        ("<ol><li>A</ol><p>text</p><ol><li>B</ol>", "<ol><li>A</li></ol><p>text</p><ol><li>B</li></ol>"),
        ("<ol><li><li>B</ol>", '<ol start="2"><li>B</li></ol>'),
        ("<blockquote><ol start=4><li>A</ol></blockquote>", '<blockquote><ol start="4"><li>A</li></ol></blockquote>'),
        # Down, and what is no number
        ("<ol reversed start=3><li>A<li>B</ol>", '<ol start="3"><li>A</li><li value="2">B</li></ol>'),
        ("<ol start=x><li value='2;3'>A<li value='٣'>B</ol>", "<ol><li>A</li><li>B</li></ol>"),
        ("<ol start=99999999999999999><li value=1000000>A</ol>", "<ol><li>A</li></ol>"),
        ("<ol start=999999><li>A<li>B</ol>", '<ol start="999999"><li>A</li><li value="999999">B</li></ol>'),
        ("<ol start='3\" onclick=\"alert(1)'><li>A</ol>", "<ol><li>A</li></ol>"),
        # No ordered list
        ("<ul start=3><li value=7>A<li>B</ul>", "<ul><li>A</li><li>B</li></ul>"),
        ("<li value=7>A</li>", "<ul><li>A</li></ul>"),
        ("<ul><li>A<br><br>B</ul>", "<ul><li>A</li><li>B</li></ul>"),
    ],
)  # fmt: skip
def test_items_keep_their_number(content: str, written: str) -> None:
    assert settled(content) == written
