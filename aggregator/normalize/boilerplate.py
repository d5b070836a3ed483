"""What an entry carries that may be boilerplate, and the entry without what was learned.

Two blocks are the same if they say the same, whatever their markup and wherever
they stand; the entry's own title in them counts as one sign. The text of an entry is
never taken out whole: boilerplate is what stands around a text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from aggregator.model.boilerplate import TITLE, Carrier, Lesson, Saying, Stored, Taught, packed
from aggregator.model.entry import Entry, EntryKey, Shown
from aggregator.model.feed import FeedKey, Learned
from aggregator.model.original import unpack_original
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize.blocks import (
    Block,
    image_address,
    link_address,
    read_blocks,
    write_blocks,
)
from aggregator.normalize.characters import key
from aggregator.normalize.cleaning import Clean, first_image, teaser
from aggregator.normalize.facts import ends
from aggregator.normalize.learning import learn
from aggregator.query import analyse

# No template says so much in one block, and hashing what is longer would only cost.
_LONGEST = 1000
# A title shorter than this may stand in any sentence.
_TITLE = 12
# A shorter text is taken out of a summary only at its ends.
_SENTENCE = 15
_IMAGE = re.compile(r"(https?://[^?#]+\.(?:png|jpe?g|gif|webp|svg|avif))[?#].*", re.IGNORECASE)
_LINK_ALONE = re.compile(r'\s*<a href="[^"]*">(?:(?!</a>).)*</a>\s*', re.DOTALL)
_HEADINGS = {"h2", "h3", "h4", "h5", "h6"}


def carried(cleaned: Clean, image: str | None) -> tuple[bytes, ...]:
    """The hashes of what may be boilerplate in an item, in order, each once."""
    said = (*_around(cleaned.blocks), *_around(cleaned.teaser))
    headline = key(cleaned.title)
    hashes = [_hash(block, headline) for block in said]
    if image:
        hashes.append(_hashed(_picture(image)))
    return tuple(dict.fromkeys(one for one in hashes if one))


def _around(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks that may stand around a text: none, where there is one text block and no more."""
    texts = sum(1 for block in blocks if block.text)
    return ends([block for block in blocks if texts > 1 or not block.text])


def _hash(block: Block, headline: str) -> bytes:
    """8 bytes; b"" for a block that is none of a template's."""
    if block.kind == "embed":
        # Two that say the same ("Video: host") may lead to different things.
        return _hashed(f"\0{link_address(block)}")
    if block.kind == "image":
        return _hashed(_picture(image_address(block)))
    if not block.key or len(block.key) > _LONGEST:
        return b""
    return _hashed(_untitled(block.key, headline))


def _untitled(text: str, headline: str) -> str:
    if len(headline) >= _TITLE and headline in text and headline != text:
        return text.replace(headline, TITLE)
    return text


def _picture(address: str) -> str:
    """An image by its address, without what only keeps caches fresh."""
    found = _IMAGE.fullmatch(address)
    return f"\0{found.group(1) if found else address}"


def _hashed(said: str) -> bytes:
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).digest()


def without(
    title: str,
    blocks: Sequence[Block],
    summary: str,
    image: str | None,
    unwanted: Mapping[bytes, str],
) -> Shown:
    """An entry as readers see it without these of its blocks (hash → text)."""
    headline = key(title)
    gone = _gone(blocks, [_hash(block, headline) in unwanted for block in blocks])
    kept = [block for block, away in zip(blocks, gone, strict=True) if not away]
    said = [block.text for block, away in zip(blocks, gone, strict=True) if away and block.text]
    said += [text.replace(TITLE, title) for text in unwanted.values() if text]
    if image and _hashed(_picture(image)) in unwanted:
        image = first_image(kept)
    return Shown(
        removed=tuple(unwanted),
        html=write_blocks(kept),
        text="\n\n".join(block.text for block in kept if block.text),
        summary=_cut(summary, said),
        image=image,
    )


def without_again(stored: Stored, unwanted: Mapping[bytes, str]) -> Shown:
    """The same of an archived entry."""
    blocks = read_blocks(stored.html, "")
    return without(stored.title, blocks, stored.summary, stored.image, unwanted)


def _gone(blocks: Sequence[Block], unwanted: Sequence[bool]) -> list[bool]:
    """Which blocks go: unwanted ones and what hangs on them; but never all that is said."""
    gone = list(unwanted)
    for at in range(1, len(blocks)):
        # A caption goes with its image.
        gone[at] |= gone[at - 1] and (blocks[at - 1].kind, blocks[at].kind) == ("image", "caption")
    _drop_links(blocks, gone)
    _keep_headings(blocks, gone)
    if not any(block.text and not away for block, away in zip(blocks, gone, strict=True)):
        return [away and block.kind == "image" for block, away in zip(blocks, gone, strict=True)]
    return gone


def _drop_links(blocks: Sequence[Block], gone: list[bool]) -> None:
    """At the end, bare links go with the label above them, where the text weighs more than they do."""
    end = len(blocks)
    while end and (gone[end - 1] or _is_link(blocks[end - 1])):
        end -= 1
    tail = range(end, len(blocks))
    links = sum(len(blocks[at].text) for at in tail if not gone[at])
    if not links or sum(len(blocks[at].text) for at in range(end) if not gone[at]) < links:
        return
    labelled = False
    for at in tail:
        labelled |= gone[at]
        gone[at] |= labelled


def _is_link(block: Block) -> bool:
    return block.kind == "li" and bool(_LINK_ALONE.fullmatch(block.html))


def _keep_headings(blocks: Sequence[Block], gone: list[bool]) -> None:
    """A heading between texts stays while anything under it stays."""
    texts = (at for at, block in enumerate(blocks) if block.text and not gone[at])
    top, under = next(texts, len(blocks)), False
    for at in range(len(blocks) - 1, top, -1):
        heading = blocks[at].kind in _HEADINGS
        if heading:
            gone[at] = gone[at] and not under
        under = not heading and (under or not gone[at])


def _cut(summary: str, texts: Iterable[str]) -> str:
    """The summary without these texts, the longest first."""
    for text in sorted(set(texts), key=len, reverse=True):
        at = summary.find(text)
        if at < 0:
            continue
        before, after = summary[:at], summary[at + len(text) :]
        whole = (not before or before[-1] == " ") and (not after or after[0] == " ")
        if whole and (len(text) >= _SENTENCE or not before or not after):
            summary = f"{before.rstrip()} {after.lstrip()}".strip()
    return summary


def sayings_of(stored: Stored) -> dict[bytes, Saying]:
    """What the blocks of an archived entry say, by their hashes."""
    item = unpack_original(stored.original)
    _, beside = teaser(str(item.get("summary", "")), "", key(stored.title))
    found = _sayings(stored.title, (*read_blocks(stored.html, ""), *beside))
    if stored.image:
        found[_hashed(_picture(stored.image))] = Saying(text=stored.image, image=True)
    return found


def _sayings(title: str, blocks: Iterable[Block]) -> dict[bytes, Saying]:
    headline = key(title)
    return {_hash(block, headline): _saying(block, title) for block in blocks}


def _saying(block: Block, title: str) -> Saying:
    if not block.text:
        return Saying(text=_address(block), image=True)
    return Saying(
        text=_untitled(block.text, title),
        listed=block.kind == "li",
        linked="<a " in block.html,
        heading=block.kind in _HEADINGS,
    )


def _address(block: Block) -> str:
    """Of what has no text, where it is."""
    return link_address(block) if block.kind == "embed" else image_address(block)


def finish(
    drafts: Sequence[tuple[Entry, Clean]],
    learned: Sequence[Learned],
    learning: NormalizeSettings | None,
) -> tuple[Entry, ...]:
    """Entries with what they show, and the analysis of it.

    ``learned`` is taken out of all of them; where ``learning`` is given, so is what
    they teach themselves, as the archive would learn it of them.
    """
    known = {one.hash: one.text for one in learned}
    taught = _taught(drafts, learning) if learning else None
    return tuple(_finished(entry, cleaned, known, taught) for entry, cleaned in drafts)


def _taught(drafts: Sequence[tuple[Entry, Clean]], settings: NormalizeSettings) -> Taught:
    met: set[bytes | None] = {None}
    run = []
    for entry, _ in reversed(drafts):
        run.append(_carrier(entry, counts=entry.text_hash is None or entry.text_hash not in met))
        met.add(entry.text_hash)
    run.sort(key=lambda one: one.key)
    return Taught.of(learn(run, Lesson(), settings, sayings=_Drafted(drafts)).spans)


class _Drafted:
    """What the entries of a document say."""

    def __init__(self, drafts: Sequence[tuple[Entry, Clean]]) -> None:
        self._drafts = {_key(entry): cleaned for entry, cleaned in drafts}

    def words(self, blocks: Sequence[bytes], run: Sequence[Carrier]) -> dict[bytes, Saying]:
        missing, found = set(blocks), dict[bytes, Saying]()
        for one in run:
            if missing.intersection(one.blocks):
                cleaned = self._drafts[one.key]
                said = _sayings(cleaned.title, (*cleaned.blocks, *cleaned.teaser))
                found |= {block: said[block] for block in missing & said.keys()}
                missing -= set(one.blocks)
        return found

    def texts(self, entries: Sequence[Carrier]) -> dict[EntryKey, str]:
        return {one.key: self._drafts[one.key].text for one in entries}


def _carrier(entry: Entry, *, counts: bool = True) -> Carrier:
    hashes = packed(entry.blocks)
    return Carrier(key=_key(entry), feed=FeedKey(0), hashes=hashes, counts=counts)


def _key(entry: Entry) -> EntryKey:
    """Of an entry that has none yet, by its place: the last of a document is the oldest."""
    return EntryKey(1_000_000_000 - entry.position)


def _finished(
    entry: Entry, cleaned: Clean, known: Mapping[bytes, str], taught: Taught | None
) -> Entry:
    unwanted = {one: known[one] for one in entry.blocks if one in known}
    if taught and (more := taught.unwanted(_carrier(entry))):
        said = _sayings(cleaned.title, (*cleaned.blocks, *cleaned.teaser))
        unwanted |= {one: said[one].text if one in said else "" for one in more}
    shown = None
    if unwanted:
        shown = without(entry.title, cleaned.blocks, entry.summary, entry.image, unwanted)
    text = shown.text or shown.summary if shown else entry.text or entry.summary
    return replace(entry, shown=shown, indexed=analyse(entry.title, text, entry.lang))
