"""Trees of queries that are kept in a file: the same as parsed ones, or none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from madequeries import made_queries

from aggregator.config import load
from aggregator.model.errors import QueryError
from aggregator.query import kept, parse, remembering
from aggregator.query.kept import KeptTrees, keep_trees
from aggregator.query.parsing import parse_tree

QUERIES = (
    "torres",
    "O'Neill o'n*",
    '"first week" OR coach*',
    '"rain coach"~9 -goal',
    "title:(derby AND !cup) 足球*",
    "published:[now-7d TO 2026-11-01} lang:en",
    "title:/sign(s|ed)/ author:*",
    'person:"Ida Morrow" topic:rivals',
    "*",
)


def test_what_is_kept_is_what_was_parsed(tmp_path):
    made = {text: parse_tree(text) for text in QUERIES}
    keep_trees(tmp_path / "kept", made)
    again = KeptTrees(tmp_path / "kept")
    assert len(again) == len(made)
    assert {text: again.get(text) for text in made} == made
    assert again.get("another") is None


def test_made_queries_are_kept_whole(tmp_path):
    made = {text: parse_tree(text) for text in made_queries(300)}
    keep_trees(tmp_path / "kept", made)
    again = KeptTrees(tmp_path / "kept")
    assert {text: again.get(text) for text in made} == made


def test_nothing_is_believed_that_is_damaged(tmp_path):
    file = tmp_path / "kept"
    keep_trees(file, {text: parse_tree(text) for text in QUERIES})
    whole = file.read_bytes()
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not len(KeptTrees(file)), at
        file.write_bytes(whole[:at])
        assert not len(KeptTrees(file)), at


def test_nothing_is_believed_of_another_program(tmp_path, monkeypatch):
    file = tmp_path / "kept"
    keep_trees(file, {"torres": parse_tree("torres")})
    monkeypatch.setattr(kept, "__version__", "0.0.0")
    assert "torres" not in KeptTrees(file)


@pytest.mark.parametrize("place", ["missing/kept", "file/kept", "folder"])
def test_what_cannot_be_kept_stops_nothing(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    keep_trees(tmp_path / place, {"torres": parse_tree("torres")})
    assert not len(KeptTrees(tmp_path / place))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]


def test_it_is_written_where_there_are_others_and_forgets_most_that_nobody_asks(tmp_path):
    file = tmp_path / "kept"

    def ask(*texts: str) -> bytes:
        with remembering(file) as keep:
            keep(texts)
        return file.read_bytes()

    first = ask("torres", "coach")
    assert ask("torres", "coach") == ask("torres") == first
    assert ask("torres", "rain") != first
    assert [one in KeptTrees(file) for one in ("torres", "rain", "coach")] == [True, True, False]
    ask("torres", "rain", "goal", "derby", "cup")
    ask("torres", "rain")
    assert len(KeptTrees(file)) == 2


def test_a_mistake_is_told_as_without(tmp_path):
    with remembering(tmp_path / "kept") as keep:
        keep(["torres"])
    with remembering(tmp_path / "kept"):
        with pytest.raises(QueryError) as told:
            parse("torres (")
        assert told.value.column == 8


def configure(folder: Path, query: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "archive").mkdir(exist_ok=True)
    (folder / "feeds.opml").write_text('<opml version="2.0"><body/></opml>')
    (folder / "aggregator.toml").write_text('[archive]\ndirectory = "archive"\n')
    (folder / "people.toml").write_text('["Ida Morrow"]\n')
    (folder / "topics.toml").write_text(
        f"[one]\nquery = '{query}'\n"
        "[two]\nquery = 'person:\"Ida Morrow\" topic:one'\n"
        "[mute]\nwords = ['betting']\n"
    )


def test_a_start_with_topics_of_before_loads_nothing_that_parses(tmp_path):
    configure(tmp_path, "torres coach*")
    program = (
        "import sys, pathlib; from aggregator.config import load; "
        f"topics = load(pathlib.Path({str(tmp_path)!r})).topics; "
        "print(*(one.query for one in topics), 'lark' in sys.modules)"
    )

    def start() -> str:
        run = [sys.executable, "-c", program]
        return subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout

    queries = 'torres coach* person:"Ida Morrow" topic:one'
    assert start().split("\n")[0] == f"{queries} True"
    assert start().split("\n")[0] == f"{queries} False"
    configure(tmp_path, "torres goal")
    assert start().endswith("True\n")
    assert start().endswith("False\n")


def test_reading_a_configuration_makes_no_archive(tmp_path):
    configure(tmp_path, "torres")
    (tmp_path / "archive").rmdir()
    load(tmp_path)
    assert not (tmp_path / "archive").exists()
