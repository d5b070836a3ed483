"""Lists of a publisher's other articles: a line that introduces them, and the links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from aggregator.normalize.blocks import Block
from aggregator.normalize.furniture import introduces_links, is_furniture
from aggregator.normalize.leading import beside_links
from aggregator.normalize.links import is_elsewhere

_HREF = re.compile(r'<a href="([^"]*)">')
_BOLD = re.compile(r"<(b|strong)>(?:(?!</?\1>).)*</\1>")
# An entry with so many lists of links under headings is made of them.
_LISTS = 2


def without_related(blocks: Sequence[Block], base: str) -> Sequence[Block]:
    """Without lists of links to other articles: a line that introduces them and the links below,
    or both in one line. What is nothing else stays, as does a list of links that mostly lead to other
    sites than that of ``base``, and any list of an entry that is made of such."""
    kept: list[Block] = []
    links: list[Block] = []
    made_of_lists: bool | None = None
    # From the end, so that a line is met when what stands below it is known.
    for block in reversed(blocks):
        if not block.text or block.kind in {"table", "pre", "caption"}:
            kept += (*links, block)
            links = []
            continue
        rest = beside_links(block)
        if not rest:
            links.append(block)
            continue
        linked = rest != block.text
        if introduces_links(rest) and (links or linked or _is_loose(block, kept)):
            own = (not linked and not links) or _leads_home([block] if linked else links, base)
            if own and made_of_lists is None:
                made_of_lists = _lists(blocks) >= _LISTS
            if own and not made_of_lists:
                kept += links if linked else ()
                links = []
                continue
        kept += (*links, block)
        links = []
    kept += links
    return kept[::-1] or blocks


def _is_loose(block: Block, below: Sequence[Block]) -> bool:
    """Whether a label is left without its links at the end: a sentence is none, nor an item of a list."""
    if below or block.kind == "li" or block.text.endswith((".", "!", "?")):
        return False
    return introduces_links(block.text, linked=False)


def _leads_home(blocks: Iterable[Block], base: str) -> bool:
    """Whether half of the links, at least, lead to the entry's own site, if it is known."""
    away = [is_elsewhere(href, base) for block in blocks for href in _HREF.findall(block.html)]
    return not base or 2 * sum(away) <= len(away)


def _lists(blocks: Sequence[Block]) -> int:
    """How many lists of links stand under headings that are not those of related articles."""
    found = 0
    said = [block for block in blocks if block.text]
    for heading, first in pairwise(said):
        if "<a " not in first.html or beside_links(first) or "<a " in heading.html:
            continue
        if heading.kind[0] == "h" or (heading.kind == "p" and _BOLD.fullmatch(heading.html)):
            found += not introduces_links(heading.text) and not is_furniture(heading.text)
    return found
