"""What make does on a fresh machine: which Python, what is installed, when again."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import programs
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCKS = ("build", "run", "test")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+) ?(?:; (.+?) )?\\?$", re.M)

# Stands for a Python: tells its age to the script's question, makes a .venv whose
# python is this file again, and writes down each call of pip.
FAKE_PYTHON = """#!/bin/sh
log={log}
case "$*" in
    *"import sys; print"*) echo "Python {version}" ;;
    -c*) exit {status} ;;
    *"-c import pip") [ -e "$(dirname "$0")/pip" ] ;;
    *-m\\ venv*) for place; do :; done; rm -rf "$place"; mkdir -p "$place/bin"; cp "$0" "$place/bin/python" ;;
    *-m\\ ensurepip*) : >"$(dirname "$0")/pip" ;;
    *-m\\ pip*) echo "$*" >>"$log"; [ ! -e "$log.fails" ] || exit "$(cat "$log.fails")" ;;
esac
"""


@dataclass
class Checkout:
    """A copy of what make reads, with a Python of our own on the path."""

    folder: Path
    log: Path

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        tools = self.folder.parent / "bin"
        return subprocess.run(
            ["make", *words],
            cwd=self.folder,
            env={"PATH": str(tools), "HOME": str(self.folder.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def python(self, name: str, version: str = "3.13.1", status: int = 0) -> Path:
        path = self.folder.parent / "bin" / name
        path.write_text(FAKE_PYTHON.format(log=self.log, version=version, status=status))
        path.chmod(0o755)
        return path

    def installed(self) -> list[str]:
        """What pip was asked to install since this was last asked, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line.split()[-1] for line in lines]


BUILD, RUN, TEST, PROJECT = (
    "requirements/build.txt",
    "requirements/run.txt",
    "requirements/test.txt",
    ".",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    # A name with a space: people have such folders.
    folder, tools = tmp_path / "check out", tmp_path / "bin"
    tools.mkdir()
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name in ("sh", "make", "cat", "cksum", "dirname", "grep", "mkdir", "cp", "rm"):
        (tools / name).symlink_to(programs.program(name))
    return Checkout(folder=folder, log=tmp_path / "pip.log")


def test_a_fresh_machine_installs_the_build_tool_the_lock_and_the_project(checkout):
    checkout.python("python3")
    first = checkout.make("install")
    assert first.returncode == 0
    assert "installing what aggregator needs" in first.stderr
    lines = checkout.log.read_text().splitlines()
    assert all("--require-hashes" in line for line in lines[:2])
    assert all("--no-build-isolation" in line for line in lines[1:])
    assert checkout.installed() == [BUILD, RUN, PROJECT]


def test_the_second_time_nothing_is_installed_and_nothing_said(checkout):
    checkout.python("python3")
    checkout.make("install")
    checkout.installed()
    again = checkout.make("install")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert checkout.installed() == []


def test_the_tests_alone_install_all_that_running_needs(checkout):
    checkout.python("python3")
    assert checkout.make("install-test").returncode == 0
    assert checkout.installed() == [BUILD, TEST, PROJECT]
    assert checkout.make("install").returncode == 0
    assert checkout.installed() == []


def test_the_tests_after_running_install_only_their_lock(checkout):
    checkout.python("python3")
    checkout.make("install")
    checkout.installed()
    assert checkout.make("install-test").returncode == 0
    assert checkout.installed() == [BUILD, TEST, PROJECT]
    assert checkout.make("install").returncode == 0
    assert checkout.installed() == []


@pytest.mark.parametrize(
    "file", ["requirements/run.txt", "requirements/build.txt", "pyproject.toml"]
)
def test_a_changed_lock_is_installed(checkout, file):
    checkout.python("python3")
    checkout.make("install")
    checkout.installed()
    with (checkout.folder / file).open("a") as text:
        text.write("# a change\n")
    assert checkout.make("install").returncode == 0
    assert checkout.installed() == [BUILD, RUN, PROJECT]


def test_a_moved_checkout_is_linked_again(checkout):
    checkout.python("python3")
    checkout.make("install")
    checkout.installed()
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("elsewhere"))
    assert checkout.make("install").returncode == 0
    assert checkout.installed() == [BUILD, RUN, PROJECT]


def test_an_installation_that_failed_says_so_and_is_done_again(checkout):
    checkout.python("python3")
    fails = checkout.log.with_name("pip.log.fails")
    fails.write_text("1")
    failed = checkout.make("install")
    assert failed.returncode == 2
    assert "installing failed" in failed.stderr
    assert checkout.installed() == [BUILD]
    fails.unlink()
    assert checkout.make("install").returncode == 0
    assert checkout.installed() == [BUILD, RUN, PROJECT]


def test_what_a_killed_installation_left_is_thrown_away(checkout):
    checkout.python("python3")
    fails = checkout.log.with_name("pip.log.fails")
    fails.write_text("137")
    assert checkout.make("install").returncode == 2
    fails.unlink()
    (checkout.folder / ".venv" / "half").touch()
    assert checkout.make("install").returncode == 0
    assert not (checkout.folder / ".venv" / "half").exists()


def test_two_makes_do_not_install_into_one_another(checkout):
    checkout.python("python3")
    (checkout.folder / ".venv").mkdir()
    (checkout.folder / ".venv" / ".installing").write_text(str(os.getpid()))
    second = checkout.make("install")
    assert second.returncode == 2
    assert f"another make (process {os.getpid()})" in second.stderr
    assert checkout.installed() == []


def test_a_dead_process_installs_nothing_any_more(checkout):
    checkout.python("python3")
    (checkout.folder / ".venv").mkdir()
    with subprocess.Popen(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried
        (checkout.folder / ".venv" / ".installing").write_text(str(ended.pid))
        assert checkout.make("install").returncode == 0
    assert checkout.installed() == [BUILD, RUN, PROJECT]


def test_a_venv_whose_python_is_gone_is_made_again(checkout):
    checkout.python("python3")
    checkout.make("install")
    checkout.installed()
    (checkout.folder / ".venv/bin/python").unlink()
    assert checkout.make("install").returncode == 0
    assert checkout.installed() == [BUILD, RUN, PROJECT]


@pytest.mark.parametrize("command", ["run", "test", "demo"])
@pytest.mark.parametrize(
    ("version", "status", "told"),
    [
        ("3.9.2", 4, "Python 3.9.2 (python3) is too old: aggregator needs Python 3.11 or newer"),
        ("3.11.2", 3, "Python 3.11.2 (python3) lacks venv"),
        ("none", 127, "aggregator needs Python 3.11 or newer with venv"),
    ],
    ids=["too old", "no venv", "no Python"],
)
def test_a_python_that_will_not_do_is_one_clear_line(checkout, command, version, status, told):
    checkout.python("python3", version, status)
    refused = checkout.make(command)
    assert refused.returncode == 2
    ours = [line for line in refused.stderr.splitlines() if not line.startswith("make:")]
    assert len(ours) == 1
    assert ours[0].startswith(told)
    assert not (checkout.folder / ".venv").exists()


def test_a_good_python_is_taken_past_those_that_will_not_do(checkout):
    checkout.python("python3.13", "3.13.1", 3)
    checkout.python("python3.12", "-", 127)
    checkout.python("python3", "3.9.2", 4)
    checkout.python("python3.11")
    assert checkout.make("install").returncode == 0


def test_the_python_that_is_named_is_the_one_that_counts(checkout):
    checkout.python("python3")
    old = checkout.python("python3.10", "3.10.1", 4)
    refused = checkout.make("install", f"PYTHON={old}")
    assert f"Python 3.10.1 ({old}) is too old" in refused.stderr
    assert "no Python" in checkout.make("install", "PYTHON=/nowhere/python").stderr
    assert checkout.installed() == []


# Stands for the daemon: tells that it is up, and that it was told to end.
FAKE_DAEMON = """#!{python}
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(print("stopped", flush=True)))
print("up", flush=True)
signal.pause()
"""


def test_ctrl_c_ends_the_daemon_well_though_make_is_interrupted_as_the_docs_say(checkout):
    checkout.python("python3")
    checkout.make("install")
    daemon = checkout.folder / ".venv/bin/aggregator"
    daemon.write_text(FAKE_DAEMON.format(python=sys.executable))
    daemon.chmod(0o755)
    # As from a terminal: the signal goes to make and to all that it runs.
    with subprocess.Popen(
        ["make", "run"],
        cwd=checkout.folder,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs this in the background may have told it to ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        # Whoever runs this may be make too, and have this one tell of its folder.
        env={name: one for name, one in os.environ.items() if not name.startswith("MAKE")},
    ) as make:
        assert make.stdout.readline() == "up\n"
        os.killpg(make.pid, signal.SIGINT)
        assert make.stdout.read() == "stopped\n"
    # Where the daemon has ended by the time that make looks for it, make says so and ends with 2.
    assert make.returncode in {-signal.SIGINT, 2}
    told = (ROOT / "docs/daemon.md").read_text()
    assert "make ends with 130, or 2" in told


def pins(lock: str) -> dict[tuple[str, str], str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {(name, marker): version for name, version, marker in PIN.findall(text)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_has_hashes_and_no_address(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.M), "an option, such as an index"
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    assert len(blocks) == len(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_larger_lock_holds_all_of_the_smaller():
    build, run, test = (set(pins(lock).items()) for lock in LOCKS)
    assert build <= run <= test


def test_the_locks_are_those_of_pyproject():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "build": declared["build-system"]["requires"],
        "run": declared["project"]["dependencies"],
        "test": declared["dependency-groups"]["test"],
    }
    for lock, lines in wanted.items():
        locked = {name: version for (name, _), version in pins(lock).items()}
        for requirement in map(Requirement, lines):
            version = locked[requirement.name]
            assert requirement.specifier.contains(version), f"make lock: {requirement}"


@pytest.mark.parametrize("required", ["", "chromium,nothing-of-this-name"])
def test_a_program_that_is_missing_skips_unless_it_is_required(monkeypatch, required):
    monkeypatch.setenv("AGGREGATOR_TEST_REQUIRE", required)
    ending = pytest.fail.Exception if required else pytest.skip.Exception
    with pytest.raises(ending, match="nothing-of-this-name is not installed"):
        programs.program("nothing-of-this-name")
