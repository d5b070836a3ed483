"""Samples that a topic must catch or must not, and what an explanation names."""

from datetime import UTC, datetime

import pytest
from archivedesk import interests
from msgspec.structs import replace

from aggregator.model.entry import EntryId, EntryKey, EntryRecord, StoryId
from aggregator.model.errors import UsageError
from aggregator.model.topic import Mute, Topic
from aggregator.query import Subject, parse
from aggregator.topics import failing, signless
from aggregator.topics.checking import may_be_entry_id

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TOPIC = Topic(slug="torres", title="Torres", query="torres (coach OR entrenador) NOT ferran")
ID = "urn:uuid:0f0a1b2c-0000-5000-8000-000000000001"
ENTRY = EntryRecord(
    key=EntryKey(1), id=EntryId(ID), feed="https://one.example/", feed_title="One", folders=(),
    url=None, title="Torres scores", authors=(), categories=(), lang="en", published=NOW, updated=None,
    first_seen=NOW, summary="", html="", text="", story=StoryId(ID), lead=True, revisions=1,
    vanished=None, topics=(),
)  # fmt: skip


def told(topic, mute=Mute(), find=None):
    return [str(one) for one in failing(interests(topic, mute=mute), [topic], find=find, now=NOW)]


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        ({"must": ("Torres coaching", "Torres, entrenadores")}, []),
        ({"must_not": ("Ferran Torres coaching", "Torres scores")}, []),
        (
            {"must": ("Torres scores",)},
            ["must match “Torres scores”, but fails: coach OR entrenador"],
        ),
        ({"must": ("Ferran Torres coaching",)}, ["NOT ferran"]),
        ({"must_not": ("Torres coaching",)}, ["must not match", "coach → coaching"]),
        ({"must": (ID,)}, []),
    ],
)
def test_samples(samples, why):
    found = told(replace(TOPIC, **samples))
    assert len(found) == bool(why)
    assert all(one in found[0] for one in why)


def test_limits_of_feeds_and_length_do_not_count_for_a_text():
    limited = replace(
        TOPIC,
        include=("Football",),
        languages=("es",),
        minimum_length=900,
        must=("Torres coaching",),
    )
    assert told(limited) == []


def test_what_is_muted_fails_a_sample_and_is_named():
    found = told(replace(TOPIC, must=("Torres coaching",)), Mute(queries=("coach",)))
    assert "muted: coach → coaching" in found[0]


@pytest.mark.parametrize(
    "name", [ID, ID[9:], ID[9:22], ID[9:15], ID[9:17], "0f0a1b2c0000", "urn:uuid:0f0a", "urn:uuid:"]
)
def test_an_entry_that_is_not_there_is_said(name):
    assert "is in the archive" in told(replace(TOPIC, must=(name,)), find=lambda _: None)[0]


@pytest.mark.parametrize("name", [ID[9:22], "decade"])
def test_an_id_that_could_be_several_stops_nothing(name):
    def find(name):
        raise UsageError(f"several ids begin with {name}")

    assert "several begin so" in told(replace(TOPIC, must_not=(name,)), find=find)[0]


@pytest.mark.parametrize(
    "text", ["2026-11-29", "12345678 coaches", "a4", "cafe-bar opens", "12345"]
)
def test_a_text_that_only_looks_like_an_id_is_a_text(text):
    assert not may_be_entry_id(text)


@pytest.mark.parametrize("word", ["decade", "deadbeef", "202611", "20261129", "20261129-0000"])
@pytest.mark.parametrize(
    ("there", "must", "why"),
    [
        (True, "must", "must match “WORD” (Torres scores), but fails: coach"),
        (True, "must_not", ""),
        (False, "must_not", "must not match “WORD”, but satisfies: "),
        (False, "must", ""),
        (None, "must_not", ""),
        (None, "must", ""),
    ],
)
def test_a_word_is_an_id_where_an_entry_has_it(word, there, must, why):
    """``there``: whether an entry has it; None: there is no archive to look into."""
    query = "coach" if there else f'"{word}"'
    topic = Topic(slug="t", title="T", query=query, **{must: (word,)})
    find = None if there is None else {word: ENTRY if there else None}.get
    found = told(topic, find=find)
    assert len(found) == bool(why)
    assert all(why.replace("WORD", word) in one for one in found)


@pytest.mark.parametrize(
    ("query", "satisfied", "failed"),
    [
        ("torres OR niño", ["torres (title)"], ()),
        ("torres (goal OR win)", ["torres (title)"], ("goal OR win",)),
        ("(torres win) OR goal", ["torres (title)"], ("win OR goal",)),
        ("rain NOT torres", [], ("rain", "NOT torres (title)")),
        ("title:rain", [], ("title:rain",)),
    ],
)
def test_an_explanation_names_what_is_missing_and_no_alternative_that_was_not_needed(
    query, satisfied, failed
):
    subject = Subject(title="Torres", text="the coach", lang="en")
    found = parse(query).explain(subject, now=NOW)
    assert ([str(one) for one in found.satisfied], found.failed) == (satisfied, failed)


def test_words_whose_signs_are_not_looked_for_are_named():
    query = 'C++ OR title:(.NET OR rain) OR "for 18+ only" OR #goal NOT AT&T'
    quiet = 'O\'Neill OR 3-2 OR "U.S. Open, 2nd day (men)" OR who? OR url:a.example/+b OR lang:en OR title:/C\\+\\+/'
    held = [replace(TOPIC, query=query), replace(TOPIC, slug="quiet", query=quiet)]
    asked = interests(*held, mute=Mute(queries=("50%",)))
    assert [(one.topic, one.asked, one.sought) for one in signless(asked, held)] == [
        ("torres", "C++", "c"),
        ("torres", ".NET", "net"),
        ("torres", '"for 18+ only"', "for 18 only"),
        ("torres", "#goal", "goal"),
        ("mute", "50%", "50"),
    ]
    assert (
        str(next(signless(asked, held)))
        == "torres: C++ finds “c”, since signs are no part of a word"
    )
