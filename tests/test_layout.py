"""The tree keeps its promises: rooms, doors, names, sizes; and each import rule bites."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aggregator"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]

# For each contract: the file that breaks it, and the line that does.
PLANTED = {
    "an entry walks one way": ("collect/cadence.py", "import aggregator.publish"),
    "a room is entered by its door": ("pipeline.py", "import aggregator.archive.schema"),
    "rooms have no circles inside": ("model/time.py", "import aggregator.model.batch"),
    "only archive speaks SQL": ("topics/matcher.py", "import sqlalchemy"),
    "only normalize sees feedparser": ("collect/http.py", "import feedparser"),
    "only publish sees feedgen": ("web/app.py", "from feedgen.feed import FeedGenerator"),
    "only collect goes out over HTTP": ("cli/status.py", "import aiohttp"),
    "only the daemon schedules": ("cli/collecting.py", "import apscheduler"),
}

NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

TOP = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "aggregator",
    "archive",
    "benchmarks",
    "config",
    "docs",
    "pyproject.toml",
    "requirements",
    "tests",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its rules, in a place where a line may be planted."""
    shutil.copytree(PACKAGE, tmp_path / "aggregator", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> dict[str, str]:
    """What the import rules say of the package in this folder: contract → KEPT or BROKEN."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [sys.executable, linter, "--no-cache", "--config", "pyproject.toml"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.M))
    assert (done.returncode == 0) == ("BROKEN" not in verdicts.values()), done.stdout + done.stderr
    return verdicts


def test_the_import_rules_are_kept(copy):
    assert lint(copy) == {contract["name"]: "KEPT" for contract in CONTRACTS}


@pytest.mark.parametrize("contract", [contract["name"] for contract in CONTRACTS])
def test_each_import_rule_breaks_on_a_planted_import(copy, contract):
    name, line = PLANTED[contract]
    path = copy / "aggregator" / name
    with path.open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    assert lint(copy)[contract] == "BROKEN"


# Parts of the standard library that open connections: the linter sees only that urllib
# and http are used, and half of them is harmless.
OUTBOUND = {"urllib.request", "http.client", "ftplib", "smtplib", "xmlrpc.client"}


def test_only_collect_goes_out_by_the_standard_library_too():
    found = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            else:
                continue
            if names & OUTBOUND:
                found.add(path.relative_to(PACKAGE).parts[0])
    assert found <= {"collect"}


def test_a_new_module_must_be_placed_on_purpose(copy):
    (copy / "aggregator" / "extras.py").write_text('"""Belongs nowhere yet."""\n')
    assert lint(copy)["an entry walks one way"] == "BROKEN"


def test_every_rule_of_one_library_covers_every_room():
    """A room that is added later is not forgotten in the lists of those who may not."""
    rooms = {f"aggregator.{path.stem}" for path in PACKAGE.glob("*.py")} - {"aggregator.__init__"}
    rooms |= {f"aggregator.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")}
    for contract in CONTRACTS:
        if contract["type"] == "forbidden":
            allowed = rooms - set(contract["source_modules"])
            assert len(allowed) == 1, f"{contract['name']}: {allowed}"


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_a_docstring_a_telling_name_and_a_size_to_read(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 500, "split it: a file is read in one sitting"
    assert path.stem not in NAMES_OF_NOTHING, "a name that says what is in it"
    assert path.parent.name not in NAMES_OF_NOTHING
    if path.name != "conftest.py" or text.strip():
        assert ast.get_docstring(ast.parse(text)), "a docstring that says what it is for"


def test_the_walk_is_told_in_one_short_file():
    text = (PACKAGE / "pipeline.py").read_text("utf-8")
    assert len(text.splitlines()) < 200
    assert "─►" in (ast.get_docstring(ast.parse(text)) or "")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_and_a_function_in_it_do_not_share_a_name(path):
    defined = {
        node.name
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert path.stem not in defined


def test_every_folder_of_the_package_is_a_package():
    folders = {path.parent for path in MODULES}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_test_files_have_names_of_their_own():
    """Without packages in tests/, two files of one name would hide each other."""
    names = [path.name for path in TESTS if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def test_the_top_level_is_what_a_newcomer_expects():
    listed = subprocess.run(
        ["git", "ls-files", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {line.split("/")[0] for line in listed.stdout.splitlines()} <= TOP
