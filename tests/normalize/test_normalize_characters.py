"""Text that was read in the wrong encoding is mended; text that only looks so is not."""

import pytest

from aggregator.normalize.characters import repair

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
