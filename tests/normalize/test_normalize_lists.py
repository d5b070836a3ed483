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
