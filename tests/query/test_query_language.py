"""What a query means, and what is said where it means nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.errors import QueryError
from aggregator.query import Subject, analyse, fold, parse, words

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def subject(title: str = "", text: str = "", lang: str = "en", **more: object) -> Subject:
    return Subject(title=title, text=text, lang=lang, **more)


TORRES = subject(
    "Fernando Torres's first week",
    "The coach of Atlético's reserves was coaching in the rain. O'Neill won 3-2.",
    feed="https://news.example/rss",
    feed_title="Harbour Post",
    folders=("Football",),
    authors=("Ida Morrow",),
    categories=("La Liga",),
    url="https://news.example/a/torres-coach",
    published=NOW - timedelta(days=2),
)


@pytest.mark.parametrize(
    ("query", "held"),
    [
        ("torres", True),
        ("TORRES coach", True),
        ("torres coached", True),
        ("atletico reserve", True),
        ("torres AND goal", False),
        ("goal OR coach", True),
        ("goal OR rain torres", True),
        ("torres NOT rain", False),
        ("torres -goal", True),
        ("torres && !goal", True),
        ("(goal OR torres) (sun OR rain)", True),
        ('"first week"', True),
        ('"week first"', False),
        ("“first week”", True),
        ('"coaching in the rain"', True),
        ('"coached in the rain"', False),
        ('"rain coach"~9', True),
        ('"reserves rain"~3', False),
        ("coach*", True),
        ("atl*", True),
        ("goalk*", False),
        ("title:torres", True),
        ("title:rain", False),
        ("text:rain", True),
        ("o'neill", True),
        ('"3-2"', True),
        ('"2-3"', False),
        ('feed:"harbour post"', True),
        ("feed:news.example", True),
        ("folder:football", True),
        ("folder:tennis", False),
        ("author:morrow", True),
        ('category:"la liga"', True),
        ("lang:en", True),
        ("lang:es", False),
        ("url:torres-coach", True),
        ("published:[now-7d TO *]", True),
        ("published:[now-1d TO *]", False),
        ("published:[2026-10-01 TO 2026-10-31]", True),
        ("*", True),
        ("title:(goal OR week)", True),
    ],
)
def test_meaning(query, held):
    assert (parse(query).match(TORRES, now=NOW) is not None) is held
    assert parse(query).explain(TORRES, now=NOW).matches is held


@pytest.mark.parametrize(
    ("query", "text", "lang"),
    [
        ("entrenador", "Los entrenadores hablan", "es"),
        ("tecnico", "El técnico del filial", "es"),
        ("trainer", "Die Trainer der Mannschaft", "de"),
        ("odegaard", "Ødegaard scores", "en"),
        ("strasse", "Die Straße", "de"),
        ("日本", "日本代表が勝った", "ja"),
        ("代表", "日本代表が勝った", "ja"),
        ("日本代表", "日本代表が勝った", "ja"),
        ("勝", "日本代表が勝った", "ja"),
        ("тренер", "Новый тренер Зенита", "ru"),
        ("igdir", "Iğdır kazandı", "tr"),
        ("المدرب", "المُدَرِّب الجديد", "ar"),
        ("क्रिकेट", "क्रिकेट विश्व कप", "hi"),
    ],
)
def test_languages(query, text, lang):
    assert parse(query).match(subject(text=text, lang=lang), now=NOW)


def test_a_stem_of_one_language_is_not_a_word_of_another():
    assert not parse("forest").match(subject(text="for the win", lang="en"), now=NOW)


def test_the_reason_names_words_and_places():
    match = parse("torres AND coached").match(TORRES, now=NOW)
    assert match.reason == "torres (title), coached → coach (text)"


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("(torres", 1, "not closed"),
        ("torres)", 7, "closes nothing"),
        ('say "torres', 5, "not closed"),
        ("torres AND", 8, "ends after"),
        ("a or b", 3, "operator"),
        ("a *", 3, "stands alone"),
        ("co*", 1, "too short"),
        ("a*b", 1, "end of a word"),
        ("torres~2", 1, "not known"),
        ("titel:x", 1, "no field"),
        ("published:yesterday", 11, "time range"),
        ("published:[yesterday TO *]", 11, "no time"),
        ('""', 1, "no word"),
        ("torres AND AND coach", 12, "nothing before"),
        ("()", 2, "cannot stand"),
        ("-", 1, "no letter"),
        ("(" * 100 + "a" + ")" * 100, 31, "deep"),
        ("a " * 3000, 4000, "characters"),
    ],
)
def test_mistakes_have_a_column_and_a_mend(query, column, words):
    with pytest.raises(QueryError) as caught:
        parse(query, file="topics.toml", key="x.query")
    assert words in caught.value.what
    assert caught.value.column == column
    assert caught.value.hint
    assert "topics.toml" in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_clear_mistake(text):
    try:
        parse(text).match(TORRES, now=NOW)
    except QueryError as error:
        assert 1 <= error.column <= max(len(text), 1)


@given(st.text(max_size=80))
def test_folding_and_cutting_settle(text):
    assert fold(fold(text)) == fold(text)
    assert all(word and " " not in word for word in words(text))


@given(
    st.text(
        st.one_of(st.characters(max_codepoint=127), st.sampled_from("‘’“”–—…\xa0")), max_size=200
    )
)
def test_plain_text_is_cut_as_all_other_text_is(text):
    assert [*words(text), "ete"] == words(f"{text} été")


@given(
    st.lists(
        st.sampled_from("torres coach rain goal win first week".split()), min_size=1, max_size=8
    ),
    st.data(),
)
def test_against_a_plain_oracle(text, data):
    """AND, OR, NOT over plain words mean what sets mean."""
    vocabulary = st.sampled_from("torres coach rain goal win first week".split())
    one, two, three = (data.draw(vocabulary) for _ in range(3))
    found = subject(text=" ".join(text))
    has = set(text)
    for query, held in (
        (f"{one} {two}", {one, two} <= has),
        (f"{one} OR {two} {three}", one in has or {two, three} <= has),
        (f"{one} NOT {two}", one in has and two not in has),
        (f'"{one} {two}"', f"{one} {two}" in " ".join(text)),
    ):
        assert (parse(query).match(found, now=NOW) is not None) is held


def test_the_index_form_is_words_by_one_space():
    made = analyse("Two  coaches", "Coaching", "en-GB")
    assert made.title == "etwo ecoach"
    assert made.text == "ecoach"
    assert set(made.forms.split()) == {"coaches", "coaching"}
