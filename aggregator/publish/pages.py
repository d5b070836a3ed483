"""Pages for people: one a topic document, and the index. No scripts, nothing from other hosts.

What a feed brought is shown as text, never as markup: templates escape every value.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from aggregator.model.compiled import kept_beside
from aggregator.model.time import iso
from aggregator.model.topic import Page, PageEntry, TopicState
from aggregator.publish.site import FEED_TYPES, Card, Overview, Site, document_path, stem
from aggregator.publish.text import one_line, shorten
from aggregator.publish.wording import describes, further_feeds, heading, teaser

_TEMPLATES = Path(__file__).with_name("templates")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ASSETS = ("style.css", "feed.css", "icon.svg")
_NEWEST_SHOWN = 3
_HEADING = 200


def topic_page(page: Page, site: Site) -> bytes:
    """The HTML document of a page of a topic. ``page`` must be safe."""
    return _render(
        "topic.html",
        page=page,
        topic=page.topic,
        site=site,
        root="../" if page.number is None else "../../",
        stem=stem(page),
        name=stem(page).rpartition("/")[2],
        address=site.url(document_path(page, "html")),
        atom=site.url(f"{stem(page)}.atom"),
        hidden=bool(page.token),
        feed_types=FEED_TYPES,
        # An archive page stays as it is, whatever feeds the topic has later.
        further=[] if page.number else further_feeds(page.topic),
    )


def series_page(page: Page, site: Site) -> bytes:
    """The HTML document of a topic's digest or corrections. ``page`` must be safe."""
    return _render(
        "series.html",
        page=page,
        topic=page.topic,
        site=site,
        root="../",
        stem=stem(page, page.series),
        whole=stem(page).rpartition("/")[2],
        address=site.url(document_path(page, "html")),
        atom=site.url(f"{stem(page, page.series)}.atom"),
        hidden=bool(page.token),
        feed_types=FEED_TYPES,
    )


def status_html(page: Page, site: Site) -> bytes:
    """The HTML document of the feeds' troubles. ``page`` must be safe."""
    return _render(
        "status.html",
        page=page,
        topic=page.topic,
        site=site,
        root="../",
        stem=stem(page),
        address=site.url(document_path(page, "html")),
        atom=site.url(f"{stem(page)}.atom"),
        hidden=False,
        feed_types=FEED_TYPES,
    )


def index_html(cards: Sequence[Card], overview: Overview, site: Site) -> bytes:
    """The front page: what is collected, some topics with what is newest in them."""
    return _render(
        "index.html",
        filled=[card for card in cards if card.state.stories],
        waiting=[card.state for card in cards if not card.state.stories],
        overview=overview,
        site=site,
        root="",
        address=site.url(""),
        hidden=False,
        newest_shown=_NEWEST_SHOWN,
    )


def directory_html(states: Sequence[TopicState], site: Site) -> bytes:
    """The page that names all topics, by their titles."""
    return _render(
        "topics.html",
        topics=sorted(
            (state.topic for state in states),
            key=lambda topic: (one_line(topic.title).casefold(), topic.slug),
        ),
        site=site,
        root="",
        address=site.url("topics.html"),
        hidden=False,
    )


def assets() -> dict[str, bytes]:
    """Style sheets and icon, by path: what the pages need, from our own host."""
    return {name: (_TEMPLATES / name).read_bytes() for name in _ASSETS}


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(**values).encode()


class _Kept(FileSystemBytecodeCache):
    """Templates as they were compiled; where none may be kept, they are compiled each time."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


@cache
def _environment() -> Environment:
    # Cached, and kept, because compiling the templates takes longer than rendering fifty pages.
    kept = kept_beside(_TEMPLATES / "base.html")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_Kept(str(kept.parent)) if kept else None,
    )
    environment.filters |= {
        "day": _day,
        "clock": _clock,
        "iso": iso,
        "count": _count,
        "heading": _heading,
        "teaser": teaser,
        "describes": describes,
        "line": one_line,
        "listed": _listed,
        "host": _host,
        "anchor": _anchor,
        "further_feeds": further_feeds,
    }
    return environment


def _heading(entry: PageEntry) -> str:
    """The title; its beginning, where a publisher gave a whole text as one."""
    return shorten(heading(entry), _HEADING)


def _listed(title: str) -> str:
    """A title in a list of titles."""
    return shorten(title, _HEADING)


def _day(value: datetime) -> str:
    """ "14 Nov 2026", in English whatever the locale."""
    value = value.astimezone(UTC)
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def _clock(value: datetime) -> str:
    return f"{value.astimezone(UTC):%H:%M} UTC"


def _count(number: int, noun: str, plural: str = "") -> str:
    """ "1 story", "2,400 stories"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _host(url: str) -> str:
    """The name a person knows an address by."""
    return url.split("/")[2].removeprefix("www.") if url.count("/") >= 2 else url


def _anchor(entry: PageEntry, address: str) -> str:
    """The name by which an entry's own link finds it on the page, or "" where it leads elsewhere."""
    page, _, name = (entry.url or "").partition("#")
    return name if page == address else ""
