"""Where a file that is no TOML is said to be wrong, and files in which nothing stands."""

from __future__ import annotations

import pytest

from aggregator.config import load, write_starter
from aggregator.model.errors import ConfigError

TWO = "[one]\nquery = 'x'\n\n[two]\ntitle = 'T'\n"
MORE = "\n[three]\nquery = 'y'\n[four]\nquery = 'z'\n"


@pytest.fixture
def folder(tmp_path):
    write_starter(tmp_path)
    return tmp_path


def refused(folder, text: str, name: str = "topics.toml") -> str:
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (TWO + "query=[", 6),
        (TWO + "query=[\n", 6),
        (TWO + "must = ['a',\n  'b'\n", 6),
        (TWO + "query = '''x\n", 6),
        (TWO + 'query = """x' + MORE, 6),
        (TWO + "must = ['a']\nquery = '''x" + MORE, 7),
        (TWO + "must = [\n'a',\n]\nquery = '''a = b\nc = d" + MORE, 9),
        (TWO + "query =", 6),
        (TWO + "query", 5),
        ("query = [", 1),
    ],
)
def test_what_is_not_closed_is_told_with_the_line_on_which_it_begins(folder, text, line):
    told = refused(folder, text)
    assert f"topics.toml:{line}: this is no TOML: the file ends" in told
    assert "not closed" in told
    assert "\\" not in told


@pytest.mark.parametrize("name", ["aggregator.toml", "topics.toml", "people.toml"])
@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_a_mistake(folder, name, text):
    told = refused(folder, text, name)
    assert f"{name}: the file is empty" in told
    assert "comment" in told


@pytest.mark.parametrize("name", ["topics.toml", "people.toml"])
def test_a_comment_alone_is_right(folder, name):
    (folder / "topics.toml").write_text("# no topics\n")
    (folder / name).write_text("# none\n")
    load(folder, environ={})


def test_people_may_be_absent(folder):
    (folder / "topics.toml").write_text("# no topics\n")
    (folder / "people.toml").unlink()
    assert load(folder, environ={}).interests.people == ()
