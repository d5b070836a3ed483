"""Text that was read in the wrong encoding is mended; text that only looks so is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalize.characters import line, repair
from aggregator.normalize.cleaning import clean

MENDED = {
    "JosÃ© MourinhÃ³": "José Mourinhó",
    "CAFÃ‰": "CAFÉ",
    "KÃ–LN": "KÖLN",
    "Ã–sterreich": "Österreich",
    "CAMPEÃ•ES DO MUNDO": "CAMPEÕES DO MUNDO",
    "SeleÃ§Ã£o": "Seleção",
    "Â£5": "£5",
    # Something else in the text tells what the last pair is.
    "IRMÃƒ ALLÃ” TÃªte": "IRMÃ ALLÔ Tête",
}
TRUE = (
    "“CAMPEÃ” DO MUNDO", "«CAMPEÃ»", "‹CAMPEÃ›", "“VILÃ”", "DE MANHÃ— E À TARDE",
    "É AMANHÃ… E AGORA?", "ALEMÃ\u00a0VENCE", "‘IRMÃ’, de novo", "SÃO PAULO", "IRMÃ",
)  # fmt: skip


@pytest.mark.parametrize("text", MENDED)
def test_mojibake_is_undone(text):
    assert repair(text) == MENDED[text]
    assert repair(MENDED[text]) == MENDED[text]


@pytest.mark.parametrize("text", TRUE)
def test_capitals_that_end_in_a_tilde_before_a_quote_stay(text):
    assert repair(text) == text


UNSEEN = {
    "Tor\u00adres": "Torres",
    "Tor\u200bres": "Torres",
    "Tor\u200b\u200bres \u200b": "Torres ",
    "\ufeffTor\u2060res": "Torres",
    "e\u00ad\u0301": "é",
    # Half of a pair that is mojibake, and what stands between the halves of one
    "VitÃ\u00ad": "Vití",
    "SeleÃ\u200b§Ã\u2060£o": "Seleção",
    # Where words have no blanks between them, it is where a line may break.
    "สวัสดี\u200b\u200bชาวโลก": "สวัสดี\u200bชาวโลก",
    "ភាសា\u200bខ្មែរ\u200b": "ភាសា\u200bខ្មែរ",
    # Joiners are letters' own.
    "می\u200cخواهم": "می\u200cخواهم",
    "क्\u200dष": "क्\u200dष",
    "👩\u200d⚕️": "👩\u200d⚕️",
}


@pytest.mark.parametrize("text", UNSEEN)
def test_signs_without_a_width_go(text):
    shown = UNSEEN[text]
    assert repair(text) == shown
    assert line(text) == " ".join(shown.split())
    made = clean("T", f"<p>A {text}</p>", f"<p>One <b>{text}</b></p><pre>{text}</pre>", base="")
    assert made.summary == f"A {shown.strip()}"
    assert made.text == f"One {shown.strip()}\n\n{shown.strip()}"


@pytest.mark.parametrize("sign", ["&shy;", "&#173;", "&#8203;", "&amp;#173;", "&#xFEFF;"])
def test_signs_without_a_width_go_however_they_are_written(sign):
    assert clean("T", "", f"<p>Tor{sign}res</p>", base="").html == "<p>Torres</p>"
    assert line(f"Tor{sign}res") == "Torres"


@given(st.text(st.sampled_from("aeÃâ©§­ï»¿Â€\u200b\u2060\ufeff\u00ad\u0301ก ")))
def test_what_is_mended_stays(text):
    assert repair(repair(text)) == repair(text)
