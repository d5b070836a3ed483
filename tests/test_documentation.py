"""What there is, is documented; what the documents name, is there."""

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from aggregator.cli import application
from aggregator.daemon.metrics import Metrics
from aggregator.model.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS, PACKAGE = ROOT / "docs", ROOT / "aggregator"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("*/README.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.M)

# Never in what is committed: places of one machine, hosts of package registries,
# and references that only some readers can follow. Written so as not to match itself.
UNFIT = re.compile(
    r"""
      (?<![\w.<}%)*~-])/(?:work|tmp)/\w
    | (?:py)(?:pi\.org|thonhosted)
    | \bissue[ ]\#?\d | [ (]\#\d{1,3}[),.;: ]
    """,
    re.VERBOSE | re.IGNORECASE,
)


def settings() -> list[str]:
    return [
        f"{part}.{setting}"
        for part in Settings.__struct_fields__
        for setting in getattr(Settings(), part).__struct_fields__
    ]


def commands() -> list[str]:
    def below(command: object, path: tuple[str, ...]) -> list[str]:
        children = getattr(command, "commands", {})
        if not children:
            return [" ".join(path)]
        return [line for name, child in children.items() for line in below(child, (*path, name))]

    return below(application(), ("aggregator",))


def metrics() -> list[str]:
    lines = Metrics().text().decode().splitlines()
    return sorted(line.split()[2] for line in lines if line.startswith("# TYPE"))


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings give, as forges make them."""
    plain = (re.sub(r"[^\w\- ]", "", title).lower() for title in HEADING.findall(page.read_text()))
    return {title.strip().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("setting", settings())
def test_every_setting_is_documented(setting):
    assert f"`{setting}`" in (DOCS / "configuration.md").read_text("utf-8")


@pytest.mark.parametrize("setting", settings())
def test_every_setting_is_explained_where_it_stands(setting):
    part, name = setting.split(".")
    text = (ROOT / "config/aggregator.toml").read_text("utf-8")
    table = text.split(f"\n[{part}]\n")[1].split("\n[")[0]
    line = re.search(rf"^#{name} = .+$", table, re.M)
    assert line, "every setting stands in the shipped file, commented out, with its value"
    tomllib.loads(line[0].removeprefix("#"))


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command):
    assert f"## {command}\n" in (DOCS / "commands.md").read_text("utf-8")


# A command line as it is shown: at the start of a code line, in backquotes, or by its path.
INVOCATION = re.compile(
    r"(?:^ {4}(?:\$ )?|`|/bin/)aggregator(?: -C \S+)?( [a-z]+(?: +[\w=./-]+)*)", re.MULTILINE
)


def invocations() -> list[tuple[str, str]]:
    """Each command line that a page or a unit shows: (where, words after the name)."""
    shown = [path for path in PAGES if path.name != "commands.md"]
    return [
        (path.name, words.strip())
        for path in [*shown, *(DOCS / "deploy").glob("*.service")]
        for words in INVOCATION.findall(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize(("where", "words"), invocations())
def test_command_lines_that_are_shown_are_understood(where, words):
    """The words up to the first that is no command, and every option, are known."""
    command = application()
    known = {name for option in command.params for name in option.opts}
    for word in words.split():
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
            known |= {
                name for option in command.params for name in (*option.opts, *option.secondary_opts)
            }
        elif word.startswith("-"):
            assert word in known | {"--help", "--version"}, f"{where}: {words}"
        else:
            assert not getattr(command, "commands", {}), f"{where}: {words}: no command {word!r}"


def test_the_numbers_on_the_first_page_are_true():
    told = re.search(
        r"(\d+) sports feeds, publishes (\d+) topics", (ROOT / "README.md").read_text()
    )
    feeds = (ROOT / "config/feeds.opml").read_text("utf-8").count("xmlUrl=")
    topics = len(tomllib.loads((ROOT / "config/topics.toml").read_text("utf-8")))
    assert told is not None
    assert (int(told[1]), int(told[2])) == (feeds, topics)


@pytest.mark.parametrize("metric", metrics())
def test_every_metric_is_documented(metric):
    assert f"| `{metric}" in (DOCS / "daemon.md").read_text("utf-8")


def test_no_metric_is_documented_that_is_not_there():
    named = re.findall(r"^\| `(aggregator_\w+)", (DOCS / "daemon.md").read_text("utf-8"), re.M)
    assert sorted(named) == metrics()


def test_every_dependency_has_its_reason():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines = [*declared["project"]["dependencies"], *declared["dependency-groups"]["test"]]
    assert all(">=" in line for line in lines), "a lower bound: what the tests were run with"
    names = {re.match(r"[\w.-]+", line)[0] for line in lines}
    text = (DOCS / "dependencies.md").read_text("utf-8")
    reasons = dict(re.findall(r"^\| ([\w.-]+) \| (.+) \|$", text, re.M))
    assert set(reasons) - {"package", "---"} == names


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    dead = []
    for link in LINK.findall(page.read_text("utf-8")):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / unquote(path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_files_that_the_documents_name_are_there():
    """``collect/guard.py`` and its like, in backquotes, are files of the package or the tree."""
    bases = (ROOT, PACKAGE, DOCS)
    named = {
        name
        for page in PAGES
        for name in re.findall(
            r"`([\w./-]+/[\w.-]+\.(?:py|md|sh|service))`", page.read_text("utf-8")
        )
    }
    assert [name for name in named if not any((base / name).exists() for base in bases)] == []


def test_names_in_the_ten_answers_are_where_they_are_said_to_be():
    text = (DOCS / "architecture.md").read_text("utf-8")
    answers = re.findall(r"\| `([\w/]+\.py)`(?:, `([\w.]+)`)? \|$", text, re.M)
    assert len(answers) >= 10
    for name, symbol in answers:
        source = (PACKAGE / name).read_text("utf-8")
        for part in filter(None, symbol.split(".")):
            assert re.search(rf"^\s*(?:async )?(?:def|class) {part}\b", source, re.M), (name, part)


def test_nothing_of_one_machine_or_one_day_is_committed():
    listed = subprocess.run(
        ["git", "grep", "-nIP", "--untracked", "-e", ".", "--", ".", ":!requirements/*.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    unfit = [line for line in listed.stdout.splitlines() if UNFIT.search(line.split(":", 2)[-1])]
    assert unfit == []
