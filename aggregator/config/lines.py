"""One line of feeds.opml, changed in its attributes alone: every other byte stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from aggregator.config.editing import no_such_feed, write_kept
from aggregator.config.outlines import (
    FULL_TEXT,
    INTERVAL,
    PAUSED,
    attribute,
    find,
    open_outlines,
    read_outlines,
)
from aggregator.model.errors import ConfigError

_VALUE = rb"\"[^\"]*\"|'[^']*'"
_TAGS = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    rb"|<outline(?P<inside>(?:\s+[^\s=>/]+\s*=\s*(?:" + _VALUE + rb"))*)\s*/?>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"\s+(?P<name>[^\s=>/]+)\s*=\s*(?P<value>" + _VALUE + rb")")


def change_line(
    file: Path,
    url: str,
    *,
    title: str | None = None,
    interval: int | None = None,
    paused: bool | None = None,
    full_text: bool | None = None,
    dry_run: bool = False,
) -> bool:
    """Change what the line of the feed at this address says; None leaves it as it is, and 0 takes an
    interval out. Returns whether it said something else before.

    Raises UsageError where no line has the address, ConfigError where the file cannot be edited so.
    """
    root = open_outlines(file)
    outline = find(root, url)
    if outline is None:
        raise no_such_feed(root, url)
    wanted: dict[str, str] = {}
    if title is not None:
        wanted["text"] = title
        wanted |= {"title": title} if attribute(outline, "title") else {}
    if interval is not None:
        wanted[INTERVAL] = f"{interval}s" if interval else ""
    for name, switch in ((PAUSED, paused), (FULL_TEXT, full_text)):
        if switch is not None:
            wanted[name] = "true" if switch else ""
    wanted = {name: value for name, value in wanted.items() if attribute(outline, name) != value}
    if not wanted:
        return False
    written = _written(file, root, outline, wanted)
    if not dry_run:
        write_kept(file, written)
    return True


def _written(file: Path, root: Any, outline: Any, wanted: Mapping[str, str]) -> bytes:
    """The file with these attributes on the outline ("": without). Raises ConfigError."""
    lines = list(root.iter("outline"))
    place = lines.index(outline)
    after = [dict(one.attrib) for one in lines]
    after[place] = _with(after[place], wanted)
    data = file.read_bytes()
    tags = [tag for tag in _TAGS.finditer(data) if tag["inside"] is not None]
    if place < len(tags):
        begin, end = tags[place].span("inside")
        written = data[:begin] + _attributes(tags[place]["inside"], wanted) + data[end:]
        # What the bytes say is known only once they are read: an encoding may be any.
        if [dict(one.attrib) for one in _outlines(written, file)] == after:
            return written
    raise ConfigError(
        "the line cannot be changed here",
        file=str(file),
        line=int(outline.sourceline),
        hint="change it in an editor",
    )


def _outlines(data: bytes, file: Path) -> list[Any]:
    try:
        return list(read_outlines(data, file).iter("outline"))
    except ConfigError:
        return []


def _with(held: dict[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The attributes of an outline as they are to be read; a name is known in any letter case."""
    names = {name.lower(): name for name in held}
    fresh = held | {names.get(name.lower(), name): value for name, value in wanted.items()}
    lost = {name.lower() for name, value in wanted.items() if not value}
    return {name: value for name, value in fresh.items() if name.lower() not in lost}


def _attributes(inside: bytes, wanted: Mapping[str, str]) -> bytes:
    """The bytes between the name of a tag and its end."""
    rest = {name.lower(): (name, value) for name, value in wanted.items()}

    def changed(found: re.Match[bytes]) -> bytes:
        _, value = rest.pop(found["name"].decode("latin-1").lower(), ("", None))
        if value is None:
            return found.group()
        if not value:
            return b""
        begin = found.start("value") - found.start()
        return found.group()[:begin] + _quoted(value)

    kept = _ATTRIBUTE.sub(changed, inside)
    new = (b" " + name.encode() + b"=" + _quoted(value) for name, value in rest.values() if value)
    return kept + b"".join(new)


def _quoted(value: str) -> bytes:
    # As every encoding that has ASCII in it understands it.
    return b'"' + escape(value).encode("ascii", "xmlcharrefreplace") + b'"'
