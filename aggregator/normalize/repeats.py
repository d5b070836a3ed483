"""Blocks given twice: what a template or a slip repeats goes, what somebody repeats stays.

A recipe names the oil in both of its lists, a timetable says of two days that no ferry sails, a song
has a refrain. What is repeated by mistake is another thing: a teaser that is the first paragraph as
well, a caption under the picture and again as text, an article pasted twice. In doubt both stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from aggregator.normalize.blocks import Block
from aggregator.normalize.sanitizing import WHOLE

# A repeat shorter than this may be meant: "1-0", a name in two lists.
_SHORT = 20
# Items of lists, verses, labels and facts are shorter than sentences are.
_LINE = 60
# Nobody writes so much a second time.
_LONG = 160
# So near below its beginning a text does not come back to it.
_NEAR = 4
_HREF = re.compile(r'<a href="([^"]*)">')
_CLOSING = "\"'”’»)]"
_ENDS = (".", "!", "?", "…", "。", "！", "？")


class _Run(Struct, frozen=True):
    """Blocks that stand there again: ``count`` from ``at`` on, as they do from ``twin`` on."""

    at: int
    twin: int
    count: int


def without_repeats(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without what is repeated by mistake: the first stays, but a caption stays where its
    image is. A link that only the repeat has is kept in the first."""
    kept = _captions_once(blocks)
    said = [at for at, block in enumerate(kept) if block.text and block.kind != "caption"]
    texts = [kept[at] for at in said]
    names = [_name(block) for block in texts]
    if len(set(names)) == len(names):
        return kept
    gone = set[int]()
    first = list(range(len(texts)))
    above = _headings(texts)
    for run in _runs(texts, names):
        if not _is_mistaken(texts, run, above):
            continue
        for at in range(run.at, run.at + run.count):
            here = first[at - run.at + run.twin]
            if not _links(texts[at]) <= _links(texts[here]):
                if _links(texts[here]):
                    continue
                texts[here] = replace(texts[here], html=texts[at].html, text=texts[at].text)
            first[at] = here
            gone.add(at)
    shown = {
        at: block for n, (at, block) in enumerate(zip(said, texts, strict=True)) if n not in gone
    }
    spoken = frozenset(said)
    return [
        shown.get(at, block) for at, block in enumerate(kept) if at in shown or at not in spoken
    ]


def _captions_once(blocks: Sequence[Block]) -> list[Block]:
    """Images and captions once, and no text that a caption says, unless it has another link."""
    captions = {block.key: _links(block) for block in reversed(blocks) if block.kind == "caption"}
    seen: set[str] = set()
    kept = []
    for block in blocks:
        if block.kind in {"image", "caption"}:
            same = block.html if block.kind == "image" else f"\0{block.key}"
            if same in seen:
                continue
            seen.add(same)
        elif block.key in captions and _links(block) <= captions[block.key]:
            continue
        kept.append(block)
    return kept


def _name(block: Block) -> str:
    return f"{block.kind}\0{block.key}" if block.kind in WHOLE else block.key


def _links(block: Block) -> frozenset[str]:
    return frozenset(_HREF.findall(block.html)) if "<a " in block.html else frozenset()


def _runs(texts: Sequence[Block], names: Sequence[str]) -> Iterator[_Run]:
    """What stands there again, as much of it at a time as stands there in the same order."""
    last: dict[str, int] = {}
    at = twin = count = 0
    for here, name in enumerate(names):
        goes_on = count and names[twin + count] == name
        goes_on = goes_on and _may_be_same(texts[twin + count], texts[here])
        if not goes_on:
            if count:
                yield _Run(at, twin, count)
            before = last.get(name)
            found = before is not None and _may_be_same(texts[before], texts[here])
            at, twin, count = here, before or 0, 0 if not found else 1
        else:
            count += 1
        last[name] = here
    if count:
        yield _Run(at, twin, count)


def _may_be_same(first: Block, again: Block) -> bool:
    """Whether two blocks that say the same lead to the same places, as far as both lead anywhere."""
    links = _links(first)
    return not links or _links(again) <= links


def _is_mistaken(texts: Sequence[Block], run: _Run, above: Sequence[str]) -> bool:
    """Whether nobody meant to say it again. ``above``: the heading that each block stands below."""
    repeated = texts[run.at : run.at + run.count]
    signs = sum(len(block.text) for block in repeated)
    if signs < _SHORT * run.count:
        return False
    if run.at - run.twin <= run.count:
        return _is_stutter(texts, run, signs)
    # Another heading makes it another thing, if it is not repeated itself from the beginning on.
    whole = not above[run.twin] and any(map(_is_heading, repeated))
    if (above[run.at] != above[run.twin] and not whole) or not _is_prose(repeated, signs):
        return False
    if run.twin == 0 and run.at <= _NEAR:
        between = texts[run.count : run.at]
        return signs >= _LINE or not all(map(_is_line, between))
    return signs >= (_LONG if run.count == 1 else _LINE * run.count)


def _is_stutter(texts: Sequence[Block], run: _Run, signs: int) -> bool:
    """Whether what directly follows its twin is no verse that is sung twice."""
    repeated = texts[run.at : run.at + run.count]
    if _is_prose(repeated, signs):
        return True
    if run.at - run.twin == 1:
        around = (*texts[max(0, run.twin - 1) : run.twin], *texts[run.at + run.count :][:1])
        return not around or not all(map(_is_line, around))
    return run.twin == 0 and run.at + run.count == len(texts) and signs >= 2 * _LINE


def _is_prose(blocks: Sequence[Block], signs: int) -> bool:
    """Whether most of it is sentences, headings, tables."""
    return 2 * sum(len(block.text) for block in blocks if not _is_line(block)) > signs


def _is_line(block: Block) -> bool:
    """Whether a block is a verse, an item or a label: short, and no sentence; or lines of any length."""
    if block.kind == "pre" or "<br>" in block.html:
        return True
    return (
        len(block.text) < _LINE
        and not _is_heading(block)
        and not block.text.rstrip(_CLOSING).endswith(_ENDS)
    )


def _is_heading(block: Block) -> bool:
    return block.kind[0] == "h"


def _headings(texts: Sequence[Block]) -> list[str]:
    """What the heading says that each block stands below."""
    found, heading = [], ""
    for block in texts:
        found.append(heading)
        heading = block.key if _is_heading(block) else heading
    return found
