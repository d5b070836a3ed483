"""What an item is, whatever else changes: docs/identity.md tells the rules and the reasons."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence

from msgspec import Struct

from aggregator.model.address import anchor, canonical_url
from aggregator.model.entry import TOLD_APART, EntryId, StoryId
from aggregator.model.feed import FeedIdentity
from aggregator.normalize.characters import decoded, key, line, storable

# Two name spaces of our own (RFC 9562, section 6.5), so that no story's id is an entry's.
_ENTRIES = uuid.uuid5(uuid.NAMESPACE_URL, "tag:aggregator,2026:entry").bytes
_STORIES = uuid.uuid5(uuid.NAMESPACE_URL, "tag:aggregator,2026:story").bytes


def entry_id(feed: FeedIdentity, identity: str) -> EntryId:
    """The public id of an entry: the same wherever and whenever it is made."""
    return EntryId(_urn(_ENTRIES, f"{feed}\n{identity}"))


def story_id(first: EntryId) -> StoryId:
    """The public id of a story: made of its first entry's."""
    return StoryId(_urn(_STORIES, first))


def _urn(space: bytes, name: str) -> str:
    """The URN of a UUID of version 5 (RFC 9562, section 5.5); uuid.uuid5 takes three times as long."""
    found = bytearray(hashlib.sha1(space + name.encode(), usedforsecurity=False).digest()[:16])
    found[6] = found[6] & 0x0F | 0x50
    found[8] = found[8] & 0x3F | 0x80
    text = found.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def digest(*parts: str, size: int = 16) -> bytes:
    """A stable hash of texts, ``size`` bytes; the same on every machine and release."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=size).digest()


class Named(Struct, frozen=True):
    """What an item has to be told by: each "" where absent. ``date`` and ``words`` as published."""

    guid: str
    link: str
    title: str
    date: str
    words: str


def identities(items: Sequence[Named]) -> list[str]:
    """The identity of each item of a document, in document order.

    guid, else canonical link and the place on that page, else title and date or words. What several different
    items of one document have alike tells none of them: theirs is joined with the
    link, then the title, then the date, whatever first tells them apart. Items that
    are the same in all of it stay the same.
    """
    names = [_first(item) for item in items]
    for further in (_link, _title, _date):
        names = _told_apart(names, items, further)
    return names


def second_name(item: Named, name: str, page: str | None) -> str:
    """What an item goes by where its ``name`` proves to be another's; "" where that is its page.

    Its ``page`` (canonical URL, None where that tells nothing), else title and date or words.
    """
    if page:
        return f"{page}{_place(item)}" if item.guid else ""
    if not item.guid and not item.link:
        return ""
    return TOLD_APART.join((name, _title(item), _date(item)))


def item_hash(published: bytes, item: Named, identity: str) -> bytes:
    """What an item is recognised by at the next poll, 32 bytes.

    16 that stand for it as ``published``; then the marks of its name and of its link, which
    tell whether an item that comes later must be told apart from it. One that had to be
    told apart is not recognised unread: its name depends on what else there is by then.
    """
    name = base_of(identity)
    if name != identity:
        published = hash_bytes(published + identity.encode("utf-8", "surrogatepass"))
    return published + mark(name) + mark(_link(item))


def hash_bytes(data: bytes) -> bytes:
    """16 bytes that stand for an item as published."""
    return hashlib.blake2b(data, digest_size=16).digest()


def mark(text: str) -> bytes:
    """8 bytes that stand for a name or a link."""
    return digest(text, size=8)


def marks(item_hash: bytes) -> tuple[bytes, bytes]:
    """The marks in what :func:`item_hash` made: of the name before it was told apart, of the link."""
    return item_hash[16:24], item_hash[24:]


def base_of(identity: str) -> str:
    """The identity as it would be if no other item of its document were alike."""
    return identity.partition(TOLD_APART)[0]


def _told_apart(
    names: list[str], items: Sequence[Named], further: Callable[[Named], str]
) -> list[str]:
    if len(set(names)) == len(names):
        return names
    tells: defaultdict[str, set[str]] = defaultdict(set)
    for name, item in zip(names, items, strict=True):
        tells[name].add(further(item))
    return [
        f"{name}{TOLD_APART}{further(item)}" if len(tells[name]) > 1 else name
        for name, item in zip(names, items, strict=True)
    ]


def _first(item: Named) -> str:
    guid = " ".join(decoded(storable(item.guid)).split())
    if guid.startswith(("http://", "https://")):
        # A guid that is an address moves between http and https like any other; its
        # fragment may be all that tells it from its neighbours.
        address, hash_sign, fragment = guid.partition("#")
        return f"{canonical_url(address)}{hash_sign}{fragment}"
    if guid or item.link:
        return guid or f"{canonical_url(item.link)}{_place(item)}"
    return f"content:{digest(key(line(item.title)), item.date or _said(item)).hex()}"


def _link(item: Named) -> str:
    return canonical_url(item.link) if item.link else ""


def _place(item: Named) -> str:
    """The place on its page that an item leads to: one page may tell of many releases."""
    place = anchor(item.link) if "#" in item.link else ""
    return f"#{place}" if place else ""


def _title(item: Named) -> str:
    return digest(key(line(item.title)), size=8).hex()


def _date(item: Named) -> str:
    return item.date or digest(_said(item), size=8).hex()


def _said(item: Named) -> str:
    """The item's words without tags, so that markup and pixels that change do not count."""
    return key(line(item.words))
