"""Many topics: what a start, an edit, a list and one new entry cost, in seconds of processor time.

Made topics (see ``matching.py``) in a configuration of their own, and an archive of made entries.
The first start fills and publishes every topic; it is paid once. All others should cost what
changed.

    .venv/bin/python benchmarks/topics.py [--topics 10000] [--entries 300]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from archivedesk import ONE, Desk, item
from matching import World

from aggregator.archive import open_archive
from aggregator.config import load
from aggregator.model.feed import Subscription
from aggregator.model.settings import Settings
from aggregator.model.topic import Topic
from aggregator.pipeline import prepare
from aggregator.publish import site_of
from aggregator.publishing import Publisher

SUBSCRIBED = [Subscription(url=ONE)]


def configure(folder: Path, topics: list[Topic]) -> None:
    folder.mkdir(exist_ok=True)
    tables = (
        f"[{one.slug}]\ntitle = \"Topic {one.slug}\"\nquery = '{one.query}'\n" for one in topics
    )
    (folder / "topics.toml").write_text("\n".join(tables))
    (folder / "feeds.opml").write_text(
        f'<opml version="2.0"><body><outline type="rss" text="One" xmlUrl="{ONE}"/></body></opml>'
    )
    (folder / "aggregator.toml").write_text(
        f'[archive]\ndirectory = "{folder}/archive"\n[publish]\ndirectory = "{folder}/public"\n'
    )


class Stopwatch:
    """Prints what each step took, its own children's time included."""

    def step(self, name: str, work: Callable[[], object]) -> object:
        began, was = os.times(), time.monotonic()
        result = work()
        ended = os.times()
        spent = sum(ended[:4]) - sum(began[:4])
        print(f"| {name} | {spent:.2f} | {time.monotonic() - was:.2f} |", flush=True)
        return result


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--topics", type=int, default=10_000)
    options.add_argument("--entries", type=int, default=300)
    given = options.parse_args()
    world = World(7)
    topics = world.topics(given.topics)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        configure(folder, topics)
        measure(folder, world.entries(given.entries))


def measure(folder: Path, entries: list[tuple[str, str, str]]) -> None:
    watch = Stopwatch()
    print("| step | processor s | s |\n| --- | --- | --- |")
    configuration = watch.step("read the configuration", lambda: load(folder))
    settings: Settings = configuration.settings
    interests = configuration.interests
    with open_archive(settings.archive, write=True, purpose="a benchmark") as archive:
        desk = Desk(archive, settings.archive)
        desk.subscribe(ONE)
        fresh = entries[-3:]
        for number, (title, text, lang) in enumerate(entries[:-3]):
            desk.bring(ONE, item(f"n{number}", title=title, text=text, lang=lang))
        begun = watch.step(
            "first start: fill", lambda: prepare(archive, settings, SUBSCRIBED, interests)
        )
        site = site_of(settings)
        publisher = Publisher(archive, settings, site)
        watch.step("first start: publish", publisher.publish)
        watch.step("start again", lambda: prepare(archive, settings, SUBSCRIBED, interests))
        again = Publisher(archive, settings, site)
        watch.step("… look at all that is published", again.publish)
        first, second, *others = interests.topics
        edited = replace(first, query=f"({first.query}) OR ({second.query})")
        changed = replace(interests, topics=(edited, second, *others))
        watch.step(
            "start with one topic edited", lambda: prepare(archive, settings, SUBSCRIBED, changed)
        )
        watch.step("… look and publish", Publisher(archive, settings, site).publish)
        desk.matcher = begun
        for number, (title, text, lang) in enumerate(fresh):
            new = item(f"new{number}", title=title, text=text, lang=lang)
            watch.step("match and store one entry", lambda new=new: desk.bring(ONE, new))
            behind = len(archive.published.behind())
            watch.step(f"publish the {behind} topics that it hit", again.publish)
        watch.step("publish nothing", again.publish)
        watch.step("list all topics", archive.topics)


if __name__ == "__main__":
    main()
