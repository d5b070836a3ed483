"""Blocks that are links: what stands beside these, and whether they lead away."""

from __future__ import annotations

import re

from aggregator.normalize.blocks import Block
from aggregator.normalize.characters import key
from aggregator.normalize.links import is_elsewhere
from aggregator.normalize.paragraphs import plain

_LINK = re.compile(r'<a href="([^"]*)">(?:(?!</?a\b).)*</a>', re.DOTALL)


def beside_links(block: Block) -> str:
    """The text of a block that is no link."""
    if "<a " not in block.html:
        return block.text
    return plain(_LINK.sub("", block.html)).strip(" |·•,;")


def leads_away(block: Block, base: str) -> bool:
    """Whether a paragraph is nothing but links to other hosts than that of ``base``."""
    if block.kind != "p" or "<a " not in block.html or beside_links(block):
        return False
    return all(is_elsewhere(href, base) for href in _LINK.findall(block.html))


def offers(block: Block, base: str) -> list[str]:
    """The folded texts of its links to other hosts than that of ``base``."""
    links = _LINK.finditer(block.html) if "<a " in block.html else ()
    return [key(plain(link[0])) for link in links if is_elsewhere(link[1], base)]
