"""Tables: which hold data and which only place things, and the former as one piece of HTML.

Both look at safe HTML as ``sanitizing.TOKEN`` splits it: text and the three groups
of each tag, in turn.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from aggregator.normalize.sanitizing import BREAKS, HEADINGS, INLINE, TABLE

# What a cell of data never holds, whatever the head of its table says.
_ARTICLE = {"blockquote", "figure", "section", "article", "pre", *HEADINGS}
# What makes a table without head cells a way to place things.
_PLACED = {"p", "div", "img", "ul", "ol", "center"}


def data_end(parts: Sequence[str], at: int) -> int:
    """Where the table that opens here closes, if it holds data; 0 for one that places things."""
    if parts[at]:
        return 0
    cells = heads = 0
    placed = False
    for further in range(at + 4, len(parts), 4):
        name = parts[further + 1]
        if name == "table":
            data = parts[further] and cells > 1
            # Cells that are all heads place things as well, and images alone are no data.
            if placed:
                data = data and 0 < heads < cells and _says_something(parts[at + 3 : further : 4])
            return further if data else 0
        if name in _ARTICLE:
            return 0
        if name in _PLACED:
            placed = True
        elif name in {"td", "th"} and not parts[further]:
            cells += 1
            heads += name == "th"
    return 0


def _says_something(texts: Sequence[str]) -> bool:
    return bool(html.unescape("".join(texts)).strip())


def table_html(
    parts: Sequence[str],
    at: int,
    end: int,
    *,
    image: Callable[[str], str],
    link: Callable[[str], str],
) -> str:
    """The table of data between two places: in cells only words, line breaks where paragraphs
    and list items end, and images and links as ``image`` and ``link`` make their tags of their
    attributes."""
    out: list[str] = []
    links: list[bool] = []
    # Whether the cell has said anything on this line, and whether the line ended with that.
    said = ended = False
    for one in range(at, end, 4):
        closing, name, attributes, text = parts[one : one + 4]
        if name in BREAKS:
            said, ended = False, ended or said
        elif name in TABLE or name == "table":
            out.append(f"<{closing}{name}{attributes}>")
            said = ended = False
        elif name == "br":
            out.append("<br>")
            said = ended = False
        else:
            if name == "img":
                tag = image(attributes)
            elif name != "a":
                tag = f"<{closing}{name}{attributes}>" if name in INLINE else ""
            elif closing:
                tag = "</a>" if links and links.pop() else ""
            else:
                # Never a link in a link.
                tag = "" if any(links) else link(attributes)
                links.append(bool(tag))
            if ended and tag and not closing:
                out.append("<br>")
                ended = False
            out.append(tag)
            said |= name == "img" and bool(tag)
        if text and not (ended and text.isspace()):
            out.append(f"<br>{text}" if ended else text)
            ended = False
            said |= not text.isspace()
    return f"{''.join(out)}</table>"
