"""One answer: search on each database, topics, and the matcher tried on every entry agree."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from archivedesk import Desk
from madequeries import ANA, FEEDS, NOW, TOPICS, made_entries, made_queries

from aggregator.archive import Archive, open_archive, question, search
from aggregator.archive.lexemes import tsquery
from aggregator.archive.statements import chunks
from aggregator.model.interests import Interests
from aggregator.model.settings import ArchiveSettings
from aggregator.model.topic import Collapse, Mute, Topic
from aggregator.query import Bindings, Query, Subject, Wanted, parse
from aggregator.topics import Matcher
from aggregator.topics.keys import Keyring
from aggregator.topics.matcher import subject_of

ENTRIES, MADE, PORTIONS = 28, 10_000, 4
BY_HAND = [
    line
    for line in (Path(__file__).parent / "queries.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@cache
def bindings() -> Bindings:
    return Bindings(TOPICS, [ANA])


def bound(text: str) -> Query:
    return bindings().bind(parse(text))


@pytest.fixture
def filled(desk) -> Archive:
    """All the made entries, on each database."""
    return fill(desk)


def fill(desk: Desk) -> Archive:
    desk.archive.attach(FEEDS, now=NOW)
    made = made_entries(ENTRIES)
    for hours, feed in enumerate(FEEDS):
        items = [entry for entry, url in made if url == feed.url]
        desk.bring(feed.url, *items, at=NOW - timedelta(days=9, hours=hours))
    return desk.archive


def subjects(archive: Archive) -> dict[int, Subject]:
    """By key, newest first."""
    return {one.key: subject_of(one) for one in reversed(list(archive.export()))}


def satisfying(query: Query, entries: Mapping[int, Subject]) -> list[int]:
    """What the matcher says of each entry."""
    return [key for key, subject in entries.items() if query.holds(subject, now=NOW)]


def test_search_gives_what_the_matcher_says(filled):
    entries, telling = subjects(filled), 0
    texts = [*BY_HAND, *made_queries(100, seed=1)]
    for text in texts:
        query = bound(text)
        expected = satisfying(query, entries)
        found = filled.search(query, limit=ENTRIES, now=NOW)
        assert [one.key for one in found] == expected, text
        telling += 0 < len(expected) < ENTRIES
    # Or equality would say little.
    assert len(BY_HAND) >= 300
    assert telling > 0.7 * len(texts)


def test_topics_hold_what_the_matcher_says(tmp_path):
    settings = ArchiveSettings(directory=tmp_path, free_space=0)
    topics = [
        Topic(slug=f"t{number}", title="T", query=text, collapse=Collapse.NONE)
        for number, text in enumerate(BY_HAND)
    ]
    matcher = Matcher(Interests(topics=tuple(TOPICS), people=(ANA,), mute=Mute()), only=topics)
    with open_archive(settings, write=True, purpose="a test") as archive:
        entries = subjects(fill(Desk(archive, settings)))
    for key, subject in entries.items():
        held = matcher.topics_of(subject, now=NOW)
        expected = [t.slug for t in topics if satisfying(matcher.query(t.slug), {key: subject})]
        assert list(held) == expected


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_no_index_misses_what_the_matcher_accepts(tmp_path, postgres_url, portion):
    """Ten thousand made queries: SQLite's index, PostgreSQL's, and the topics' keys."""
    queries = [bound(text) for text in made_queries(MADE // PORTIONS, seed=portion)]
    here = ArchiveSettings(directory=tmp_path / "sqlite", free_space=0)
    there = ArchiveSettings(directory=tmp_path / "postgresql", database=postgres_url, free_space=0)
    with (
        open_archive(here, write=True, purpose="a test") as sqlite,
        open_archive(there, write=True, purpose="a test") as postgresql,
    ):
        fill(Desk(sqlite, here)), fill(Desk(postgresql, there))
        entries = subjects(sqlite)
        assert subjects(postgresql) == entries
        expected = [satisfying(query, entries) for query in queries]
        with sqlite._database.reading() as one, postgresql._database.reading() as other:
            asked = [question.wanted(one, query, NOW) for query in queries]
            indexes = (
                [search.candidates(one, each) if each else None for each in asked],
                _all_at_once(other, asked),
            )
            for index in indexes:
                telling = 0
                for query, keys, found in zip(queries, expected, index, strict=True):
                    candidates = entries.keys() if found is None else set(found)
                    assert candidates >= set(keys), query.text
                    telling += len(candidates) < ENTRIES
                assert telling > 0.7 * len(queries)
    _check_keys(queries, expected, entries)


def _all_at_once(
    connection: sa.Connection, asked: Sequence[Wanted | None]
) -> Iterator[Sequence[int] | None]:
    """PostgreSQL's candidates, of many queries a statement: one by one takes many times as long."""
    for portion in chunks(asked):
        rows = connection.exec_driver_sql(
            "WITH asked AS MATERIALIZED (SELECT number, text::tsquery AS query "
            "FROM unnest(%s::text[]) WITH ORDINALITY AS given(text, number)) "
            "SELECT number, array_agg(entry_key) FROM asked JOIN search ON words @@ query "
            "GROUP BY number",
            ([tsquery(one) if one else None for one in portion],),
        )
        found = {number: keys for number, keys in rows}  # noqa: C416
        for number, one in enumerate(portion, 1):
            yield found.get(number, ()) if one else None


def _check_keys(
    queries: Sequence[Query], expected: Sequence[list[int]], entries: Mapping[int, Subject]
) -> None:
    """That topics of these queries would be asked of every entry that they take up."""
    rings: dict[str, Keyring] = {}
    for key, subject in entries.items():
        if subject.language not in rings:
            rings[subject.language] = Keyring(queries, subject.language)
        asked = set(rings[subject.language].candidates(subject))
        for number, keys in enumerate(expected):
            assert number in asked or key not in keys, queries[number].text
