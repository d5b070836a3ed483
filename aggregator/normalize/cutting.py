"""A well-formed document without the items that were seen before: only the rest needs parsing.

One walk with expat finds the bytes of each item. An item whose bytes were seen
before, with the same around it that gives them their meaning, says nothing new; nor need
it be walked through again: a mark stands in for it, and the walk says that an item may
stand there. What is unusual in any way goes whole: ``cut`` answers None and the parser decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Never
from urllib.parse import urlsplit
from xml.parsers import expat

from msgspec import Struct

RULES = b"1"
"""Goes up with every change of identity or cleaning: each item is then read once more."""

_ITEMS = {"item", "entry"}
_OPENS = re.compile(rb"<(item|entry)[\s>]")
# Where items stand, by the names of all elements around them.
HOLDERS = {
    ("rss",), ("rss", "channel"), ("rdf",), ("rdf", "channel"), ("feed",), ("channel",),
}  # fmt: skip
# What a feed says of itself and of its items as well, where they do not say it.
_INHERITED = {"title", "language", "author", "creator", "managingeditor"}
# Stands for items that were seen before: an instruction to nobody (XML 1.0, section 2.6).
_MARK = "known-items"
# XML's own (section 2.3); of other signs some make a document one that cannot be read.
_BLANKS = b" \t\r\n"
_STAND_IN = f"<?{_MARK}?>".encode()
START_TAG = re.compile(rb"""<(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")


Span = tuple[int, int]
"""first byte, and the byte after the last"""


class Cut(Struct, frozen=True, kw_only=True):
    """A document by its items, in document order.

    ``hashes``: 16 bytes over each item. ``known``: position → what was remembered of an item
    seen before. ``spans``: where each item stands. ``encoding`` is declared or given, ``tags`` are the start tags that items stand in, outermost first,
    ``spaces`` prefix → name space.
    """

    hashes: tuple[bytes, ...]
    known: dict[int, bytes]
    spans: tuple[Span, ...]
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
        outer = (charset.encode(), place.encode("utf-8", "replace"))
        past = _past_known(body, charset, outer, seen) if seen else None
        return past or _walked(_Walk(body, charset), body, {}, outer, seen)
    except (expat.ExpatError, LookupError, ValueError, _GoesWhole):
        return None


def _past_known(
    body: bytes, charset: str, outer: Sequence[bytes], seen: Mapping[bytes, bytes]
) -> Cut | None:
    """The same as by walking through all of it; None where nothing is known, or all must be walked.

    What looks like an item, and has the bytes of one that a walk found, is one wherever an item
    may stand: it is well formed by itself, if all prefixes are bound by the outermost element.
    """
    suspects = _suspects(body)
    if not suspects or body.find(b"xmlns:", suspects[0][0]) >= 0:
        return None
    try:
        bare = _walk_past(suspects, body, charset)
        if any(b"xmlns:" in tag for tag in bare.tags[1:]):
            return None
        hashed = _hasher((*outer, *bare.around))
        known = {span: one for span in suspects if (one := hashed(body[slice(*span)])) in seen}
        if not known:
            return None
        walk = bare if len(known) == len(suspects) else _walk_past(known, body, charset)
    except (expat.ExpatError, _GoesWhole):
        return None
    return _walked(walk, body, known, outer, seen) if walk.around == bare.around else None


def _suspects(body: bytes) -> list[Span]:
    """What looks like an item from outside."""
    opened = _OPENS.search(body)
    if opened is None:
        return []
    found: list[Span] = []
    opens, closes = re.compile(rb"<%b[\s>]" % opened[1]), b"</%b>" % opened[1]
    while opened and (at := body.find(closes, opened.end())) >= 0:
        found.append((opened.start(), at + len(closes)))
        opened = opens.search(body, at + len(closes))
    return found


def _walk_past(spans: Iterable[Span], body: bytes, charset: str) -> _Walk:
    """A walk in which a mark stands in for the items there; for several that nothing stands
    between, one. Raises _GoesWhole where a mark would stand where no item may."""
    kept, runs = list[bytes](), list[list[Span]]()
    end = 0
    for first, last in spans:
        between = body[end:first]
        if runs and not between.strip(_BLANKS):
            runs[-1].append((first, last))
        else:
            kept += (between, _STAND_IN)
            runs.append([(first, last)])
        end = last
    bare = b"".join((*kept, body[end:]))
    walk = _Walk(bare, charset, left_out=runs)
    # A mark in a comment is no mark; nor are those that the document may have of its own.
    if bare.count(_STAND_IN[:-2]) != len(runs) or walk.marks != len(runs):
        raise _GoesWhole
    return walk


def _walked(
    walk: _Walk,
    body: bytes,
    known: Mapping[Span, bytes],
    outer: Sequence[bytes],
    seen: Mapping[bytes, bytes],
) -> Cut:
    """What a walk through ``body`` came to, past the ``known``, which are given with their hashes."""
    hashed = _hasher((*outer, *walk.around))
    hashes = tuple(known.get(span) or hashed(body[slice(*span)]) for span in walk.items)
    return Cut(
        hashes=hashes,
        known={at: seen[one] for at, one in enumerate(hashes) if one in seen},
        spans=tuple(walk.items),
        body=body,
        encoding=walk.encoding,
        tags=tuple(walk.tags),
        spaces=walk.spaces,
    )


def _hasher(around: Sequence[bytes]) -> Callable[[bytes], bytes]:
    """What makes an item's hash of its bytes, given what gives these their meaning."""
    begun = hashlib.blake2b(RULES, digest_size=16)
    for part in around:
        begun.update(part + b"\0")

    def hashed(item: bytes) -> bytes:
        one = begun.copy()
        one.update(item)
        return one.digest()

    return hashed


class _GoesWhole(Exception):
    """There is something in the document that makes its items depend on more than we look at."""


class _Walk:
    """Where the items of a document are, and what around them gives them their meaning.

    ``items``: where each stands. ``around``: the declared encoding, the start tags of what items
    stand in (namespaces, xml:base, xml:lang), what they inherit. ``encoding``, ``tags`` and
    ``spaces`` as in :class:`Cut`. ``left_out``: of a document that marks stand in, the items
    that each stands for, and where those stand without marks; ``marks`` were met.
    """

    def __init__(
        self, body: bytes, charset: str, *, left_out: Sequence[Sequence[Span]] = ()
    ) -> None:
        self.items: list[Span] = []
        self.marks = 0
        self.around: list[bytes] = []
        self.encoding = charset
        self.tags: list[bytes] = []
        self.spaces: dict[str, str] = {}
        self._body = body
        self._left_out = left_out
        self._shift = 0
        self._path: list[str] = []
        self._item, self._from = "", 0
        self._inherited: tuple[list[str], int] | None = None
        # With namespaces: a prefix that is not declared is an error to feedparser as well.
        self._parser = parser = expat.ParserCreate(charset or None, " ")
        parser.XmlDeclHandler = self._declare
        parser.StartNamespaceDeclHandler = self._bind
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        if left_out:
            parser.ProcessingInstructionHandler = self._instruct
        # Entities may stand for anything.
        parser.StartDoctypeDeclHandler = _refuse
        try:
            parser.Parse(body, True)
        finally:
            # Parser and handlers hold each other, and the document.
            del self._parser

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = self.encoding or encoding or ""
        self.around.append((encoding or "").encode())

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
                self.items.append((self._from + self._shift, self._after(at) + self._shift))
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

    def _instruct(self, target: str, _data: str) -> None:
        if target != _MARK:
            return
        if self._item or not self._holds_items() or self.marks == len(self._left_out):
            raise _GoesWhole
        stands_for = self._left_out[self.marks]
        self.marks += 1
        self.items += stands_for
        self._shift = stands_for[-1][1] - (self._parser.CurrentByteIndex + len(_STAND_IN))

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
