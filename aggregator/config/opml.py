"""feeds.opml, and lists like it, as people have them → Subscriptions and Inclusions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from aggregator.config.outlines import (
    FULL_TEXT,
    PAUSED,
    attribute,
    interval_of,
    is_address,
    is_inclusion,
    lacks_address,
    open_outlines,
    outlines_in,
    read_outlines,
    switch_of,
    title_of,
    unknown_in,
)
from aggregator.model.address import canonical_url
from aggregator.model.feed import Subscription
from aggregator.model.inclusion import Inclusion

# So many lines that are there twice are named each; in a list of thousands they are no news.
_NAMED = 3


def addresses_in(file: Path) -> tuple[str, ...]:
    """Every address that stands in an OPML file, of feeds and of included lists. Raises ConfigError."""
    found = [
        attribute(outline, "url" if is_inclusion(outline) else "xmlUrl")
        for outline, _ in outlines_in(open_outlines(file))
    ]
    return tuple(filter(None, found))


def line_of_list(file: Path, url: str) -> int:
    """The line that includes the list at this address; 0 where none does. Raises ConfigError."""
    for outline, _ in outlines_in(open_outlines(file)):
        if is_inclusion(outline) and attribute(outline, "url") == url:
            return int(outline.sourceline)
    return 0


def read_inclusions(file: Path) -> tuple[tuple[Inclusion, ...], tuple[str, ...]]:
    """The lists that an OPML file includes by address, in order, each once; and warnings.

    Raises ConfigError where the file is no OPML at all.
    """
    found: dict[str, Inclusion] = {}
    warnings: list[str] = []
    for outline, folders in outlines_in(open_outlines(file)):
        if not is_inclusion(outline):
            continue
        url, where = attribute(outline, "url"), f"{file}:{outline.sourceline}"
        if not is_address(url):
            warnings.append(f"{where}: {url!r} is no address of a list; the line is left out")
            continue
        interval, problem = interval_of(outline)
        if problem:
            warnings.append(f"{where}: {problem}")
        name = attribute(outline, "title") or attribute(outline, "text")
        inside = (*folders, name) if name and name != url else folders
        found.setdefault(url, Inclusion(url=url, folders=inside, interval=interval))
    return tuple(found.values()), tuple(warnings)


def subscriptions_of(data: bytes, url: str) -> tuple[Subscription, ...]:
    """The subscriptions of an OPML document from elsewhere. Raises ConfigError where it is no OPML.

    Left out is what cannot be used, files of ours and further lists; how often a feed is asked,
    and in what way, is for the person here to say.
    """
    found, _ = _subscriptions(read_outlines(data, url), url)
    return tuple(
        replace(one, interval=None, paused=False, full_text=False)
        for one in found
        if not one.url.lower().startswith("file:")
    )


def read_subscriptions(file: Path) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    """The subscriptions of an OPML file in order, each canonical URL once, and warnings.

    A line that cannot be used is a warning and stops no other. Raises ConfigError
    where the file is no OPML at all.
    """
    return _subscriptions(open_outlines(file), str(file))


def _subscriptions(root: Any, name: str) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    found: dict[str, Subscription] = {}
    warnings: list[str] = []
    twice: list[str] = []
    for outline, folders in outlines_in(root):
        url = attribute(outline, "xmlUrl")
        where = f"{name}:{outline.sourceline}"
        if lacks_address(outline):
            warnings.append(f"{where}: a feed without xmlUrl; the line is left out")
        if not url:
            continue
        if not is_address(url):
            warnings.append(
                f"{where}: {url} is no http, https or file address; the line is left out"
            )
            continue
        canonical = canonical_url(url)
        if canonical in found:
            there = found[canonical].url
            named = "is there already" + (f" as {there}" if there != url else "")
            twice.append(f"{where}: {url} {named}; the line is left out")
            continue
        interval, problem = interval_of(outline)
        paused, unclear = switch_of(outline, PAUSED)
        full_text, unsure = switch_of(outline, FULL_TEXT)
        problems = (problem, unclear, unsure, *unknown_in(outline))
        warnings += [f"{where}: {one}" for one in problems if one]
        found[canonical] = Subscription(
            url=url,
            title=title_of(outline, url),
            folders=folders,
            home=attribute(outline, "htmlUrl"),
            lang=attribute(outline, "language"),
            interval=interval,
            paused=paused,
            full_text=full_text,
        )
    if (more := len(twice) - _NAMED) > 0:
        twice[_NAMED:] = [f"{name}: {more} more lines name feeds that are there already"]
    return tuple(found.values()), (*warnings, *twice)
