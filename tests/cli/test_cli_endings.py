"""Every ending is one line on standard error and the exit code of its class."""

import errno
import signal
import subprocess
import sys

import pytest
import typer

import aggregator.cli
from aggregator.__main__ import main
from aggregator.model import errors
from aggregator.model.feed import FailureKind

ENDINGS = [
    (errors.ConfigError("no such key", file="a.toml", key="x.y", line=3, hint="x.z"), 2),
    (errors.QueryError("unclosed (", query="(a", column=1), 2),
    (errors.UsageError("no entry has the id 'x'"), 2),
    (errors.FetchError("no answer", url="http://a.example", kind=FailureKind.TIMEOUT), 1),
    (errors.ArchiveError("the database is newer", where="archive.db", hint="update"), 3),
    (errors.PublishError("port 8080 is taken", hint="server.port"), 4),
    (errors.AlreadyRunning("another process writes it", holder="aggregator run"), 4),
    (PermissionError(errno.EACCES, "Permission denied", "config/feeds.opml"), 3),
    (OSError(errno.ENOSPC, "No space left on device", "archive.db"), 3),
    (ValueError("surprise\x1b[31m\nsecond line"), 70),
    (OSError(errno.EIO, "Input/output error"), 70),
    (KeyboardInterrupt(), 130),
    (typer.Abort(), 130),
    (BrokenPipeError(), 0),
]


def _application(error):
    def application():
        app = typer.Typer(pretty_exceptions_enable=False)

        @app.callback()
        def before(context: typer.Context, verbose: bool = False) -> None:
            context.obj.verbose = verbose

        @app.command()
        def fail() -> None:
            raise error

        return typer.main.get_command(app)

    return application


@pytest.mark.parametrize(("error", "code"), ENDINGS, ids=lambda value: type(value).__name__)
def test_errors_are_one_message_with_their_exit_code(monkeypatch, capfd, error, code):
    monkeypatch.setattr(aggregator.cli, "application", _application(error))
    # A pipe that closed is answered by pointing standard output elsewhere: not in this process.
    monkeypatch.setattr("os.dup2", lambda *_: None)
    assert main(["fail"]) == code
    told = capfd.readouterr().err
    assert "Traceback" not in told
    assert "\x1b" not in told
    if code:
        assert told.startswith("aggregator: ")
        assert told.count("\n") == (3 if isinstance(error, errors.QueryError) else 1)
    else:
        assert told == ""
    assert ("bug of ours" in told) == (code == 70)


def test_a_hint_stands_in_the_message(monkeypatch, capfd):
    error = errors.ConfigError("no such key", file="a.toml", key="x.y", line=3, hint="x.z")
    monkeypatch.setattr(aggregator.cli, "application", _application(error))
    main(["fail"])
    assert capfd.readouterr().err == "aggregator: a.toml:3: x.y: no such key (x.z)\n"


def test_verbose_shows_the_trace(monkeypatch, capfd):
    monkeypatch.setattr(aggregator.cli, "application", _application(ValueError("surprise")))
    assert main(["--verbose", "fail"]) == 70
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["serach"], "search"),
        (["feeds", "add"], "URL"),
        (["search", "--sort", "oldest", "x"], "newest"),
        (["collect", "--no-such"], "--no-such"),
        (["feeds", "ad"], "add"),
    ],
)
def test_a_slip_on_the_command_line_is_one_line_that_names_the_help(capfd, arguments, says):
    assert main(arguments) == 2
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert says in told
    assert "--help" in told


def test_no_command_at_all_shows_the_help(capfd):
    assert main([]) == 2
    assert "Commands:" in capfd.readouterr().err


def test_starting_imports_nothing_heavy():
    """The commands import what they need when they run: `aggregator --help` answers at once."""
    script = (
        "import sys; from aggregator.__main__ import main; main(['--version']);"
        "heavy = {'sqlalchemy', 'aiohttp', 'feedparser', 'pydantic', 'rich.table', 'lark',"
        " 'alembic', 'starlette', 'apscheduler', 'feedgen', 'nh3', 'asyncio'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.splitlines()[1] == "[]"


def test_help_reads_well_on_a_narrow_terminal(capfd):
    """No command's first sentence is cut off in the list of commands."""
    for group in ([], ["feeds"], ["topics"], ["archive"], ["config"]):
        assert main([*group, "--help"]) == 0
        assert "..." not in capfd.readouterr().out.partition("Commands:")[2]


def test_a_reader_that_leaves_is_no_error():
    """`aggregator --help | head -1` ends quietly."""
    script = (
        "import sys, os, time; from aggregator.__main__ import main;"
        "sys.stdin.read(); code = main(['--help']); os.write(2, f'code {code}'.encode())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    process.stdin.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert told == "code 0"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_where_nobody_can_be_told(number):
    script = (
        "import asyncio; from aggregator.cli.signals import stop_on_signals\n"
        "async def main():\n"
        "    stop = stop_on_signals('stopping'); print('ready', flush=True)\n"
        "    await stop.wait(); print('stopped', flush=True)\n"
        "asyncio.run(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stderr.close()
    with process.stdout:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "stopped\n"
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_as_a_shell_expects_it(number):
    """130 for Ctrl-C, 143 for SIGTERM."""
    script = (
        "import asyncio; from aggregator.cli.signals import stop_on_signals\n"
        "async def main():\n"
        "    stop = stop_on_signals(); print('ready', flush=True)\n"
        "    await stop.wait(); print('stopping', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with process.stdout:
        for word in ("ready", "stopping"):
            assert process.stdout.readline().strip() == word
            process.send_signal(number)
    assert process.wait(timeout=60) == 128 + number
