"""50 feeds that misbehave among 500 good ones: what the good ones feel of it.

One cold round over the good feeds alone, then one over both, each a whole process with the
shipped limits. The misbehaviours are those of tests/misbehaviours.py, each on a host of its own:
servers that never end, bombs in every coding, documents made to be slow.

    python benchmarks/hostile.py [--good 500] [--hostile 50]

The aim: all good feeds collected, at most 1.5 times the time of the good ones alone and one
time limit, and at no moment more than 400 MB of memory in all processes together.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter, sleep

from collect import newsroom
from newsroom import url_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hostileserver import HostileServer
from misbehaviours import ROWS

LIMIT_SECONDS = 30
_WORST = {"timeout": 0, "size": 1, None: 2, "encoding": 3}


def chosen(count: int) -> list[str]:
    """The names of the worst misbehaviours: what takes time, then what takes room."""
    rows = [row for row in ROWS if row.scheme == "http"]
    return [row.name for row in sorted(rows, key=lambda row: _WORST.get(row.kind, 9))][:count]


def set_up(folder: Path, urls: list[str]) -> None:
    folder.mkdir()
    lines = "".join(f'<outline type="rss" text="F" xmlUrl="{url}"/>' for url in urls)
    (folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{lines}</body></opml>')
    (folder / "topics.toml").write_text('[bench]\nquery = "title:coach AND title:season"\n')
    (folder / "aggregator.toml").write_text(
        f'[archive]\ndirectory = "{folder}/archive"\n'
        f'[collect]\nallow_networks = ["127.0.0.0/8"]\nhost_spacing = 0\ntimeout = {LIMIT_SECONDS}\n'
        f'[publish]\ndirectory = "{folder}/public"\n'
    )


Memory = dict[str, int]
"""Bytes by part of the program: the main process, the server that workers are forked from, workers."""

_PARTS = ("main", "fork server", "workers")


def memory(process: int) -> Memory:
    """What a process and all below it hold. A page that several share counts once, a part with
    each (PSS, of /proc/PID/smaps_rollup)."""
    found: Memory = dict.fromkeys(_PARTS, 0)
    left = [(process, 0)]
    while left:
        one, depth = left.pop()
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    found[_PARTS[min(depth, 2)]] += int(line.split()[1]) * 1024
            for task in Path(f"/proc/{one}/task").iterdir():
                below = map(int, (task / "children").read_text().split())
                left += [(child, depth + 1) for child in below]
        except (OSError, ValueError):
            continue
    return found


def collect(folder: Path) -> tuple[float, Memory, dict[str, int]]:
    """Seconds, the memory when it was most, and what the round came to."""
    command = [sys.executable, "-m", "aggregator", "-C", str(folder), "collect", "--all", "--json"]
    began, most = perf_counter(), Memory()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output: list[bytes] = []
    reading = threading.Thread(target=lambda: output.append(process.stdout.read()))
    reading.start()
    while process.poll() is None:
        most = max(most, memory(process.pid), key=_sum)
        sleep(0.2)
    reading.join()
    return perf_counter() - began, most, json.loads(output[0])


def _sum(held: Memory) -> int:
    return sum(held.values())


def collected(folder: Path, urls: list[str]) -> int:
    """How many of these feeds have all their entries."""
    command = [sys.executable, "-m", "aggregator", "-C", str(folder), "feeds", "list", "--json"]
    feeds = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return sum(one["entries"] == 30 for one in feeds if one["url"] in set(urls))


def _told(held: Memory) -> str:
    parts = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in held.items())
    return f"{_sum(held) / 1e6:.0f} MB: {parts}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--good", type=int, default=500)
    parser.add_argument("--hostile", type=int, default=50)
    wanted = parser.parse_args()
    # As programs start for people: what is made of their files is kept.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with (
        newsroom(wanted.good, 1) as port,
        HostileServer() as server,
        tempfile.TemporaryDirectory() as scratch,
    ):
        good = [url_of(n, port) for n in range(wanted.good)]
        bad = [server.url(name) for name in chosen(wanted.hostile)]
        set_up(Path(scratch, "alone"), good)
        # Spread among the others, as they would be.
        step = max(len(good) // len(bad), 1)
        mixed = [
            url for at, one in enumerate(bad) for url in (one, *good[at * step : (at + 1) * step])
        ]
        set_up(Path(scratch, "both"), mixed + good[len(bad) * step :])
        alone, least, _ = collect(Path(scratch, "alone"))
        both, most, counts = collect(Path(scratch, "both"))
        whole = collected(Path(scratch, "both"), good)
    bound = 1.5 * alone + LIMIT_SECONDS
    print(f"good feeds collected   {whole} of {len(good)} ({counts['failed']} feeds failed)")
    print(f"seconds, good alone    {alone:.1f}")
    print(f"seconds, with {len(bad)} bad   {both:.1f} (at most {bound:.1f})")
    print(f"memory at its most     {_told(most)} (at most 400)")
    print(f"memory, good alone     {_told(least)}")
    if whole < len(good) or both > bound or _sum(most) > 400e6:
        sys.exit("the aim is not met")


if __name__ == "__main__":
    main()
