"""What looks like markup: taken off where it is markup, and read where it is text."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime

import pytest

from aggregator.model.entry import Entry
from aggregator.normalize import read
from aggregator.normalize.characters import is_markup, line
from aggregator.normalize.cleaning import clean

# An element that only feedparser reads.
UNKNOWN = ("", "<more xmlns='https://harbour.example/more'/>")


def entry(body: str, content_type: str = "application/xml") -> Entry:
    document = read(
        body.encode(),
        content_type=content_type,
        url="https://harbour.example/feed",
        feed="harbour.example/feed",
        seen=frozenset(),
        now=datetime(2026, 11, 29, tzinfo=UTC),
        max_entries=10,
    )
    return document.entries[0]


def rss(title: str, inside: str) -> Entry:
    return entry(
        '<rss version="2.0"><channel><title>Harbour</title><link>https://harbour.example/</link>'
        f"<item><title>{html.escape(title)}</title><link>https://harbour.example/1</link>{inside}"
        "</item></channel></rss>"
    )


def atom(title: str, kind: str, inside: str) -> Entry:
    return entry(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour</title><id>urn:harbour</id>'
        f"<entry><title{kind}>{html.escape(title)}</title><id>urn:1</id>"
        f'<link href="https://harbour.example/1"/>{inside}</entry></feed>'
    )


def jsonfeed(**item: str) -> Entry:
    document = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"} | item]}
    return entry(json.dumps(document), "application/feed+json")


@pytest.mark.parametrize("more", UNKNOWN)
@pytest.mark.parametrize(
    ("title", "marked", "text"),
    [
        ("The <video> element", "The <video> element", "The <video> element"),
        ("<b> or <strong>, which?", "<b> or <strong>, which?", "<b> or <strong>, which?"),
        ("The </body> tag", "The </body> tag", "The </body> tag"),
        ("A <b>bold</b> move", "A bold move", "A <b>bold</b> move"),
        ("<div>Ferry</div>", "Ferry", "<div>Ferry</div>"),
        ("Ferry<br>sails<br/>again", "Ferry sails again", "Ferry<br>sails<br/>again"),
        ("<img src=x onerror=y> Ferry", "Ferry", "<img src=x onerror=y> Ferry"),
        ('<a href="/1">Ferry', "Ferry", '<a href="/1">Ferry'),
        ("Ferry<!-- 1 -->", "Ferry", "Ferry<!-- 1 -->"),
        ("A <b>bold</b> <video> test", "A bold <video> test", "A <b>bold</b> <video> test"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("list<int> in C++", "list<int> in C++", "list<int> in C++"),
        ("A <b&#173;>bold</b> move", "A bold move", "A <b>bold</b> move"),
        ("Tom &amp; Jerry&#8217;s", "Tom & Jerry’s", "Tom & Jerry’s"),
    ],
)
def test_titles(title: str, marked: str, text: str, more: str) -> None:
    """``marked`` where the title may be HTML, ``text`` where the format says that it is none."""
    assert rss(title, more).title == marked
    assert atom(title, "", more).title == marked
    assert atom(title, " type='html'", more).title == marked
    assert atom(title, " type='text'", more).title == text
    assert jsonfeed(title=title).title == text
    assert line(marked) == marked
    assert clean(text, "", "Text", base="").title == text


@pytest.mark.parametrize("kind", [" type='text'", ""])
@pytest.mark.parametrize("more", UNKNOWN)
def test_another_element_is_another_title(kind: str, more: str) -> None:
    first, second = (atom(f"The <{name}> element", kind, more) for name in ("video", "audio"))
    assert dict(first.parts)["title"] != dict(second.parts)["title"]


@pytest.mark.parametrize("more", UNKNOWN)
@pytest.mark.parametrize("name", ["summary", "content"])
@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("The <video> element plays, and 1 < 2.", "The <video> element plays, and 1 < 2."),
        ("Write <b>bold</b> for bold.", "Write <b>bold</b> for bold."),
        ("<b>bold</b>\n<i>slanted</i> words", "<b>bold</b>\n\n<i>slanted</i> words"),
        # From end to end it is HTML, whatever it is called.
        ("<p>The <b>ferry</b> sails.</p>", "The ferry sails."),
    ],
)
def test_what_says_that_it_is_text_is_text(said: str, text: str, name: str, more: str) -> None:
    made = atom("T", "", f"<{name} type='text'>{html.escape(said)}</{name}>{more}")
    assert made.text == text
    assert jsonfeed(title="T", summary=said).text == text
    assert jsonfeed(title="T", summary=said, content_text="Ferry").summary == " ".join(text.split())


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ("a < b and <video> plays", "a < b and <video> plays"),
        ("<p>The &lt;video&gt; element</p>", "The <video> element"),
        ("<p>Write &lt;b&gt;bold&lt;/b&gt;.</p>", "Write <b>bold</b>."),
        ("<p>Write <code>&amp;amp;lt;</code>.</p>", "Write &amp;lt;."),
        ("Write &lt;video&gt; now", "Write <video> now"),
        ("AT&amp;T wins", "AT&T wins"),
        ("AT&T wins", "AT&T wins"),
        ("1 &lt; 2", "1 < 2"),
    ],
)
def test_a_summary_is_read_once(summary: str, said: str) -> None:
    assert clean("T", summary, "<p>Ferry</p>", base="").summary == said
    assert clean("T", summary, "", base="").summary == said


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("The <video> element", False), ("<select> and <textarea>", False), ("List<String>", False), ("a <b c", False),
        ("one<p>two", True), ("one<br>two", True), ("<b>one</b>", True), ("one</div>", True), ("<video src=x>", True), ("<!-- x --> one", True),
    ],
)  # fmt: skip
def test_a_text_with_elements_that_are_only_named_is_no_markup(text: str, marked: bool) -> None:
    assert is_markup(text) is marked
    if not marked:
        assert clean("T", "", text, base="").text == text


LATE = "https://harbour.example/ferry.jpg"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f'<img src="data:image/gif;base64,R0"><noscript><img src="{LATE}"></noscript>', LATE),
        (f'<IMG class=lazy src=data:,> <NOSCRIPT> <img src="{LATE}"> </NOSCRIPT>', LATE),
        (f'<img data-src="{LATE}" src="data:,"><noscript><img src="{LATE}"></noscript>', LATE),
        ('<img src="data:,"><noscript><p>Scripts, please</p></noscript>', None),
        ('<noscript><img src="https://count.example/pixel.gif"></noscript>', None),
    ],
)
def test_an_image_that_only_scripts_would_load(written, kept):
    made = clean(
        "", "", f"<p>The ferry sails again.</p>{written}<p>Nobody was hurt.</p>", base=LATE
    )
    assert made.image == kept
    assert "noscript" not in made.html
    assert made.html.count("<img") == (kept is not None)
    assert made.text == "The ferry sails again.\n\nNobody was hurt."


@pytest.mark.parametrize(
    ("written", "kept", "text"),
    [
        ("שלום <bdi>abc</bdi>", "שלום <bdi>abc</bdi>", "שלום abc"),
        ('<bdo onclick="x()" dir="rtl">abc</bdo>', '<bdo dir="rtl">abc</bdo>', "abc"),
    ],
)
def test_directions(written, kept, text):
    made = clean("", "", f"<p>A word: {written}</p>", base=LATE)
    assert (made.html, made.text) == (f"<p>A word: {kept}</p>", f"A word: {text}")
