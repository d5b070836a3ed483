"""Bytes → Document: parse, identify, clean, analyse. Pure; runs in a worker process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import partial
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.address import canonical_url
from aggregator.model.entry import Document, Entry
from aggregator.model.errors import NotAFeed
from aggregator.model.feed import FeedIdentity, Learned
from aggregator.model.original import pack_original
from aggregator.model.settings import NormalizeSettings
from aggregator.normalize import bylines, document, jsonfeed, sitemap
from aggregator.normalize.boilerplate import carried, finish
from aggregator.normalize.characters import key, line
from aggregator.normalize.cleaning import Clean, clean
from aggregator.normalize.dates import believed, sortable
from aggregator.normalize.headlines import headline, site_names
from aggregator.normalize.identity import (
    Named,
    base_of,
    digest,
    entry_id,
    hash_bytes,
    identities,
    item_hash,
    mark,
    marks,
    second_name,
)
from aggregator.normalize.item import Head, Item, Parsed, original
from aggregator.normalize.language import Titles, of_feed, settled, tag, titles_in
from aggregator.normalize.shingles import MOST_SIGNS, sample
from aggregator.normalize.sniffing import sniff, unpacked
from aggregator.query import numbers, words

# Two entries are the same text from so many words of body on; shorter ones need the title too.
_LONG_TEXT = 60
_SHORT_TEXT = 12


def read(
    body: bytes,
    *,
    content_type: str,
    url: str,
    feed: FeedIdentity,
    seen: frozenset[bytes],
    now: datetime,
    max_entries: int,
    lang: str = "",
    learned: Sequence[Learned] = (),
    learning: NormalizeSettings | None = None,
) -> Document:
    """Read one feed document. Raises NotAFeed.

    ``url`` is where it came from, ``feed`` whose entries they are, ``lang`` the
    language a person gave the feed. ``learned`` blocks are taken out of what is
    shown; ``learning``: of a feed nothing is known of, what its first document
    teaches is taken out as well. Items whose hash is in ``seen`` are not
    read again: they come back in ``known`` as (position, hash). Of more than
    ``max_entries`` items the newest are kept, and a problem says so.
    """
    parsed = _parse(body, content_type, url, {one[:16]: one for one in seen})
    if parsed.known and (_count(parsed) > max_entries or _has_namesakes(parsed)):
        parsed = _parse(body, content_type, url, {})
    head, items = parsed.head, parsed.items
    left_out = max(0, len(items) - max_entries)
    if left_out:
        problem = f"{len(items)} items, the newest {max_entries} are kept"
        head = replace(head, complete=False, problems=(*head.problems, problem))
        items = _newest(items, max_entries)
    complete = partial(finish, learned=learned, learning=learning)
    titles = Titles(partial(_titles, body, content_type, url))
    read = _document(head, items, parsed.known, url, feed, seen, lang, titles, now, complete)
    return replace(read, left_out=left_out) if left_out else read


def _parse(body: bytes, content_type: str, url: str, seen: Mapping[bytes, bytes]) -> Parsed:
    if jsonfeed.looks_like_json(body, content_type):
        return jsonfeed.parse(body, url=url)
    plain = unpacked(body, url)
    if sitemap.looks_like_news(plain):
        return sitemap.parse(plain, url=url)
    return document.parse(body, content_type=content_type, url=url, seen=seen)


def _titles(body: bytes, content_type: str, url: str) -> str:
    """The first titles of a document, one a line; "" where they cannot be read."""
    # Nearly all are UTF-8 as they came; what has an escape in it may be so by chance.
    if b"\x1b" not in body and (found := titles_in(body, "utf-8")):
        return found
    if not jsonfeed.looks_like_json(body, content_type):
        # A sitemap of news is no feed, and goes by itself.
        with contextlib.suppress(NotAFeed):
            source = sniff(body, content_type=content_type, url=url)
            return titles_in(source.body, source.charset)
    return ""


def _count(parsed: Parsed) -> int:
    return len(parsed.items) + len(parsed.known)


def _has_namesakes(parsed: Parsed) -> bool:
    """Whether an item must be told apart from one that was not parsed: then all must be."""
    unread = set(parsed.known.values())
    names = {marks(hashed)[0] for hashed in unread}
    own = identities([_named(item) for item in parsed.items])
    return len(names) < len(unread) or any(mark(base_of(name)) in names for name in own)


def _newest(items: Sequence[Item], most: int) -> Sequence[Item]:
    """The newest items, in document order: by date where all have one, else the first."""
    dated = [
        (date, -at)
        for at, item in enumerate(items)
        if (date := item.published or item.updated) is not None
    ]
    if len(dated) < len(items):
        return items[:most]
    return [items[-at] for _, at in sorted(sorted(dated)[-most:], key=lambda one: -one[1])]


def _document(
    head: Head,
    items: Sequence[Item],
    unread: Mapping[int, bytes],
    url: str,
    feed: FeedIdentity,
    seen: frozenset[bytes],
    lang: str,
    titles: Titles,
    now: datetime,
    complete: Callable[[Sequence[tuple[Entry, Clean]]], tuple[Entry, ...]],
) -> Document:
    named = [_named(item) for item in items]
    shared = _shared_links(items, unread.values())
    if head.home:
        # The feed's own page is no item's, wherever on the site it is.
        shared |= {canonical_url(head.home)}
    site, authors = site_names(head, url), bylines.of_feed(head, url)
    feed_lang = tag(head.lang) or tag(lang)
    drafts: list[tuple[Entry, Clean]] = []
    # By hash, since of several items that are the same the first counts.
    known = {hashed: position for position, hashed in sorted(unread.items(), reverse=True)}
    taken: set[str] = set()
    for item, told_by, name in zip(items, named, identities(named), strict=True):
        if name in taken:
            continue
        taken.add(name)
        kept = original(item)
        hashed = item_hash(item.hash or hash_bytes(kept), told_by, name)
        if hashed in seen:
            known[hashed] = item.position
        else:
            published, updated = believed(item.published, now=now), believed(item.updated, now=now)
            place = _Place(
                feed, feed_lang, titles, item.position, name, told_by, hashed, shared, site, authors
            )
            drafts.append(_draft(item, place, kept, published or updated, updated))
    return Document(
        version=head.version,
        title=line(head.title),
        home=head.home,
        description=line(head.description),
        lang=of_feed(feed_lang, titles),
        entries=complete(drafts),
        known=tuple(sorted((position, hashed) for hashed, position in known.items())),
        ttl=head.ttl,
        update_period=head.update_period,
        skip_hours=head.skip_hours,
        skip_days=head.skip_days,
        hubs=head.hubs,
        self_url=head.self_url,
        previous_archive=head.previous_archive,
        complete=head.complete,
        breaks_off=head.breaks_off,
        problems=tuple(map(line, head.problems)),
        id=line(head.id),
    )


def _shared_links(items: Sequence[Item], unread: Iterable[bytes]) -> frozenset[str]:
    """Canonical links that several different items carry: they lead to a page, but name no item.

    ``unread``: the hashes of the items that were not parsed, none of which goes by the name of one
    of the others.
    """
    carried = {marks(hashed)[1] for hashed in unread}
    seen: dict[str, str] = {}
    shared: set[str] = set()
    for item in items:
        if item.link:
            link, title = canonical_url(item.link), item.guid or item.title
            if seen.setdefault(link, title) != title or (carried and mark(link) in carried):
                shared.add(link)
    return frozenset(shared)


class _Place(Struct, frozen=True):
    """What an entry is told by the document it stands in."""

    feed: FeedIdentity
    lang: str
    titles: Titles
    position: int
    identity: str
    told_by: Named
    item_hash: bytes
    shared: frozenset[str]
    site: frozenset[str]
    authors: tuple[str, ...]


def _named(item: Item) -> Named:
    return Named(
        guid=item.guid,
        link=item.link or "",
        title=item.title,
        date=item.dates[0] or item.dates[1],
        words=item.summary or item.content,
    )


def _draft(
    item: Item, place: _Place, kept: bytes, published: datetime | None, updated: datetime | None
) -> tuple[Entry, Clean]:
    """The entry before learned rules and analysis, and the clean text it was made of."""
    own_names = place.site | {key(line(item.source))} if item.source else place.site
    title = headline(item.headline, own_names)
    cleaned = clean(title, item.summary, item.content, base=item.base)
    text = cleaned.text or cleaned.summary
    lang = settled(tag(item.lang) or place.lang, f"{cleaned.title}\n{text}", place.titles)
    said = numbers(text[:MOST_SIGNS], lang) or numbers(cleaned.title, lang)
    categories = bylines.distinct((*item.categories, *cleaned.sections))
    own_authors = bylines.distinct(item.authors)
    parts = _parts(item, cleaned, own_authors, categories)
    canonical = _canonical(item.link, place.shared)
    second = second_name(place.told_by, place.identity, canonical)
    copied = text_hash(cleaned.title, text, cleaned.key or key(text))
    image = item.image or cleaned.image
    entry = Entry(
        id=entry_id(place.feed, place.identity),
        identity=place.identity,
        position=place.position,
        item_hash=place.item_hash,
        guid=line(item.guid),
        url=item.link,
        canonical_url=canonical,
        title=cleaned.title,
        summary=cleaned.summary,
        html=cleaned.html,
        text=cleaned.text,
        authors=own_authors or _inherited(item, place),
        categories=categories,
        lang=lang,
        published=published,
        updated=updated,
        image=image,
        enclosures=tuple(replace(one, type=line(one.type)[:100]) for one in item.enclosures),
        fingerprint=digest(*(hashed.hex() for _, hashed in parts)),
        parts=parts,
        second_name=second,
        second_id=entry_id(place.feed, second) if second else None,
        likeness=_likeness(item, cleaned, telling=copied is not None),
        text_hash=copied,
        sample=sample(said),
        original=pack_original(kept),
        blocks=carried(cleaned, image),
    )
    return entry, cleaned


def _inherited(item: Item, place: _Place) -> tuple[str, ...]:
    """The authors of an item that names none (RFC 4287, section 4.2.1)."""
    if item.source_authors:
        return bylines.inherited(item.source_authors, (item.source,))
    return place.authors


def _canonical(link: str | None, shared: frozenset[str]) -> str | None:
    """What tells the linked page from others; None for a home page, the feed's, or one that several
    items share."""
    if not link:
        return None
    parts, canonical = urlsplit(link), canonical_url(link)
    if canonical in shared or not (parts.path.strip("/") or parts.query or "#" in canonical):
        return None
    return canonical


def _parts(
    item: Item,
    cleaned: Clean,
    authors: Sequence[str],
    categories: Sequence[str],
) -> tuple[tuple[str, bytes], ...]:
    """A hash of each field a reader would call edited; ``updated`` alone is no edit.

    Nothing in it depends on our clock or on the item's neighbours, nor on whom the feed names:
    ``authors`` are the item's own. The link is not in it: an address is compared as an address
    (``normalize.recognition``).
    """
    fields = {
        "title": key(item.headline),
        "summary": cleaned.lasting_summary,
        "content": cleaned.lasting,
        "authors": "\n".join(sorted(map(key, authors))),
        "categories": "\n".join(sorted(map(key, categories))),
        "enclosures": "\n".join(sorted(canonical_url(one.url) for one in item.enclosures)),
    }
    hashed = {name: digest(value, size=8) if value else b"" for name, value in fields.items()}
    return (*hashed.items(), ("published", sortable(item.published)))


def _likeness(item: Item, cleaned: Clean, *, telling: bool) -> str | None:
    """See ``model.entry.Entry.likeness``. A date without a time of day tells too little, and so
    does a text that is not ``telling``."""
    title = key(item.headline)
    if title and item.published and item.published.time() != time():
        return digest(title, item.published.isoformat(), size=8).hex()
    return digest(title, cleaned.lasting, size=8).hex() if telling else None


def text_hash(title: str, text: str, folded: str) -> bytes | None:
    """Equal for exact copies of a text; None for one too short to tell a copy from a like.

    A long text is a copy under any headline; a short one only under the same.
    """
    if text.count(" ") >= _LONG_TEXT or (
        len(text) > _LONG_TEXT * 4 and len(words(text)) >= _LONG_TEXT
    ):
        return digest(folded)
    head, body = words(title), words(text)
    if len(head) >= 3 and len(head) + len(body) >= _SHORT_TEXT:
        return digest(" ".join(head), " ".join(body))
    return None
