"""The page on JSON says what the commands print: each key, in order, and what it stands for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from cli.conftest import Place
from feedserver import FeedServer
from planted import TEMPLATES, Planted
from promises import RAIN, TOPICS, TORRES, URN, rss

from aggregator.cli import application

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
KEYS, NAMES = (part.split("| --- |", 1)[1] for part in PAGE.split("\n## ")[1:])
CODE = re.compile(r"`([^`]+)`")


def rows(table: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in table.splitlines()
        if line.startswith("| `") or (line.startswith("| ") and "---" not in line)
    ]


def documented() -> dict[str, tuple[str, list[str]]]:
    """command → (how many, its keys)."""
    found: dict[str, tuple[str, list[str]]] = {}
    for command, many, told in rows(KEYS):
        named = CODE.findall(told.partition(";")[0])
        if told.startswith("as "):
            named = found[named[0]][1] + named[1:]
        found[command.strip("`")] = many, named
    return found


DOCUMENTED = documented()


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What a command prints, over an archive in which something of everything is."""
    folder = tmp_path_factory.mktemp("named")
    with FeedServer() as server:
        place = Place(folder / "config")
        urls = [
            server.serve("/sport.xml", rss(TORRES, RAIN)),
            server.serve("/gone.xml", b"", status=404),
            server.serve("/owl.xml", Planted(0, TEMPLATES[0]).document(12)),
        ]
        place.subscribe(*urls)
        place.topics(TOPICS)
        place.spawn("collect")
        server.serve("/sport.xml", rss((TORRES[0], f"{TORRES[1]} today", TORRES[2]), RAIN))
        place.spawn("collect", "--all")
        (entry, *_) = json.loads(place.spawn("search", "torres", "--json").out)
        opml = folder / "more.opml"
        shutil.copy(place.folder / "feeds.opml", opml)
        given = {
            "QUERY": "torres", "ID": entry["id"], "TOPIC": "torres-coaching", "FEED": "Feed 1",
            "URL": urls[0], "FILE": str(opml),
        }  # fmt: skip
        held: dict[str, object] = {}

        def run(command: str) -> object:
            if command not in held:
                owl = {"FEED": "Feed 3"} if "boilerplate" in command else {}
                words = [(given | owl).get(word, word) for word in command.split()]
                flags = [] if words == ["export"] else ["--json"]
                told = place.spawn(*words, *flags)
                lines = [json.loads(line) for line in told.out.splitlines()]
                assert lines, told.err
                held[command] = lines if command == "export" else lines[0]
            return held[command]

        yield run


def each_of(printed: object) -> list[dict[str, object]]:
    return printed if isinstance(printed, list) else [printed]


@pytest.mark.parametrize("command", sorted(DOCUMENTED, key=lambda one: "--pause" in one))
def test_a_command_prints_the_keys_that_the_page_names(printed, command):
    many, keys = DOCUMENTED[command]
    told = printed(command)
    assert isinstance(told, list) is (many != "one")
    assert each_of(told), "nothing of the kind is in the archive"
    assert [list(one) for one in each_of(told)] == [keys] * len(each_of(told))


def named() -> list[tuple[str, str, str]]:
    """(what, key, command) of the table of names."""
    found = []
    for what, called in rows(NAMES):
        for part in called.split(" · "):
            key, _, commands = part.partition(":")
            found += [(what, key.strip("`"), one) for one in CODE.findall(commands)]
    return [one for one in found if one[2] in DOCUMENTED]


@pytest.mark.parametrize(("what", "key", "command"), named())
def test_a_name_is_one_of_the_command(what, key, command):
    assert key in DOCUMENTED[command][1], what


@pytest.mark.parametrize(
    ("key", "command"),
    [(key, command) for what, key, command in named() if "'s id" in what],
)
def test_an_id_is_an_id(printed, key, command):
    for one in each_of(printed(command)):
        assert URN.fullmatch(str(one[key]))


def test_every_command_with_json_is_named():
    def below(command, path):
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*path, name))
        if any("--json" in option.opts for option in getattr(command, "params", ())):
            yield " ".join(path)

    commands = {re.split(r" (?=[A-Z-])", one)[0] for one in DOCUMENTED} | {"config show"}
    assert set(below(application(), ())) == commands - {"export"}
