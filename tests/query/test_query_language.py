"""What a query means, and what is said where it means nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.errors import QueryError
from aggregator.model.person import Person
from aggregator.model.topic import Topic
from aggregator.query import Bindings, Subject, analyse, fold, language, numbers, parse, words
from aggregator.query.analysis import lexicon, number
from aggregator.query.patterns import MAX_READ
from aggregator.query.tree import leaves

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def subject(title: str = "", text: str = "", lang: str = "en", **more: object) -> Subject:
    return Subject(title=title, text=text, lang=lang, **more)


TORRES = subject(
    "Fernando Torres's first week",
    "The coach of Atlético's reserves was coaching in the rain. O'Neill won 3-2.",
    feed="https://news.example/rss",
    feed_title="Harbour Post",
    folders=("Spain", "Football"),
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
        ('folder:"Spain/Football"', True),
        ('folder:"Football/Spain"', False),
        ("author:morrow", True),
        # Stars that begin nothing: too short outside of quotes, or in a name.
        ('"5* hotel"', False),
        ('"a* search"~5', False),
        ('folder:"footb*"', False),
        ('category:"la liga"', True),
        ("lang:en", True),
        ("lang:es", False),
        ("url:torres-coach", True),
        ("published:[now-7d TO *]", True),
        ("published:[now-1d TO *]", False),
        ("published:[2026-10-01 TO 2026-10-31]", True),
        ("*", True),
        ("title:(goal OR week)", True),
        ("torres +rain", True),
        ("torres +goal", False),
        ("goal || rain", True),
        ("goal || sun", False),
        ("summary:first", False),
        ("summary:*", False),
        ("title:/fernando torres.s/", True),
        ("title:/FIRST (week|day)$/", True),
        ("title:/(?-i)FIRST/", False),
        ("title:/rain/", False),
        ("text:/won \\d-\\d\\./", True),
        ("text:/atlético/", True),
        ("text:/atletico/", False),
        ("url:/example\\/a\\/torres/", True),
        ("url:/a/torres", True),
        ("(title:/week/ OR goal) rain", True),
        ("author:/^ida/ -category:/^la$/", True),
        ('person:"Fernando Torres"', True),
        ('title:person:"fernando torres"', True),
        ('text:person:"Fernando Torres"', False),
        ('person:"Ida Morrow"', False),
        ("「first week」", True),
        ("『week first』", False),
        ("«first week»", True),
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
        ("a OR " * 400 + "a", 2001, "400 words"),
        ("/torres/", 1, "belongs to a field"),
        ("goal title:/(/", 13, "missing )"),
        (r"title:/a\/b\q/", 12, "invalid escape"),
        (r"title:/(a)\1/", 11, "invalid escape"),
        ("title:/(?=a)b/", 8, "invalid perl operator"),
        (r"title:/\pL{900}/", 8, "too large"),
        ("title:/" + "a" * 201 + "/", 208, "characters"),
        ("person:Fernando Torres", 8, "quotes"),
        ('person:("A B")', 8, "one name"),
        ('person:"Ida Morrow"~3', 8, "quotes"),
        ('person:"…"', 8, "no name"),
        ('feed:person:"A B"', 6, "stands inside"),
        ("title:topic:x", 7, "stands inside"),
        ("title:url:x", 7, "stands inside"),
        ("title:Title:x*", 7, "stands inside"),
        ("url:feed:x", 5, "stands inside"),
        ("lang:english", 6, "no code of a language"),
        ('say "good coach* here"', 11, "in quotes"),
        ('"tor* coach"~5', 2, "in quotes"),
        ("topic:A_b", 7, "no topic's name"),
        ("topic:(x)", 7, "name of a topic"),
        ("topc:x", 1, "no field"),
    ],
)
def test_mistakes_have_a_column_and_a_mend(query, column, words):
    with pytest.raises(QueryError) as caught:
        parse(query, file="topics.toml", key="x.query")
    assert words in caught.value.what
    assert caught.value.column == column
    assert caught.value.hint
    assert "topics.toml" in str(caught.value)


def test_the_caret_stands_below_what_is_wrong():
    """Chinese, Japanese and Korean signs take two columns, combining marks none."""
    with pytest.raises(QueryError) as caught:
        parse("「日本代表」 e\u0301 titel:x")
    query, caret = str(caught.value).splitlines()[1:]
    assert caret.index("^") == len(query) + 6 - 1 - len("titel:x")


SUMMARY = subject("Goal", "Rain", summary="First of all")


def test_the_summary_is_asked_by_itself():
    assert parse("summary:first").match(SUMMARY, now=NOW)
    assert not parse("title:first").match(SUMMARY, now=NOW)


def test_a_pattern_takes_time_by_the_text_alone():
    """What makes backtracking engines run for ever is answered at once."""
    assert not parse("text:/^(a+)+$/").match(subject(text="a" * 50_000 + "b"), now=NOW)


def test_a_pattern_reads_the_beginning_of_an_endless_text():
    assert parse("text:/b/").match(subject(text="a" * (MAX_READ - 1) + "b"), now=NOW)
    assert not parse("text:/b/").match(subject(text="a" * MAX_READ + "b"), now=NOW)


def test_a_pattern_reads_broken_signs_and_both_forms_of_accents():
    assert parse("text:/atlétic./").match(subject(text="Atle\u0301tico \ud800"), now=NOW)


def topics(queries):
    return [Topic(slug=slug, title=slug, query=text) for slug, text in queries.items()]


TOPICS = {
    "one": "torres coach",
    "two": "topic:one NOT rain",
    "a": "topic:b",
    "b": "goal topic:c",
    "c": "topic:a OR x",
    "self": "topic:self",
    "lost": "topic:ones",
}


@pytest.mark.parametrize(
    ("query", "name", "what", "hint"),
    [
        ("x topic:a", "", "a → b → c → a", "take one"),
        ("goal topic:c", "b", "b → c → a → b", "take one"),
        ("topic:self", "self", "self → self", "take one"),
        ("topic:thre", "", "no topic thre", "topics list"),
        ("x topic:ones", "", "no topic ones", "topic:one"),
        ("x topic:lost", "", "no topic ones", "topic:one"),
    ],
)
def test_what_topics_cannot_refer_to(query, name, what, hint):
    bindings = Bindings(topics(TOPICS), ())
    with pytest.raises(QueryError) as caught:
        bindings.bind(parse(query), name=name, file="topics.toml", key="q")
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.column == query.index("topic:") + 1
    assert "topics.toml" in str(caught.value)


def test_a_topic_that_is_referred_to_means_what_it_says():
    bindings = Bindings(topics(TOPICS), ())
    assert not bindings.bind(parse("topic:two")).match(TORRES, now=NOW)
    bound = bindings.bind(parse("topic:one OR topic:two"))
    assert bound.match(TORRES, now=NOW)
    assert bound.rests == {"topic:one": "torres coach", "topic:two": "topic:one NOT rain"}


def test_topics_in_topics_are_bounded():
    chain = topics({f"t{n}": f"topic:t{n + 1}" for n in range(30)} | {"t30": "x"})
    with pytest.raises(QueryError, match="in a row"):
        Bindings(chain, ()).bind(parse("topic:t0"))
    wide = topics({f"t{n}": f"topic:t{n + 1} " * 100 for n in range(9)} | {"t9": "x"})
    with pytest.raises(QueryError, match="4000 words"):
        Bindings(wide, ()).bind(parse("topic:t0"))


def test_an_alias_of_two_people_is_no_name_of_either():
    people = [
        Person(name="Ann Morrow", aliases=("El Nino", "El Niño", "Bob Grey")),
        Person(name="Bob Grey", aliases=("El Niño",)),
    ]
    for order in (people, people[::-1]):
        bindings = Bindings((), order)
        with pytest.raises(QueryError, match="are called el niño too") as told:
            bindings.bind(parse('goal OR person:"el niño"'))
        assert told.value.column == 9
        assert f'person:"{order[0].name}"' in told.value.hint
        (leaf,) = [one for _, one in leaves(bindings.bind(parse('person:"bob grey"')).tree)]
        assert leaf.person.name == "Bob Grey"


PIECE = st.sampled_from(
    ["title:", "topic:", "person:", "NOT ", "-", "+", "(", ")", '"', "「", "/", "a b", "\\", "~3", "*",
     " OR ", " AND ", " ", "[now-7d TO *]", "published:", "url:", "日本", "o'n", "x*", "/x+/", "/(/"]
)  # fmt: skip


@given(st.lists(PIECE, max_size=14).map("".join))
def test_any_pieces_are_a_query_or_a_clear_mistake(text):
    try:
        parse(text)
    except QueryError as error:
        assert 1 <= error.column <= max(len(text), 1)
        assert error.hint


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


SAID = st.lists(
    st.sampled_from("coaches coach Torres été goals_ 日本代表 — win".split()) | st.text(max_size=9)
)


@given(SAID, SAID, st.sampled_from(["en", "es-MX", "ja", ""]))
def test_the_index_form_is_each_word_by_its_stem(title, text, lang):
    title, text = " ".join(title), " ".join(text)
    known = lexicon(language(lang))
    indexed = analyse(title, text, lang)
    assert indexed.title == " ".join(known.stem(word) for word in words(title))
    assert indexed.text == " ".join(known.stem(word) for word in words(text))
    others = [word for word in words(title) + words(text) if known.stem(word) != known.sign + word]
    assert indexed.forms == " ".join(dict.fromkeys(others))
    assert numbers(text, lang) == [number(word) for word in words(text)]
    assert all(0 <= one < 2**30 for one in numbers(text, lang))


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
