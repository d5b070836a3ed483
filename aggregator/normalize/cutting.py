"""A well-formed document without the items that were seen before: only the rest needs parsing.

One walk with expat finds the bytes of each item. An item whose bytes were seen
before, with the same around it that gives them their meaning, says nothing new.
What is unusual in any way goes whole: ``cut`` answers None and the parser decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Mapping, Sequence
from typing import Never
from urllib.parse import urlsplit
from xml.parsers import expat

from msgspec import Struct

RULES = b"1"
"""Goes up with every change of identity or cleaning: each item is then read once more."""

_ITEMS = {"item", "entry"}
# Where items stand, by the names of all elements around them.
HOLDERS = {
    ("rss",), ("rss", "channel"), ("rdf",), ("rdf", "channel"), ("feed",), ("channel",),
}  # fmt: skip
# What a feed says of itself and of its items as well, where they do not say it.
_INHERITED = {"title", "language", "author", "creator", "managingeditor"}
START_TAG = re.compile(rb"""<(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")


class Cut(Struct, frozen=True, kw_only=True):
    """A document by its items, in document order.

    ``hashes``: 16 bytes over each item. ``known``: position → what was remembered of an item
    seen before. ``spans``: first byte of each item and the byte after its last. ``encoding`` is
    declared or given, ``tags`` are the start tags that items stand in, outermost first,
    ``spaces`` prefix → name space.
    """

    hashes: tuple[bytes, ...]
    known: dict[int, bytes]
    spans: tuple[tuple[int, int], ...]
    body: bytes
    encoding: str
    tags: tuple[bytes, ...]
    spaces: Mapping[str, str]

    def without(self, positions: Container[int]) -> bytes:
        """The document without the items at these positions."""
        kept: list[bytes] = []
        end = 0
        for position, (first, last) in enumerate(self.spans):
            if position in positions:
                kept.append(self.body[end:first])
                end = last
        return b"".join((*kept, self.body[end:]))


def cut(body: bytes, *, charset: str, url: str, seen: Mapping[bytes, bytes]) -> Cut | None:
    """Cut out the items whose hash is a key of ``seen``; None where the document must go whole.

    ``charset`` is what outranks the document's own declaration, or ""; ``url`` is what
    relative addresses resolve against.
    """
    try:
        # A query changes nothing in what addresses resolve to (RFC 3986, 5.2.2).
        place = urlsplit(url)._replace(query="", fragment="").geturl()
        walk = _Walk(body, charset)
    except (expat.ExpatError, LookupError, ValueError, _GoesWhole):
        return None
    around = hashlib.blake2b(RULES, digest_size=16)
    for part in (charset.encode(), place.encode("utf-8", "replace"), *walk.around):
        around.update(part + b"\0")
    hashes: list[bytes] = []
    known: dict[int, bytes] = {}
    for position, (first, last) in enumerate(walk.items):
        hashed = around.copy()
        hashed.update(body[first:last])
        digest = hashed.digest()
        hashes.append(digest)
        if digest in seen:
            known[position] = seen[digest]
    return Cut(
        hashes=tuple(hashes),
        known=known,
        spans=tuple(walk.items),
        body=body,
        encoding=charset or walk.encoding,
        tags=tuple(walk.tags),
        spaces=walk.spaces,
    )


class _GoesWhole(Exception):
    """There is something in the document that makes its items depend on more than we look at."""


class _Walk:
    """Where the items of a document are, and what around them gives them their meaning.

    ``items``: first byte of each and the byte after its last. ``around``: the declared encoding,
    the start tags of what items stand in (namespaces, xml:base, xml:lang), what they inherit.
    ``encoding``, ``tags`` and ``spaces`` as in :class:`Cut`.
    """

    def __init__(self, body: bytes, charset: str) -> None:
        self.items: list[tuple[int, int]] = []
        self.around: list[bytes] = []
        self.encoding = ""
        self.tags: list[bytes] = []
        self.spaces: dict[str, str] = {}
        self._body = body
        self._path: list[str] = []
        self._item, self._from = "", 0
        self._inherited: tuple[list[str], int] | None = None
        # With namespaces: a prefix that is not declared is an error to feedparser as well.
        self._parser = parser = expat.ParserCreate(charset or None, " ")
        parser.XmlDeclHandler = self._declare
        parser.StartNamespaceDeclHandler = self._bind
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        # Entities may stand for anything.
        parser.StartDoctypeDeclHandler = _refuse
        try:
            parser.Parse(body, True)
        finally:
            # Parser and handlers hold each other, and the document.
            del self._parser

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = encoding or ""
        self.around.append(self.encoding.encode())

    def _bind(self, prefix: str | None, uri: str) -> None:
        # feedparser knows a prefix in one meaning, and from there on in the whole document.
        if prefix and self.spaces.setdefault(prefix, uri) != uri:
            raise _GoesWhole

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        at, local = self._parser.CurrentByteIndex, local_name(name)
        if local in _ITEMS:
            if not self._holds_items():
                raise _GoesWhole
            self._item, self._from = name, at
            # Inside an item nothing matters but its end.
            self._parser.StartElementHandler = None
            return
        if local in _INHERITED and self._inherited is None and self._holds_items():
            self._inherited = (self._path.copy(), at)
        self._path.append(local)
        if self._holds_items():
            found = START_TAG.match(self._body, at)
            tag = found.group(0) if found else b""
            self.around.append(tag)
            self.tags.append(tag)
        elif len(self._path) == 1:
            raise _GoesWhole

    def _end(self, name: str) -> None:
        at = self._parser.CurrentByteIndex
        if self._item:
            if name == self._item:
                self.items.append((self._from, self._after(at)))
                self._item = ""
                self._parser.StartElementHandler = self._start
            return
        if local_name(name) in _ITEMS:
            # One item in another ended before.
            raise _GoesWhole
        self._path.pop()
        if self._inherited and self._inherited[0] == self._path:
            self.around.append(self._body[self._inherited[1] : at])
            self._inherited = None

    def _holds_items(self) -> bool:
        """Whether items may stand right here."""
        return may_hold_items(self._path)

    def _after(self, at: int) -> int:
        """The byte after the end tag of an item; an empty-element tag is too rare to look for."""
        if at == self._from:
            raise _GoesWhole
        return self._body.index(b">", at) + 1


def may_hold_items(path: Sequence[str], holders: Container[tuple[str, ...]] = HOLDERS) -> bool:
    """Whether items may stand right in the innermost of these elements, however deep they go."""
    return len(path) < 3 and tuple(path) in holders


def local_name(name: str) -> str:
    return name.rpartition(" ")[2].lower()


def _refuse(*_declared: object) -> Never:
    raise _GoesWhole
