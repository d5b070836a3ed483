"""Bytes as they came → bytes a feed parser can read: encoding settled, junk around the document off.

Also the place where what is no feed is refused, with a sentence that says what it is.
"""

from __future__ import annotations

import codecs
import re
import zlib

from msgspec import Struct

from aggregator.model.errors import NotAFeed
from aggregator.normalize.codepages import belies, in_utf8
from aggregator.normalize.decoding import fits

_GZIP = b"\x1f\x8b"
_INFLATED = 64 * 1024 * 1024
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"),
)  # fmt: skip
_DECLARATION = re.compile(rb"<\?xml[^>]{0,400}?\?>")
_DECLARED = re.compile(rb"""<\?xml[^>]{0,400}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:\?xml|!DOCTYPE|rss|(?:\w+:)?feed|(?:\w+:)?RDF|channel)\b", re.IGNORECASE)
_CLOSED = re.compile(rb"</(?:rss|(?:\w+:)?feed|(?:\w+:)?RDF)\s*>", re.IGNORECASE)
_ENDS = re.compile(
    rb"</(?:channel\s*>\s*</rss|(?:\w+:)?entry\s*>\s*</(?:\w+:)?feed|item\s*>\s*</(?:\w+:)?RDF)\s*>\s*\Z",
    re.IGNORECASE,
)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^<>]*-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE,
)
_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_FIRST_TAG = re.compile(rb"(?:\s++|<\?[^>]*+>|<![^<>]*+>)*+<([A-Za-z:]+)")
_MARKS = {
    b"%PDF": "a PDF file", b"\x89PNG": "an image", b"\xff\xd8\xff": "an image", b"GIF8": "an image",
    b"PK\x03\x04": "a ZIP archive",
}  # fmt: skip
_ROOTS = {
    b"opml": "an OPML list of feeds", b"urlset": "a sitemap", b"sitemapindex": "a sitemap",
    b"svg": "an image", b"opensearchdescription": "a search description", b"kml": "a map (KML)",
}  # fmt: skip


class Source(Struct, frozen=True, kw_only=True):
    """A document ready to be parsed. ``whole``: its root element is closed. ``notes``: what was mended.

    ``charset`` outranks what the document declares; "" where that counts.
    """

    body: bytes
    charset: str
    whole: bool = True
    notes: tuple[str, ...] = ()


def sniff(body: bytes, *, content_type: str, url: str) -> Source:
    """Settle the encoding and cut off what stands around the document. Raises NotAFeed.

    A byte order mark, and bytes that are valid UTF-8 beyond ASCII, outrank what
    headers or declaration say (RFC 7303, 3.2 for the mark; the rest because no
    text in another encoding is valid UTF-8 by chance). What is in none that is declared
    is read by its language (``codepages``).
    """
    notes: list[str] = []
    if body[:2] == _GZIP:
        body, notes = unpacked(body, url), ["gzip inside gzip"]
    charset = ""
    wide = next((name for mark, name in _WIDE if body.startswith(mark)), "")
    if wide:
        # Without half a character, where the document breaks off in one.
        text = codecs.getincrementaldecoder(wide)("replace").decode(body)
        body, charset = text.encode("utf-8", "replace"), "utf-8"
    while body.startswith(codecs.BOM_UTF8):
        body, charset = body[3:], "utf-8"
    body = body.lstrip(b" \t\r\n\0")
    _refuse(body, url)
    body = _from_root(body, notes)
    body, whole = _to_end(body)
    body, charset = _settled(body, charset, content_type, whole, notes)
    if charset == "utf-8":
        body = _DECLARATION.sub(b'<?xml version="1.0"?>', body, count=1)
    return Source(
        body=body,
        charset=charset,
        whole=whole,
        notes=tuple(notes),
    )


def unpacked(body: bytes, url: str) -> bytes:
    """The document in a file that is gzip itself, as some servers send it and say nothing of it;
    any other as it is. Raises NotAFeed for a damaged one."""
    if body[:2] != _GZIP:
        return body
    try:
        return zlib.decompressobj(31).decompress(body, _INFLATED)
    except zlib.error:
        raise NotAFeed("the answer is a damaged gzip file", url=url) from None


def _refuse(body: bytes, url: str) -> None:
    if not body:
        raise NotAFeed(
            "the answer is empty",
            url=url,
            hint="the publisher may be rebuilding it",
        )
    start = body[:20000]
    if _FEED.search(start):
        return
    if _HTML.match(body[:4096]):
        raise NotAFeed(
            "the answer is a web page, not a feed",
            url=url,
            hint="look for the feed's own address on that page",
        )
    root = _FIRST_TAG.match(body, 0, 4096)
    what = next((what for mark, what in _MARKS.items() if body.startswith(mark)), None)
    what = what or (root and _ROOTS.get(root.group(1).lower()))
    if what:
        hint = "check the address of the feed"
        raise NotAFeed(f"the answer is {what}, not a feed", url=url, hint=hint)


def _from_root(body: bytes, notes: list[str]) -> bytes:
    """Without a warning, a script or text that was printed above the document."""
    if body[:1] == b"<" and _ROOT.match(body):
        return body
    root = _ROOT.search(body, 0, 20000)
    if root and root.start():
        if not body.startswith((b"<!--", b"<?")):
            notes.append("there is something above the document, which was left out")
        return body[root.start() :]
    return body


def _to_end(body: bytes) -> tuple[bytes, bool]:
    """Without what follows the document; and whether the document has its end at all."""
    tags = list(_CLOSED.finditer(body, max(0, len(body) - 8192)))
    while tags and (opened := _cdata_around(body, tags[-1].start())) >= 0:
        tags = [one for one in tags if one.start() < opened]
    if not tags:
        # Where somebody forgot to close CDATA the end is there, though it counts as text.
        return body, _ENDS.search(body, max(0, len(body) - 200)) is not None
    end = tags[-1].end()
    tail = body[end:]
    if not tail.strip() or b"<item" in tail or b"<entry" in tail:
        return body, True
    return body[:end], True


def _cdata_around(body: bytes, at: int) -> int:
    """Where the text begins that a tag stands in, as one about feeds does; -1 where it is a tag."""
    closed = max(0, body.rfind(b"]]>", 0, at))
    return body.rfind(b"<![CDATA[", closed, at)


def _settled(
    body: bytes, mark: str, content_type: str, whole: bool, notes: list[str]
) -> tuple[bytes, str]:
    """The body, and what to tell the parser: the header's charset, or utf-8 where the bytes prove it,
    or were made so. One that breaks off may do so within a character."""
    told = _CHARSET.search(content_type)
    charset = mark or (told.group(1).lower() if told else "")
    declared = _DECLARED.match(body)
    written = (declared.group(1).decode() if declared else "").lower()
    if not body.isascii():
        try:
            codecs.getincrementaldecoder("utf-8")().decode(body, whole)
        except UnicodeDecodeError:
            pass
        else:
            return body, "utf-8"
        names = [name for name in (charset, written) if name]
        for name in names:
            if fits(body, name) and not belies(body, name):
                # A header that is wrong says nothing; where there is none, what is declared counts anyway.
                return body, charset and name
        if made := in_utf8(body, names):
            notes += filter(None, made[1:])
            return made[0], "utf-8"
    elif (charset or written).startswith(
        ("utf-16", "utf-32", "utf16", "utf32", "ucs", "iso-10646")
    ):
        return body, "utf-8"
    return body, charset
