"""Finding entries: both databases give what the one matcher says, newest first."""

from datetime import timedelta

import pytest
from archivedesk import NOON, ONE, TWO, item
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.archive.words import beginning
from aggregator.model.errors import UsageError
from aggregator.model.feed import Subscription
from aggregator.model.person import Person
from aggregator.model.topic import Topic
from aggregator.query import Bindings, Subject, parse

LATER = NOON + timedelta(hours=2)

NEWS = (
    ("a", "Torres takes over as coach", "The former striker begins coaching on Monday.", "en"),
    ("b", "Torres entrena al filial", "El exdelantero dirigirá su primera sesión.", "es"),
    ("c", "Gleyber Torres hits twice", "The Yankees win; the coach is pleased.", "en"),
    ("d", "Trainer lobt Forêt", "Das Spiel endete 3:2 nach Verlängerung.", "de"),
    ("e", "Müller kehrt zurück", "Der Stürmer trifft zum Ausgleich.", "de"),
    ("f", "大谷翔平が本塁打", "ドジャースの大谷翔平が二本の本塁打を放った。", "ja"),
    ("g", "Fixtures", "coach " * 40 + "final match between far away teams", ""),
    ("h", "A final, a match", "The final of one match; the match of the final", "en"),
)
QUERIES = (
    "torres", "torres AND coach*", "coach", "coaching", "title:torres", "torres AND NOT gleyber",
    "NOT torres", "*", "lang:de", "feed:one.example", "feed:two.example", "author:ana",
    '"final match"', '"final match"~2', '"match final the"~0', '"the final match"~3', "müller",
    "muller", "mull*", "大谷", "3:2", "torres OR (lang:ja AND 本塁打)", "nothing", "nothing OR author:ana",
    "published:[2026-03-01 TO 2026-03-03]", "fore*", "for*", "entrenar", "verlangerung",
)  # fmt: skip


@pytest.fixture
def newsroom(desk):
    desk.subscribe(ONE, TWO)
    for hours, (name, title, text, lang) in enumerate(NEWS):
        authors = ("Ana Pérez",) if name in "ad" else ()
        url = TWO if name == "e" else ONE
        made = item(
            name, feed=url, title=title, text=text, lang=lang, authors=authors, indexed=None
        )
        desk.bring(url, made, at=NOON + timedelta(hours=hours))
    return desk


def expected(archive, query, now=LATER):
    """What the matcher says of every entry, newest first."""
    records = list(archive.export())
    return [record.id for record in reversed(records) if query.match(_subject(record), now=now)]


def _subject(record):
    names = ("title", "text", "summary", "lang", "feed", "feed_title", "folders", "authors")
    more = ("categories", "url", "published", "first_seen")
    return Subject(**{name: getattr(record, name) for name in (*names, *more)})


@pytest.mark.parametrize("text", QUERIES)
def test_the_index_misses_nothing_the_matcher_accepts(newsroom, text):
    query = parse(text)
    found = [one.id for one in newsroom.archive.search(query, limit=50, now=LATER)]
    assert found == expected(newsroom.archive, query)
    ranked = newsroom.archive.search(query, sort="relevance", limit=50, now=LATER)
    assert sorted(one.id for one in ranked) == sorted(found)
    candidates = [one.id for one in newsroom.archive.candidates(query)]
    assert [one for one in candidates if one in found] == found


def test_most_queries_find_something(newsroom):
    found = [bool(newsroom.archive.search(parse(text), now=LATER)) for text in QUERIES]
    assert found.count(False) <= 3


_WORDS = ["final", "match", "the", "cup", "coach", "coaches", "torres", "málaga", "大谷", "3:2"]
_ANA = Person(
    name="Ana Torres", surnames=("Torres", "大谷"), aliases=("the coach",),
    context=("málaga", "cup*"),
)  # fmt: skip
_CUP = Topic(slug="cup", title="Cup", query='cup OR person:"Ana Torres"')
_LOOKED_UP = [
    'person:"Ana Torres"', 'title:person:"Ana Torres"', 'person:"match torres"', 'person:"final málaga"',
    "title:/ma.ch t/", "text:/3:2|^the/", "text:/.大谷|大谷 /", "topic:cup",
]  # fmt: skip
_LEAVES = st.one_of(
    st.sampled_from(_WORDS),
    st.lists(st.sampled_from(_WORDS), min_size=2, max_size=3).map(
        lambda words: f'"{" ".join(words)}"'
    ),
    st.tuples(st.lists(st.sampled_from(_WORDS), min_size=2, max_size=3), st.integers(0, 4)).map(
        lambda given: f'"{" ".join(given[0])}"~{given[1]}'
    ),
    st.sampled_from(["fin*", "coa*", "mal*"]),
)
_QUERIES = st.recursive(
    _LEAVES,
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from(["AND", "OR", "AND NOT"]), part).map(
            lambda one: f"({one[0]} {one[1]} {one[2]})"
        ),
        part.map(lambda one: f"title:({one})"),
    ),
    max_leaves=4,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=_QUERIES)
def test_made_queries_find_what_the_matcher_says(crowd, query):
    parsed = parse(query)
    found = [one.id for one in crowd.search(parsed, limit=100, now=LATER)]
    assert found == expected(crowd, parsed)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    query=_QUERIES,
    looked_up=st.sampled_from(_LOOKED_UP),
    sign=st.sampled_from(["AND", "OR", "AND NOT"]),
)
def test_people_patterns_and_topics_find_what_the_matcher_says(crowd, query, looked_up, sign):
    bindings = Bindings([_CUP], [_ANA])
    bound = bindings.bind(parse(f"{looked_up} {sign} {query}"))
    found = [one.id for one in crowd.search(bound, limit=100, now=LATER)]
    assert found == expected(crowd, bound)


@pytest.fixture
def crowd(desk):
    texts = (
        "the final match of the cup", "match the final", "coach torres", "torres the coach",
        "coaches of málaga and the final cup", "malaga 3:2 torres", "大谷 the match", "cup cup coach",
        "final torres match coach the cup", "the the match final final",
    )  # fmt: skip
    made = [
        item(
            str(number),
            title=texts[number % 7],
            text=f"{text} {number}",
            lang=("en", "es")[number % 2],
            indexed=None,
        )
        for number, text in enumerate(texts * 3)
    ]
    desk.bring(ONE, *made)
    return desk.archive


_NORDIC, _SLAVIC = {"no", "nb", "nn-NO"}, {"sh", "sr-Latn", "hr", "bs"}


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("lang:no", _NORDIC),
        ("lang:NB", _NORDIC),
        ('lang:"no"', _NORDIC),
        ("lang:no-NO", {"nn-NO"}),
        ("lang:sh cup", _SLAVIC),
        ("lang:hr", {"hr"}),
        ("lang:sr", {"sr-Latn"}),
        ("NOT lang:no", _SLAVIC | {"en"}),
        ("NOT (lang:no OR lang:sh)", {"en"}),
    ],
)
def test_a_language_is_found_by_its_other_codes(desk, asked, held):
    tags = sorted({*_NORDIC, *_SLAVIC, "en"})
    made = [item(tag, title=f"A cup, {tag}", lang=tag, indexed=None) for tag in tags]
    desk.bring(ONE, *made)
    query = parse(asked)
    found = desk.archive.search(query, limit=50, now=LATER)
    assert {one.lang for one in found} == held
    assert [one.id for one in found] == expected(desk.archive, query)


def test_a_revised_entry_is_found_by_its_new_words_only(desk):
    desk.bring(ONE, item("a", title="Torres signs", text="old words"))
    desk.bring(ONE, item("a", title="Morientes signs", text="new words"), at=LATER)
    for text, count in (("torres", 0), ("old", 0), ("morientes", 1), ("new", 1)):
        assert len(desk.archive.search(parse(text), now=LATER)) == count
        assert len(list(desk.archive.candidates(parse(text)))) == count


def test_the_index_is_made_anew_when_the_analysis_changed(desk, settings):
    from aggregator.archive import open_archive

    desk.bring(ONE, item("a", title="Torres signs"), item("b", title="Morientes signs"))
    desk.bring(ONE, item("a", title="Raúl signs"), at=LATER)
    import sqlalchemy as sa

    from aggregator.archive.schema import (
        meta,
    )

    with desk.archive._database.writing() as connection:
        connection.execute(sa.update(meta).where(meta.c.name == "analysis").values(value="0"))
        connection.exec_driver_sql(
            "INSERT INTO search(search) VALUES ('delete-all')"
            if desk.archive.dialect == "sqlite"
            else "DELETE FROM search"
        )
    assert not desk.archive.search(parse("raul"), now=LATER)
    desk.archive.close()
    with open_archive(settings, write=True) as opened:
        titles = [one.title for one in opened.search(parse("signs"), now=LATER)]
        assert titles == ["Morientes signs", "Raúl signs"] or titles == [
            "Raúl signs",
            "Morientes signs",
        ]
        assert not opened.search(parse("torres"), now=LATER)


@pytest.mark.parametrize("sign", ["\u00ad", "\u200b"])
def test_words_that_were_stored_with_signs_without_a_width_are_found(desk, sign):
    stored = {"title": f"Tor{sign}res signs", "text": f"He coa{sign}ches.", "indexed": None}
    desk.bring(ONE, item("a", authors=(f"Ana Mor{sign}row",), **stored))
    for text in ("torres", "coach", '"torres signs"', "coaches", "author:morrow", "torr*"):
        assert len(desk.archive.search(parse(text), now=LATER)) == 1, text


def test_a_text_with_more_words_than_an_index_takes(desk):
    words = " ".join(f"w{number:06}{'x' * 40}" for number in range(30_000))
    desk.bring(ONE, item("a", text=words, indexed=None))
    last = f"w029999{'x' * 40}"
    assert len(desk.archive.search(parse(last), now=LATER)) == 1


def test_an_empty_archive_has_nothing_to_find(desk):
    for text in ("torres", "NOT torres", "*", "tor*"):
        assert desk.archive.search(parse(text), now=LATER) == ()
        assert desk.archive.search(parse(text), sort="relevance", now=LATER) == ()


def test_limits_and_portions(desk):
    desk.bring(ONE, *[item(f"{number:03}", text="the same word") for number in range(450)])
    assert len(desk.archive.search(parse("word"), limit=450, now=LATER)) == 450
    newest = desk.archive.search(parse("word AND NOT title:447"), limit=3, now=LATER)
    keys = [one.key for one in newest]
    assert keys == sorted(keys, reverse=True)
    assert len(list(desk.archive.candidates(parse("word")))) == 450
    assert len(list(desk.archive.export())) == 450
    assert len(list(desk.archive.export(query=parse("title:447")))) == 1


def test_export_is_oldest_first_and_since(desk):
    desk.bring(ONE, item("b"), item("a"))
    desk.bring(ONE, item("c"), item("b"), at=LATER)
    assert [one.title[-1] for one in desk.archive.export()] == ["a", "b", "c"]
    assert [one.title[-1] for one in desk.archive.export(since=LATER)] == ["c"]


@pytest.mark.parametrize("sort", ["newest", "relevance"])
def test_search_keeps_to_what_was_first_seen_since(newsroom, sort):
    def found(hours):
        since = None if hours is None else NOON + timedelta(hours=hours)
        records = newsroom.archive.search(
            parse("torres OR coach*"), sort=sort, limit=50, now=LATER, since=since
        )
        return sorted(one.title.split()[0] for one in records)

    assert found(None) == found(0) == ["Fixtures", "Gleyber", "Torres", "Torres"]
    assert found(0.5) == ["Fixtures", "Gleyber", "Torres"]
    assert found(2) == ["Fixtures", "Gleyber"]
    assert found(9) == []


def test_an_entry_by_every_form_of_its_id(desk):
    desk.bring(ONE, item("a"), item("b"))
    record = desk.archive.entry(item("a").id)
    bare = item("a").id.removeprefix("urn:uuid:")
    dashless = bare.replace("-", "")
    for name in (
        bare, bare[:8], bare[:6].upper(), bare[:9], dashless, dashless[:12], f" {bare} ", record.story,
        record.story[9:20],
    ):  # fmt: skip
        assert desk.archive.entry(name) == record
    assert desk.archive.entry("urn:uuid:00000000-0000-0000-0000-000000000000") is None


@pytest.mark.parametrize("name", ["", "abc", "torres", "urn:uuid:", "12345", "%%%%%%", "../../x"])
def test_what_is_no_id(desk, name):
    with pytest.raises(UsageError, match=r"no entry id|too short for an id"):
        desk.archive.entry(name)


def test_an_id_that_is_too_short_to_tell(desk):
    alike = [f"urn:uuid:aaaaaa{number}0-0000-4000-8000-000000000000" for number in (1, 2)]
    desk.bring(ONE, *[item(name[-30], id=name, url=None, text=name) for name in alike])
    with pytest.raises(UsageError, match="several ids"):
        desk.archive.entry("aaaaaa")
    assert desk.archive.entry("aaaaaa1").id == alike[0]


def test_a_record_says_which_topics_hold_its_story(desk):
    desk.topics(Topic(slug="t", title="T", query="torres"), Topic(slug="s", title="S", query="*"))
    desk.bring(ONE, item("a", title="Torres"), item("b"))
    found = {one.title: one.topics for one in desk.archive.export()}
    assert found == {"Torres": ("s", "t"), "Title of b": ("s",)}


def test_folders_and_titles_follow_the_subscription(desk):
    desk.bring(ONE, item("a"))
    desk.archive.attach([Subscription(url=ONE, title="Mine", folders=("Sport",))], now=NOON)
    record = desk.archive.entry(item("a").id)
    assert (record.feed_title, record.folders) == ("Mine", ("Sport",))


MANY = [f"waw{one}{two}" for one in "bcdfghklmnprst" for two in "aeioubcdfghklmnprst"]


def test_words_that_begin_so_are_found_however_many_they_are(desk):
    """On SQLite few words are named one by one; of many the newest entries are tried first."""
    texts = [" ".join(MANY[at : at + 20]) for at in range(0, len(MANY), 20)]
    desk.bring(ONE, *(item(f"t{n}", title=f"Words {n}", text=text) for n, text in enumerate(texts)))
    desk.bring(ONE, *(item(f"p{n}", title=f"Plain {n}", text=f"plain {n}") for n in range(80)))
    found = {}
    for start in ("waw", "wawb", "wawba", "wax", "plai"):
        records = desk.archive.search(parse(f"{start}*"), limit=200, now=LATER)
        found[start] = {one.title for one in records}
        holding = {f"Words {n}" for n, text in enumerate(texts) if start in text}
        plain = {f"Plain {n}" for n in range(80)} if start == "plai" else set()
        assert found[start] == holding | plain
    assert len(MANY) > 200


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_the_words_of_the_index_in_order(desk):
    desk.bring(ONE, item("a", title="Coach", text="coaching coaches coal the theatre"))
    with desk.archive._database.reading() as connection:
        assert beginning(connection, "ecoa") == ("ecoach", "ecoal")
        assert beginning(connection, "coa") == ("coaches", "coaching")
        assert beginning(connection, "ecoam") == ()
        assert beginning(connection, "e") == tuple(sorted(beginning(connection, "e")))
    with desk.archive._database.writing() as connection:
        assert beginning(connection, "ecoal") == ("ecoal",)
