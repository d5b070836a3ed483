"""Blocks that are links: what stands beside these, and whether they lead away."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from aggregator.normalize.blocks import Block
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
    own = _host(base)
    return all(not _same_site(_host(href), own) for href in _LINK.findall(block.html))


def _host(address: str) -> str:
    return (urlsplit(html.unescape(address)).hostname or "").removeprefix("www.")


def _same_site(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
