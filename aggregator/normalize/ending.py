"""A document that breaks off, without what it broke off in: that says nothing its publisher meant.

A file that is just being written, or a connection that ended too early, leaves the last item half
there. A forgiving parser makes an item of the half, and that would stand as an edit, or as an
entry of its own beside the whole one.
"""

from __future__ import annotations

import re
from collections.abc import Set
from xml.parsers import expat

from aggregator.model.errors import NotAFeed
from aggregator.normalize.cutting import HOLDERS, START_TAG, local_name, may_hold_items

BREAKS_OFF = "the document breaks off; what came whole of it was read"
"""A problem of a document of which some items came whole; of one without any, see :func:`too_early`."""

_HOLDERS = HOLDERS | {("urlset",)}
# Only the end of a document makes these; any other error is one that its publisher wrote.
_AT_THE_END = {
    expat.errors.codes[name]
    for name in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
}
_NAME = re.compile(rb"<([^\s/>]+)")
# What looks like a tag in a comment or in CDATA is none, also where their own end is missing.
_TAGS = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(/?)((?:[\w.-]+:)?(\w+))(?=[\s/>]|\Z)[^>]*(>?)",
    re.DOTALL,
)


def came_whole(
    body: bytes, charset: str, items: Set[bytes] = frozenset({b"item", b"entry"})
) -> tuple[bytes, bool]:
    """The part of a document that came whole, and whether it breaks off at all.

    For documents whose last end tag is missing. Where what there is was well-formed, its open
    elements are closed, so that it is read as strictly as the whole is; else only the item that was
    open is left out, and the rest stays as it is.
    """
    try:
        walk = _Walk(body, charset)
    except (expat.ExpatError, LookupError, ValueError):
        walk = None
    if walk and not walk.breaks_off:
        return body, False
    if walk and walk.open:
        closing = b"".join(b"</%b>" % name for name in reversed(walk.open))
        return body[: walk.end] + closing, True
    start = _open_item(body, items)
    return (body, walk is not None) if start is None else (body[:start], True)


def too_early(url: str) -> NotAFeed:
    """Of a document that breaks off before an item came whole: it says nothing at all, whereas one
    that has its end may list nothing."""
    return NotAFeed(
        "the document breaks off before its first item is whole",
        url=url,
        hint="it may just be being written; else its publisher has to mend it",
    )


class _Walk:
    """Up to where a document came whole: ``end`` is the byte after the last element that did, of
    those that stand beside items, and ``open`` the names of the elements around it."""

    def __init__(self, body: bytes, charset: str) -> None:
        self.end = 0
        self.open: tuple[bytes, ...] = ()
        self.breaks_off = False
        self._body = body
        self._path: list[str] = []
        self._started: int | None = None
        self._names: list[bytes] = []
        self._parser = parser = expat.ParserCreate(charset or None, " ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        try:
            parser.Parse(body, True)
        except expat.ExpatError as error:
            if error.code not in _AT_THE_END:
                raise
            self.breaks_off = True
        finally:
            # Parser and handlers hold each other, and the document.
            del self._parser

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._path.append(local_name(name))
        self._started = at = self._parser.CurrentByteIndex
        if self._beside_items():
            found = _NAME.match(self._body, at)
            if found is None:
                raise ValueError
            self._names.append(found.group(1))
            self._ends(self._after(at))

    def _end(self, _name: str) -> None:
        at, started, self._started = self._parser.CurrentByteIndex, self._started, None
        if self._beside_items():
            self._names.pop()
        self._path.pop()
        if self._beside_items():
            # At the end of an empty-element tag expat stands behind it already.
            empty = started is not None and self._body[at - 2 : at] == b"/>"
            self._ends(at if empty and self._after(started) == at else self._after(at))

    def _beside_items(self) -> bool:
        return may_hold_items(self._path, _HOLDERS)

    def _ends(self, end: int) -> None:
        self.end, self.open = end, tuple(self._names)

    def _after(self, at: int | None) -> int:
        tag = START_TAG.match(self._body, at or 0)
        if tag is None:
            raise ValueError
        return tag.end()


def _open_item(body: bytes, items: Set[bytes]) -> int | None:
    """Where the item begins that has no end; None where each has one.

    Another element of such a name inside an item is its own affair; the next item ends one whose
    end tag was forgotten.
    """
    name, start = b"", None
    for tag in _TAGS.finditer(body):
        slash, whole, local, closed = tag.groups()
        if local is None or local.lower() not in items:
            continue
        whole = whole.lower()
        if slash:
            if whole == name and closed:
                name, start = b"", None
        elif tag.group().endswith(b"/>"):
            continue
        elif not name or whole == name:
            name, start = whole, tag.start()
    return start
