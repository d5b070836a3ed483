"""The TOML files a person edits: read, and the line on which a table or a key stands."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aggregator.config.missing import mend_of_missing
from aggregator.model.errors import ConfigError

_HEAD = re.compile(r"\s*\[\s*(?P<table>[^\[\]]+?)\s*\]\s*(?:#|$)")
_BARE = re.compile(r"[A-Za-z0-9_-]+(\s*\.\s*[A-Za-z0-9_-]+)*")
_KEY = re.compile(r"\s*[\w.\"' -]+=")
_AT_END = "(at end of document)"
_TWICE = re.compile(r"Cannot declare \('(?P<table>[^']*)',\) twice")


def read_toml(file: Path, *, hint: str, names: str = "", empty: str = "") -> dict[str, Any]:
    """The tables of a file. Raises ConfigError, with ``hint`` where the file is no TOML; with
    ``names``, should there be such a hint, where it is so because of a table's name; with
    ``empty``, should there be such a hint, where nothing at all stands in the file."""
    text = read_text(file)
    if empty and not text.strip():
        raise ConfigError("the file is empty", file=str(file), hint=empty)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else None
        if twice := _TWICE.match(str(error)):
            raise ConfigError(
                f"[{twice['table']}] stands there twice",
                file=str(file),
                line=line,
                hint="give one of them another name, or put the two together",
            ) from None
        if str(error).endswith(_AT_END):
            raise ConfigError(
                "this is no TOML: the file ends before this does",
                file=str(file),
                line=_last_begun(text.splitlines()),
                hint=f"a [ or a quote is not closed, or nothing stands behind =; {hint}",
            ) from None
        head = _HEAD.match(text.splitlines()[line - 1]) if line and names else None
        if head and not _BARE.fullmatch(head["table"]):
            what = f"[{head['table']}] cannot be a table's name"
            raise ConfigError(what, file=str(file), line=line, hint=names) from None
        raise ConfigError(
            f"this is no TOML: {error}", file=str(file), line=line, hint=hint
        ) from None


def _last_begun(lines: Sequence[str]) -> int:
    """The line on which what is not ended begins: all before it is TOML, as far as the tables and
    keys tell where anything begins."""
    heads = [number for number, line in enumerate(lines) if _HEAD.match(line)]
    # Once something is not closed, whatever follows is part of it.
    opened = bisect_left(heads, True, key=lambda number: not _is_toml(lines[:number]))
    first = heads[opened - 1] if opened else 0
    last = heads[opened] if opened < len(heads) else len(lines)
    keys = [number for number in range(first, last) if _KEY.match(lines[number])]
    return 1 + next((number for number in reversed(keys) if _is_toml(lines[:number])), first)


def _is_toml(lines: Sequence[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines) + "\n")
    except (ValueError, RecursionError):
        return False
    return True


def read_text(file: Path) -> str:
    """A file a person edits, as text. Raises ConfigError where it is not there or cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            "the file is not there", file=str(file), hint=mend_of_missing(file)
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(
            "the file is not UTF-8 text", file=str(file), hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", file=str(file)) from None


def line_of(file: Path, table: str, key: str = "") -> int | None:
    """The line (from 1) of a table's head, or of a key in that table; None where none is found.

    ``table`` is "" for the keys before the first table.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    begins = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    inside = not table
    for number, line in enumerate(lines, 1):
        if head := _HEAD.match(line):
            inside = head["table"].strip("\"'") == table
            if inside and not key:
                return number
        elif inside and key and begins.match(line):
            return number
    return None
