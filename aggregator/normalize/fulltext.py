"""The page an entry links to → the entry with the whole text, where that is plainly the same article.

The longer honest one is kept. The page's text wins only if it says what the feed says,
goes on from there, and does not stop at a wall; docs/fulltext.md tells the rules. What
decides about revisions (fingerprint, parts, item hash, original) stays the feed's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from aggregator.model.entry import Entry, Unfit
from aggregator.model.feed import Learned
from aggregator.normalize.boilerplate import carried, finish
from aggregator.normalize.language import Titles, settled, tag
from aggregator.normalize.reading import text_hash
from aggregator.normalize.shingles import MOST_SIGNS, sample
from aggregator.normalize.walls import is_wall
from aggregator.normalize.webpage import WebPage, read_page
from aggregator.query import numbers, words

T = TypeVar("T")

# Words a feed must say before its text can tell an article.
_TELLING = 8
# The share of the feed's three-word runs that the article has too.
_SHARED = 0.5
# The share of a headline's words that one of the page's names has too.
_NAMED = 0.7
# An article says what the feed says at its beginning; an index anywhere.
_BEGINNING = 120
# An article is text; a list of articles is links.
_MOST_LINKED = 0.4
# Longer by a fifth and a sentence.
_LONGER, _SENTENCE = 1.2, 15


def with_full_text(
    body: bytes, *, content_type: str, url: str, entry: Entry, learned: Sequence[Learned] = ()
) -> Entry | Unfit:
    """The entry with the text of the page that came from ``url``, or why it keeps its own.

    ``learned`` blocks of its feed are taken out of what it shows.
    """
    page = read_page(body, content_type=content_type, url=url, title=entry.title)
    if page is None:
        return Unfit.EMPTY
    own, article = words(entry.text or entry.summary), words(page.clean.text)
    told = f"{entry.title} {entry.text or entry.summary}"
    if page.closed or is_wall(page.blocks, len(article), page.visible, told):
        return Unfit.CLOSED
    if _is_elsewhere(entry, url, page) or not _is_same(entry, own, article, page):
        return Unfit.OTHER
    if len(article) < _LONGER * len(own) + _SENTENCE:
        return Unfit.SHORTER
    (complete,) = finish([(_filled(entry, page), page.clean)], learned, None)
    return complete


def _is_elsewhere(entry: Entry, url: str, page: WebPage) -> bool:
    """Whether the page is a list of articles, or the site's front page in an article's place."""
    fronts = (url, page.canonical or url)
    return page.linked > _MOST_LINKED or (
        not _is_front(entry.url or "") and any(_is_front(one) for one in fronts)
    )


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.path.strip("/") and not parts.query


def _is_same(entry: Entry, own: Sequence[str], article: Sequence[str], page: WebPage) -> bool:
    """Whether the article is the one that the feed announces."""
    title = set(words(entry.title))
    named = max((_share(title, set(words(name))) for name in page.names), default=0.0)
    if len(own) >= _TELLING:
        runs = _runs(own)
        begins = _share(runs, _runs(article[: len(own) + _BEGINNING]))
        if begins >= _SHARED:
            return True
        # Said in the page's description or further down, under the same headline.
        if named >= _SHARED:
            teased = _share(runs, _runs(words(page.teaser)))
            if max(teased, _share(runs, _runs(article))) >= _SHARED:
                return True
    # A teaser in other words, or none: the headline has to tell.
    return len(title) >= 3 and named >= _NAMED and _share(title, set(article)) >= _SHARED


def _runs(said: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(said, said[1:], said[2:], strict=False))


def _share(part: set[T], whole: set[T]) -> float:
    """How much of ``part`` is in ``whole``, from 0 to 1."""
    return len(part & whole) / len(part) if part else 0.0


def _filled(entry: Entry, page: WebPage) -> Entry:
    text, image = page.clean.text, entry.image or page.image
    said = f"{entry.title}\n{text}"
    lang = settled(entry.lang or tag(page.lang), said, Titles(lambda: ""))
    return replace(
        entry,
        html=page.clean.html,
        text=text,
        lang=lang,
        image=image,
        text_hash=text_hash(entry.title, text, page.clean.key),
        sample=sample(numbers(text[:MOST_SIGNS], lang)),
        blocks=carried(page.clean, image),
    )
