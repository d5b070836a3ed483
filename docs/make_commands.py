"""Writes docs/commands.md from the help texts of the commands themselves.

Run ``python docs/make_commands.py`` after a change to a command; a test compares.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aggregator.cli import application

_PAGE = Path(__file__).with_name("commands.md")
_HEAD = """# Commands

Generated from `--help` by `docs/make_commands.py`. The same words are on the
command line: `aggregator COMMAND --help`.

Results go to standard output, progress and notes to standard error. On a
terminal lists are tables and times short; in a pipe a list is one line a row,
its cells separated by tabs, without a head, in the order in which the table has
its columns, and times carry their offset. `--json` prints JSON with times in UTC.
Times for people are in your zone; `NO_COLOR` is heeded. Control characters in
feed text are shown as `\\x1b`, never sent to the terminal.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | a feed failed (`collect` and `feeds poll` alone; what others brought is stored) |
| 2 | a mistake on the command line or in the configuration |
| 3 | the archive cannot be read or written |
| 4 | cannot serve or publish, or another process holds the archive |
| 70 | a bug of ours |
| 130 | interrupted (143 where a second SIGTERM ended it at once) |

Shell completion, of topics too: `aggregator --install-completion`.
"""


def page() -> str:
    """The whole text of docs/commands.md."""
    os.environ["COLUMNS"] = "88"  # the width the help is wrapped at, on any terminal
    command = application()
    return "\n".join([_HEAD, *_sections(command, "aggregator", None)])


def _sections(command: Any, name: str, parent: Any) -> Iterator[str]:
    """A section for this command, then for those below it, in the order of the help."""
    context = command.context_class(
        command, info_name=name, parent=parent, **command.context_settings
    )
    path = context.command_path
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    yield f"## {path}\n\n```text\n" + "\n".join(lines) + "\n```\n"
    for below in getattr(command, "commands", {}) and command.list_commands(context):
        yield from _sections(command.commands[below], below, context)


if __name__ == "__main__":
    _PAGE.write_text(page(), encoding="utf-8")
