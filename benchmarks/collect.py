"""Feeds a second: ours beside lemon24's reader and beside a bare loop, in one run.

Three cases on one loopback server (benchmarks/newsroom.py): *cold* (every entry
new), *unchanged* (every answer a 304) and *one new* entry a feed. Each measure
is a whole process, start included. The bare loop fetches, hashes, parses with
lxml and inserts into SQLite with FTS5, and does nothing else: the floor.

    python benchmarks/collect.py [--feeds 300] [--unchanged-feeds 1000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import perf_counter

from newsroom import ENTRIES, url_of

HERE = Path(__file__).parent


def newsroom(feeds: int, editions: int) -> AbstractContextManager[int]:
    """The server that ``newsroom.py`` is; its port."""
    return serving("newsroom.py", f"--feeds={feeds}", f"--editions={editions}")


@contextmanager
def serving(script: str, *options: str) -> Iterator[int]:
    """A server of this folder in a process of its own; yields its port."""
    server = subprocess.Popen(
        [sys.executable, HERE / script, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield int(server.stdout.readline())
    finally:
        server.stdin.close()
        server.wait(10)


def ask(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def timed(command: list[str]) -> tuple[float, str]:
    # As programs start for people: their code compiled once and kept, whoever is measured.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=kept)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}\n{done.stderr}")
    return perf_counter() - began, done.stdout


class Ours:
    name = "aggregator"

    def __init__(self, folder: Path, feeds: int, port: int) -> None:
        outlines = "\n".join(
            f'<outline type="rss" text="Feed {n}" xmlUrl="{url_of(n, port)}"/>'
            for n in range(feeds)
        )
        folder.mkdir()
        (folder / "feeds.opml").write_text(
            f'<opml version="2.0"><head/><body>{outlines}</body></opml>'
        )
        (folder / "topics.toml").write_text(
            # Each holds a few stories in a hundred, as topics do.
            '[rivals]\ntitle = "Rivals"\nquery = "\\"final match\\""\n'
            '[bench]\ntitle = "Bench"\nquery = "title:coach AND title:season"\n'
            '[week]\ntitle = "Week"\nquery = "\\"first week\\" OR \\"second half\\""\n'
        )
        (folder / "aggregator.toml").write_text(
            f'[archive]\ndirectory = "{folder}/archive"\n'
            '[collect]\nallow_networks = ["127.0.0.0/8"]\nhost_spacing = 0\n'
            f'[publish]\ndirectory = "{folder}/public"\n'
        )
        self.command = [
            sys.executable, "-m", "aggregator", "-C", str(folder), "collect", "--all", "--json",
        ]  # fmt: skip

    def run(self) -> float:
        seconds, out = timed(self.command)
        self.counts = json.loads(out)
        return seconds


class Script:
    """A program below ``benchmarks/rivals`` that takes a database, a port and a number of feeds."""

    def __init__(self, name: str, folder: Path, feeds: int, port: int) -> None:
        self.name = name
        folder.mkdir()
        self.command = [
            sys.executable, str(HERE / "rivals" / f"{name}.py"), str(folder / "db.sqlite"),
            str(port), str(feeds),
        ]  # fmt: skip

    def run(self) -> float:
        seconds, self.counts = timed(self.command)
        return seconds


def measure(feeds: int, cases: list[str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """case → program → feeds/s of each round."""
    rates: dict[str, dict[str, list[float]]] = {case: {} for case in cases}
    for _ in range(rounds):
        with newsroom(feeds, 2) as port, tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            programs = [
                Ours(root / "ours", feeds, port),
                Script("reader_library", root / "reader", feeds, port),
                Script("bare_loop", root / "bare", feeds, port),
            ]
            for case in ("cold", "unchanged", "one new"):
                ask(port, f"/edition?n={int(case == 'one new')}")
                for program in programs:
                    ask(port, "/counts")
                    seconds = program.run()
                    counts = json.loads(ask(port, "/counts"))
                    if program.name == "aggregator":
                        check(case, feeds, program.counts, counts)
                    if case in cases:
                        rates[case].setdefault(program.name, []).append(feeds / seconds)
    return rates


def check(case: str, feeds: int, ours: dict[str, float], server: dict[str, int]) -> None:
    """The figures are worth nothing if the work was not done."""
    expected = {"cold": feeds * ENTRIES, "unchanged": 0, "one new": feeds}[case]
    if ours["new"] != expected or ours["failed"] or server["requests"] != feeds:
        raise SystemExit(f"{case}: wrong work: {ours} {server}")
    if case != "cold" and server["conditional"] != feeds:
        raise SystemExit(f"{case}: {server['conditional']} conditional requests of {feeds}")


def show(rates: dict[str, dict[str, list[float]]], feeds: int) -> None:
    for case, programs in rates.items():
        print(f"\n{case}, {feeds} feeds of {ENTRIES} entries: feeds/s, median of rounds (all)")
        middle = {name: statistics.median(values) for name, values in programs.items()}
        for name, values in programs.items():
            ratio = middle["aggregator"] / middle[name]
            each = " ".join(f"{value:.1f}" for value in values)
            print(f"  {name:16} {middle[name]:8.1f}   ours is {ratio:5.2f} times   ({each})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--unchanged-feeds", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    show(measure(options.feeds, ["cold", "one new"], options.rounds), options.feeds)
    show(measure(options.unchanged_feeds, ["unchanged"], 1), options.unchanged_feeds)
