"""What the feed validators find wrong in a document, warnings that can be avoided included.

Atom: RFC 4287's own grammar and its two further rules; RSS 2.0: its specification and the
best-practices profile; JSON Feed 1.1; RFC 5005; and what the W3C feed validator warns of:
DuplicateUpdated, MissingSourceElement, ArchiveIncomplete, ContainsUndeclaredHTML, NotBlank,
AvoidNamespacePrefix and the like, by these names.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"

_GRAMMAR = Path(__file__).parent / "specification" / "atom.rng"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_TAG = re.compile(r"</?(p|b|i|a|br|div|em|strong|img|span|script)\b[^>]*>", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.ASCII)
_CHANNEL = {
    "title", "link", "description", "language", "copyright", "managingEditor", "webMaster",
    "pubDate", "lastBuildDate", "category", "generator", "docs", "cloud", "ttl", "image", "item",
    "rating", "textInput", "skipHours", "skipDays",
}  # fmt: skip
_ITEM = {
    "title", "link", "description", "author", "comments", "guid", "pubDate", "source", "category",
    "enclosure",
}  # fmt: skip
_TOP = {
    "version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url",
    "icon", "favicon", "authors", "language", "expired", "hubs", "items",
}  # fmt: skip
_OF_ITEM = {
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image",
    "banner_image", "date_published", "date_modified", "authors", "tags", "language", "attachments",
}  # fmt: skip


def problems(documents: Mapping[str, bytes]) -> list[str]:
    """What is wrong in these documents, by path; HTML and style sheets are not looked at."""
    rules = {"atom": atom, "rss": rss, "json": json_feed, "opml": opml}
    return [
        f"{path}: {problem}"
        for path, data in documents.items()
        if (look := rules.get(path.rpartition(".")[2]))
        for problem in look(data)
    ]


@cache
def _grammar() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(_GRAMMAR))


def atom(data: bytes) -> Iterator[str]:
    """An Atom feed document."""
    feed = etree.fromstring(data)
    if not _grammar().validate(feed):
        yield f"RFC 4287: {_grammar().error_log.last_error}"
    if b"<ns0:" in data or b"<atom:" in data:
        yield "AvoidNamespacePrefix"
    entries = feed.findall(f"{ATOM}entry")
    yield from _atom_head(feed, entries)
    for entry in entries:
        yield from _links(entry)
        yield from _atom_entry(entry)
    for one in feed.iter(f"{ATOM}id"):
        if not _URI.fullmatch(one.text or ""):
            yield f"InvalidFullLink id {one.text}"
    for one in feed.iter(f"{ATOM}updated", f"{ATOM}published"):
        if not _RFC3339.fullmatch(one.text or ""):
            yield f"InvalidRFC3339Date {one.text}"
    for one in feed.iter(f"{ATOM}name", f"{ATOM}title", f"{ATOM}category"):
        if not (one.text or one.get("term") or "").strip():
            yield f"NotBlank {one.tag}"


def _atom_head(feed: etree._Element, entries: list) -> Iterator[str]:
    yield from _links(feed)
    if not _hrefs(feed, "self"):
        yield "MissingSelf"
    if feed.find(f"{ATOM}author") is None and any(e.find(f"{ATOM}author") is None for e in entries):
        yield "MissingElement author"
    updated = [entry.findtext(f"{ATOM}updated") for entry in entries]
    yield from _repeated("DuplicateUpdated", updated)
    yield from _repeated("DuplicateEntries", [entry.findtext(f"{ATOM}id") for entry in entries])
    if feed.findtext(f"{ATOM}updated") < max(updated, default=""):
        yield "the feed is older than an entry of it"
    if feed.find(f"{HISTORY}archive") is not None:
        if not (_hrefs(feed, "prev-archive") or _hrefs(feed, "next-archive")):
            yield "ArchiveIncomplete"
        if not _hrefs(feed, "current"):
            yield "an archive document without its current one"


def _atom_entry(entry: etree._Element) -> Iterator[str]:
    content, summary = entry.find(f"{ATOM}content"), entry.find(f"{ATOM}summary")
    if not _hrefs(entry, "alternate") and content is None:
        yield "neither an alternate link nor content"
    if content is not None and content.get("type", "text") not in {"text", "html", "xhtml"}:
        yield f"InvalidMIMEType {content.get('type')}"
    for one in entry.findall(f"{ATOM}title") + [e for e in (content, summary) if e is not None]:
        if one.get("type", "text") == "text" and _TAG.search(one.text or ""):
            # Text that is about markup is text; the validator cannot tell.
            yield "ContainsUndeclaredHTML"
    source = entry.find(f"{ATOM}source")
    if source is not None:
        yield from _links(source)
        for name in ("id", "title", "updated"):
            if source.find(f"{ATOM}{name}") is None:
                yield f"MissingSourceElement {name}"


def _links(parent: etree._Element) -> Iterator[str]:
    alternates = []
    for link in parent.findall(f"{ATOM}link"):
        href, kind = link.get("href", ""), link.get("type")
        if not _is_web(href):
            yield f"InvalidLink {href}"
        if kind is not None and not _MEDIA_TYPE.fullmatch(kind):
            yield f"InvalidMIMEType {kind}"
        if not (link.get("length") or "0").isdigit():
            yield f"InvalidIntegerAttribute {link.get('length')}"
        if link.get("rel", "alternate") == "alternate":
            alternates.append((kind, link.get("hreflang")))
    yield from _repeated("DuplicateAtomLink", alternates)


def _hrefs(parent: etree._Element, rel: str) -> list[str]:
    found = parent.findall(f"{ATOM}link")
    return [one.get("href") for one in found if one.get("rel", "alternate") == rel]


def rss(data: bytes) -> Iterator[str]:
    """An RSS 2.0 document, with the best-practices profile."""
    root = etree.fromstring(data)
    if root.tag != "rss" or root.get("version") != "2.0" or [e.tag for e in root] != ["channel"]:
        yield "no RSS 2.0"
        return
    channel = root[0]
    yield from _elements(channel, _CHANNEL, several={"item", "category"})
    for name in ("title", "link", "description"):
        if not (channel.findtext(name) or "").strip():
            yield f"MissingElement channel/{name}"
    yield from _links(channel)
    if len(_hrefs(channel, "self")) != 1:
        yield "MissingAtomSelfLink"
    if not _is_web(channel.findtext("link")):
        yield f"InvalidLink {channel.findtext('link')}"
    if not _is_rfc822(channel.findtext("lastBuildDate")):
        yield f"InvalidRFC2822Date {channel.findtext('lastBuildDate')}"
    items = channel.findall("item")
    yield from _repeated("DuplicateItem", [one.findtext("guid") for one in items])
    for item in items:
        yield from _rss_item(item)
        yield from _rss_media(item)


def _elements(parent: etree._Element, known: set[str], *, several: set[str]) -> Iterator[str]:
    names = Counter(one.tag for one in parent if isinstance(one.tag, str))
    for name, count in names.items():
        if not name.startswith("{") and name not in known:
            yield f"UndefinedElement {name}"
        if count > 1 and name in known - several:
            yield f"DuplicateElement {name}"


def _rss_item(item: etree._Element) -> Iterator[str]:
    yield from _elements(item, _ITEM, several={"category"})
    if not (item.findtext("title") or item.findtext("description")):
        yield "ItemMustContainTitleOrDescription"
    guid = item.find("guid")
    if guid is None or (guid.get("isPermaLink") != "false" and not _is_web(guid.text)):
        yield "InvalidPermalink"
    if not _is_rfc822(item.findtext("pubDate")):
        yield f"InvalidRFC2822Date {item.findtext('pubDate')}"
    if item.find("author") is not None and "@" not in item.findtext("author"):
        yield "InvalidContact"
    if item.find("link") is not None and not _is_web(item.findtext("link")):
        yield f"InvalidLink {item.findtext('link')}"
    if item.find(f"{CONTENT}encoded") is not None and item.find("description") is None:
        yield "content:encoded without description"
    for one in item.iter("category", "title", f"{DC}creator", f"{DC}language", f"{DC}source"):
        if not (one.text or "").strip():
            yield f"NotBlank {one.tag}"


def _rss_media(item: etree._Element) -> Iterator[str]:
    for one in item.findall("enclosure"):
        size, kind = one.get("length", ""), one.get("type", "")
        if not (_is_web(one.get("url")) and size.isdigit() and _MEDIA_TYPE.fullmatch(kind)):
            yield f"MissingAttribute enclosure {dict(one.attrib)}"
    for one in item.findall("source"):
        if not _is_web(one.get("url")) or not (one.text or "").strip():
            yield "MissingAttribute source"
    if item.find(f"{MEDIA}group") is not None:
        yield "MediaGroupWithoutAlternatives"


def json_feed(data: bytes) -> Iterator[str]:
    """A JSON Feed 1.1 document."""
    feed = json.loads(data.decode("utf-8"))
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield "version"
    if not feed.get("title"):
        yield "title"
    yield from _members(feed, _TOP)
    for name in ("home_page_url", "feed_url", "next_url"):
        if name in feed and not _is_web(feed[name]):
            yield f"{name} {feed[name]}"
    if feed.get("next_url") and feed.get("next_url") == feed.get("feed_url"):
        yield "next_url leads to itself"
    yield from _authors(feed)
    for hub in feed.get("hubs", []):
        if not (hub.get("type") and _is_web(hub.get("url", ""))):
            yield f"hub {hub}"
    items = feed.get("items")
    if not isinstance(items, list):
        yield "items"
        return
    yield from _repeated("one id twice", [item.get("id") for item in items])
    for item in items:
        yield from _json_item(item, signed="authors" in feed)


def _json_item(item: dict, *, signed: bool) -> Iterator[str]:
    yield from _members(item, _OF_ITEM)
    yield from _authors(item)
    if signed and "authors" not in item and _came_from(item):
        yield f"{item['id']} is by the author of the feed, though it came from elsewhere"
    if not isinstance(item.get("id"), str) or not item["id"]:
        yield "id"
    if not ("content_html" in item or "content_text" in item):
        yield "neither content_html nor content_text"
    rules = {
        **dict.fromkeys(("url", "external_url", "image", "banner_image"), _is_web),
        **dict.fromkeys(("date_published", "date_modified"), _RFC3339.fullmatch),
        "language": _LANGUAGE.fullmatch,
        "tags": lambda tags: all(isinstance(tag, str) and tag for tag in tags),
        "attachments": lambda found: all(map(_is_attachment, found)),
    }
    for name, holds in rules.items():
        if name in item and not holds(item[name]):
            yield f"{name} {item[name]}"


def _came_from(item: dict) -> str:
    """The publisher's feed, of what is not ours."""
    return item.get("_aggregator", {}).get("origin", {}).get("feed_url", "")


def _is_attachment(one: dict) -> bool:
    size = one.get("size_in_bytes", 0)
    kind = _MEDIA_TYPE.fullmatch(one.get("mime_type", ""))
    return bool(_is_web(one.get("url")) and kind and isinstance(size, int))


def _authors(parent: dict) -> Iterator[str]:
    for one in parent.get("authors", []):
        if not any(one.get(name) for name in ("name", "url", "avatar")):
            yield f"author {one}"


def _members(parent: dict, known: set[str]) -> Iterator[str]:
    for name, value in parent.items():
        if name not in known and not name.startswith("_"):
            yield f"there is no member {name}"
        if value is None or (value in ("", []) and name not in {"items", "content_text", "title"}):
            yield f"{name} is empty"


def opml(data: bytes) -> Iterator[str]:
    """A subscription list in OPML 2.0."""
    root = etree.fromstring(data)
    if (
        root.tag != "opml"
        or root.get("version") != "2.0"
        or [e.tag for e in root] != ["head", "body"]
    ):
        yield "no OPML 2.0"
    for outline in root.iter("outline"):
        for name in ("text", "title", "type", "xmlUrl"):
            if not outline.get(name):
                yield f"MissingAttribute {name}"


def _repeated(what: str, values: list) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{what}: {value} {count} times"


def _is_web(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return (
        bool(_URI.fullmatch(url or "")) and parts.scheme in {"http", "https"} and bool(parts.netloc)
    )


def _is_rfc822(date: str | None) -> bool:
    """A date of RFC 822 with four digits for the year, its weekday the right one."""
    if not _RFC822.fullmatch(date or ""):
        return False
    return f"{parsedate_to_datetime(date):%a}" == date[:3]
