"""What is made of the grammar and of the templates is kept beside them, where that may be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.model.compiled import kept_beside

# Parses a query and loads a template; with an argument, where neither may be compiled again.
PROGRAM = """
import sys
import jinja2
import lark.lark
from aggregator.publish.pages import _environment
from aggregator.query import parse

def refuse(*_args, **_given):
    raise AssertionError("compiled again")

if sys.argv[1:]:
    jinja2.Environment.compile = lark.lark.load_grammar = refuse
print(parse("ferry AND harbour").text)
print(len(_environment().get_template("topic.html").blocks))
"""


def run(*arguments: str, **variables: str) -> str:
    given = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**given, **variables}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_second_process_compiles_neither_grammar_nor_templates(tmp_path: Path) -> None:
    first = run(PYTHONPYCACHEPREFIX=str(tmp_path))
    assert run("again", PYTHONPYCACHEPREFIX=str(tmp_path)) == first


def test_what_was_kept_of_another_text_is_not_taken(tmp_path: Path) -> None:
    first = run(PYTHONPYCACHEPREFIX=str(tmp_path))
    kept = [*tmp_path.rglob("grammar*.lark"), *tmp_path.rglob("__jinja2*.cache")]
    assert len(kept) >= 2
    for file in kept:
        file.write_bytes(b"something else\n" + file.read_bytes()[::-1])
    assert run(PYTHONPYCACHEPREFIX=str(tmp_path)) == first
    assert run("again", PYTHONPYCACHEPREFIX=str(tmp_path)) == first


def test_where_nothing_can_be_kept_all_works(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert run(PYTHONPYCACHEPREFIX=str(tmp_path / "file" / "below"))


def test_where_python_keeps_nothing_neither_do_we(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert kept_beside(tmp_path / "grammar.lark") is not None
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert kept_beside(tmp_path / "grammar.lark") is None
    assert run(PYTHONPYCACHEPREFIX=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    assert not list(tmp_path.iterdir())
