"""What is made of the grammar, the templates and the model of languages is kept beside them, where that may be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.model.compiled import kept_beside

# Parses a query, loads a template and detects a language; with an argument, where nothing may be
# made again.
PROGRAM = """
import sys
import jinja2
import lark.lark
import lzma
from aggregator.normalize.language import detect
from aggregator.publish.pages import _environment
from aggregator.query import parse

def refuse(*_args, **_given):
    raise AssertionError("compiled again")

if sys.argv[1:]:
    jinja2.Environment.compile = lark.lark.load_grammar = lzma.open = refuse
print(parse("ferry AND harbour").text)
print(len(_environment().get_template("topic.html").blocks))
for text in (
    "The coach of the home side was sent off in the second half of the match.",
    "Der Trainer der Gastgeber wurde in der zweiten Halbzeit des Spiels des Feldes verwiesen.",
    "El entrenador del equipo local fue expulsado en la segunda parte del partido.",
):
    print(detect(text))
"""
LANGUAGES = ["en", "de", "es"]


def run(*arguments: str, **variables: str) -> str:
    given = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**given, **variables}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_second_process_makes_nothing_again(tmp_path: Path) -> None:
    first = run(PYTHONPYCACHEPREFIX=str(tmp_path))
    assert first.split()[-3:] == LANGUAGES
    assert run("again", PYTHONPYCACHEPREFIX=str(tmp_path)) == first


def model(folder: Path) -> Path:
    (kept,) = (one for one in folder.rglob("languagemodel*") if one.is_dir())
    return kept


def test_what_another_version_of_a_package_kept_goes_in_time(tmp_path: Path) -> None:
    run(PYTHONPYCACHEPREFIX=str(tmp_path))
    kept = model(tmp_path)
    old, lately, half = (kept.with_name(f"{kept.name}{end}") for end in ("0", "1", ".new"))
    kept.rename(old)
    lately.mkdir()
    half.mkdir()
    os.utime(old, (0, 0))
    run(PYTHONPYCACHEPREFIX=str(tmp_path))
    assert [one.exists() for one in (kept, lately, old, half)] == [True, True, False, False]


@pytest.mark.parametrize("name", ["ptc", "nextmove", "nextmove_row", "out_feat"])
@pytest.mark.parametrize("damage", [b"\xff", b"\x00", b"\x01\xff\x00"])
def test_a_model_that_was_damaged_is_made_anew(tmp_path: Path, name: str, damage: bytes) -> None:
    first = run(PYTHONPYCACHEPREFIX=str(tmp_path))
    file = model(tmp_path) / f"{name}.npy"
    whole = file.read_bytes()
    file.write_bytes(whole[:256] + (damage * len(whole))[: len(whole) - 256])
    assert run(PYTHONPYCACHEPREFIX=str(tmp_path)) == first
    assert file.read_bytes() == whole
    assert run("again", PYTHONPYCACHEPREFIX=str(tmp_path)) == first


@pytest.mark.parametrize(
    ("file", "written", "long_ago", "anew"),
    [
        # A bit that no sentence needs: by a program, and by the disk itself, which is seen in a day.
        ("ptc.npy", True, False, True),
        ("nextmove.npy", True, False, True),
        ("ptc.npy", False, True, True),
        ("ptc.npy", False, False, False),
        # No byte.
        ("", True, False, False),
        ("", False, True, False),
    ],
)
def test_a_byte_that_was_damaged_is_noticed(
    tmp_path: Path, file: str, written: bool, long_ago: bool, anew: bool
) -> None:
    first = run(PYTHONPYCACHEPREFIX=str(tmp_path))
    array, sums = (model(tmp_path) / one for one in (file or "ptc.npy", "sums"))
    whole, made = array.read_bytes(), array.stat().st_mtime
    array.write_bytes(whole[:-999] + bytes([whole[-999] ^ bool(file)]) + whole[-998:])
    if not written:
        os.utime(array, (made, made))
    if long_ago:
        for one in model(tmp_path).iterdir():
            os.utime(one, (made - 100_000, made - 100_000))
    again = () if anew else ("again",)
    assert run(*again, PYTHONPYCACHEPREFIX=str(tmp_path)) == first
    assert (array.read_bytes() == whole) == (anew or not file)
    assert sums.stat().st_mtime > made - 10
    assert sums.stat().st_mtime_ns >= array.stat().st_mtime_ns


def test_a_model_without_sums_is_made_anew(tmp_path: Path) -> None:
    first = run(PYTHONPYCACHEPREFIX=str(tmp_path))
    sums = model(tmp_path) / "sums"
    told = sums.read_text()
    for damaged in ("", "ptc", told[: len(told) // 2]):
        sums.write_text(damaged)
        assert run(PYTHONPYCACHEPREFIX=str(tmp_path)) == first
        assert sums.read_text() == told


def test_what_was_kept_of_another_text_is_not_taken(tmp_path: Path) -> None:
    first = run(PYTHONPYCACHEPREFIX=str(tmp_path))
    kept = [
        file
        for name in ("grammar*.lark", "__jinja2*.cache", "ptc.npy", "classes.npy")
        for file in tmp_path.rglob(name)
    ]
    assert len(kept) >= 4
    for file in kept:
        file.write_bytes(b"something else\n" + file.read_bytes()[::-1])
    assert run(PYTHONPYCACHEPREFIX=str(tmp_path)) == first
    assert run("again", PYTHONPYCACHEPREFIX=str(tmp_path)) == first


def test_where_nothing_can_be_kept_all_works(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    told = run(PYTHONPYCACHEPREFIX=str(tmp_path / "file" / "below"))
    assert told.split()[-3:] == LANGUAGES


def test_where_python_keeps_nothing_neither_do_we(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert kept_beside(tmp_path / "grammar.lark") is not None
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert kept_beside(tmp_path / "grammar.lark") is None
    assert run(PYTHONPYCACHEPREFIX=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    assert not list(tmp_path.iterdir())
