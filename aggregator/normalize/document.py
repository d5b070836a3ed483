"""RSS and Atom of every version: bytes → Head and Items. The only place that sees feedparser."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from xml.sax import SAXException, SAXParseException

import feedparser
import feedparser.api
import feedparser.mixin
from msgspec.structs import replace

from aggregator.model.entry import Enclosure
from aggregator.model.errors import NotAFeed
from aggregator.normalize import bylines, dates, plain
from aggregator.normalize.blocks import from_text
from aggregator.normalize.cutting import Cut, cut
from aggregator.normalize.enclosures import typed
from aggregator.normalize.ending import BREAKS_OFF, came_whole, too_early
from aggregator.normalize.expat import Stated, hasten
from aggregator.normalize.item import Head, Item, Parsed
from aggregator.normalize.links import absolute
from aggregator.normalize.references import repaired
from aggregator.normalize.sniffing import sniff

hasten(feedparser.api, feedparser.mixin)

_PERMALINK = re.compile("https?://|/", re.IGNORECASE)
_PERIODS = {
    "hourly": 3600,
    "daily": 86400,
    "weekly": 7 * 86400,
    "monthly": 30 * 86400,
    "yearly": 365 * 86400,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PROLOG = 65536
# Declarations inside a DOCTYPE: feedparser keeps the harmless ones only, but it reads them all
# with regular expressions, so that a bomb of them costs minutes. A few signs of text are let in.
_SUBSET = re.compile(rb"<!DOCTYPE[^>\[]*\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
_OPEN_SUBSET = re.compile(rb"<!DOCTYPE[^>\[]{0,1000}\[", re.IGNORECASE)
_TEXT_ENTITY = re.compile(rb'<!ENTITY\s+\w{1,40}\s+"(?:[^"&%<>]|&#\w{1,7};){1,32}"\s*>')
_ELEMENT = re.compile(rb"<\w")
# feedparser looks for declarations from every line before the first element on, over all blanks:
# that takes time with the square of their number.
_BLANKS = re.compile(rb"\s{100,}")
_MALFORMED = "not well-formed"
# Links, tags and blanks: a text of nothing else ("&nbsp;<a>Read</a>") says nothing.
_UNSAID = re.compile(r"<a\b[^>]*>(?:(?!</a).)*</a>|<[^>]*>|&nbsp;|\s", re.DOTALL | re.IGNORECASE)


def parse(
    body: bytes, *, content_type: str, url: str, seen: Mapping[bytes, bytes], quick: bool = True
) -> Parsed:
    """Read a feed document. Raises NotAFeed, in plain words, where there is no feed in it.

    Items whose hash is a key of ``seen`` are not parsed; they come back in ``known``.
    ``quick``: plain items are read by ``plain``; else all by feedparser, which finds the same.
    Never goes out for anything: feedparser gets a BytesIO, since bytes or text
    it would take for a file name or an address.
    """
    source = sniff(body, content_type=content_type, url=url)
    whole, breaks_off = repaired(_without_traps(source.body, url)), False
    if not source.whole:
        whole, breaks_off = came_whole(whole, source.charset)
    pieces = cut(whole, charset=source.charset, url=url, seen=seen)
    around = _frame(pieces, url) if pieces and quick else None
    simple = _read_plain(pieces, around) if pieces and around else {}
    places = _others(pieces, simple) if pieces else []
    rest = pieces.without({*pieces.known, *simple}) if pieces else whole
    parsed = None
    if pieces and around and not places:
        parsed = _plain_head(rest, pieces, around)
    if parsed is None:
        parsed = _feedparser(rest, source.charset, url)
    alike = pieces is not None and not parsed.bozo and len(parsed.entries) == len(places)
    if pieces and (pieces.known or simple) and not (alike and parsed.version):
        # feedparser sees other items than expat does.
        return parse(body, content_type=content_type, url=url, seen={}, quick=False)
    if not parsed.entries and not parsed.version:
        raise _no_feed(url)
    complete = source.whole or not (breaks_off or parsed.bozo)
    problems = [*source.notes, *(() if complete else (BREAKS_OFF,))]
    if isinstance(parsed.get("bozo_exception"), SAXException):
        problems.append(_malformed(parsed.bozo_exception))
    if not (pieces and alike):
        places = list(range(len(parsed.entries)))
    hashes = pieces.hashes if pieces and alike else [b""] * len(parsed.entries)
    items = {
        at: _item(entry, at, hashes[at], parsed.feed, url)
        for entry, at in zip(parsed.entries, places, strict=True)
    }
    known = pieces.known if pieces else {}
    if not (complete or items or simple or known):
        raise too_early(url)
    # An article on feeds may show what tells readers when to stay away.
    outside = pieces.without(range(len(pieces.spans))) if pieces else whole
    lang = str(parsed.feed.get("language") or "")
    items |= {at: one if one.lang else replace(one, lang=lang) for at, one in simple.items()}
    return Parsed(
        head=_head(parsed, outside[:_PROLOG], url, complete, tuple(problems)),
        items=[one for _, one in sorted(items.items())],
        known=known,
    )


def _malformed(error: SAXException) -> str:
    """Where a document is no XML, and why, as the parser has it."""
    why = error.getMessage().removeprefix(_MALFORMED).strip(" :()")
    place = ""
    if isinstance(error, SAXParseException) and error.getLineNumber() is not None:
        place = f", line {error.getLineNumber()}, column {error.getColumnNumber()}"
    return f"{_MALFORMED}{place}{f': {why}' if why else ''}"[:300]


def _frame(pieces: Cut, url: str) -> plain.Frame | None:
    return plain.frame(pieces.tags, pieces.spaces, encoding=pieces.encoding, url=url)


def _plain_head(rest: bytes, pieces: Cut, around: plain.Frame) -> Any:
    """What feedparser would make of a document of which no item is left; None where it must do so."""
    feed = plain.head(rest, pieces.tags, around)
    if feed is None:
        return None
    version = "atom10" if around.atom else "rss20"
    return feedparser.FeedParserDict(version=version, feed=feed, entries=[], bozo=False)


def _read_plain(pieces: Cut, around: plain.Frame) -> dict[int, Item]:
    """The items that were not seen before and need no feedparser, by their positions."""
    return {
        at: item
        for at, (first, last) in enumerate(pieces.spans)
        if at not in pieces.known
        and (item := plain.read(pieces.body[first:last], around, at, pieces.hashes[at]))
    }


def _others(pieces: Cut, read: Container[int]) -> list[int]:
    """The positions of the items that are left for feedparser."""
    count = len(pieces.spans)
    return [at for at in range(count) if at not in pieces.known and at not in read]


def _feedparser(body: bytes, charset: str, url: str) -> Any:
    content_type = f"application/xml; charset={charset}" if charset else "application/xml"
    try:
        return feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": content_type, "content-location": url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, OverflowError, LookupError, AttributeError, TypeError):
        # Of bytes that name no encoding, where the document declares its own; of numbers; of
        # elements within others that it does not expect them in, or that end without a beginning.
        raise _no_feed(url) from None


def _no_feed(url: str) -> NotAFeed:
    return NotAFeed(
        "what came is no feed that can be read",
        url=url,
        hint="a feed validator tells what is wrong with it",
    )


def _without_traps(body: bytes, url: str) -> bytes:
    """The document with only those entities declared that stand for a few signs of text, and
    without deserts of blanks before it begins."""
    first = _ELEMENT.search(body)
    begins = first.start() if first else len(body)
    if _BLANKS.search(body, 0, begins):
        body = _BLANKS.sub(b"\n", body[:begins]) + body[begins:]
    opened = _OPEN_SUBSET.search(body, 0, _PROLOG)
    if opened is None:
        return body
    subset = _SUBSET.search(body, opened.start(), opened.start() + _PROLOG)
    if subset is None:
        raise NotAFeed(
            "the document declares more than a feed can need before it begins",
            url=url,
            hint="it may be an attack; tell the publisher",
        )
    kept = _TEXT_ENTITY.findall(subset.group(0))[:300]
    instead = b"<!DOCTYPE feed [\n" + b"\n".join(kept) + b"\n]>" if kept else b""
    return body[: subset.start()] + instead + body[subset.end() :]


def _head(parsed: Any, outside: bytes, url: str, complete: bool, problems: tuple[str, ...]) -> Head:
    feed = parsed.feed
    links = feed.get("links", [])
    hours, days = _skipped(outside, b"skipHours"), _skipped(outside, b"skipDays")
    return Head(
        version=parsed.version,
        # Of an element that ends without a beginning feedparser has None.
        title=feed.get("title") or "",
        home=absolute(feed.get("link"), url) or "",
        description=feed.get("subtitle") or feed.get("description") or "",
        authors=bylines.named(feed),
        lang=feed.get("language") or "",
        ttl=_minutes(feed.get("ttl")),
        update_period=_period(feed),
        skip_hours=frozenset(int(hour) % 24 for hour in re.findall(r"\d{1,2}", hours)),
        skip_days=frozenset(at for at, day in enumerate(_DAYS) if day in days),
        hubs=tuple(dict.fromkeys(_rels(links, "hub", url))),
        self_url=next(_rels(links, "self", url), None),
        previous_archive=next(_rels(links, "prev-archive", url), None),
        complete=complete,
        breaks_off=not complete,
        problems=problems,
        id=feed.get("id", "").strip() if parsed.version.startswith("atom") else "",
    )


def _item(entry: Any, position: int, hashed: bytes, feed: Any, url: str) -> Item:
    # feedparser's own look-up maps old names, at a price, and "updated" to "published" where only
    # that is there.
    get: Callable[..., Any] = partial(dict.get, entry)
    contents = get("content") or ()
    content = max(map(_as_html, contents), key=len, default="")
    details = contents[0] if contents else {}
    detail = get("summary_detail") or {}
    base = absolute(details.get("base") or detail.get("base"), url) or url
    guid, link = (get("id") or "").strip(), get("link")
    if get("guidislink") and link == guid and not _PERMALINK.match(guid):
        # Most that are no address are numbers and names whose publishers forgot isPermaLink.
        link = ""
    link = absolute(get("feedburner_origlink") or link, base)
    published, updated = get("published") or "", get("updated") or ""
    source = get("source") or {}
    summary, said = _as_html(detail) if detail else get("summary", ""), get("itunes_summary", "")
    if summary:
        content = content or said
    else:
        summary = said
    if (shown := get("media_description")) and not (content or _UNSAID.sub("", summary)):
        # What is said of its picture is all that is said.
        summary, content = shown, summary
    if content and len(summary) > 2 * len(content):
        summary, content = content, summary
    return Item(
        position=position,
        hash=hashed,
        guid=guid,
        link=link,
        title=get("title", ""),
        title_is_text=_is_text(get("title_detail") or {}),
        summary="" if summary == content else summary,
        content=content,
        authors=bylines.named(entry),
        categories=tuple(
            name for tag in get("tags", ()) if (name := tag.get("label") or tag.get("term"))
        ),
        enclosures=_enclosures(entry, base),
        image=_image(entry, base),
        lang=_lang(entry, feed),
        source=source.get("title") or "",
        source_authors=bylines.named(source),
        base=base if base != url else (link or url),
        published=dates.moment(published) or dates.from_struct(get("published_parsed"), published),
        updated=dates.moment(updated) or dates.from_struct(get("updated_parsed"), updated),
        dates=(published, "" if updated == published else updated),
    )


def _is_text(detail: Any) -> bool:
    """Whether it says of itself that it is no HTML."""
    return isinstance(detail.get("type"), Stated)


def _as_html(detail: Any) -> str:
    value: str = detail.get("value", "")
    return from_text(value) if _is_text(detail) else value


def _enclosures(entry: Any, base: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for one in (*entry.get("enclosures", ()), *entry.get("media_content", ())):
        address = absolute(one.get("href") or one.get("url"), base)
        if address and address not in found:
            length = str(one.get("length") or one.get("filesize") or "")
            found[address] = typed(
                Enclosure(
                    url=address,
                    type=one.get("type") or "",
                    length=int(length) if length.isdecimal() and len(length) < 19 else None,
                ),
                one.get("medium") or "",
            )
    return tuple(found.values())


def _image(entry: Any, base: str) -> str | None:
    candidates = [one.get("url") for one in entry.get("media_thumbnail", ())]
    candidates += [
        one.get("url") or one.get("href")
        for one in (*entry.get("media_content", ()), *entry.get("enclosures", ()))
        if one.get("medium") == "image" or (one.get("type") or "").startswith("image/")
    ]
    return next((address for one in candidates if (address := absolute(one, base))), None)


def _lang(entry: Any, feed: Any) -> str:
    for detail in (
        (entry.get("content") or [{}])[0],
        entry.get("title_detail"),
        entry.get("summary_detail"),
    ):
        if detail and detail.get("language"):
            return str(detail["language"])
    return str(entry.get("language") or feed.get("language") or "")


def _rels(links: Iterable[Any], rel: str, url: str) -> Iterator[str]:
    return (
        address
        for link in links
        if link.get("rel") == rel and (address := absolute(link.get("href"), url))
    )


def _minutes(text: str | None) -> float | None:
    try:
        minutes = float(text or "")
    except ValueError:
        return None
    return min(minutes, 525_600) * 60 if minutes > 0 else None


def _period(feed: Any) -> float | None:
    """sy:updatePeriod over sy:updateFrequency, in seconds."""
    period = _PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower())
    if period is None:
        return None
    try:
        frequency = max(1.0, float(feed.get("sy_updatefrequency", "") or 1))
    except ValueError:
        frequency = 1.0
    return period / frequency


def _skipped(outside: bytes, name: bytes) -> str:
    """The inside of skipHours or skipDays, in lower case: feedparser keeps only their last child."""
    at = outside.find(b"<" + name + b">")
    end = outside.find(b"</" + name, at) if at >= 0 else -1
    return outside[at:end].decode("ascii", "replace").lower() if 0 <= at < end < at + 4000 else ""
