"""One advert in a text comes and goes unseen; what leads elsewhere to be read does not."""

import pytest

from aggregator.normalize.cleaning import clean

TEXT = "<p>The mayor took the money, the paper wrote.</p>"
END = "<p>He denies it.</p>"
COUNTED = "<p>12 comments</p>"


def away(said: str, host: str = "shop.example") -> str:
    return f'<p><a href="https://{host}/1">{said}</a></p>'


LABELLED = '<p>Advertisement: <a href="https://ads.example/2">ropes</a></p>'
OARS, SAILS = away("Buy oars"), away("Sails on sale", "ads.example")


def lasts(content: str) -> str:
    made = clean("T", "", content, base="https://www.harbour.example/1")
    beside = clean("T", content, "<p>Other.</p>", base="https://www.harbour.example/1")
    assert made.lasting == beside.lasting_summary
    return made.lasting


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXT, f"{TEXT}{OARS}"),
        (f"{TEXT}{OARS}", f"{TEXT}{SAILS}"),
        (f"{OARS}{TEXT}", f"{SAILS}{TEXT}"),
        (f"{OARS}{TEXT}", f"{TEXT}{SAILS}"),
        (f"{TEXT}{END}{OARS}{COUNTED}", f"{TEXT}{END}{SAILS}{COUNTED}"),
        (f"{COUNTED}{OARS}{TEXT}", f"{COUNTED}{TEXT}"),
        # Labels tell of any number of them.
        (f"{TEXT}{LABELLED}{OARS}", f"{TEXT}{SAILS}"),
        (f"{TEXT}<p>Advertisement: oars</p>{OARS}", f"{TEXT}<p>Advertisement: sails</p>{SAILS}"),
    ],
)
def test_one_advert_may_be_another(one: str, other: str) -> None:
    assert lasts(one) == lasts(other)


@pytest.mark.parametrize(
    "said",
    [
        "CORRECTION: the mayor took no money, a court found", "Corrected: he took none", "Editor’s note: he took none", "We apologise to the mayor",
        "Do not give: the fund was a fraud", "Update: he took none", "The report was retracted", "The ferry is cancelled", "Richtigstellung des Bürgermeisters",
        "Berichtigung", "Rectificatif : le maire nie", "Rectificación del alcalde", "Rettifica del sindaco", "Correção", "Rectificatie", "Rättelse", "Sprostowanie",
        "Düzeltme: ödenmedi", "Опровержение мэра", "お詫びと訂正", "更正：市长否认", "정정합니다",
    ],
)  # fmt: skip
def test_what_corrects_a_text_is_no_advert(said: str) -> None:
    for content in (f"{TEXT}{away(said)}", f"{away(said)}{TEXT}"):
        assert lasts(content) not in {lasts(TEXT), lasts(f"{TEXT}{OARS}")}


@pytest.mark.parametrize("said", ["The correct oars for you", "Update your sails", "False teeth", "Retractable oars", "Scampi for all"])  # fmt: skip
def test_words_that_adverts_use_as_well_correct_nothing(said: str) -> None:
    assert lasts(f"{TEXT}{away(said)}") == lasts(TEXT)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A round-up.
        (f"{TEXT}{OARS}", f"{TEXT}{OARS}{SAILS}"),
        (f"{TEXT}{OARS}{SAILS}", f"{TEXT}{OARS}{away('No sails on sale')}"),
        (f"{OARS}{TEXT}{SAILS}", f"{OARS}{TEXT}{away('No sails on sale')}"),
        (f"{OARS}{SAILS}", f"{SAILS}{away('No oars')}"),
        # Its words lead over to it.
        (f"{TEXT}{OARS}{END}", f"{TEXT}{SAILS}{END}"),
        (f"{TEXT}<p>The report is here:</p>{OARS}", f"{TEXT}<p>The report is here:</p>{SAILS}"),
        # All there is.
        (OARS, SAILS),
        (f"{OARS}{COUNTED}", f"{SAILS}{COUNTED}"),
    ],
)
def test_what_leads_elsewhere_to_be_read_counts(before: str, after: str) -> None:
    assert lasts(before) != lasts(after)
