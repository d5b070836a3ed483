"""Signs without a width hide no word: not in a text, not in a name, not in a query."""

import unicodedata
from datetime import UTC, datetime

import pytest

from aggregator.model.person import Person
from aggregator.query import Bindings, Subject, fold, parse, words
from aggregator.query.names import name_of
from aggregator.query.names import read as read_words

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SIGNS = ["\u00ad", "\u200b", "\u2060", "\ufeff"]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    ("written", "lang"),
    [("Fernando Tor|res coa|ches", "en"), ("Фернандо Тор|рес", "ru"), ("Το Λι|μάνι", "el"), ("สวัส|ดี|ชาวโลก", "th"), ("日本|代表", "ja")],
)  # fmt: skip
def test_words_are_found(written: str, lang: str, sign: str) -> None:
    plain, text = written.replace("|", ""), written.replace("|", sign)
    assert words(text) == words(plain)
    assert fold(text) == fold(plain)
    for query, said in ((plain, text), (text, plain)):
        for subject in (
            Subject(title=said, text="", lang=lang),
            Subject(title="", text=said, lang=lang),
        ):
            assert parse(f'"{query}"').match(subject, now=NOW)
            assert parse(" ".join(query.split())).match(subject, now=NOW)


@pytest.mark.parametrize("sign", SIGNS)
def test_names_authors_and_patterns_are_found(sign: str) -> None:
    people = [Person(name="Fernando Torres")]
    subject = Subject(
        title="", text=f"Then Fernan{sign}do Tor{sign}res came.", authors=(f"Ana Mor{sign}row",), lang="en"
    )  # fmt: skip
    for query in ('person:"Fernando Torres"', "author:morrow", "text:/torres came/", "torr*"):
        bound = Bindings([], people).bind(parse(query))
        assert bound.match(subject, now=NOW), query
    assert name_of(f"Tor{sign}res") == name_of("Torres")


@pytest.mark.parametrize("sign", SIGNS)
def test_each_word_is_where_it_is_written(sign: str) -> None:
    text = unicodedata.normalize("NFC", f"One Tor{sign}res, สวัส{sign}ดี")
    tokens = read_words(text, "th", "").tokens
    assert [token.folded for token in tokens] == ["one", "torres", *map(fold, ("สวัส", "ดี"))]
    assert text[tokens[1].start : tokens[1].end] == f"Tor{sign}res"
