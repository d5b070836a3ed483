"""What changed between two states is told word by word."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cli.differences import print_differences
from aggregator.model.differences import Mark, compare
from aggregator.model.entry import Enclosure, RevisionRecord


def _revision(number: int, **fields) -> RevisionRecord:
    plain = {
        "title": "A title",
        "summary": "",
        "html": "",
        "text": "",
        "url": "https://a.example/1",
        "authors": (),
        "categories": (),
        "published": None,
        "updated": None,
        "original": {},
        "capture": None,
        "changed": (),
        "seen": datetime(2026, 1, number, tzinfo=UTC),
    }
    return RevisionRecord(number=number, **{**plain, **fields})


@given(st.text("ab c.", max_size=60), st.text("ab c.", max_size=60))
def test_what_is_kept_and_put_in_is_the_new_text(old, new):
    """Where nothing is shortened, the stretches rebuild both states."""
    told = list(compare(old, new))
    if any(" … " in text for mark, text in told if mark is Mark.SAME):
        return
    assert "".join(text for mark, text in told if mark is not Mark.OLD) == new
    assert "".join(text for mark, text in told if mark is not Mark.NEW) == old


def test_long_sameness_is_shortened_to_the_words_beside_a_change():
    old = "one " * 200 + "end"
    told = "".join(text for _, text in compare(old, old.replace("end", "stop")))
    assert told.startswith(" … ")
    assert len(told) < 80


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"text": "won 1–0"}, {"text": "won 2–0"}, "  text: won [-1-]{+2+}–0\n"),
        ({"text": "a b"}, {"text": "a b c"}, "  text: a b{+ c+}\n"),
        (
            {"title": "x \x1b[1m"},
            {"title": "y \x1b[1m"},
            "  title: [-x-]{+y+} \\x1b[1m\n",
        ),
        (
            {"url": "https://a.example/1"},
            {"url": None},
            "  url: https://a.example/1 → none\n",
        ),
        (
            {"summary": "a b.", "text": "a b."},
            {"summary": "a c.", "text": "a c."},
            "  text: a [-b-]{+c+}.\n",
        ),
        (
            {"enclosures": ()},
            {"enclosures": (Enclosure(url="https://a.example/a.mp3"),)},
            "  enclosures: none → https://a.example/a.mp3\n",
        ),
        ({"authors": ("A",)}, {"authors": ("A", "B")}, "  authors: A → A, B\n"),
    ],
)
def test_a_pipe_shows_changes_with_marks(capsys, before, after, line):
    print_differences(_revision(1, **before), _revision(2, **after))
    assert capsys.readouterr().out == line


def test_the_first_state_is_told_by_its_title(capsys):
    print_differences(None, _revision(1, title="[b]First[/b]"))
    assert capsys.readouterr().out == "  title: [b]First[/b]\n"


@pytest.mark.parametrize(
    ("environment", "marks"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "dumb"}, True),
        ({"TERM": "unknown"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True),
    ],
)
def test_a_terminal_without_colours_shows_changes_with_marks(
    terminal, monkeypatch, environment, marks
):
    def show() -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        print_differences(_revision(1, text="won 1–0"), _revision(2, text="won 2–0"))

    shown = terminal(show)
    assert ("won [-1-]{+2+}–0" in shown, "\x1b[" in shown) == (marks, not marks)
