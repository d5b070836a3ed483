"""Whether a page's text is taken for an entry's, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pagescores
import pytest
import webpages
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.entry import Entry, Unfit
from aggregator.model.feed import FeedIdentity, Learned
from aggregator.normalize import read
from aggregator.normalize.fulltext import with_full_text
from aggregator.normalize.webpage import decode

URL = "https://westquay.example/news/ferry"


def entry(title: str = webpages.TITLE, summary: str = webpages.TEASER, link: str = URL) -> Entry:
    body = (
        f"<rss version='2.0'><channel><title>F</title><item><guid>1</guid><title>{title}</title>"
        f"<link>{link}</link><description>{summary}</description></item></channel></rss>"
    ).encode()
    (made,) = read(
        body, content_type="", url="https://westquay.example/feed", feed=FeedIdentity("f"),
        seen=frozenset(), now=datetime(2026, 11, 24, tzinfo=UTC), max_entries=9,
    ).entries  # fmt: skip
    return made


def taken(page: str | bytes, of: Entry | None = None, url: str = URL, kind: str = "text/html"):
    body = page.encode() if isinstance(page, str) else page
    return with_full_text(body, content_type=kind, url=url, entry=of or entry())


def test_a_truncated_entry_gets_the_whole_text():
    own = entry(summary=webpages.TEASER[:60] + "…")
    full = taken(webpages.article(), own)
    assert all(one in full.text for one in webpages.PARAGRAPHS)
    assert full.summary == own.summary
    assert webpages.TITLE not in full.text, "the headline stands in the title"
    assert "Related" not in full.text
    assert "Privacy" not in full.text
    assert full.html.count("<figcaption>") <= 1
    assert '<img src="https://westquay.example/p/ferry.jpg"' in full.html
    assert '<a href="https://westquay.example/news/timetable?day=1">' in full.html
    assert full.image == "https://westquay.example/p/ferry.jpg"
    assert len(full.indexed.text.split()) > len(own.indexed.text.split())


def test_blocks_that_its_feed_repeats_are_not_shown():
    own, note = entry(), "Support our reporting with a small gift every month."
    page = webpages.article((*webpages.PARAGRAPHS, note))
    block = taken(page, own).blocks[-2]
    learned = [Learned(hash=block, text=note)]
    full = with_full_text(page.encode(), content_type="text/html", url=URL, entry=own, learned=learned)  # fmt: skip
    assert note in full.text
    assert full.shown.removed == (block,)
    assert note not in full.shown.text
    assert webpages.PARAGRAPHS[-1] in full.shown.text
    assert "gift" not in full.indexed.text


def test_what_decides_about_revisions_stays_the_feeds():
    own = entry()
    full = taken(webpages.article(), own)
    for name in ("id", "identity", "item_hash", "fingerprint", "parts", "original", "title", "url"):
        assert getattr(full, name) == getattr(own, name)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (webpages.PAYWALL, Unfit.CLOSED),
        (webpages.METERED, Unfit.CLOSED),
        (webpages.COOKIES, Unfit.CLOSED),
        (webpages.CAPTCHA, Unfit.CLOSED),
        (webpages.NO_SCRIPT, Unfit.CLOSED),
        (webpages.FOREIGN_WALL, Unfit.OTHER),
        (webpages.LOGIN, Unfit.OTHER),
        (webpages.INDEX, Unfit.OTHER),
        (webpages.article(("Not a word of the ferry. " * 3,) * 30, "Something else"), Unfit.OTHER),
        (webpages.page(f"<article><p>{webpages.TEASER}</p></article>"), Unfit.SHORTER),
        ("", Unfit.EMPTY),
        ("<html><body></body></html>", Unfit.EMPTY),
        (b"%PDF-1.7\n%\xe2\xe3", Unfit.OTHER),
        ("plain text, and not a page at all", Unfit.OTHER),
    ],
)
def test_what_is_not_the_article_leaves_the_feeds_own_text(page, why):
    assert taken(page) is why


def test_a_page_that_was_not_found_is_not_taken():
    assert isinstance(taken(webpages.MISSING), Unfit)


def test_the_front_page_in_an_articles_place_is_no_article():
    page = webpages.article()
    assert taken(page, url="https://westquay.example/") is Unfit.OTHER
    named = webpages.article(head="<link rel=canonical href='https://westquay.example/'>")
    assert taken(named) is Unfit.OTHER


@pytest.mark.parametrize(
    "summary",
    [
        "",
        "Ferry.",
        "An editor's own words, which are nowhere on the page, on why this matters to all of us.",
    ],
)
def test_the_headline_tells_where_the_summary_does_not(summary):
    assert isinstance(taken(webpages.article(), entry(summary=summary)), Entry)
    other = webpages.article(title="The mayor opens a park")
    assert taken(other, entry(summary=summary)) is Unfit.OTHER


def test_an_article_about_walls_is_an_article():
    paragraphs = (
        "A new law on cookies asks for consent in one sentence, and it says that the button for no must be as large as the one for yes.",
        *(f"Part {n} of the law: whoever asks for consent to cookies must say in plain words what for, and a captcha may not stand in the way of saying no." for n in range(12)),
    )  # fmt: skip
    page = webpages.article(paragraphs, "Cookies: consent must be simple")
    own = entry(title="Cookies: consent must be simple", summary=paragraphs[0])
    assert isinstance(taken(page, own), Entry)


FRENCH = "Le bac a repris la mer à l’été, après neuf années passées à quai : « c’est plus rapide que le pont », dit-on."


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (FRENCH.encode(), "text/html; charset=iso-8859-1"),
        (FRENCH.encode("cp1252"), "text/html; charset=iso-8859-1"),
        (FRENCH.encode("cp1252"), "text/html; charset=utf-8"),
        (FRENCH.encode("cp1252"), "text/html; charset=no-such-thing"),
        (FRENCH.encode("cp1252"), "text/html"),
        (FRENCH.encode("utf-16"), "text/html"),
        (b"<meta charset='iso-8859-15'>" + FRENCH.encode("iso-8859-15", "ignore"), "text/html"),
        (b"\xef\xbb\xbf" + FRENCH.encode(), "text/html; charset=latin-1"),
    ],
)
def test_the_encoding_is_what_the_bytes_are(body, kind):
    assert "après neuf années passées à quai" in decode(body, kind)


def test_asian_pages_declare_what_they_are():
    text = "渡し船が九年ぶりに戻る"
    assert decode(text.encode("cp932"), "text/html; charset=Shift_JIS") == text
    assert text in decode(b"<meta charset=euc-jp>" + text.encode("euc-jp"), "text/html")


@settings(max_examples=12, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "text/html; charset=utf-7", "text/html; charset=idna"]))  # fmt: skip
def test_nothing_raises(noise, kind):
    page = webpages.article().encode()
    for body in (noise, page[:400] + noise + page[400:], b"<html><body>" + noise):
        assert isinstance(taken(body, kind=kind), Entry | Unfit)


def test_an_image_may_have_attributes_that_xml_does_not_know():
    page = webpages.article().replace("<img ", "<img x{ 1=2 @click='y' width='1&#12;' ")
    assert "<img x{" in page
    assert taken(page.encode()) == taken(webpages.article().encode())


def test_deep_and_wide_pages_end():
    for body in (
        "<html><body>" + "<div>" * 9_000 + "x",
        "<html><body>" + "<p>x" * 3_000,
        "<html><body>" + "<b><i>" * 5_000 + "x" * 1000,
        "<html><body>" + "x " * 200_000,
    ):
        assert isinstance(taken(body), Entry | Unfit)


def test_no_worse_than_plain_trafilatura_on_real_pages():
    """And by itself, so that the measure means something."""
    of = list(pagescores.pages())[::3]
    if not of:
        pytest.skip("the corpus is not here")
    ours, plain = pagescores.mean(pagescores.ours, of), pagescores.mean(pagescores.plain, of)
    assert ours.f1 >= plain.f1
    assert ours.f1 > 0.9
