"""What an item is, whatever else changes: docs/identity.md tells the rules and the reasons."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Sequence

from aggregator.model.address import canonical_url
from aggregator.model.entry import EntryId, StoryId
from aggregator.model.feed import FeedIdentity

# Two name spaces of our own (RFC 9562, section 6.5), so that no story's id is an entry's.
_ENTRIES = uuid.uuid5(uuid.NAMESPACE_URL, "tag:aggregator,2026:entry")
_STORIES = uuid.uuid5(uuid.NAMESPACE_URL, "tag:aggregator,2026:story")


def entry_id(feed: FeedIdentity, identity: str) -> EntryId:
    """The public id of an entry: the same wherever and whenever it is made."""
    return EntryId(uuid.uuid5(_ENTRIES, f"{feed}\n{identity}").urn)


def story_id(first: EntryId) -> StoryId:
    """The public id of a story: made of its first entry's."""
    return StoryId(uuid.uuid5(_STORIES, first).urn)


def digest(*parts: str, size: int = 16) -> bytes:
    """A stable hash of texts, ``size`` bytes; the same on every machine and release."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=size).digest()


def hash_bytes(data: bytes, name: str) -> bytes:
    """16 bytes over an item as published and the name it goes by."""
    hashed = hashlib.blake2b(data, digest_size=16)
    hashed.update(name.encode("utf-8", "surrogatepass"))
    return hashed.digest()


def identities(items: Sequence[tuple[str, str | None, str]]) -> list[str]:
    """The identity of each item of a document, from (guid, link, content) in document order.

    guid, else canonical link, else content. A guid or link that several
    different items of one document carry does not identify: theirs is joined
    with what else they have. Items that are the same in all three stay the same.
    """
    firsts = [_first(guid, link, content) for guid, link, content in items]
    distinct = {
        (first, canonical_url(link or ""), content if not link else "")
        for first, (_, link, content) in zip(firsts, items, strict=True)
    }
    repeated = {
        first for first, count in Counter(first for first, *_ in distinct).items() if count > 1
    }
    return [
        first if first not in repeated else f"{first}\n{_second(link, content)}"
        for first, (_, link, content) in zip(firsts, items, strict=True)
    ]


def _first(guid: str, link: str | None, content: str) -> str:
    if guid:
        if not guid.startswith(("http://", "https://")):
            return guid
        # A guid that is an address moves between http and https like any other; its
        # fragment may be all that tells it from its neighbours.
        address, hash_sign, fragment = guid.partition("#")
        return f"{canonical_url(address)}{hash_sign}{fragment}"
    return canonical_url(link) if link else f"content:{digest(content).hex()}"


def _second(link: str | None, content: str) -> str:
    return canonical_url(link) if link else digest(content).hex()
