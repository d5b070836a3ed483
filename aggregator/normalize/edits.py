"""What a reader would call edited, between an item and its entry's last revision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.batch import KnownEntry, Said
from aggregator.model.entry import Entry, EntryKey
from aggregator.normalize.bylines import same
from aggregator.normalize.characters import key
from aggregator.normalize.enclosures import addresses, files
from aggregator.normalize.identity import digest

# A sentence that comes or goes in so many items of one document at once, and in so large a share of
# them, is the template's: a correction is added to the few that need it.
_TEMPLATE, _SHARE = 3, 0.8
# Of a document of fewer items all may have the same news: of fixtures, that they are postponed.
_MANY = 10
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")


class Template(Struct, frozen=True, kw_only=True):
    """What a publisher changed around the texts of a document. ``displaces``: a sentence that gave
    way to one of these is none of the text's."""

    sentences: frozenset[str] = frozenset()
    displaces: bool = False


def edited(
    entry: Entry,
    held: KnownEntry,
    *,
    readdressed: bool,
    template: Template,
    said: Said | None,
) -> tuple[str, ...]:
    """Names of the fields that were edited. ``readdressed``: another link is only its address.

    ``said`` is what the last revision says, ``template`` what is no edit (see :func:`template_of`).
    """
    fields = [name for name in differing(entry, held) if not _only_later(name, entry, held)]
    if said and "enclosures" in fields and files(said.enclosures) == files(entry.enclosures):
        # The hash is of all addresses, as it is with what is archived.
        fields.remove("enclosures")
    if said and "authors" in fields and same(said.authors, entry.authors):
        # Whom the feed names in the item's place reads as if the item did.
        fields.remove("authors")
    if said:
        fields = [name for name in fields if not _says_again(name, entry, said)]
    if not readdressed:
        fields.append("link")
    if said and template.sentences:
        texts = {"summary": (said.summary, entry.summary), "content": (said.text, entry.text)}
        fields = [
            name for name in fields if name not in texts or _says_more(*texts[name], template)
        ]
    return tuple(fields)


def is_at_new_addresses(entry: Entry, held: KnownEntry, said: Said | None) -> bool:
    """Whether nothing but the addresses of the same files differs from the entry's last revision."""
    return (
        said is not None
        and differing(entry, held) == ("enclosures",)
        and files(said.enclosures) == files(entry.enclosures)
    )


def in_doubt(entry: Entry, said: Said | None) -> bool:
    """Whether what is taken for the same files has addresses that differ in more than a signature."""
    return (
        said is not None
        and files(said.enclosures) == files(entry.enclosures)
        and addresses(said.enclosures) != addresses(entry.enclosures)
    )


def credited(entry: Entry, said: Said | None, fields: Sequence[str]) -> Entry:
    """An edited entry with the authors that it was archived with, where it names none itself and
    these are not what was edited: another author of the feed corrects no story."""
    if said is None or "authors" in fields or dict(entry.parts).get("authors"):
        return entry
    return replace(entry, authors=said.authors)


def _says_again(name: str, entry: Entry, said: Said) -> bool:
    """Whether the last revision says of a field what the item does, though their hashes differ: what
    passes may have been told by other rules when it was archived."""
    from aggregator.normalize.ephemera import lasting

    # All there is of an item may be its summary: it is shown as text, and again if it is short.
    alone = said.summary in ("", " ".join(said.text.split()))
    text = said.text if name == "content" or alone else said.summary
    if name not in {"content", "summary"} or not text:
        return False
    lasts = " ".join(lasting(key(block) for block in text.split("\n") if block))
    return dict(entry.parts)[name] == (digest(lasts, size=8) if lasts else b"")


def _says_more(old: str, new: str, template: Template) -> bool:
    """Whether two texts differ in more than the template's sentences, and what gave way to them."""
    before, after = _sentences(old), _sentences(new)
    left, stays = (
        [one for one in told if one not in template.sentences] for told in (before, after)
    )
    if not left or not stays:
        # What is all of a text is what it says: "Closed until further notice".
        return before != after
    if left == stays:
        return False
    if not template.displaces:
        return True
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    lost, won = before[first : len(before) - last], after[first : len(after) - last]
    return not won or len(lost) > len(won) or any(one not in template.sentences for one in won)


def differing(entry: Entry, held: KnownEntry) -> tuple[str, ...]:
    """Names of the parts whose hashes differ."""
    if entry.fingerprint == held.fingerprint:
        return ()
    before = dict(held.parts)
    return tuple(name for name, hashed in entry.parts if before.get(name, b"") != hashed)


def template_of(
    pairs: Iterable[tuple[Entry, KnownEntry]],
    said: Mapping[EntryKey, Said],
    *,
    listed: int,
    size: int,
) -> Template:
    """The sentences that most entries lost or won alike: an advert of the day, no edit.

    ``listed``: how many entries that we have the document lists, those that were not read included;
    ``size``: how many items it has. In a document of few, only what all of them won, and only where
    all of them lost the same, or nothing: in the place of what some had it is news in each.
    """
    changes = [_change(entry, said[held.key]) for entry, held in pairs if held.key in said]
    few = size < _MANY
    least = max(_TEMPLATE, listed if few else listed * _SHARE)
    if len(changes) < least or (few and any(lost != changes[0][0] for lost, _ in changes)):
        return Template()
    counts = Counter(sentence for lost, won in changes for sentence in lost | won)
    found = (sentence for sentence, count in counts.items() if count >= least)
    return Template(sentences=frozenset(found), displaces=not few)


def _change(entry: Entry, said: Said) -> tuple[set[str], set[str]]:
    """The sentences that an entry lost, and those that it won."""
    old = {*_sentences(said.summary), *_sentences(said.text)}
    new = {*_sentences(entry.summary), *_sentences(entry.text)}
    return old - new, new - old


def _only_later(name: str, entry: Entry, held: KnownEntry) -> bool:
    """Whether all that is new of a date is that it is later: the item was brought to the top again."""
    if name != "published":
        return False
    before, after = dict(held.parts).get(name, b""), dict(entry.parts)[name]
    return bool(before) and before < after


def _sentences(text: str) -> Sequence[str]:
    """What of a plain text lasts, folded, sentence by sentence."""
    # Its patterns take a while to compile, and most rounds see no edit.
    from aggregator.normalize.ephemera import lasting

    blocks = lasting(key(block) for block in text.split("\n") if block)
    return [part for block in blocks for part in _SENTENCE.split(block)]
