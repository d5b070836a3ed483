"""Items so plain that feedparser would find nothing else in them: read in a quarter of its time.

Most items are a dozen elements with text in them and nothing around; so is what a feed says
of itself. Where one holds anything else (an attribute or an element that is not known here,
one twice, an address that must be resolved, a date that is hard to read) the answer is None,
and feedparser reads it. What comes out here is by test what it would have found, item for item.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from aggregator.model.entry import Enclosure
from aggregator.normalize import dates
from aggregator.normalize.blocks import from_text
from aggregator.normalize.item import Item
from aggregator.normalize.references import resolved

_ATOM = "http://www.w3.org/2005/Atom"
_SPACES = {
    "atom": _ATOM,
    "atom10": _ATOM,
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
_ATTRIBUTE = r"""\s+([A-Za-z:]+)\s*=\s*("[^"<&\n\t]*"|'[^'<&\n\t]*')"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_CHILD = re.compile(
    rf"""\s*<([A-Za-z]+(?::[A-Za-z]+)?)((?:{_ATTRIBUTE.replace("(", "(?:")})*)\s*"""
    r"(?:/>|>(?:([^<]*+)|\s*<!\[CDATA\[((?:[^\]]++|\](?!\]>))*+)\]\]>\s*)</\1\s*>)"
)
_AUTHOR = re.compile(r"\s*<author>\s*<name>([^<]*)</name>\s*(?:<uri>[^<]*</uri>\s*)?</author>")
# A feed's picture, of which nothing is kept.
_IMAGE = re.compile(r"\s*<image>(?:\s*<(url|title|link|width|height)>[^<]*</\1>){1,5}\s*</image>")
_BEFORE = re.compile(
    r"""\s*(?:<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'](?i:utf-8)["'])?\s*\?>)?\s*"""
    r"(?:<\?xml-stylesheet\s[^<>?]*\?>\s*)*"
)
_BLANKS = re.compile(r"\s*")
_AFTER = re.compile(r"\s*</(?:channel>\s*</rss|feed)>\s*")
# As urljoin and feedparser would leave them.
_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/(?!.*/\.)[A-Za-z0-9!$()*+,./:@_~%-]*"
    r"(?:\?[A-Za-z0-9!$()*+,./:@_~%=&-]+)?"
)
_PLACE = re.compile(rf"https?://[A-Za-z0-9.-]+(?::[0-9]{{1,5}})?|{_ADDRESS.pattern}")
_NAME = re.compile(r"(?:tag|urn):[A-Za-z0-9!$()*+,./:@_~%=-]+")
# Leftovers of Windows-1252, which feedparser translates; references longer than any sign needs.
_LEFTOVER = re.compile("[\x80-\x9f]")
_LONG_REFERENCE = re.compile("&#x?[0-9A-Fa-f]{8}")
_SAYS = r"""\s+([A-Za-z0-9:._-]+)\s*=\s*("[^"<&\n\t]*"|'[^'<&\n\t]*')"""
_SAID = re.compile(_SAYS)
_TAG = re.compile(rf"<([A-Za-z:]+)((?:{_SAYS.replace('(', '(?:')})*)\s*>")
_LANG = re.compile(r"[A-Za-z0-9_-]+")
# Names of spaces by which feedparser tells versions.
_OTHER_VERSION = re.compile(r"purl\.org/rss/1\.0/[\"']|netscape\.com|userland\.com", re.IGNORECASE)
# Of what stands around items, only this may be said besides names of spaces.
_FOREIGN = re.compile(r"\s(?:xml:base|base|lang|href|lastmod)\s*=", re.IGNORECASE)
_TEXTS = {"text", "html"}


class Frame(Struct, frozen=True, kw_only=True):
    """What an item is told by the document around it. ``lang`` is "" where nothing is said."""

    atom: bool
    lang: str
    spaces: frozenset[str]


def frame(
    tags: Sequence[bytes], spaces: Mapping[str, str], *, encoding: str, url: str
) -> Frame | None:
    """The frame that start tags make, given outermost first; None where items need more care.

    ``spaces``: prefix → name space, over the whole document.
    """
    written = [tag.decode("utf-8", "replace") for tag in tags]
    whole = " ".join(written)
    opened = [found for tag in written if (found := _TAG.fullmatch(tag))]
    if len(opened) < len(written) or _FOREIGN.search(whole) or _OTHER_VERSION.search(whole):
        return None
    names = [found.group(1) for found in opened]
    said = [{name: value[1:-1] for name, value in _SAID.findall(found[2])} for found in opened]
    default = [one["xmlns"] for one in said if "xmlns" in one]
    langs = [one["xml:lang"] for one in said if "xml:lang" in one]
    rss = names == ["rss", "channel"] and not default and said[0].get("version") == "2.0"
    atom = names == ["feed"] and default == [_ATOM]
    plain = encoding.lower() in {"", "utf-8"} and _ADDRESS.fullmatch(url)
    if not (rss or atom) or not plain or len(langs) > 1 or not all(map(_LANG.fullmatch, langs)):
        return None
    return Frame(
        atom=bool(atom),
        lang=langs[-1].replace("_", "-") if langs else "",
        spaces=frozenset(name for name, uri in _SPACES.items() if spaces.get(name) == uri),
    )


def head(source: bytes, tags: Sequence[bytes], frame: Frame) -> dict[str, Any] | None:
    """What a feed says of itself, as feedparser would tell it; None where feedparser must read it.

    ``source``: the document without its items; ``tags``: those that these stood in.
    """
    try:
        text = _with_plain_ends(source.decode())
        opened = [_with_plain_ends(tag.decode()) for tag in tags]
    except UnicodeDecodeError:
        return None
    if _is_hard(text) or (frame.lang and not frame.atom):
        return None
    before = _BEFORE.match(text)
    at = before.end() if before else 0
    for tag in opened:
        if not text.startswith(tag, at):
            return None
        blanks = _BLANKS.match(text, at + len(tag))
        at = blanks.end() if blanks else at
    found = _Head(frame)
    while child := _CHILD.match(text, at) or (_AUTHOR if frame.atom else _IMAGE).match(text, at):
        if child.re is _AUTHOR:
            taken = found.add_author(child.group(1))
        else:
            taken = child.re is _IMAGE or found.add(child)
        if not taken:
            return None
        at = child.end()
    return found.feed() if _AFTER.fullmatch(text, at) else None


def _is_hard(text: str) -> bool:
    """Whether there are signs in a text that feedparser reads in its own way."""
    return bool(
        (not text.isascii() and _LEFTOVER.search(text))
        or ("#" in text and _LONG_REFERENCE.search(text))
    )


def _with_plain_ends(text: str) -> str:
    """With line ends as XML's readers hand them on (XML 1.0, section 2.11)."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read(source: bytes, frame: Frame, position: int, hashed: bytes) -> Item | None:
    """The item, from its first byte to its last; None where feedparser must read it."""
    text = _with_plain_ends(source.decode("utf-8", "replace"))
    name = "entry" if frame.atom else "item"
    begin, end = f"<{name}>", f"</{name}>"
    if not text.startswith(begin) or not text.endswith(end) or _is_hard(text):
        return None
    found = _Found(frame)
    at, last = len(begin), len(text) - len(end)
    while at < last:
        author = _AUTHOR.match(text, at) if frame.atom else None
        child = author or _CHILD.match(text, at)
        if child is None:
            # Blanks before the end, or more than there may be.
            break
        taken = found.add_author(author.group(1)) if author else found.add(child)
        if not taken:
            return None
        at = child.end()
    if text[at:last].strip():
        return None
    return found.item(position, hashed)


Element = tuple[str, dict[str, str], str]
"""name with the usual prefix, attributes, text"""


def _element(child: re.Match[str], frame: Frame) -> Element | None:
    """What one element is; None where it needs more care."""
    name, written, text, data = child.group(1, 2, 3, 4)
    pairs = _ATTRIBUTES.findall(written) if written else ()
    attributes = {key: value[1:-1] for key, value in pairs}
    if len(attributes) < len(pairs):
        return None
    prefix, _, local = name.rpartition(":")
    if prefix and prefix not in frame.spaces:
        return None
    said = _text(data if data is not None else resolved(text or ""))
    if "&#" in (text or "") and _is_hard(said):
        return None
    return (f"{prefix}:{local}" if prefix else local), attributes, said


class _Said(Struct):
    """What elements say, whatever holds them."""

    frame: Frame
    texts: dict[str, str] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)

    def add_author(self, name: str) -> bool:
        """Take in an author's name; not an address, nor one of several."""
        self.authors.append(resolved(name).strip() if self.frame.atom else name)
        return len(self.authors) == 1 and "@" not in name and bool(self.authors[0])

    def _once(self, name: str, said: str) -> bool:
        if name in self.texts:
            return False
        self.texts[name] = said
        return True


class _Head(_Said):
    """What the elements of a feed, besides its items, say: under feedparser's names."""

    links: list[dict[str, str]] = field(default_factory=list)

    def add(self, child: re.Match[str]) -> bool:
        """Take in an element; whether it is one that is known."""
        element = _element(child, self.frame)
        take = self._of_atom if self.frame.atom else self._of_rss
        return element is not None and take(*element)

    def _of_rss(self, name: str, attributes: dict[str, str], said: str) -> bool:
        match name:
            case "link":
                return not attributes and bool(_PLACE.fullmatch(said)) and self._once(name, said)
            case "atom:link" | "atom10:link":
                # Where the feed's page is its own link tells.
                return not said and self._link(attributes) and self.links[-1]["rel"] != "alternate"
            case "description":
                return not attributes and self._once("subtitle", said)
            case "sy:updatePeriod" | "sy:updateFrequency":
                return not attributes and self._once(name.lower().replace(":", "_"), said)
            case "title" | "language" | "ttl":
                return not attributes and self._once(name, said)
            case "lastBuildDate" | "pubDate" | "generator" | "copyright" | "docs" | "category":
                return not attributes
            case "managingEditor" | "webMaster":
                return not attributes
            case "author" | "dc:creator":
                return not attributes and self.add_author(said)
        return False

    def _of_atom(self, name: str, attributes: dict[str, str], said: str) -> bool:
        match name:
            case "link":
                page = attributes.get("type", "text/html") == "text/html"
                if said or not self._link(attributes):
                    return False
                last = self.links[-1]
                return last["rel"] != "alternate" or (page and self._once("link", last["href"]))
            case "title" | "subtitle":
                kind = attributes.pop("type", "text")
                return not attributes and kind in _TEXTS and self._once(name, said)
            case "id":
                return not attributes and self._once(name, said)
            case "updated" | "rights" | "icon" | "logo":
                return not attributes
            case "generator":
                return True
        return False

    def _link(self, attributes: dict[str, str]) -> bool:
        """Take in a link; whether it is one that needs no care."""
        rel, href = attributes.pop("rel", "alternate"), attributes.pop("href", "")
        kind = attributes.pop("type", "")
        self.links.append({"rel": rel, "href": href})
        # feedparser reads these in lower case.
        lower = rel == rel.lower() and kind == kind.lower()
        return not attributes and lower and bool(_PLACE.fullmatch(href))

    def feed(self) -> dict[str, Any] | None:
        if "title" not in self.texts or "link" not in self.texts:
            return None
        lang = {"language": self.frame.lang} if self.frame.lang else {}
        author = {"author": self.authors[0]} if self.authors else {}
        return {**lang, **author, **self.texts, "links": self.links}


class _Found(_Said):
    """What the elements of an item say."""

    links: list[str] = field(default_factory=list)
    categories: dict[tuple[str | None, ...], str] = field(default_factory=dict)
    enclosures: dict[str, Enclosure] = field(default_factory=dict)
    title_is_text: bool = False

    def add(self, child: re.Match[str]) -> bool:
        """Take in an element; whether it is one that is known."""
        element = _element(child, self.frame)
        take = self._of_atom if self.frame.atom else self._of_rss
        return element is not None and take(*element)

    def _of_rss(self, name: str, attributes: dict[str, str], said: str) -> bool:
        match name:
            case "link":
                self.links.append(said)
                return not attributes and bool(_ADDRESS.fullmatch(said))
            case "guid":
                permanent = attributes.pop("isPermaLink", "true") == "true"
                named = not permanent or bool(_ADDRESS.fullmatch(said))
                return not attributes and named and self._once("id", said)
            case "category":
                if said:
                    self.categories[said,] = said
                return not attributes
            case "dc:creator":
                return not attributes and self.add_author(said)
            case "enclosure":
                return self._enclosure(attributes)
            case "title" | "pubDate" | "description" | "content:encoded":
                return not attributes and self._once(name, said)
            case "comments" | "slash:comments" | "wfw:commentRss":
                return not attributes
        return False

    def _of_atom(self, name: str, attributes: dict[str, str], said: str) -> bool:
        match name:
            case "link":
                self.links.append(attributes.pop("href", ""))
                alternate = attributes.pop("rel", "alternate") == "alternate"
                page = attributes.pop("type", "text/html") == "text/html"
                return not attributes and not said and alternate and page
            case "category":
                label, term = attributes.pop("label", None), attributes.pop("term", None)
                self.categories[term, attributes.pop("scheme", None), label] = label or term or ""
                return not attributes and not said and bool(term)
            case "title" | "content" | "summary":
                kind = attributes.pop("type", None)
                if kind == "text" and name == "title":
                    self.title_is_text = True
                elif kind == "text":
                    said = from_text(said)
                known = kind is None or kind in _TEXTS
                return not attributes and known and self._once(name, said)
            case "id":
                named = _NAME.fullmatch(said) or _ADDRESS.fullmatch(said)
                return not attributes and bool(named) and self._once("id", said)
            case "published" | "updated":
                return not attributes and self._once(name, said)
        return False

    def _enclosure(self, attributes: dict[str, str]) -> bool:
        url, kind = attributes.pop("url", ""), attributes.pop("type", "").lower()
        length = attributes.pop("length", "")
        number = int(length) if length.isdecimal() and len(length) < 19 else None
        self.enclosures.setdefault(url, Enclosure(url=url, type=kind, length=number))
        return not attributes and bool(_ADDRESS.fullmatch(url))

    def item(self, position: int, hashed: bytes) -> Item | None:
        texts, atom = self.texts, self.frame.atom
        if len(self.links) != 1 or not _ADDRESS.fullmatch(self.links[0]) or not texts.get("title"):
            return None
        dated = texts.get("published" if atom else "pubDate", "")
        changed = texts.get("updated", "")
        published, updated = dates.moment(dated), dates.moment(changed)
        if (dated and not published) or (changed and not updated):
            return None
        content = texts.get("content" if atom else "content:encoded", "")
        summary = texts.get("summary" if atom else "description", content)
        if content and len(summary) > 2 * len(content):
            summary, content = content, summary
        enclosures = tuple(self.enclosures.values())
        images = (one.url for one in enclosures if one.type.startswith("image/"))
        return Item(
            position=position,
            hash=hashed,
            guid=texts.get("id", ""),
            link=self.links[0],
            title=texts["title"],
            title_is_text=self.title_is_text,
            summary="" if summary == content else summary,
            content=content,
            authors=tuple(self.authors),
            categories=tuple(self.categories.values()),
            enclosures=enclosures,
            image=next(images, None),
            lang=self.frame.lang,
            base=self.links[0],
            published=published,
            updated=updated,
            dates=(dated, "" if changed == dated else changed),
        )


def _text(text: str) -> str:
    """As feedparser hands on a text: without blanks around it, and read as UTF-8 where it was
    encoded twice."""
    text = text.strip()
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text
