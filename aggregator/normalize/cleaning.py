"""An item's text made clean: headline once, each block once, no furniture, safe HTML and plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from msgspec.structs import replace

from aggregator.normalize.blocks import (
    Block,
    image_address,
    link_address,
    read_blocks,
    retext,
    write_blocks,
)
from aggregator.normalize.characters import ENTITY, is_markup, key, repair
from aggregator.normalize.enclosures import file_at, is_recording
from aggregator.normalize.ephemera import lasting
from aggregator.normalize.furniture import (
    is_bare,
    is_furniture,
    is_section,
    without_last_link,
)
from aggregator.normalize.leading import advert_among, offers
from aggregator.normalize.related import without_related
from aggregator.normalize.repeats import without_repeats

# A headline without its source is no shorter.
_SOURCED = 20
_LABEL = 30
_BEFORE_SOURCE = (" - ", " | ", " · ")
_SUMMARY = 1000
_HREF = re.compile(r'<a href="([^"]*)">')


# A dataclass, since a struct compares all its fields.
@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """The clean text of an item. ``sections`` are labels found on top; ``image`` the first image's
    address or None; ``key`` is the text folded (see ``characters.key``). ``lasting`` and
    ``lasting_summary`` are text and summary folded, without what changes by itself. ``blocks``
    are what ``html`` is written of, ``teaser`` those of a summary that came beside the content."""

    title: str
    summary: str
    html: str
    text: str
    key: str
    lasting: str
    lasting_summary: str
    sections: tuple[str, ...]
    image: str | None
    blocks: tuple[Block, ...] = field(default=(), compare=False)
    teaser: tuple[Block, ...] = field(default=(), compare=False)


def clean(title: str, summary: str, content: str, *, base: str) -> Clean:
    """Clean an item as published: ``summary`` and ``content`` are untrusted HTML or plain text.

    ``title`` is plain text already (see ``characters.line``). Idempotent: the clean form
    of a clean form is itself. Addresses are resolved against ``base``.
    """
    headline = " ".join(repair(title).split())
    folded = key(headline)
    blocks, sections = _body(content, base, folded)
    beside: tuple[Block, ...] = ()
    shown, from_summary = blocks, all(block.kind == "embed" for block in blocks)
    if from_summary:
        # What the content embeds is no text, but there may be one beside it.
        shown, more = _body(summary, base, folded)
        shown += [block for block in blocks if block not in shown]
        sections = tuple(dict.fromkeys((*sections, *more)))
        whole = " ".join(block.text for block in shown if block.text)
        said = _one_line(whole, folded) if len(whole) <= _SUMMARY else ""
        lasting_summary = lasting_text(shown, base)
    else:
        said, beside = teaser(summary, base, folded)
        if beside:
            lasting_summary = lasting_text(beside, base) if said else ""
        else:
            lasting_summary = " ".join(lasting([key(said)]))
    return Clean(
        title=headline,
        summary=said,
        html=write_blocks(shown),
        text="\n\n".join(block.text for block in shown if block.text),
        key=" ".join(block.key for block in shown if block.key),
        lasting=lasting_summary if from_summary else lasting_text(shown, base),
        lasting_summary=lasting_summary,
        sections=sections,
        image=first_image(shown),
        blocks=tuple(shown),
        teaser=beside,
    )


def lasting_text(blocks: Sequence[Block], base: str) -> str:
    """What the blocks say for good, folded; what may be an advert does not count."""
    said = [block for block in blocks if block.key]
    advert = advert_among(said, base)
    own = [block for block in said if block is not advert]

    def offered(text: str) -> list[str]:
        return [link for block in own if block.key == text for link in offers(block, base)]

    return " ".join(lasting((block.key for block in own), offered))


def _body(source: str, base: str, headline: str) -> tuple[list[Block], tuple[str, ...]]:
    """The blocks that are text, and the section labels found above it."""
    blocks = list(read_blocks(source, base)) if source else []
    if "embed" in [block.kind for block in blocks]:
        return _body_around(blocks, base, headline)
    return _text_of(blocks, base, headline)


def _body_around(
    blocks: list[Block], base: str, headline: str
) -> tuple[list[Block], tuple[str, ...]]:
    """The same where something is embedded: what is text is decided as if nothing were, since what was
    archived before links to it were kept must say the same."""
    placed = [replace(block, place=at) for at, block in enumerate(blocks)]
    texts, sections = _text_of([one for one in placed if one.kind != "embed"], base, headline)
    hrefs = (html.unescape(href) for block in texts for href in _HREF.findall(block.html))
    linked = {file_at(href) for href in hrefs if is_recording(href)}
    embeds: dict[str, Block] = {}
    for block in placed:
        if block.kind == "embed" and not linked.intersection(_played(block)):
            embeds.setdefault(block.html, block)
    kept = sorted((*texts, *embeds.values()), key=lambda block: block.place)
    return [replace(block, place=0) for block in kept], sections


def _played(block: Block) -> set[str]:
    """The file that is embedded, if it is one and a link to it would be all there is."""
    href = link_address(block)
    return {file_at(href)} if not block.html.startswith("<img") and is_recording(href) else set()


def _text_of(blocks: list[Block], base: str, headline: str) -> tuple[list[Block], tuple[str, ...]]:
    """The blocks that say something, once, and without labels, headline and furniture."""
    sections: list[str] = []
    while blocks:
        # What goes may lay open what goes with it: a label under a label, a link before a link.
        kept, labels = _without_head(blocks, headline)
        kept = _without_tail(without_repeats(kept), base)
        sections += labels
        if kept == blocks:
            break
        blocks = kept
    return blocks, tuple(dict.fromkeys(sections))


def teaser(summary: str, base: str, headline: str) -> tuple[str, tuple[Block, ...]]:
    """The summary as one plain paragraph, and the blocks it is made of."""
    blocks: list[Block] = []
    if "\n" in summary or is_markup(summary) or ENTITY.search(summary):
        blocks, _ = _body(summary, base, headline)
        summary = " ".join(block.text for block in blocks if block.text)
    else:
        summary = repair(summary)
    return _one_line(summary, headline), tuple(one for one in blocks if one.kind != "embed")


def _one_line(text: str, headline: str) -> str:
    text = " ".join(text.split())
    nothing = is_bare(text) and is_furniture(text)
    return "" if nothing or _is_again(key(text), headline) else text


def _without_head(blocks: list[Block], headline: str) -> tuple[list[Block], tuple[str, ...]]:
    """Without the headline given again on top, and without section labels above it."""
    labels: list[Block] = []
    said = [block for block in blocks if block.text][:4]
    for at, block in enumerate(said):
        if _is_again(block.key, headline):
            labels = [one for one in said[:at] if _is_label(one)]
            break
        if not _is_label(block):
            break
    if not labels:
        labels = _sections_on_top(blocks)
    sections = tuple(dict.fromkeys(label.text for label in labels))
    gone = set(map(id, labels))
    kept = [
        block
        for block in blocks
        if id(block) not in gone
        and not (block.kind not in {"li", "caption"} and _is_again(block.key, headline))
    ]
    return kept, sections


def _is_again(said: str, headline: str) -> bool:
    """Whether a text says the headline again, both folded; also without the source at its end, or with
    that set apart otherwise, as news engines do: "Ferry sails again - Harbour Times"."""
    if said == headline:
        return bool(headline)
    if not headline.startswith(said[:_SOURCED]) or len(said) < _SOURCED:
        return False
    for between in _BEFORE_SOURCE:
        title, found, source = headline.rpartition(between)
        if found and said in {title, f"{title} {source}"}:
            return True
    return False


def _sections_on_top(blocks: Sequence[Block]) -> list[Block]:
    """The names of sections that all other text stands below."""
    said = [block for block in blocks if block.text]
    labels = list(takewhile(lambda block: is_section(block.text), said))
    return labels if len(labels) < len(said) else labels[:-1]


def _is_label(block: Block) -> bool:
    return len(block.text) <= _LABEL and block.text[-1:] not in ".!?:…" and block.kind != "li"


def _without_tail(blocks: list[Block], base: str) -> list[Block]:
    """Without furniture, wherever it stands in a block of its own, and at the end of the last one."""
    blocks = list(without_related(blocks, base))
    kept = [
        block
        for block in blocks
        if block.kind in {"image", "table", "pre"}
        or not is_furniture(block.text, block.html, kind=block.kind)
    ]
    if not kept:
        # A notice that is all there is may be meant.
        kept = [block for block in blocks if not is_bare(block.text)]
    for at in range(len(kept) - 1, -1, -1):
        if kept[at].kind in {"p", "li"}:
            shorter = without_last_link(kept[at].html)
            if shorter != kept[at].html:
                kept[at] = retext(kept[at], shorter)
            break
    return [block for block in kept if block.text or block.kind == "image"]


def first_image(blocks: Sequence[Block]) -> str | None:
    """The address of the first image, or None."""
    return next((image_address(block) for block in blocks if block.html.startswith("<img ")), None)
