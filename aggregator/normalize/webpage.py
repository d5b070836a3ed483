"""A web page → the article in it, clean, and what the page says of itself.

trafilatura finds the article; what it finds goes through the same cleaning as the
HTML of feeds. It is the only place that sees trafilatura.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from lxml import etree, html
from msgspec import Struct

from aggregator.normalize.blocks import Block, read_blocks, write_blocks
from aggregator.normalize.characters import key, line, storable
from aggregator.normalize.cleaning import Clean, clean
from aggregator.normalize.images import source_of
from aggregator.normalize.links import absolute
from aggregator.normalize.paragraphs import plain

_MOST = 4 * 1024 * 1024
"""Bytes of a page; no article needs more."""
_VISIBLE = 100_000
"""Characters of a page that are looked at for what is no article."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE
)
# Names that stand for more than they say (https://encoding.spec.whatwg.org).
_WIDER = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "big5": "big5hkscs", "tis-620": "cp874",
}  # fmt: skip
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_ONLY_A_LINK = re.compile(r"(?:<(?:strong|b|em|i|u)>)*<a [^>]*>(?:(?!</a>).)*</a>(?:</(?:strong|b|em|i|u)>)*", re.DOTALL)  # fmt: skip
_PROSE = 120
"""Characters from which a block is a paragraph, and no label, button or teaser."""
_IMAGES = 2
"""Images on one place; more are a gallery, or the site's."""
_LINK = re.compile(r"<a [^>]*>(.*?)</a>", re.DOTALL)
_OF_AN_IMAGE = {"src", "alt", "width", "height"}
_UNSEEN = {"script", "style", "noscript", "template", "head"}


class WebPage(Struct, frozen=True, kw_only=True):
    """An article as its page has it. Texts are plain; "" or None where absent.

    ``names`` is what the page calls itself, ``teaser`` its description, ``blocks`` the
    text as found, not yet cleaned; ``linked`` the share of it that is links, from 0 to
    1; ``visible`` all text of the page. ``closed``: it says that it is not for all.
    """

    names: tuple[str, ...]
    teaser: str
    canonical: str | None
    lang: str
    image: str | None
    closed: bool
    blocks: tuple[str, ...]
    linked: float
    visible: str
    clean: Clean


def read_page(body: bytes, *, content_type: str, url: str, title: str) -> WebPage | None:
    """The article in a page that came from ``url``, its headline ``title`` given once; None
    where the page has none, or is no page."""
    if len(body) > _MOST:
        return None
    tree = _parse(decode(body, content_type))
    if tree is None:
        return None
    base = absolute(_first(tree, "//base/@href"), url) or url
    head = _Head(tree, base)
    _settle_addresses(tree, base)
    found = _found(tree)
    article = _article(tree, found, {key(name) for name in head.names})
    cleaned = clean(title, "", write_blocks(article), base=base)
    if not cleaned.text:
        return None
    # What links in a table is data: names of teams, of players.
    prose = [block.html for block in cleaned.blocks if block.kind != "table"]
    said = sum(len(plain(one)) for inside in prose for one in _LINK.findall(inside))
    return WebPage(
        names=head.names,
        teaser=head.teaser,
        canonical=head.canonical,
        lang=head.lang,
        image=cleaned.image or head.image,
        closed=head.closed,
        blocks=tuple(block.text for block in found if block.text),
        linked=said / len(cleaned.text),
        visible=_visible(tree),
        clean=cleaned,
    )


def decode(body: bytes, content_type: str) -> str:
    """The text of a page. What is valid UTF-8 is UTF-8, whatever header and page say of it."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    told = _CHARSET.findall(content_type)
    told += (name.decode("ascii") for name in _META_CHARSET.findall(body, 0, 4096))
    for name in told:
        charset = _WIDER.get(name.lower(), name)
        # It is not UTF-8: that was tried.
        if charset.lower() not in {"utf-8", "utf8", "utf_8"}:
            try:
                return body.decode(charset, "replace")
            except (LookupError, UnicodeError):
                continue
    return body.decode("cp1252", "replace")


def _parse(text: str) -> Any:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(storable(text).encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    return tree if tree.find("body") is not None else None


def _settle_addresses(tree: Any, base: str) -> None:
    """Make links absolute, and have each image say where it is, however late the page loads it."""
    for link in tree.iter("a"):
        link.set("href", absolute(link.get("href"), base) or "")
    for image in tree.iter("img"):
        kept = {
            name: storable(value) for name, value in image.attrib.items() if name in _OF_AN_IMAGE
        }
        source = absolute(source_of(image.attrib), base) or ""
        # A name that XML does not have, such as that of <img x{>, cannot be taken out by name.
        image.attrib.clear()
        image.attrib.update(kept | {"src": source})


def _article(tree: Any, found: Sequence[Block], names: set[str]) -> list[Block]:
    """Of the blocks that were ``found`` those that are the article, and its images.

    As it is meant to be used trafilatura finds all of the text, and some of what stands
    around it. Asked for less, it leaves out sentences that have links in them as well:
    so what it leaves out then is taken for furniture only where it looks like that.
    Asked for images too, it finds much else: of that only the images count.
    """
    if not found:
        return []
    sure = {block.key for block in _found(tree, certain=True)}
    kept = _without_furniture(found, sure, names)
    return _with_images(kept, _found(tree, images=True)) if _has_images(tree) else kept


def _found(tree: Any, *, certain: bool = False, images: bool = False) -> tuple[Block, ...]:
    """What trafilatura finds."""
    from trafilatura import extract

    try:
        # What it is given it may change.
        found = extract(
            deepcopy(tree), output_format="html", include_comments=False,
            include_links=True, include_formatting=True,
            favor_precision=certain, include_images=images,
        )  # fmt: skip
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever a page does to it, the feed's own text is there
        return ()
    return read_blocks(found, "") if found else ()


def _without_furniture(found: Sequence[Block], sure: set[str], names: set[str]) -> list[Block]:
    """Without the page's name on top, and what only the freer reading has: short blocks above
    and below all that is sure, and blocks between that are nothing but a link elsewhere."""
    places = [at for at, block in enumerate(found) if block.key in sure]
    first, last = (places[0], places[-1]) if places else (0, len(found))
    kept: list[Block] = []
    for at, block in enumerate(found):
        outside = not first <= at <= last and len(block.text) < _PROSE
        pointer = block.key not in sure and bool(_ONLY_A_LINK.fullmatch(block.html))
        if not (outside or pointer or (not kept and block.key in names)):
            kept.append(block)
    return kept


def _with_images(kept: Sequence[Block], pictured: Sequence[Block]) -> list[Block]:
    """The blocks, each image put before the one that it stands before."""
    waiting: list[Block] = []
    before: dict[str, list[Block]] = {}
    keys = {block.key for block in kept}
    for block in pictured:
        if block.kind == "image":
            waiting.append(block)
        else:
            if block.key in keys:
                before.setdefault(block.key, waiting[-_IMAGES:])
            waiting = []
    return [one for block in kept for one in (*before.get(block.key, ()), block)]


def _has_images(tree: Any) -> bool:
    return next(tree.iter("img"), None) is not None


def _visible(tree: Any) -> str:
    pieces: list[str] = []
    size = 0
    for element in tree.find("body").iter():
        for text in (element.text if element.tag not in _UNSEEN else None, element.tail):
            if text and not text.isspace():
                pieces.append(text)
                size += len(text)
        if size > _VISIBLE:
            break
    return " ".join(" ".join(pieces).split())


class _Head:
    """What a page says of itself in its head, and in its first heading."""

    def __init__(self, tree: Any, base: str) -> None:
        self._told: dict[str, str] = {}
        for meta in tree.iter("meta"):
            name = (meta.get("property") or meta.get("name") or "").lower()
            self._told.setdefault(name, meta.get("content") or "")
        self.names = _texts(
            self._told.get("og:title"), _first(tree, "string((//h1)[1])"), _first(tree, "string(//title)")
        )  # fmt: skip
        self.teaser = line(self._told.get("description") or self._told.get("og:description") or "")
        self.canonical = absolute(_first(tree, "//link[@rel='canonical']/@href"), base)
        self.lang = tree.get("lang") or ""
        self.image = absolute(self._told.get("og:image"), base)
        self.closed = any(_is_closed(one) for one in _statements(tree))


def _texts(*found: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for one in found if one and (text := line(one[:1000]))))


def _first(tree: Any, path: str) -> str | None:
    found = tree.xpath(path)
    return found if isinstance(found, str) else (str(found[0]) if found else None)


def _statements(tree: Any) -> Iterator[Any]:
    """What the page states about itself in JSON-LD, flat."""
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and len(script.text or "") < _VISIBLE:
            try:
                told = json.loads(script.text or "", strict=False)
            except (ValueError, RecursionError):
                continue
            for one in told if isinstance(told, list) else [told]:
                yield one
                graph = one.get("@graph") if isinstance(one, dict) else None
                yield from graph if isinstance(graph, list) else ()


def _is_closed(statement: Any) -> bool:
    """schema.org's isAccessibleForFree, in the spellings it is met in."""
    free = statement.get("isAccessibleForFree") if isinstance(statement, dict) else None
    return str(free).lower() in {"false", "http://schema.org/false", "https://schema.org/false"}
