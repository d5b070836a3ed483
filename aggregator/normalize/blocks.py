"""Safe HTML as a flat run of blocks, and back.

nh3 has made the HTML safe and well formed; here it is cut into paragraphs,
headings, list items, captions, images, so that repeats and furniture can be
told from text. What is written back is made of nh3's own output, with addresses
resolved, checked and escaped once more.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from aggregator.normalize.characters import is_markup, key, mended, repair, single_spaced, storable
from aggregator.normalize.images import is_tracker, source_of
from aggregator.normalize.links import WEB, absolute, is_elsewhere
from aggregator.normalize.lists import OpenList, opened
from aggregator.normalize.sanitizing import BREAKS, HEADINGS, INLINE, TABLE, TOKEN, WHOLE, sanitized
from aggregator.normalize.tables import data_end, table_html

_LINKS = WEB | {"mailto"}
_IN_PRE = (INLINE | {"br"}) - {"a"}
_TURNS = BREAKS | TABLE | {"table"}
_KINDS = {"li": "li", "figcaption": "caption", **HEADINGS}
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
# Escaped twice: what stands for a sign became text. In code that may be meant. A run of them is
# looked at from its beginning alone, or long ones would take the square of their time.
_REFERENCE = (
    r"(?<!&amp;)(?:&amp;)+(?:amp;)*((?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo"
    r"|[mn]dash|hellip|euro|pound|copy|reg|trade|laquo|raquo|iquest|iexcl|szlig"
    r"|[aeiounycAEIOUNYC](?:acute|grave|circ|uml|tilde|cedil|ring|slash));)"
)
_TWICE = re.compile(_REFERENCE)
_TWICE_IN_HTML = re.compile(
    rf'<code>.*?</code>|<[^<>"]*(?:"[^"]*"[^<>"]*)*>|{_REFERENCE}', re.DOTALL
)
# nh3's own writing of a link that is absolute and plain: taken as it stands.
_PLAIN_LINK = re.compile(
    r' href="https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:[/?#][A-Za-z0-9!#$%&()*+,./:;=?@_~-]*)?"'
)
_LINK = re.compile(r'<a href="([^"]*)">(?:(?!</?a\b).)*</a>', re.DOTALL)
_TAGS = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>')
_CELL_ENDS = re.compile("</(?:t[dhr]|caption)>")


class Block(Struct, frozen=True, kw_only=True):
    """One block. ``kind``: p, h2–h6, li, caption, image, pre, table.

    ``html`` is its inside (for image, pre and table the whole element), ``text``
    the same as plain text, ``key`` equal for blocks that say the same; ``list`` is ul
    or ol for li, ``number`` that of an item of an ol; ``quoted`` in a blockquote.
    """

    kind: str
    html: str
    text: str
    key: str
    list: str = ""
    number: int | None = None
    quoted: bool = False


def read_blocks(source: str, base: str) -> tuple[Block, ...]:
    """The blocks of untrusted HTML or plain text, safe. ``base``: what addresses resolve against."""
    source = storable(source)
    if not is_markup(source):
        # No tags; or all of them escaped once, or twice, too often.
        source = _TWICE.sub(r"&\1", source) if "&amp;" in source else source
        whole = html.unescape(source) if "&lt;" in source else source
        source = whole if is_markup(whole) else from_lines(source.replace("<", "&lt;"))
    safe = sanitized(source)
    # Once more, where a reference may stand for what cannot be kept.
    return _Cutter(base).cut(storable(safe) if "&#" in source else safe)


def write_blocks(blocks: Iterable[Block]) -> str:
    """The blocks as HTML: lists and quotations joined again, captions with their image."""
    parts = list(blocks)
    out: list[str] = []
    around: list[str] = []
    following = 1
    for at, block in enumerate(parts):
        wanted = [tag for tag in ("blockquote" if block.quoted else "", block.list) if tag]
        while around and around != wanted[: len(around)]:
            out.append(f"</{around.pop()}>")
        for tag in wanted[len(around) :]:
            around.append(tag)
            following = 1 if block.number is None else block.number
            out.append(f"<{tag}>" if tag != "ol" or following == 1 else f'<ol start="{following}">')
        follower = parts[at + 1] if at + 1 < len(parts) else None
        if block.kind == "image":
            captioned = follower is not None and follower.kind == "caption"
            out.append(f"<figure>{block.html}" if captioned else f"<figure>{block.html}</figure>")
        elif block.kind == "caption":
            alone = at == 0 or parts[at - 1].kind != "image"
            caption = f"<figcaption>{block.html}</figcaption></figure>"
            out.append(f"<figure>{caption}" if alone else caption)
        elif block.number is not None:
            value = "" if block.number == following else f' value="{block.number}"'
            out.append(f"<li{value}>{block.html}</li>")
            following = block.number + 1
        else:
            out.append(
                block.html if block.kind in WHOLE else f"<{block.kind}>{block.html}</{block.kind}>"
            )
    out.extend(f"</{tag}>" for tag in reversed(around))
    return "".join(out)


def plain(inside: str) -> str:
    """The text of a piece of safe HTML."""
    if "<" not in inside and "&" not in inside:
        return inside.strip()
    if "<" in inside:
        inside = _TAGS.sub("", inside.replace("<br>", " "))
    return single_spaced(html.unescape(inside) if "&" in inside else inside)


def from_lines(text: str) -> str:
    """Plain text as HTML: each line a paragraph; a line that begins with a bullet is a list item."""
    out = []
    for one in text.splitlines():
        stripped = one.strip()
        if stripped[:1] in {"•", "◦", "▪", "●"}:
            out.append(f"<ul><li>{stripped[1:].strip()}</li></ul>")
        elif stripped:
            out.append(f"<p>{stripped}</p>")
    return "\n".join(out)


def from_text(text: str) -> str:
    """What is text by its format's own word, as HTML; but not what is HTML from end to end: publishers
    say so of it as well."""
    if "<" not in text:
        return text
    if text.lstrip()[:1] == "<" and text.rstrip()[-1:] == ">" and is_markup(text):
        return text
    return from_lines(html.escape(text, quote=False))


class _Cutter:
    """Walks the tags of safe HTML and closes a block wherever a block-level tag stands."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._blocks: list[Block] = []
        self._inside: list[str] = []
        self._open: list[tuple[str, str]] = []
        self._kind, self._lists, self._quotes = "p", list[OpenList](), 0
        self._number: int | None = None
        self._preformatted = 0

    def cut(self, source: str) -> tuple[Block, ...]:
        # Text and the three groups of each tag, in turn.
        parts = TOKEN.split(source)
        end = 0
        for at in range(1, len(parts), 4):
            if at <= end:
                continue
            if parts[at - 1]:
                self._inside.append(parts[at - 1])
            closing, name, attributes = parts[at] == "/", parts[at + 1], parts[at + 2]
            if name == "pre" or self._preformatted:
                self._in_pre(closing, name, f"<{parts[at]}{name}{attributes}>")
            elif name == "table" and (end := data_end(parts, at)):
                self._flush()
                self._whole(
                    name, table_html(parts, at, end, image=self._image_tag, link=self._link)
                )
            elif name in INLINE:
                self._inline(closing, name, attributes)
            elif name == "br":
                self._inside.append("<br>")
            elif name == "img":
                self._image(attributes)
            elif name in _TURNS:
                self._turn(closing, name, attributes)
        self._inside.append(parts[-1])
        self._flush()
        return tuple(self._blocks)

    def _turn(self, closing: bool, name: str, attributes: str) -> None:
        kind, before = self._kind, len(self._blocks)
        self._flush()
        if name in {"ul", "ol"}:
            if not closing:
                self._lists.append(opened(name, attributes))
            elif self._lists:
                self._lists.pop()
        elif name == "li" and not closing:
            self._number = self._lists[-1].number(attributes) if self._lists else None
        elif name == "blockquote":
            self._quotes = max(0, self._quotes + (-1 if closing else 1))
        if name in {"p", "div"} and kind in {"li", "caption"} and len(self._blocks) == before:
            # Its first paragraph is the list item, or the caption.
            self._kind = kind
        elif not closing:
            self._kind = _KINDS.get(name, "p")

    def _inline(self, closing: bool, name: str, attributes: str) -> None:
        if not closing:
            tag = f"<{name}>"
            if name == "a" and any(tag for one, tag in self._open if one == "a"):
                # A link in a link, which only a table between them allows.
                tag = ""
            elif name == "a":
                tag = self._link(attributes)
            elif name in {"time", "bdo"} and (found := _ATTRIBUTE.search(attributes)):
                tag = f"<{name} {found.group()}>"
            self._open.append((name, tag))
            self._inside.append(tag)
        elif self._open and self._open[-1][0] == name:
            _, tag = self._open.pop()
            if tag:
                self._inside.append(f"</{name}>")

    def _link(self, attributes: str) -> str:
        """The tag of a link with its address; "" for one that leads nowhere."""
        if _PLAIN_LINK.fullmatch(attributes):
            return f"<a{attributes}>"
        href = self._address(dict(_ATTRIBUTE.findall(attributes)).get("href", ""), _LINKS)
        return f'<a href="{html.escape(href)}">' if href else ""

    def _in_pre(self, closing: bool, name: str, written: str) -> None:
        """Preformatted text is one block, kept as nh3 wrote it, links and images left out."""
        if not self._preformatted:
            self._flush()
            self._preformatted = 1
            self._inside = [written]
            return
        if name == "pre":
            self._preformatted += -1 if closing else 1
        if name in _IN_PRE or not self._preformatted:
            self._inside.append(written)
        if not self._preformatted:
            # HTML reads no line feed right after the tag.
            self._whole("pre", f"<pre>{''.join(self._inside)[5:].lstrip(chr(10))}")

    def _whole(self, kind: str, written: str) -> None:
        """Make a block of a whole element."""
        written = repair(written)
        self._inside = [tag for _, tag in self._open]
        if text := plain(_CELL_ENDS.sub(" ", written)):
            self._blocks.append(
                Block(kind=kind, html=written, text=text, key=key(text), quoted=self._quotes > 0)
            )

    def _image(self, attributes: str) -> None:
        if tag := self._image_tag(attributes):
            self._flush(keep_kind=True)
            self._blocks.append(
                Block(kind="image", html=tag, text="", key="", quoted=self._quotes > 0)
            )

    def _image_tag(self, attributes: str) -> str:
        """An image with its address and what it shows; "" for one that is none."""
        found = dict(_ATTRIBUTE.findall(attributes))
        address = self._address(source_of(found), WEB)
        if not address or is_tracker(address, found):
            return ""
        alt = repair(plain(found.get("alt", "")))
        return f'<img src="{html.escape(address)}" alt="{html.escape(alt)}">'

    def _address(self, written: str, schemes: frozenset[str]) -> str:
        """An absolute address with an allowed scheme, or ""."""
        written = html.unescape(written).strip() if "&" in written else written.strip()
        return "" if written.startswith("#") else absolute(written, self._base, schemes) or ""

    def _flush(self, *, keep_kind: bool = False) -> None:
        """Close the block under way; inline tags open across its end are closed and opened again."""
        for _, tag in reversed(self._open):
            if tag:
                self._inside.append(f"</{tag[1:].split(' ')[0].rstrip('>')}>")
        inside = "".join(self._inside)
        self._inside = [tag for _, tag in self._open]
        if inside and not inside.isspace():
            self._close(inside)
        if not keep_kind:
            self._kind = "p"

    def _close(self, inside: str) -> None:
        """Make blocks of what stands between two turns: one, or several where lines break."""
        # Mended here and not earlier: references and tags between have become one text.
        inside = mended(inside)
        if "&amp;" in inside:
            inside = _TWICE_IN_HTML.sub(_once_escaped, inside)
        broken = "<br>" in inside
        for piece in _lines(inside):
            text = plain(piece)
            if text:
                item = self._kind == "li"
                number = self._number if item else None
                self._blocks.append(
                    Block(
                        kind=self._kind,
                        html=_balanced(piece) if broken else piece,
                        text=text,
                        key=key(text, spaced=True),
                        list=("ul" if number is None else "ol") if item else "",
                        number=number,
                        quoted=self._quotes > 0,
                    )
                )
                if number is not None:
                    # What else stands in the item is no item of its own, and has no number.
                    self._kind = "p"


def _once_escaped(found: re.Match[str]) -> str:
    """What a reference that was escaped twice stands for; anything else as it is."""
    if not found.group(1):
        return found.group(0)
    sign = repair(html.unescape(f"&{found.group(1)}"))
    return html.escape(sign, quote=False)


def _lines(inside: str) -> list[str]:
    """The paragraphs that line breaks make: two breaks always, single ones between long lines."""
    inside = single_spaced(inside)
    if "<br>" not in inside or "<code>" in inside:
        return [inside] if inside else []
    pieces = [piece.strip() if plain(piece) else "" for piece in inside.split("<br>")]
    full = [piece for piece in pieces if piece]
    if any(len(piece) > 80 for piece in full) or len(full) > 3:
        return full
    return ["<br>".join(part) for part in _paragraphs(pieces)]


def _paragraphs(pieces: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for piece in pieces:
        if piece:
            parts[-1].append(piece)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _balanced(piece: str) -> str:
    """A piece cut at a line break: inline tags closed and opened so that it stands alone."""
    parts = TOKEN.split(piece)
    out = [parts[0].lstrip()]
    opened: list[str] = []
    for at in range(1, len(parts), 4):
        closing, name, attributes = parts[at : at + 3]
        # Closed here but opened in an earlier piece: the sense is gone, the tag goes too.
        if not closing or name in opened:
            while closing and opened[-1] != name:
                out.append(f"</{opened.pop()}>")
            if closing:
                opened.pop()
            elif name in INLINE:
                opened.append(name)
            out.append(f"<{closing}{name}{attributes}>")
        out.append(parts[at + 3])
    return "".join(out).rstrip() + "".join(f"</{name}>" for name in reversed(opened))


def beside_links(block: Block) -> str:
    """The text of a block that is no link."""
    if "<a " not in block.html:
        return block.text
    return plain(_LINK.sub("", block.html)).strip(" |·•,;")


def leads_away(block: Block, base: str) -> bool:
    """Whether a paragraph is nothing but links to other hosts than that of ``base``."""
    if block.kind != "p" or "<a " not in block.html or beside_links(block):
        return False
    return all(is_elsewhere(href, base) for href in _LINK.findall(block.html))


def offers(block: Block, base: str) -> list[str]:
    """The folded texts of its links to other hosts than that of ``base``."""
    links = _LINK.finditer(block.html) if "<a " in block.html else ()
    return [key(plain(link[0])) for link in links if is_elsewhere(link[1], base)]


def image_address(block: Block) -> str:
    """The address of an image block."""
    return html.unescape(block.html.split('"', 2)[1])


def retext(block: Block, inside: str) -> Block:
    """The block with another inside."""
    text = plain(inside)
    return replace(block, html=inside, text=text, key=key(text))
