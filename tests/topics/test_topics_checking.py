"""Samples that a topic must catch or must not, and what an explanation names."""

from datetime import UTC, datetime

import pytest
from archivedesk import interests
from msgspec.structs import replace

from aggregator.model.errors import UsageError
from aggregator.model.topic import Mute, Topic
from aggregator.query import Subject, parse
from aggregator.topics import failing
from aggregator.topics.checking import is_entry_id

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TOPIC = Topic(slug="torres", title="Torres", query="torres (coach OR entrenador) NOT ferran")
ID = "urn:uuid:0f0a1b2c-0000-5000-8000-000000000001"


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


@pytest.mark.parametrize("name", [ID, ID[9:], ID[9:22], "urn:uuid:0f0a", "urn:uuid:"])
def test_an_entry_that_is_not_there_is_said(name):
    assert "is in the archive" in told(replace(TOPIC, must=(name,)), find=lambda _: None)[0]


def test_an_id_that_could_be_several_stops_nothing():
    def find(name):
        raise UsageError(f"several ids begin with {name}")

    assert "several begin so" in told(replace(TOPIC, must_not=(ID[9:22],)), find=find)[0]


@pytest.mark.parametrize("text", ["2026-11-29", "12345678 coaches", "deadbeef", "cafe-bar opens"])
def test_a_text_that_only_looks_like_an_id_is_a_text(text):
    assert not is_entry_id(text)


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
