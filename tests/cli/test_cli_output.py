"""What reaches a terminal or a pipe is harmless, whatever a feed says."""

import io
import json
import re
import sys
import time
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cli import output
from aggregator.cli.output import Column, since_here
from aggregator.model.units import size

NASTY = [
    ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
    ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
    ("\x9b2J", r"\x9b2J"),
    ("a\tb\nc\r\nd", "a b c d"),
    ("\u202egnp.exe", r"\u202egnp.exe"),
    ("\ud800", r"\ud800"),
    ("[bold]x[/b] [link=http://x]y[/link] :smile:", "[bold]x[/b] [link=http://x]y[/link] :smile:"),
    ("../../etc/passwd", "../../etc/passwd"),
]


@pytest.mark.parametrize(("text", "shown"), NASTY, ids=range(len(NASTY)))
def test_feed_text_becomes_one_harmless_line(text, shown):
    assert output.one_line(text) == shown


@given(st.text())
def test_no_control_character_survives(text):
    for shown in (output.one_line(text), output.harmless(text).replace("\n", "")):
        assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)
        assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(st.dictionaries(st.text(), st.text() | st.none() | st.integers()))
def test_json_is_equal_when_read_back_and_safe_to_show(value):
    line = output.json_line(value)
    assert json.loads(line) == value
    assert output.one_line(line) == line.strip()
    line.encode()


def test_json_keeps_letters_readable():
    assert output.json_line({"title": "Ligue féminine 球場"}) == '{"title": "Ligue féminine 球場"}'


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "5 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7200, "2 h"),
        (90000, "25 h"),
        (259200, "3 days"),
    ],
)
def test_durations_are_in_the_largest_unit_that_fits(seconds, words):
    assert output.duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (12_300, "12 KiB"),
        (512 << 20, "512.0 MiB"),
        (1 << 41, "2.0 TiB"),
    ],
)
def test_sizes_are_in_words(count, words):
    assert size(int(count)) == words


def test_times_off_are_told_by_direction():
    now = datetime.now(UTC)
    assert output.away(now + timedelta(minutes=5, seconds=30)) == "in 5 min"
    assert output.away(now - timedelta(hours=3)) == "3 h ago"
    assert output.away(None) == ""


def test_a_pipe_gets_one_tab_separated_line_a_row_and_no_head(capsys):
    rows = [("1", "a\tb\n\x1b[1mc"), ("2", "[red]d[/red]")]
    output.print_table((Column("n"), Column("title")), rows)
    assert capsys.readouterr().out == "1\ta b \\x1b[1mc\n2\t[red]d[/red]\n"


def test_nothing_to_list_leaves_a_pipe_empty(capsys):
    output.print_table((Column("n"),), [], empty="nothing found")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "nothing found\n"


def _table() -> None:
    output.print_table((Column("title", wide=True),), [("\x1b[31m[bold]x[/b] [/nope] :smile:",)])


def test_markup_and_sequences_in_a_title_stay_text_in_a_table(terminal):
    shown = terminal(_table)
    assert r"\x1b[31m[bold]x[/b] [/nope] :smile:" in shown
    assert "title" in shown


FOUND = (
    Column("seen"),
    Column("id"),
    Column("title", wide=True),
    Column("feed", cut=True),
    Column("mark"),
)
AT, ID = "2026-11-26 23:15", "97f0899b-22d9"
TITLE, FEED = "What a coach sees: six drills for a back four", "A feed with a long name, so long"


@pytest.mark.parametrize(("width", "lines"), [(120, 3), (80, 4), (40, 4), (24, 6)])
def test_dates_and_ids_stay_whole_and_a_title_stays_readable(terminal, width, lines):
    rows = [(AT, ID, TITLE, FEED, "")]
    shown = terminal(lambda: output.print_table(FOUND, rows), width)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert len(plain) == lines
    assert all(len(line) <= width for line in plain)
    assert any(AT in line for line in plain)
    assert any(ID in line for line in plain)
    assert all(word in " ".join(plain) for word in TITLE.split())
    assert "mark" not in plain[0]


NEEDS = st.lists(
    st.tuples(st.sampled_from(["", "wide", "cut"]), st.integers(1, 200)), min_size=1, max_size=6
)


@given(NEEDS, st.integers(1, 250))
def test_a_table_fits_and_cuts_only_what_may_be_cut(columns, room):
    drawn = [Column("c", wide=kind == "wide", cut=kind == "cut") for kind, _ in columns]
    needed = [width for _, width in columns]
    widths = output.fit(drawn, needed, room)
    if widths is None:
        return
    assert sum(widths) + 2 * (len(widths) - 1) <= room
    for column, width, whole in zip(drawn, widths, needed, strict=True):
        assert width == whole or (column.weight and 12 * column.weight <= width < whole)


def test_a_time_in_a_pipe_has_its_offset(capsys):
    assert output.when(datetime(2026, 11, 26, 12, tzinfo=UTC))[-6] in "+-"


def test_no_color_is_heeded(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    shown = terminal(lambda: output.heading("[red]Round[/red]"))
    assert "[red]Round[/red]" in shown
    assert "\x1b[3" not in shown


def test_progress_says_nothing_where_nobody_watches(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with output.progress("collecting", 3) as bar:
        bar(1, "2 new entries")
    assert stream.getvalue() == ""


def test_who_holds_the_archive_is_told_in_the_zone_of_the_reader(monkeypatch):
    held = "aggregator run (process 7 on host, since 2026-11-29T20:56:37Z)"
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        here = "aggregator run (process 7 on host, since 2026-11-30T05:56:37+09:00)"
        assert since_here(held) == here
        assert since_here(f"{held} is writing this archive") == f"{here} is writing this archive"
        assert since_here("another process") == "another process"
    finally:
        monkeypatch.undo()
        time.tzset()
