"""RSS and Atom of every version: bytes → Head and Items. The only place that sees feedparser."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import feedparser
import feedparser.api

from aggregator.model.entry import Enclosure
from aggregator.model.errors import NotAFeed
from aggregator.normalize import dates
from aggregator.normalize.item import Head, Item

feedparser.api.PREFERRED_XML_PARSERS.insert(0, "aggregator.normalize.expat")

_PERIODS = {
    "hourly": 3600,
    "daily": 86400,
    "weekly": 7 * 86400,
    "monthly": 30 * 86400,
    "yearly": 365 * 86400,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
# Declarations inside a DOCTYPE: feedparser keeps the harmless ones only, but it reads them
# all with regular expressions, so that a bomb of them costs minutes. None is needed.
_SUBSET = re.compile(rb"<!DOCTYPE[^>\[]*\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)


def parse(body: bytes, *, content_type: str, url: str, now: datetime) -> tuple[Head, list[Item]]:
    """Read a feed document. Raises NotAFeed, in plain words, where there is no feed in it.

    Never goes out for anything: feedparser gets a BytesIO, since bytes or text
    it would take for a file name or an address.
    """
    refuse_what_is_no_feed(body, url)
    lead = _SUBSET.search(body, 0, 65536)
    if lead and b"<!ENTITY" in lead.group(0).upper():
        body = _only_text_entities(body, lead)
    parsed = feedparser.parse(
        io.BytesIO(body),
        response_headers={
            "content-type": content_type or "application/xml",
            "content-location": url,
        },
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.entries and not parsed.version:
        raise NotAFeed(
            "what came is no feed that can be read", url=url, hint="open the address in a browser"
        )
    problems, complete = [], True
    if parsed.bozo and isinstance(parsed.get("bozo_exception"), Exception):
        problem = parsed.bozo_exception
        problems.append(f"not well-formed: {type(problem).__name__}: {problem}"[:300])
        complete = b"</" in body[-200:]
    items = [_item(entry, parsed.feed, url, now) for entry in parsed.entries]
    return _head(parsed, url, complete, tuple(problems)), items


def refuse_what_is_no_feed(body: bytes, url: str) -> None:
    """NotAFeed for nothing, or a web page."""
    if not body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise NotAFeed(
            "the answer is empty",
            url=url,
            hint="the publisher may be rebuilding; it is tried again",
        )
    start = body[:4096]
    if _HTML.match(start.lstrip(b"\xef\xbb\xbf")) and not _FEED.search(body[:20000]):
        raise NotAFeed(
            "the answer is a web page, not a feed",
            url=url,
            hint="look for the feed's own address on that page",
        )


def _only_text_entities(body: bytes, subset: re.Match[bytes]) -> bytes:
    """The document with only those entities that are a few signs of text; the rest are a trap."""
    safe = re.findall(rb'<!ENTITY\s+\w+\s+"[^"&%<>]{1,64}"\s*>', subset.group(0))
    if len(safe) == subset.group(0).upper().count(b"<!ENTITY"):
        return body
    return body[: subset.start()] + body[subset.end() :]


def _head(parsed: Any, url: str, complete: bool, problems: tuple[str, ...]) -> Head:
    feed = parsed.feed
    links = feed.get("links", [])
    return Head(
        version=parsed.version,
        title=feed.get("title", ""),
        home=_absolute(feed.get("link"), url) or "",
        description=feed.get("subtitle", "") or feed.get("description", ""),
        lang=feed.get("language", ""),
        ttl=_minutes(feed.get("ttl")),
        update_period=_period(feed),
        skip_hours=_hours(feed.get("skiphours")) | _numbers(feed, "hour"),
        skip_days=_days(feed),
        hubs=tuple(link.href for link in links if link.get("rel") == "hub" and link.get("href")),
        self_url=_rel(links, "self", url),
        previous_archive=_rel(links, "prev-archive", url),
        complete=complete,
        problems=problems,
    )


def _item(entry: Any, feed: Any, url: str, now: datetime) -> Item:
    content = max((part.get("value", "") for part in entry.get("content", ())), key=len, default="")
    details = (entry.get("content") or [{}])[0] or {}
    detail = entry.get("summary_detail") or {}
    base = details.get("base") or detail.get("base") or url
    link = _absolute(entry.get("link"), base)
    published, updated = entry.get("published", ""), entry.get("updated", "")
    summary = entry.get("summary", "")
    if content and len(summary) > 2 * len(content):
        summary, content = content, summary
    return Item(
        guid=(entry.get("id") or "").strip(),
        link=link,
        title=entry.get("title", ""),
        summary="" if summary == content else summary,
        content=content,
        authors=_authors(entry),
        categories=tuple(
            tag.get("label") or tag.get("term")
            for tag in entry.get("tags", ())
            if tag.get("label") or tag.get("term")
        ),
        enclosures=_enclosures(entry, base),
        image=_image(entry, base),
        lang=_lang(entry, feed),
        base=base if base != url else (link or url),
        published=_moment(entry, "published", now),
        updated=_moment(entry, "updated", now),
        dates=(published, "" if updated == published else updated),
    )


def _moment(entry: Any, name: str, now: datetime) -> datetime | None:
    # feedparser's own look-up answers "updated" with "published" where only that is there.
    if not dict.__contains__(entry, name):
        return None
    found = dates.moment(entry.get(name), now=now)
    return found or dates.from_struct(entry.get(f"{name}_parsed"), now=now)


def _authors(entry: Any) -> tuple[str, ...]:
    names = [one.get("name") or one.get("email") for one in entry.get("authors", ()) if one]
    return tuple(dict.fromkeys(name for name in names if name)) or (
        (entry.author,) if entry.get("author") else ()
    )


def _enclosures(entry: Any, base: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for one in (*entry.get("enclosures", ()), *entry.get("media_content", ())):
        address = _absolute(one.get("href") or one.get("url"), base)
        if address and address not in found:
            length = str(one.get("length") or one.get("filesize") or "")
            found[address] = Enclosure(
                url=address,
                type=one.get("type") or "",
                length=int(length) if length.isdigit() and len(length) < 19 else None,
            )
    return tuple(found.values())


def _image(entry: Any, base: str) -> str | None:
    candidates = [one.get("url") for one in entry.get("media_thumbnail", ())]
    candidates += [
        one.get("url") or one.get("href")
        for one in (*entry.get("media_content", ()), *entry.get("enclosures", ()))
        if one.get("medium") == "image" or (one.get("type") or "").startswith("image/")
    ]
    return next((address for one in candidates if (address := _absolute(one, base))), None)


def _lang(entry: Any, feed: Any) -> str:
    for detail in (
        (entry.get("content") or [{}])[0],
        entry.get("title_detail"),
        entry.get("summary_detail"),
    ):
        if detail and detail.get("language"):
            return str(detail["language"])
    return str(entry.get("language") or feed.get("language") or "")


def _absolute(address: str | None, base: str) -> str | None:
    """An http(s) address, absolute; None for anything else."""
    if not address:
        return None
    if address.startswith(("http://", "https://")):
        return address.strip()
    try:
        found = urljoin(base, address.strip())
    except ValueError:
        return None
    return found if found.lower().startswith(("http://", "https://")) else None


def _rel(links: Iterable[Any], rel: str, url: str) -> str | None:
    return next(
        (_absolute(link.get("href"), url) for link in links if link.get("rel") == rel), None
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


def _hours(text: str | None) -> frozenset[int]:
    found = (int(number) % 24 for number in re.findall(r"\d{1,2}", text or ""))
    return frozenset(found)


def _numbers(feed: Any, name: str) -> frozenset[int]:
    return _hours(str(feed.get(name, "")))


def _days(feed: Any) -> frozenset[int]:
    text = f"{feed.get('skipdays', '')} {feed.get('day', '')}".lower()
    return frozenset(at for at, day in enumerate(_DAYS) if day in text)
