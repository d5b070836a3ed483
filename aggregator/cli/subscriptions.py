"""The lines of feeds.opml with what the archive knows of each, and which one a person means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from aggregator.cli.output import note, one_line
from aggregator.cli.session import Session

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.model.feed import Feed, Subscription
    from aggregator.model.inclusion import Inclusion

    Row = tuple[Subscription, Feed | None]

_CHOICES_SHOWN = 10


def subscribed(session: Session) -> list[Row]:
    """Every line of feeds.opml, and of the lists it includes, with what the archive, if there is
    one, knows of it; of two lines that are one feed the first."""
    lines, inclusions = session.subscriptions(), session.inclusions()
    archive = session.reading_if_any()
    if archive is None:
        return [(line, None) for line in lines]
    with archive:
        rows = known_lines(archive, lines, inclusions)
    return _each_once(rows)


def known_lines(
    archive: Archive, lines: Sequence[Subscription], inclusions: Sequence[Inclusion]
) -> list[Row]:
    """The lines, and those of the included lists, with what the archive knows of each."""
    from aggregator.model.inclusion import with_included

    return _known(with_included(lines, inclusions, archive.lists.read()), archive)


def with_feeds(session: Session, lines: Iterable[Subscription]) -> list[Row]:
    """Some lines with what the archive, if there is one, knows of each."""
    archive = session.reading_if_any()
    if archive is None:
        return [(line, None) for line in lines]
    with archive:
        return _known(lines, archive)


def title_of(row: Row) -> str:
    """The title a person gave the feed, or else its own; "" where it has neither."""
    line, feed = row
    return line.title or (feed.published_title if feed else "")


def name_of(row: Row) -> str:
    """What lists call the feed: its title, or else its address without what all have."""
    from aggregator.model.address import shown_url

    address = shown_url(row[0].url).partition("://")[2].removeprefix("www.").rstrip("/")
    return title_of(row) or address or row[0].url


def at_address(rows: Iterable[Row], url: str) -> Row | None:
    """The feed at this URL, whatever form of it; None where there is none."""
    from aggregator.model.address import canonical_url

    wanted = canonical_url(url)
    return next((row for row in rows if canonical_url(row[0].url) == wanted), None)


def named(rows: Sequence[Row], name: str) -> Row:
    """The one feed of this URL or title, or the only one with this in either. Raises UsageError."""
    found = fitting(rows, name)
    if len(found) == 1:
        return found[0]
    raise _several(found, name) if found else _none(rows, name)


def fitting(rows: Sequence[Row], name: str) -> list[Row]:
    """The feeds that a person may mean: that of this URL, or else those of this title, or else those
    with this in either."""
    if exact := at_address(rows, name):
        return [exact]
    sought = name.strip().casefold()
    if not sought:  # which would be a part of every title
        return []
    titled = [row for row in rows if title_of(row).casefold() == sought]
    return titled or [row for row in rows if _holds(row, sought)]


def _holds(row: Row, folded: str) -> bool:
    return folded in title_of(row).casefold() or folded in row[0].url.casefold()


def _several(found: Sequence[Row], name: str) -> Exception:
    from aggregator.model.errors import UsageError

    choices = [one_line(f"{title_of(row)} <{row[0].url}>") for row in found[:_CHOICES_SHOWN]]
    if len(found) > _CHOICES_SHOWN:
        choices.append(f"and {len(found) - _CHOICES_SHOWN} more")
    return UsageError(
        f"{name!r} fits {len(found)} feeds",
        hint="give more of the title, or the address",
        further=choices,
    )


def _none(rows: Iterable[Row], name: str) -> Exception:
    from difflib import get_close_matches

    from aggregator.model.errors import UsageError

    rows = list(rows)
    urls, titles = [row[0].url for row in rows], [title_of(row) for row in rows]
    near = get_close_matches(name, urls, n=1) or get_close_matches(name, titles, n=1)
    return UsageError(
        f"no feed is called {name!r}",
        hint=f"did you mean {near[0]}?" if near else "see `aggregator feeds list`",
    )


def _known(lines: Iterable[Subscription], archive: Archive) -> list[Row]:
    from aggregator.model.address import canonical_url

    known = {canonical_url(feed.url): feed for feed in archive.feeds()}
    # A line that was edited since the last round may be a feed under another address.
    return [(line, known.get(canonical_url(line.url)) or archive.feed(line.url)) for line in lines]


def _each_once(rows: Iterable[Row]) -> list[Row]:
    found: list[Row] = []
    first: dict[int, str] = {}
    for line, feed in rows:
        if feed and feed.key in first:
            both = one_line(f"{first[feed.key]} and {line.url}")
            note(f"aggregator: {both} are one feed: take one line out of feeds.opml")
            continue
        if feed:
            first[feed.key] = line.url
        found.append((line, feed))
    return found
