"""The texts of the mute table: what is taken as it stands, and what is meant for a query."""

from __future__ import annotations

import json

import pytest

from aggregator.config import load, write_starter
from aggregator.model.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    write_starter(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("betting", "betting"), ("bet*", "bet*"), ("O'Neill", "O'Neill"), ("3:2", "3:2"), ("C++", "C++"),
        ("サッカー", "サッカー"), ('"betting"', '"betting"'), ("fantasy football", '"fantasy football"'),
        ("-betting", "betting"), ("+betting", "+betting"), ("!bet*", "bet*"), ("(betting)", "(betting)"),
        ("[betting]", "betting"), ("title:", "title"), ("title: torres", '"title: torres"'), ("feed://a.example/b", '"feed://a.example/b"'),
        ("OR", '"OR"'), ("not", '"not"'), ("betting or not", '"betting or not"'), ("AC/DC AND", '"AC/DC AND"'), ("a\tb", '"a\tb"'),
        ('rock "n" roll', '"rock  n  roll"'), ("rock «n» roll", '"rock  n  roll"'), ('"run for"', '" run for "'), ("ORDER NOTICE ANDES", '"ORDER NOTICE ANDES"'), ("subtitle:x", '"subtitle:x"'),
        ("/betting/", "betting"), ("https://a.example/b", '"https://a.example/b"'),
    ],
)  # fmt: skip
def test_muted_words_are_taken_as_they_stand(folder, written, query):
    text = json.dumps(written, ensure_ascii=False)
    (folder / "topics.toml").write_text(
        f"[a]\nquery = 'x'\n[mute]\nwords = [{text}]\nauthors = [{text}]\n", "utf-8"
    )
    words, author = load(folder, environ={}).interests.mute.queries
    assert words == query
    assert author.startswith('author:"')
    assert author.count('"') == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[mute]\nwords = ['title:goal*']",
            [":2", "mute.words", "title: means", "query = 'title:goal*'"],
        ),
        (
            "[mute]\nwords = ['a OR b']",
            [":2", "mute.words", "OR means", "query = 'a OR b'", "write or"],
        ),
        ("[mute]\nwords = ['a AND b']", [":2", "mute.words", "AND means"]),
        ("[mute]\nwords = ['NOT a']", [":2", "mute.words", "NOT means"]),
        ("[mute]\nwords = ['-topic:a', 'b']", [":2", "mute.words", "topic: means"]),
        ("[mute]\nwords = ['person:\"Ida\"']", [":2", "mute.words", "person: means"]),
        ("[mute]\nwords = ['\"a b\"~5']", [":2", "mute.words", "~5 means"]),
        ("[mute]\nauthors = ['author:Ida']", [":2", "mute.authors", "author: means"]),
    ],
)
def test_what_is_a_query_is_told_to_be_one(folder, text, words):
    (folder / "topics.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    assert [one for one in words if one not in str(caught.value)] == []
