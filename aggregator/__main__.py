"""The command line's outermost layer: every ending becomes a line and an exit code.

::

    0   done                              3   the archive fails us
    1   some feeds failed (collect)       4   cannot serve or publish, or already running
    2   usage or configuration           70   a bug of ours
                                        130   interrupted (143: by a second SIGTERM)
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.cli import Session

_USAGE, _ARCHIVE, _BUG, _INTERRUPTED = 2, 3, 70, 130
# So many new objects before Python looks for dead cycles. What start-up makes (140,000) is there to stay:
# at the usual 700, about a tenth of a short run goes into looking at it again and again.
_LITTER = 200_000
# mallopt's M_ARENA_MAX, in glibc.
_ARENA_MAX = -8
# Options of the program, not of a command; and commands of which a word may begin with a minus.
_BEFORE_COMMANDS = {"-C", "--verbose"}
_ONLY_TELL = {"-h", "--help", "--dry-run"}
_TAKE_QUERIES = {"search", "topics preview"}
# What the machine, not the program, is to blame for, should a room not have said it better.
_MACHINE = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room within your quota",
    errno.EROFS: "that disk is mounted read-only",
    errno.EACCES: "check its owner and permissions",
    errno.EPERM: "check its owner and permissions",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. ``arguments`` default to the command line's."""
    gc.set_threshold(_LITTER)
    _share_one_heap()
    if _reads(sys.argv[1:] if arguments is None else arguments):
        _begin_to_load()
    # Imported here: parse workers import this module too, and need no commands.
    from aggregator.cli import Session

    for stream in (sys.stdout, sys.stderr):
        # No output encoding of any terminal may stop us in the middle of a list.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    session = Session()
    try:
        code = _run(arguments, session)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _reader_left()
    except OSError as error:
        code = _machine(error, session)
    return code


def _begin_to_load() -> None:
    """What reads documents loads for longer than all else: in a process of its own, from now on."""
    from aggregator.normalize import start_server

    # What fails here fails again, and is told, when there is something to read.
    with contextlib.suppress(OSError):
        start_server()


def _reads(arguments: Sequence[str]) -> bool:
    """Whether the command will read documents, as far as can be told before it is understood."""
    words = iter(arguments)
    for word in words:
        if word in {"-C", "--config"}:
            next(words, None)
        elif not word.startswith("-"):
            return word == "collect" and _ONLY_TELL.isdisjoint(arguments)
    return False


def _share_one_heap() -> None:
    """Give glibc one heap for all threads: with one each, what a thread has freed no other uses, and
    a long round holds a sixth more memory. Other C libraries have no such setting."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _run(arguments: Sequence[str] | None, session: Session) -> int:
    from typer import Abort
    from typer.exceptions import TyperException

    from aggregator.cli import application
    from aggregator.model.errors import AggregatorError

    try:
        result = application()(
            args=arguments, prog_name="aggregator", standalone_mode=False, obj=session
        )
    except AggregatorError as error:
        return _fail(str(error), error.exit_code, session)
    except TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, Abort):
        return _fail("interrupted", _INTERRUPTED, session)
    except SystemExit as end:
        # Typer turns a closed pipe into an exit of its own; completion ends this way too.
        if isinstance(end.__context__, BrokenPipeError):
            return _reader_left()
        raise
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  the last resort: whatever comes here is ours
        text = " ".join(str(error).split())[:500]
        what = f"this is a bug of ours: {type(error).__name__}: {text}"
        mend = "please report it with what --verbose shows; nothing committed is lost"
        return _fail(f"{what} ({mend})", _BUG, session)
    if result == _INTERRUPTED:
        return _fail("interrupted", _INTERRUPTED, session)
    return result if isinstance(result, int) else 0


def _fail(text: str, code: int, session: Session) -> int:
    """Say what went wrong on standard error: one message, and the trace where it is wanted."""
    from aggregator.cli.output import harmless, since_here
    from aggregator.model.address import shown_url

    if session.verbose and code != _INTERRUPTED:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.write(f"aggregator: {harmless(shown_url(since_here(text)))}\n")
    return code


def _usage(error: Exception) -> int:
    """A mistake on the command line itself: the sentence, and where help is."""
    from aggregator.cli.output import harmless

    context = getattr(error, "ctx", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(message + "\n")
        return _USAGE
    message = message.replace("is not a valid int range", "is no whole number")
    where = context.command_path if context is not None else "aggregator"
    hint = f"see: {where} --help"
    if type(error).__name__ == "NoSuchOption":
        hint = _option_hint(getattr(error, "option_name", ""), where, hint)
    sys.stderr.write(f"aggregator: {harmless(message)} ({hint})\n")
    return _USAGE


def _option_hint(option: str, where: str, usual: str) -> str:
    """What was probably meant by an option that a command does not know."""
    command = where.partition(" ")[2]
    if option in _BEFORE_COMMANDS:
        return f"{option} stands before the command: aggregator {option} … {command}"
    if command in _TAKE_QUERIES:
        return f"a query with a - in it stands in quotes, behind --: aggregator {command} -- 'one -other'"
    return usual


def _machine(error: OSError, session: Session) -> int:
    hint = _MACHINE.get(error.errno or 0)
    name = f"{error.filename}: " if error.filename else ""
    what = f"{name}{error.strerror or error}"
    if hint is None:
        mend = "please report it with what --verbose shows; nothing committed is lost"
        return _fail(f"this is a bug of ours: {type(error).__name__}: {what} ({mend})", 70, session)
    return _fail(f"{what} ({hint})", _ARCHIVE, session)


def _reader_left() -> int:
    """Whoever read our output has gone (``| head``): no error, and no complaint at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 0


def run() -> int:
    """:func:`main` as a whole process: what it leaves behind is nobody's any more."""
    try:
        code = main()
    except KeyboardInterrupt:
        # So early that there was nothing yet to end.
        sys.stderr.write("aggregator: interrupted\n")
        return _INTERRUPTED
    # Python would look for garbage among all of it before it ends, which takes a fifth of a second.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())
