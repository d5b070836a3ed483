"""A piece of safe HTML: what it says, and the paragraphs that its line breaks make."""

from __future__ import annotations

import html
import re

from aggregator.normalize.characters import single_spaced
from aggregator.normalize.sanitizing import INLINE, TOKEN

_TAGS = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>')


def plain(inside: str) -> str:
    """The text of a piece of safe HTML."""
    if "<" not in inside and "&" not in inside:
        return inside.strip()
    if "<" in inside:
        inside = _TAGS.sub("", inside.replace("<br>", " "))
    return single_spaced(html.unescape(inside) if "&" in inside else inside)


def lines(inside: str) -> list[str]:
    """The paragraphs that line breaks make: two breaks always, single ones between long lines."""
    inside = single_spaced(inside)
    if "<br>" not in inside or "<code>" in inside:
        return [inside] if inside else []
    pieces = [piece.strip() if plain(piece) else "" for piece in inside.split("<br>")]
    full = [piece for piece in pieces if piece]
    if any(len(piece) > 80 for piece in full) or len(full) > 3:
        return full
    return ["<br>".join(part) for part in _paragraphs(pieces)]


def _paragraphs(pieces: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for piece in pieces:
        if piece:
            parts[-1].append(piece)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def balanced(piece: str) -> str:
    """A piece cut at a line break: inline tags closed and opened so that it stands alone."""
    parts = TOKEN.split(piece)
    out = [parts[0].lstrip()]
    opened: list[str] = []
    for at in range(1, len(parts), 4):
        closing, name, attributes = parts[at : at + 3]
        # Closed here but opened in an earlier piece: the sense is gone, the tag goes too.
        if not closing or name in opened:
            while closing and opened[-1] != name:
                out.append(f"</{opened.pop()}>")
            if closing:
                opened.pop()
            elif name in INLINE:
                opened.append(name)
            out.append(f"<{closing}{name}{attributes}>")
        out.append(parts[at + 3])
    return "".join(out).rstrip() + "".join(f"</{name}>" for name in reversed(opened))
