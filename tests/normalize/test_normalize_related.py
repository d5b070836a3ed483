"""Lists of a publisher's other articles go; a newsletter's own sections stay, whatever they are called."""

import pytest

from aggregator.normalize.cleaning import clean

BASE = "https://www.harbour.example/1"
TEXT = "<p>The ferry sails again.</p>"
LABELS = ["Related articles", "More articles", "More from the week", "Most popular", "Read next", "Weitere Artikel", "Lire aussi"]  # fmt: skip


def listed(*to: str) -> str:
    items = "".join(f'<li><a href="https://{one}">How to row</a></li>' for one in to)
    return f"<ul>{items}</ul>"


OWN, AWAY = ("harbour.example/2", "news.harbour.example/3"), ("b.example/2", "c.example/3")


def html_of(source: str, base: str = BASE) -> str:
    made = clean("T", "", source, base=base)
    assert clean("T", "", made.html, base=base).html == made.html
    return made.html


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("tag", ["<h3>{}</h3>", "<p><b>{}</b></p>", "<p>{}:</p>"])
def test_lists_of_links_to_the_entrys_own_site_go(label: str, tag: str) -> None:
    made = f"{TEXT}{tag.format(label)}"
    for links in (OWN, (*OWN, "b.example/2"), (OWN[0], "b.example/2")):
        assert html_of(f"{made}{listed(*links)}<p>It is full.</p>") == f"{TEXT}<p>It is full.</p>"
    # Of which site it is cannot be told.
    assert html_of(f"{made}{listed(*AWAY)}", base="") == TEXT


@pytest.mark.parametrize("label", LABELS[:-1])
@pytest.mark.parametrize("tag", ["<h3>{}</h3>", "<p><b>{}</b></p>", "<p>{}:</p>"])
def test_lists_of_links_to_other_sites_are_what_somebody_chose(label: str, tag: str) -> None:
    for links in (AWAY, (*AWAY, OWN[0])):
        source = f"{TEXT}{tag.format(label)}{listed(*links)}<p>It is full.</p>"
        assert html_of(source) == source


def test_a_label_and_its_links_in_one_line() -> None:
    line = '<p>Related: <a href="https://{}">How to row</a></p>'
    assert html_of(f"{TEXT}{line.format(OWN[0])}") == TEXT
    source = f"{TEXT}{line.format(AWAY[0])}"
    assert html_of(source) == source


@pytest.mark.parametrize("tag", ["<h2>{}</h2>", "<p><strong>{}</strong></p>"])
def test_an_entry_that_is_made_of_lists_keeps_all(tag: str) -> None:
    articles, more, events, shared = map(
        tag.format, ("Articles", "More articles", "Events", "Share")
    )
    made = f"{articles}{listed(OWN[0])}{more}{listed(*OWN)}"
    assert html_of(f"{made}{events}{listed(OWN[1])}") == f"{made}{events}{listed(OWN[1])}"
    # One list is what an article may have, with a bar to share it.
    assert html_of(f"{TEXT}{made}") == f"{TEXT}{articles}{listed(OWN[0])}"
    assert more not in html_of(f"{TEXT}{made}{shared}{listed(OWN[1])}")
    assert more not in html_of(f"{TEXT}{made}{events}{TEXT}")
    assert more not in html_of(f"{TEXT}{made}{tag.format('Related posts')}{listed(OWN[1])}")
