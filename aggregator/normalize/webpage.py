"""A web page → the article in it, clean, and what the page says of itself.

trafilatura finds the article; what it finds goes through the same cleaning as the
HTML of feeds. It is the only place that sees trafilatura.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree, html

from aggregator.normalize.blocks import plain, read_blocks
from aggregator.normalize.characters import key, line, storable
from aggregator.normalize.cleaning import Clean, clean
from aggregator.normalize.links import absolute

_MOST = 4 * 1024 * 1024
"""Bytes of a page; no article needs more."""
_VISIBLE = 200_000
"""Characters of a page that are looked at for what is no article."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
# Names that stand for more than they say (https://encoding.spec.whatwg.org).
_WIDER = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "big5": "big5hkscs", "tis-620": "cp874",
}  # fmt: skip
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_LINK = re.compile(r"<a [^>]*>(.*?)</a>", re.DOTALL)
_UNSEEN = {"script", "style", "noscript", "template", "head"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPage:
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
    visible = _visible(tree)
    found = _article(tree, url)
    if not found:
        return None
    blocks = read_blocks(found, base)
    cleaned = clean(title, "", _without_names(found, {key(name) for name in head.names}), base=base)
    if not cleaned.text:
        return None
    said = sum(len(plain(one)) for one in _LINK.findall(cleaned.html))
    return WebPage(
        names=head.names,
        teaser=head.teaser,
        canonical=head.canonical,
        lang=head.lang,
        image=cleaned.image or head.image,
        closed=head.closed,
        blocks=tuple(block.text for block in blocks if block.text),
        linked=said / len(cleaned.text),
        visible=visible,
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
    told, written = _CHARSET.search(content_type), _META_CHARSET.search(body, 0, 4096)
    for name in (told and told.group(1), written and written.group(1).decode("ascii")):
        wider = _WIDER.get((name or "utf-8").lower(), name or "utf-8").lower()
        # It is not: that was tried.
        if wider.replace("_", "-") not in {"utf-8", "utf8"}:
            try:
                return body.decode(wider, "replace")
            except LookupError:
                continue
    return body.decode("cp1252", "replace")


def _parse(text: str) -> Any:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(storable(text).encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    return tree if tree.find("body") is not None else None


def _article(tree: Any, url: str) -> str:
    """The article as HTML, "" where there is none."""
    from trafilatura import extract

    try:
        found = extract(
            tree,
            url=url,
            output_format="html",
            include_comments=False,
            include_images=True,
            include_links=True,
            include_formatting=True,
        )
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever a page does to it, the feed's own text is there
        return ""
    return found or ""


def _without_names(found: str, names: set[str]) -> str:
    """The article without a heading on top that is the page's own name."""
    top = re.match(r"\s*(?:<(?:html|body)>\s*)*<h1>(.*?)</h1>", found, re.DOTALL)
    return found[top.end() :] if top and key(line(top.group(1))) in names else found


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
