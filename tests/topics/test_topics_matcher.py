"""Which stories a topic catches: once, corrected where they change, by index as by brute force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from archivedesk import interests
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.model.batch import Change, ChangeKind, Decision, Fetched, Known, StoryChoice
from aggregator.model.entry import Entry, EntryId, StoryId
from aggregator.model.feed import Feed, FeedIdentity, FeedKey
from aggregator.model.person import Person
from aggregator.model.topic import Collapse, Topic
from aggregator.query import Subject, analyse, parse
from aggregator.topics import Matcher, keys
from aggregator.topics.limits import Limits

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FEED = Feed(
    key=FeedKey(1), identity=FeedIdentity("news.example"), url="https://news.example/rss",
    fetch_url="https://news.example/rss", title="Harbour Post", folders=("Football",),
)  # fmt: skip
TOPIC = Topic(slug="torres", title="Torres", query="torres coach*")


def change(
    text: str, *, kind=ChangeKind.NEW, number: int = 1, story: str = "s1", lang: str = "en"
) -> Change:
    entry = Entry(
        id=EntryId(f"e{number}"), identity=str(number), position=0, item_hash=b"", title=text, text=text,
        lang=lang, indexed=analyse(text, text, lang),
    )  # fmt: skip
    return Change(
        kind=kind, feed=FEED, id=entry.id, key=None, entry=entry, revision=1 + (kind is not ChangeKind.NEW),
        story=StoryChoice(id=StoryId(story), key=None, how="first"), lead=number == 1, announce=True,
    )  # fmt: skip


def hits(topics, changes, held=None):
    decision = Decision(fetched=Fetched(feed=FEED, at=NOW), changes=tuple(changes))
    return Matcher(interests(*topics)).match([decision], Known(hits=held or {}), now=NOW)


def test_a_story_is_caught_once_with_its_reason():
    found = hits([TOPIC], [change("Torres coaching"), change("Torres coaching", number=2)])
    assert [(hit.topic, hit.entry, hit.revision) for hit in found] == [("torres", "e1", 1)]
    assert "coach*" in found[0].reason


def test_of_two_feeds_that_come_at_once_the_oldest_comes_first():
    """A page shows the newest: whichever feed was read last, whatever its age."""

    def of(hours: int, number: int, feed: Feed) -> Change:
        one = change("Torres coaching", number=number, story=f"s{number}")
        entry = replace(one.entry, published=NOW - timedelta(hours=hours))
        return replace(one, feed=feed, entry=entry)

    other = replace(FEED, url="https://other.example/rss")
    corrected = change("Torres coaching", kind=ChangeKind.REVISED, number=9, story="s9")
    held = {("torres", StoryId("s9")): {EntryId("e9"): True}}
    changes = [of(5, 1, FEED), of(1, 2, FEED), corrected, of(9, 3, other), of(2, 4, other)]
    found = hits([TOPIC], changes, held)
    assert [hit.entry for hit in found] == ["e3", "e1", "e4", "e2", "e9"]


def test_a_held_story_is_not_caught_again_but_its_entry_is_corrected():
    held = {("torres", StoryId("s1")): {EntryId("e1"): True}}
    assert not hits([TOPIC], [change("Torres coaching", number=2)], held)
    (again,) = hits([TOPIC], [change("Nothing of it left", kind=ChangeKind.REVISED)], held)
    assert again.revision == 2


def test_a_revision_that_now_matches_is_caught():
    assert hits([TOPIC], [change("Torres coaching", kind=ChangeKind.REVISED)])


def test_without_collapse_each_entry_counts():
    topic = replace(TOPIC, collapse=Collapse.NONE)
    assert len(hits([topic], [change("Torres coaching"), change("Torres coaching", number=2)])) == 2


@pytest.mark.parametrize(
    ("limits", "caught"),
    [
        ({}, True),
        ({"include": ("Football",)}, True),
        ({"include": ("https://news.example/rss",)}, True),
        ({"include": ("Tennis",)}, False),
        ({"exclude": ("football",)}, False),
        ({"languages": ("en",)}, True),
        ({"languages": ("es", "fr")}, False),
        ({"minimum_length": 10}, True),
        ({"minimum_length": 1000}, False),
    ],
)
def test_limits(limits, caught):
    assert bool(hits([replace(TOPIC, **limits)], [change("Torres coaching")])) is caught


@pytest.mark.parametrize(
    ("asked", "tag", "caught"),
    [
        ("no", "nb-NO", True), ("nn", "no", True), ("sh", "hr", True), ("sh", "sr-Latn", True), ("sh", "sh", True),
        ("hr", "sr", False), ("hr", "hr-HR", True), ("pt-BR", "pt-PT", True), ("no", "sv", False), ("no", "", False),
    ],
)  # fmt: skip
def test_the_limit_of_languages_knows_the_codes_that_lang_knows(asked, tag, caught):
    limits = Limits.of(replace(TOPIC, languages=(asked,)))
    subject = Subject(title="Torres", text="", lang=tag)
    assert limits.admit(subject) is caught
    if "-" not in asked:
        assert (parse(f"lang:{asked}").match(subject, now=NOW) is not None) is caught


def test_an_edit_that_changes_hits_changes_the_definition():
    def told(topic):
        return Matcher(interests(topic)).definition(topic.slug)

    assert told(replace(TOPIC, query="torres")) != told(TOPIC)
    assert told(replace(TOPIC, title="Other")) == told(TOPIC)


def test_an_edit_of_what_others_refer_to_is_an_edit_of_them_too():
    asks = Topic(slug="asks", title="Asks", query='topic:torres person:"Ida Morrow"')
    far = Topic(slug="far", title="Far", query="topic:asks NOT rain")
    edited = replace(TOPIC, query="torres")
    ida = Person(name="Ida Morrow", surnames=("Morrow",), context=("harbour",))

    def told(topics, people=()):
        matcher = Matcher(interests(*topics, people=people))
        return [matcher.definition(topic.slug) for topic in topics]

    before = told([TOPIC, asks, far])
    assert before == told([TOPIC, asks, far])
    assert all(one != two for one, two in zip(before, told([edited, asks, far]), strict=True))
    torres, *others = told([TOPIC, asks, far], [ida])
    assert torres == before[0]
    assert all(one != two for one, two in zip(before[1:], others, strict=True))


def test_a_topic_catches_what_the_topic_it_refers_to_catches():
    far = Topic(slug="far", title="Far", query="topic:torres NOT rain")
    assert {hit.topic for hit in hits([far, TOPIC], [change("Torres coaching")])} == {
        "far",
        "torres",
    }
    assert {hit.topic for hit in hits([far, TOPIC], [change("Torres coaching in rain")])} == {
        "torres"
    }


WORD = st.sampled_from("torres coach rain goal win first week final".split())
CLAUSE = st.one_of(
    WORD,
    st.tuples(WORD, WORD).map(lambda two: f'"{two[0]} {two[1]}"'),
    st.tuples(WORD, WORD).map(lambda two: f'"{two[0]} {two[1]}"~2'),
    WORD.map(lambda word: f"{word[:3]}*"),
    st.tuples(WORD, WORD).map(lambda two: f"({two[0]} OR {two[1]})"),
    WORD.map(lambda word: f"title:{word}"),
    WORD.map(lambda word: f"text:/{word[1:]} {word[:2]}|{word}/"),
    st.tuples(WORD, WORD).map(lambda two: f'person:"{two[0]} {two[1]}"'),
    WORD.map(lambda word: f"(* OR {word})".replace("* OR ", "")),
)
QUERY = st.tuples(CLAUSE, CLAUSE, st.sampled_from([" ", " OR ", " NOT "])).map(
    lambda made: f"{made[0]}{made[2]}{made[1]}"
)


@given(
    st.lists(QUERY, min_size=1, max_size=6),
    st.lists(WORD, min_size=1, max_size=9),
    st.sampled_from([0, keys._FEW]),
)
def test_the_index_of_topics_equals_trying_each(queries, text, few):
    topics = [Topic(slug=f"t{n}", title="T", query=query) for n, query in enumerate(queries)]
    joined = " ".join(text)
    plain = {
        topic.slug
        for topic in topics
        if parse(topic.query).match(Subject(title=joined, text=joined, lang="en"), now=NOW)
    }
    # Both ways to find the words of few topics, and of many.
    with mock.patch.object(keys, "_FEW", few):
        assert {hit.topic for hit in hits(topics, [change(joined)])} == plain


@given(QUERY, st.lists(WORD, min_size=1, max_size=9), st.sampled_from(["en", "es", ""]))
def test_whether_and_why_are_one_answer(query, text, lang):
    """``holds`` is compiled, ``explain`` walks the tree: they must never differ."""
    asked = parse(query)
    subject = Subject(title=text[0], text=" ".join(text[1:]), lang=lang)
    assert asked.holds(subject, now=NOW) == asked.explain(subject, now=NOW).matches
