"""Safe HTML as a flat run of blocks, and back.

nh3 has made the HTML safe and well formed; here it is cut into paragraphs,
headings, list items, captions, images, so that repeats and furniture can be
told from text. What is written back is made of nh3's own output, with addresses
resolved, checked and escaped once more.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from aggregator.normalize.characters import is_markup, key, mended, repair, storable
from aggregator.normalize.embeds import MOST, end_of_written, places, player_of, words_of, written
from aggregator.normalize.images import is_tracker, source_of
from aggregator.normalize.links import WEB, absolute
from aggregator.normalize.lists import OpenList, opened
from aggregator.normalize.paragraphs import balanced, lines, plain
from aggregator.normalize.sanitizing import BREAKS, HEADINGS, INLINE, TABLE, TOKEN, WHOLE, sanitized
from aggregator.normalize.tables import data_end, table_html

_LINKS = WEB | {"mailto"}
_IN_PRE = (INLINE | {"br"}) - {"a"}
_TURNS = BREAKS | TABLE | {"table"}
_ALONE, _AT_ONCE = {"br", "img", "embed"}, {"table", "figure"}
_KINDS = {"li": "li", "figcaption": "caption", **HEADINGS}
_ATTRIBUTE = re.compile(r'([a-z_-]+)="([^"]*)"')
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
_CELL_ENDS = re.compile("</(?:t[dhr]|caption)>")


class Block(Struct, frozen=True, kw_only=True):
    """One block. ``kind``: p, h2–h6, li, caption, image, embed, pre, table.

    ``html`` is its inside (for image, pre and table the whole element), ``text``
    the same as plain text, ``key`` equal for blocks that say the same; ``list`` is ul
    or ol for li, ``number`` that of an item of an ol; ``quoted`` in a blockquote.
    An image and what is embedded (see ``embeds``) have no text. ``place`` counts, where blocks are
    to be put back among others.
    """

    kind: str
    html: str
    text: str
    key: str
    list: str = ""
    number: int | None = None
    quoted: bool = False
    place: int = 0


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
        elif block.kind == "embed":
            out.append(f"<figure>{block.html}</figure>")
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
        self._embeds, self._waiting = 0, list[str]()

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
            elif name in _AT_ONCE and (end := self._at_once(parts, at)):
                continue
            elif name in INLINE:
                self._inline(closing, name, attributes)
            elif name in _ALONE:
                self._alone(name, attributes)
            elif name in _TURNS:
                self._turn(closing, name, attributes)
        self._inside.append(parts[-1])
        self._flush()
        return tuple(self._blocks)

    def _at_once(self, parts: Sequence[str], at: int) -> int:
        """Read a table of data, or what was embedded when this was cleaned before, as a whole. Where it
        closes; 0 for anything else."""
        if end := data_end(parts, at) if parts[at + 1] == "table" else 0:
            self._flush()
            self._embeds_of_table(parts[at:end])
            self._whole("table", table_html(parts, at, end, image=self._image_tag, link=self._link))
        elif (
            parts[at + 1] == "figure" and self._embeds < MOST and (end := end_of_written(parts, at))
        ):
            self._embed_again(parts[at:end])
        return end

    def _alone(self, name: str, attributes: str) -> None:
        """An element that has nothing in it."""
        if name == "br":
            self._inside.append("<br>")
        elif name == "img":
            self._image(attributes)
        else:
            self._embed(attributes)

    def _turn(self, closing: bool, name: str, attributes: str) -> None:
        kind = self._kind
        said = self._flush()
        if name in {"ul", "ol"}:
            if not closing:
                self._lists.append(opened(name, attributes))
            elif self._lists:
                self._lists.pop()
        elif name == "li" and not closing:
            self._number = self._lists[-1].number(attributes) if self._lists else None
        elif name == "blockquote":
            self._quotes = max(0, self._quotes + (-1 if closing else 1))
        if name in {"p", "div"} and kind in {"li", "caption"} and not said:
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

    def _in_pre(self, closing: bool, name: str, tag: str) -> None:
        """Preformatted text is one block, kept as nh3 wrote it, links and images left out."""
        if not self._preformatted:
            self._flush()
            self._preformatted = 1
            self._inside = [tag]
            return
        if name == "pre":
            self._preformatted += -1 if closing else 1
        if name in _IN_PRE or not self._preformatted:
            self._inside.append(tag)
        if not self._preformatted:
            # HTML reads no line feed right after the tag.
            self._whole("pre", f"<pre>{''.join(self._inside)[5:].lstrip(chr(10))}")

    def _whole(self, kind: str, whole: str) -> None:
        """Make a block of a whole element."""
        whole = repair(whole)
        self._inside = [tag for _, tag in self._open]
        if text := plain(_CELL_ENDS.sub(" ", whole)):
            self._blocks.append(
                Block(kind=kind, html=whole, text=text, key=key(text), quoted=self._quotes > 0)
            )
        self._place_embeds()

    def _image(self, attributes: str) -> None:
        if tag := self._image_tag(attributes):
            self._flush(keep_kind=True)
            self._blocks.append(
                Block(kind="image", html=tag, text="", key="", quoted=self._quotes > 0)
            )

    def _embed(self, attributes: str) -> None:
        """What is embedded waits until the paragraph ends: it must not cut that in two."""
        if self._embeds >= MOST:
            return
        self._embeds += 1
        found = dict(_ATTRIBUTE.findall(attributes))
        for place in places(found):
            address = self._address(place, WEB)
            if not address or is_tracker(address, found):
                continue
            if player := player_of(found, address):
                link = self._link(f' href="{html.escape(player.address)}"')
                poster = self._image_tag(f'src="{found.get("poster", "")}"')
                self._waiting.append(written(link, player.words, poster))
                return

    def _embeds_of_table(self, parts: Sequence[str]) -> None:
        if "embed" in parts[1::4]:
            for name, attributes in zip(parts[1::4], parts[2::4], strict=True):
                if name == "embed":
                    self._embed(attributes)

    def _embed_again(self, parts: Sequence[str]) -> None:
        """What was embedded when this was cleaned before."""
        self._flush()
        image, link = parts[6] if parts[5] == "img" else "", parts[-6:]
        if self._embeds < MOST and (tag := self._link(link[0])):
            self._embeds += 1
            self._waiting.append(written(tag, words_of(link[1]), self._image_tag(image)))
        else:
            self._inside.append(link[1])
        self._flush()

    def _place_embeds(self) -> None:
        for one in self._waiting:
            block = Block(kind="embed", html=one, text="", key="", quoted=self._quotes > 0)
            self._blocks.append(block)
        self._waiting.clear()

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

    def _flush(self, *, keep_kind: bool = False) -> bool:
        """Close the block under way, and say whether there was any; inline tags open across its end are
        closed and opened again."""
        for _, tag in reversed(self._open):
            if tag:
                self._inside.append(f"</{tag[1:].split(' ')[0].rstrip('>')}>")
        inside = "".join(self._inside)
        self._inside = [tag for _, tag in self._open]
        said = False
        if inside and not inside.isspace():
            before = len(self._blocks)
            self._close(inside)
            said = len(self._blocks) > before
        if self._waiting:
            self._place_embeds()
        if not keep_kind:
            self._kind = "p"
        return said

    def _close(self, inside: str) -> None:
        """Make blocks of what stands between two turns: one, or several where lines break."""
        # Mended here and not earlier: references and tags between have become one text.
        inside = mended(inside)
        if "&amp;" in inside:
            inside = _TWICE_IN_HTML.sub(_once_escaped, inside)
        broken = "<br>" in inside
        for piece in lines(inside):
            text = plain(piece)
            if text:
                item = self._kind == "li"
                number = self._number if item else None
                self._blocks.append(
                    Block(
                        kind=self._kind,
                        html=balanced(piece) if broken else piece,
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


def image_address(block: Block) -> str:
    """The address of an image block."""
    return html.unescape(block.html.split('"', 2)[1])


def link_address(block: Block) -> str:
    """The address that the first link of a block leads to."""
    return html.unescape(block.html.partition('<a href="')[2].partition('"')[0])


def retext(block: Block, inside: str) -> Block:
    """The block with another inside."""
    text = plain(inside)
    return replace(block, html=inside, text=text, key=key(text))
