"""What publishers put around a text goes; sentences that begin like it stay."""

import re

import pytest

from aggregator.normalize.cleaning import clean

BASE = "https://harbour.example/"

FURNITURE = [
    "<p>Continue reading</p>", "<p>Continue reading…</p>", "<p>Continue reading this article on our site</p>",
    "<p>Continue reading “The ferry that came back from the other side of the bay”</p>", "<p>Continue reading at harbour.example</p>",
    "<p>Continue reading The ferry that came back from the other side of the bay →</p>", "<p>Continue reading The ferry that came back from the other side...</p>",
    "<p><a href=/1>Continue reading The ferry that came back from the other side of the bay</a></p>",
    "<p>Continue reading <strong><a href=/1>The ferry that came back from the other side of the bay</a></strong></p>",
    "<p>المزيد</p>", "<p>المزيد من الأخبار</p>", "<p>اقرأ المزيد</p>", "<p><a href=/1>المزيد من الأهداف لمحمد</a></p>",
    "<p>Συνέχεια ανάγνωσης</p>", "<p>Διαβάστε περισσότερα</p>", "<p>Διαβάστε επίσης: Το καράβι γύρισε</p>", "<p><a href=/1>Συνέχεια στο λιμάνι</a></p>",
    "<p>Sign up for our newsletter</p>", "<p>Sign up to get the tide table by email.</p>", "<p>Subscribe to our daily email for more of the bay</p>",
    "<p>Subscribe by email</p>", "<p>Subscribe and have new posts delivered to your inbox.</p>", "<p>Register for our newsletter today</p>", "<p>Register to get free alerts</p>",
    "<p>Facebook Twitter WhatsApp</p>", "<p>Facebook | Instagram</p>", "<p>Share, tweet, email</p>", "<p>Share: Facebook, X</p>",
    "<p><a href=/f>Facebook</a>, <a href=/w>WhatsApp</a></p>",
]  # fmt: skip
WRITTEN = [
    "<p>المزيد من الأهداف لمحمد صلاح مع ليفربول هذا الموسم</p>",
    "<p>Συνέχεια στις νίκες έδωσε ο Ολυμπιακός στο Φάληρο</p>",
    "<p>Διαβάστε τους κανόνες πριν βγείτε με τη βάρκα.</p>",
    "<p>Continue reading the scorecard: England 200-4 at tea on day two</p>",
    "<p>Continue reading to the children each night, the teacher of the island says.</p>",
    "<p>Register with the club by email before Friday to get a ticket.</p>",
    "<p>Sign up with the club by email before Friday to get a ticket.</p>",
    "<p>Register your boat before the updates of the rules in May.</p>",
    "<ul><li>Facebook, Instagram, WhatsApp</li></ul>",
    "<ul><li>Facebook, X</li></ul>",
]


@pytest.mark.parametrize("furniture", FURNITURE)
def test_furniture_goes(furniture: str) -> None:
    made = clean("T", "", f"<p>The ferry sails.</p>{furniture}", base=BASE)
    assert made.html == "<p>The ferry sails.</p>"


@pytest.mark.parametrize("written", WRITTEN)
def test_what_is_written_stays(written: str) -> None:
    for content in (f"<p>The ferry sails.</p>{written}", written):
        assert clean("T", "", content, base=BASE).html == content
        assert clean("T", content, "", base=BASE).html == content
    said = re.sub("<[^>]*>", "", written)
    assert clean("T", said, "<p>The ferry sails.</p>", base=BASE).summary


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("<p>This site uses cookies, says the baker of the harbour, but only warm ones.</p>", True),
        ("<p>Sign up for the updates of the harbour master before you sail.</p>", True),
        ("<p>Read more</p><p>Sign up for the updates of the harbour master.</p>", True),
        ("<p>Read more</p>", False),
        ("<p>Share</p><p>Continue reading →</p>", False),
    ],
)  # fmt: skip
def test_a_notice_that_is_all_there_is_stays(content: str, left: bool) -> None:
    made = clean("T", "", content, base=BASE)
    assert bool(made.text) is left
    assert clean("T", "", made.html, base=BASE).html == made.html
    assert bool(clean("T", made.text or "Read more", "<p>Text</p>", base=BASE).summary) is left
    assert "Read more" not in made.text
