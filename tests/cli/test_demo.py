"""The demo, as a newcomer runs it: offline, in a pipe, on a terminal, leaving nothing behind."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

COMMAND = [sys.executable, "-m", "aggregator", "demo"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """(standard output, working folder, temporary folder) of one demo in a pipe."""
    work, temporary = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("tmp")
    done = subprocess.run(
        COMMAND,
        cwd=work,
        env={**os.environ, "TMPDIR": str(temporary), "AGGREGATOR_ARCHIVE__DIRECTORY": str(work)},
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, work, temporary


def _section(text: str, title: str) -> str:
    """The lines below a heading that begins so, up to the next blank line."""
    part = re.search(rf"^{title}[^\n]*\n(.*?)(?=\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    assert part, f"no section {title!r} in:\n{text}"
    return part.group(1)


def test_three_rounds_bring_what_the_editions_hold(demo):
    rounds = re.findall(
        r"^Round (\d): .*?, (\d+) failed\): (\d+) new entr\w+ \((\d+) new stor\w+\), "
        r"(\d+) revised, (\d+) vanished",
        demo[0],
        re.MULTILINE,
    )
    assert [tuple(map(int, figures)) for figures in rounds] == [
        (1, 2, 28, 28, 0, 0),
        (2, 1, 9, 6, 2, 0),
        (3, 1, 7, 6, 1, 1),
    ]


def test_copies_make_one_story_with_every_sighting(demo):
    collapsed = _section(demo[0], "Collapsed: 44 entries make 40 stories")
    assert "same text" in collapsed
    assert "same address" in collapsed
    block = next(b for b in re.split(r"\n(?=  \S)", collapsed) if "Torres" in b)
    assert all(feed in block for feed in ("Harbour Post", "Touchline", "Planet Football"))


def test_revisions_name_what_changed(demo):
    revised = _section(demo[0], "Revised: 3 entries")
    assert re.search(r"Harbour Post +2 states; last changed: .*title", revised)
    assert re.search(r"La Tribune +2 states", revised)


def test_what_a_publisher_withdrew_is_kept(demo):
    assert "Gerucht" in _section(demo[0], "Withdrawn by the publisher, kept here: 1 entry")


def test_failures_say_why_and_a_recovery_is_told(demo):
    failed = _section(demo[0], "Failed")
    assert re.search(r"Courtside .*503.*recovered", failed)
    assert "Ringside" in failed


def test_topics_hold_the_right_stories_and_say_why(demo):
    topics = _section(demo[0], "Topics")
    torres = topics.partition("torres-coaching:")[2].partition("\n  womens-football")[0]
    for title in (
        "Fernando Torres takes charge",
        "Torres, the coach",
        "la paciencia del Niño",
        "vom Torjäger zum Trainer",
        "allenatore",
        "treinador",
        "トーレス監督",
    ):
        assert title in torres
    assert "Ferran" not in torres
    assert "also in" in torres
    assert "corrected" in torres
    assert "The night" not in topics
    assert re.search(r"curling: 0 stories, waiting for: curling", topics)


def test_the_addresses_to_open_are_named(demo):
    assert re.search(r"http://127\.0\.0\.1:\d+/topics/torres-coaching", _section(demo[0], "Open"))


def test_nothing_is_left_behind(demo):
    _, work, temporary = demo
    assert list(work.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_on_a_terminal_it_serves_until_ctrl_c(tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        COMMAND,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path), "TERM": "xterm", "COLUMNS": "200"},
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        close_fds=True,
    )
    os.close(theirs)
    try:
        shown = _read_until(ours, "Ctrl-C ends")
        address = re.search(r"(http://127\.0\.0\.1:\d+/topics/torres-coaching)", shown).group(1)
        with urllib.request.urlopen(f"{address}.atom", timeout=10) as answer:
            assert b"Fernando Torres" in answer.read()
        process.send_signal(signal.SIGINT)
        _read_until(ours, "gone again")
        assert process.wait(timeout=30) == 0
        assert list(tmp_path.iterdir()) == []
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


def _read_until(terminal: int, words: str) -> str:
    """What the terminal shows up to these words; fails after a minute."""
    shown, deadline = "", time.monotonic() + 60
    while words not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
    return shown
