"""Whom a text names: as names are written, and who else is called so."""

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from aggregator.model.person import Person
from aggregator.query import Bindings, Subject, fold, parse
from aggregator.topics.keys import Keyring

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def names(person, title, text="", lang="en", people=()):
    """Whether the entry names the person; what the index asks for is then there, too."""
    query = Bindings((), people).bind(parse(f'person:"{person}"'))
    subject = Subject(title=title, text=text, lang=lang)
    held = query.match(subject, now=NOW) is not None
    assert not held or Keyring([query], subject.language).candidates(subject)
    return held


@pytest.mark.parametrize(
    ("name", "title", "text", "lang"),
    [
        ("Martin O'Neill", "Martin O'Neill returns as Celtic manager", "", "en"),
        ("Martin O’Neill", "Martin O'Neill returns as Celtic manager", "", "en"),
        ("Martin O'Neill", "MARTIN O’NEILL RETURNS", "", "en"),
        ("Martin O'Neill", "Martin O’Neill's Celtic win", "", "en"),
        ("Martin O'Neill", "O'Neill, Martin: a life in football", "", "en"),
        ("Martin O'Neill", "O’Neill's side win again", "Martin O'Neill was pleased", "en"),
        ("Martin O'Neill", "Martin O Neill zurück bei Celtic", "", "de"),
        ("Samuel Eto'o", "Samuel Eto’o speaks", "", "en"),
        ("Samuel Eto'o", "La carrière d’Eto'o", "Samuel Eto'o a tout gagné", "fr"),
        ("Matt O'Riley", "Rozhovor s Mattem O'Rileym", "", "cs"),
        ("Danilo D'Ambrosio", "D'Ambrosio al Monza", "Danilo D’Ambrosio ha firmato", "it"),
        ("N'Golo Kanté", "Kante stars", "N’Golo Kanté ran the game", "en"),
        ("Allan Saint-Maximin", "Saint-Maximin leaves", "Allan Saint-Maximin is off", "en"),
        ("Rayan Aït-Nouri", "Rayan Ait\u2011Nouri signs", "", "en"),
    ],
)
def test_a_name_has_its_apostrophes_and_hyphens(name, title, text, lang):
    assert names(name, title, text, lang)


@pytest.mark.parametrize(
    "title", ["Mary O'Neill returns to Celtic", "O'Neill wins", "Martin O: Neill"]
)
def test_an_apostrophe_makes_no_other_name_his(title):
    assert not names("Martin O'Neill", title)


def test_either_apostrophe_finds_whom_the_file_knows():
    person = Person(name="Martin O'Neill", surnames=("O'Neill",), context=("Celtic",))
    for name in ("Martin O'Neill", "martin o’neill"):
        assert names(name, "O’Neill is back", "Celtic have a manager", people=[person])
        assert not names(name, "Aaron O’Neill is back", "Celtic have a player", people=[person])


TORRES = Person(
    name="Fernando Torres",
    aliases=("Fernando José Torres Sanz",),
    surnames=("Torres", "Торрес", "Торес"),
    context=("Atléti*", "Liverpool", "Chelsea", "juvenil", "Атлетик*"),
    others=("Torres del Paine", "Fernando Torres Guerrero"),
)


@pytest.mark.parametrize(
    ("title", "held"),
    [
        # One small word tells that capitals do mean names,
        ("Marta Torres, coach of Atletico Madrid", False),
        ("Iker Torres: Atletico Madrid coach", False),
        ("Coach Marta Torres leaves Atletico Madrid Femenino", False),
        ("Marta Torres joins Atletico Madrid", False),
        ("Marta Torres joins Chelsea Women", False),
        ("Atletico Torres reunion delights Liverpool", True),
        # but none that headlines in capitals leave small, and no part of a word or an address.
        ("Juvenile Torres Named Head Coach Of Atletico", True),
        ("Jubilant Torres Returns With Atletico From Liverpool", True),
        ("Jubilant Torres Back in Well-known Colours of Atletico", True),
        ("Jubilant Torres Returns To Coach Atletico Madrid - news.example", True),
        ("Jubilant Torres Opens 30th Season At Atletico", True),
        ("JUBILANT TORRES RETURNS TO ATLETICO", True),
    ],
)
def test_what_headlines_tell_by_their_capitals(title, held):
    assert names("Fernando Torres", title, people=[TORRES]) is held


@pytest.mark.parametrize(
    ("title", "text", "lang", "held"),
    [
        # Behind a hyphen stands another man, or what he did.
        ("Fernando Torres-Griezmann link-up was short-lived", "", "en", True),
        ("Fernando Torres-Guardiola, duelo en los banquillos", "", "es", True),
        ("Fernando Torres-Steven Gerrard axis", "", "en", True),
        ("Torres-Gerrard axis", "Liverpool remember", "en", True),
        ("Fernando Torres-led juniors win", "", "en", True),
        ("Fernando Torres-Led Juniors Win Away", "", "en", True),
        ("Fernando Torres-Debüt geglückt", "", "de", True),
        ("Torres-Liverpool reunion delayed", "", "en", True),
        # Places called so are listed.
        ("A trek from Torres del Paine", "For Liverpool fans", "en", False),
        ("La venta de Torres del Milan al Liverpool", "", "es", True),
        ("Vuelve Torres del Liverpool", "", "es", True),
        ("Torres de la mano del juvenil", "", "es", True),
        ("Liverpool wint met Torres de Champions League", "", "nl", True),
        # Who is listed in full is not he, whose full name is a part of that.
        ("Fernando Torres Guerrero detained", "", "en", False),
        ("Fernando Torres Guerrero detained", "It is not Fernando Torres", "en", True),
        ("Fernando Torres guerrero en el banquillo", "", "es", True),
        ("Fernando Torres Atletico coach", "", "en", True),
        ("Fernando Torres Sanz vuelve", "", "es", True),
    ],
)
def test_a_surname_that_goes_on_is_another(title, text, lang, held):
    assert names("Fernando Torres", title, text, lang, people=[TORRES]) is held


@pytest.mark.parametrize(
    ("title", "lang"),
    [
        ("Exclusive Torres interview: coaching at Atletico Madrid", "en"),
        ("Breaking Torres news from Liverpool", "en"),
        ("Exclusiva Torres: el juvenil gana", "es"),
        ("Última hora. Oficial Torres, al juvenil", "es"),
        ("Esclusiva Torres, parla il tecnico del Liverpool", "it"),
        ("Offiziell Torres zu Liverpool", "de"),
        ("Эксклюзив Торрес рассказал об Атлетико", "ru"),
        ("Уволен Торрес из Атлетико", "ru"),
        ("Звільнили Торреса з Атлетико", "uk"),
        ("Наказаха Торес след мача на Атлетико", "bg"),
        ("Zwolniono Torresa z Liverpool", "pl"),
        ("Revine Torres la Liverpool", "ro"),
        ("Smijenjen Torres u klubu Liverpool", "hr"),
        ("Eski Torres geri döndü, Liverpool sevinçli", "tr"),
        ("Därför Torres lämnar klubben Liverpool", "sv"),
        ("Mantan Torres kembali ke Liverpool", "id"),
    ],
)
def test_words_before_a_surname_that_are_no_given_names(title, lang):
    assert names("Fernando Torres", title, lang=lang, people=[TORRES])


def test_what_is_no_name_is_written_as_words_compare():
    lines = files("aggregator.query").joinpath("no_names.txt").read_text("utf-8").splitlines()
    held = [word for line in lines if not line.startswith("#") for word in line.split()]
    assert [word for word in held if fold(word) != word or held.count(word) > 1] == []


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("Rain in town", "", ""),
        ("Torres talks", "", " (its surname alone, without a word of the context)"),
        ("Then came Otto Torres for Liverpool", "", " (another bearer: Otto Torres)"),
        (
            "Torres talks",
            "Liverpool met in Torres del Paine",
            " (another bearer: torres del paine)",
        ),
    ],
)
def test_why_an_entry_names_somebody_else_is_told(title, text, why):
    query = Bindings((), [TORRES]).bind(parse('person:"Fernando Torres" OR snow'))
    found = query.explain(Subject(title=title, text=text, lang="en"), now=NOW)
    assert found.failed == (f'person:"Fernando Torres"{why} OR snow',)
