"""Many feeds without news: ours beside a bare aiohttp loop, and the memory that a feed takes.

The same conditional requests to the same server (benchmarks/quietroom.py), with one at a time
to a host and 64 in all, in turns; each measure is a whole process, start included. Memory is
the most that the main process held, with all the feeds against a tenth of them.

    python benchmarks/unchanged.py [--feeds 10000] [--hosts 500] [--rounds 3]

The aim: half the bare loop's throughput at least, and less than 2 KB a feed.
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
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from collect import serving
from quietroom import host_of, url_of

HERE = Path(__file__).parent
CONCURRENCY = 64


@dataclass
class Run:
    """A whole process: ``cpu`` with its workers', ``most`` bytes in memory, of the largest."""

    seconds: float
    cpu: float
    most: int
    output: str


def run(command: list[str]) -> Run:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kept)
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}\n{output}")
    return Run(perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, output)


def counted(port: int, hosts: int) -> dict[str, int]:
    """What the server was asked since it was asked this."""
    with urllib.request.urlopen(f"http://{host_of(0, hosts)}:{port}/counts", timeout=10) as told:
        return json.load(told)


class Ours:
    """An archive that has so many of the feeds; the first round is behind it."""

    def __init__(self, folder: Path, feeds: int, hosts: int, port: int) -> None:
        self._feeds, self._hosts, self._port = feeds, hosts, port
        lines = "\n".join(
            f'<outline type="rss" text="Feed {n}" xmlUrl="{url_of(n, hosts, port)}"/>'
            for n in range(feeds)
        )
        folder.mkdir()
        (folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{lines}</body></opml>')
        (folder / "topics.toml").write_text("# no topics\n")
        (folder / "aggregator.toml").write_text(
            f'[archive]\ndirectory = "{folder}/archive"\nfree_space = 0\n'
            f'[collect]\nallow_networks = ["127.0.0.0/8"]\nhost_spacing = 0\nconcurrency = {CONCURRENCY}\n'
            f'[publish]\ndirectory = "{folder}/public"\n'
        )
        self._command = [
            sys.executable, "-m", "aggregator", "-C", str(folder), "collect", "--all", "--json",
        ]  # fmt: skip
        self.collect(unchanged=False)

    def collect(self, *, unchanged: bool = True) -> Run:
        counted(self._port, self._hosts)
        done, server = run(self._command), counted(self._port, self._hosts)
        counts = json.loads(done.output)
        right = (
            counts["feeds"] == server["requests"] == self._feeds
            and not counts["failed"]
            and counts["unchanged"] == server["not_modified"] == (self._feeds if unchanged else 0)
        )
        if not right:
            raise SystemExit(f"wrong work: {counts} {server}")
        return done


def bare(feeds: int, hosts: int, port: int) -> Run:
    script = HERE / "rivals" / "conditional_loop.py"
    done = run([sys.executable, str(script), *map(str, (port, hosts, feeds, CONCURRENCY))])
    if int(done.output) != feeds:
        raise SystemExit(f"the bare loop got {done.output} of {feeds}")
    return done


def show(name: str, runs: list[Run], feeds: int) -> float:
    """Prints a program's line; returns its feeds/s, the median of its rounds."""
    rate = statistics.median(feeds / one.seconds for one in runs)
    cpu = statistics.median(one.cpu / feeds * 1e6 for one in runs)
    each = " ".join(f"{feeds / one.seconds:.0f}" for one in runs)
    print(f"{name:12} {rate:7.0f} feeds/s   {cpu:6.0f} µs of processor a feed   ({each})")
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    feeds, hosts, few = wanted.feeds, wanted.hosts, wanted.feeds // 10
    with (
        serving("quietroom.py", f"--hosts={hosts}") as port,
        tempfile.TemporaryDirectory() as scratch,
    ):
        small = Ours(Path(scratch, "few"), few, hosts, port)
        large = Ours(Path(scratch, "many"), feeds, hosts, port)
        floors, ours = list[Run](), list[Run]()
        for _ in range(wanted.rounds):
            floors.append(bare(feeds, hosts, port))
            ours.append(large.collect())
        least, most = small.collect().most, ours[-1].most
    floor = show("bare loop", floors, feeds)
    share = show("aggregator", ours, feeds) / floor
    grown = (most - least) / (feeds - few)
    print(f"throughput   {share:7.2f} of the bare loop's (at least 0.5)")
    print(
        f"memory       {grown:7.0f} bytes a feed (below 2,048): {least / 1e6:.0f} MB with {few:,} "
        f"feeds, {most / 1e6:.0f} MB with {feeds:,}"
    )
    if share < 0.5 or grown >= 2048:
        sys.exit("the aim is not met")


if __name__ == "__main__":
    main()
