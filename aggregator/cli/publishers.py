"""What publishers should know, and what they have told us: the bill of a feed, and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.inclusions import list_json, list_trouble
from aggregator.cli.options import DryRun, Json
from aggregator.cli.output import (
    Column,
    heading,
    note,
    one_line,
    plural,
    print_fields,
    print_json,
    print_table,
    say,
)
from aggregator.cli.session import Session, session_of
from aggregator.cli.subscriptions import known_lines
from aggregator.cli.troubles import trouble_words
from aggregator.model.units import size

if TYPE_CHECKING:
    from aggregator.model.feed import Feed, Subscription, Totals
    from aggregator.model.inclusion import FeedList


def check(
    context: typer.Context,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Write the new addresses of moved feeds into feeds.opml."),
    ] = False,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """List the feeds that need a person: moved, ended, in trouble.

    In trouble are included lists that fail, feeds that fail of what does not pass by itself (no such
    page, no feed), or three times running of what may (no such name, no answer, 429, 5xx), and feeds
    that answer and are told of; of feeds that an included list names, that list is told (JSON: list).
    A feed has moved when its server said so three times running (301, 308) and led to a
    feed; it is fetched at the new address from then on. Nothing but --fix changes
    feeds.opml, and it changes these addresses alone; not to one that another line has.
    Asks no server anything.
    """
    from aggregator.collect import NO_NETWORK, unreached_of

    session = session_of(context)
    lines = session.subscriptions()
    known, naming, lists = _known(session, lines)
    rows = [(line, feed) for line, feed in known if _trouble(line, feed)]
    moves = {
        line.url: feed.fetch_url
        for line, feed in rows
        if _moved(line, feed) and line.url not in naming
    }
    doubled = _doubled(moves, lines)
    moves = {old: new for old, new in moves.items() if old not in doubled}
    fixed: tuple[str, ...] = ()
    if fix:
        from aggregator.config import readdress_subscriptions

        fixed = readdress_subscriptions(session.place, moves, dry_run=dry_run)
    if as_json:
        told = [_check_json(line, feed, fixed, naming.get(line.url)) for line, feed in rows]
        print_json([*told, *(list_json(one) for one in lists)])
        return
    columns = (Column("url"), Column("what", wide=True))
    unreached = unreached_of([feed for _, feed in known])
    # What all feeds share is no trouble of each.
    cells = [
        (line.url, f"{_trouble(line, feed)}{_named_by(naming.get(line.url))}")
        for line, feed in rows
        if feed.key not in unreached or _moved(line, feed)
    ]
    cells += [(one.url, list_trouble(one)) for one in lists]
    asked = sum(feed.last_fetch is not None for _, feed in known) - len(unreached)
    well = "all feeds that were asked are where feeds.opml says, and answer"
    passing = sum(_fails_for_now(feed) and feed.key not in unreached for _, feed in known)
    print_table(columns, cells, empty="" if unreached or passing or not asked else well)
    if passing:
        note(f"{plural(passing, 'feed')} failed at the last try, maybe for now: aggregator status")
    if unreached:
        note(f"{NO_NETWORK}: none of {plural(len(unreached), 'feed')} was reached at the last try")
    if unasked := _unasked([*lines, *(line for line, _ in known if line.url in naming)], known):
        note(f"{plural(unasked, 'feed was', 'feeds were')} never asked: aggregator collect")
    _tell_stopped(rows, naming)
    for url in fixed:
        did = "would write" if dry_run else "wrote"
        note(f"{did} {one_line(moves[url])} for {one_line(url)}")
    for url in moves.keys() - set(fixed) if fix else ():
        note(f"{one_line(url)} is not in feeds.opml itself: write {one_line(moves[url])} there")
    for url, there in doubled.items():
        note(
            f"{one_line(url)} has moved to where {one_line(there)} leads, which is there already: "
            f"aggregator feeds remove {one_line(url)}"
        )
    if moves and not fix:
        note(
            f"{plural(len(moves), 'feed has', 'feeds have')} moved: --fix writes it into feeds.opml"
        )


def _tell_stopped(rows: Sequence[tuple[Subscription, Feed]], naming: Mapping[str, str]) -> None:
    """How feeds that have ended are asked again, those of an included list without a line of ours."""
    from aggregator.model.feed import FeedState

    stopped = [line.url for line, feed in rows if feed.state is FeedState.STOPPED]
    for command, urls in (
        ("add", [url for url in stopped if url not in naming]),
        ("discover", [url for url in stopped if url in naming]),
    ):
        if urls:
            which = one_line(urls[0]) if len(urls) == 1 else "URL"
            note(
                f"{plural(len(urls), 'feed has', 'feeds have')} stopped: aggregator feeds {command} "
                f"{which} asks whether it answers again"
            )


def _doubled(moves: Mapping[str, str], lines: Sequence[Subscription]) -> dict[str, str]:
    """The moved feeds whose new address is another line's, or another moved feed's; with that one.
    Two lines of one address would be one feed, and the other left out at each reading."""
    from aggregator.model.address import canonical_url

    held = {canonical_url(line.url): line.url for line in lines}
    there = {old: held.setdefault(canonical_url(new), old) for old, new in moves.items()}
    return {old: other for old, other in there.items() if other != old}


def _known(
    session: Session, lines: Sequence[Subscription]
) -> tuple[list[tuple[Subscription, Feed]], dict[str, str], tuple[FeedList, ...]]:
    """The feeds that were collected before and are not dropped by a list; the list that names a
    feed, by the feed's address, of those that have no line of their own; the lists that fail."""
    from aggregator.model.inclusion import failing_lists, naming_lists

    archive = session.reading_if_any()
    if archive is None:
        return [], {}, ()
    inclusions = session.inclusions()
    with archive:
        rows, lists = known_lines(archive, lines, inclusions), archive.lists.read()
    naming = naming_lists(lines, inclusions, lists)
    found = [
        (line, feed) for line, feed in rows if feed and not (line.paused and line.url in naming)
    ]
    return found, naming, failing_lists(inclusions, lists)


def _unasked(lines: Sequence[Subscription], known: Sequence[tuple[Subscription, Feed]]) -> int:
    """How many feeds the next round asks for the first time."""
    from aggregator.model.time import now

    held = {line.url: feed for line, feed in known}
    wanted = [held.get(line.url) for line in lines if not line.paused]
    return sum(
        feed is None or (feed.last_fetch is None and (not feed.next_due or feed.next_due <= now()))
        for feed in wanted
    )


def _moved(line: Subscription, feed: Feed) -> bool:
    return feed.fetch_url != line.url and feed.url == line.url


def _trouble(line: Subscription, feed: Feed) -> str:
    """What a person should know of a feed; "" where all is well."""
    from aggregator.model.feed import FeedState
    from aggregator.model.time import now

    if _moved(line, feed):
        return f"has moved to {feed.fetch_url}"
    if feed.state is FeedState.STOPPED and feed.failure:
        return f"stopped: {feed.failure.message}"
    if feed.moved_to:
        return f"says it has moved to {feed.moved_to} ({plural(feed.moved_count, 'time')} so far)"
    if feed.failure and not _fails_for_now(feed):
        return f"{feed.failure.message} ({plural(feed.failure.count, 'time')})"
    return trouble_words(feed, now())


def _fails_for_now(feed: Feed) -> bool:
    """Whether it fails, and nobody was told: what one try or two show may be a matter of a moment."""
    from aggregator.model.feed import Trouble

    return feed.failure is not None and Trouble.BROKEN not in feed.told


def _named_by(url: str | None) -> str:
    return f"; named by {url}" if url else ""


def _check_json(
    line: Subscription, feed: Feed, fixed: tuple[str, ...], naming: str | None
) -> dict[str, object]:
    from aggregator.model.address import shown_url

    moved = _moved(line, feed)
    return {
        "url": line.url,
        "state": feed.state.value,
        "moved_to": shown_url(feed.fetch_url) if moved else None,
        "fixed": line.url in fixed,
        "what": shown_url(_trouble(line, feed)),
        "list": naming,
    }


def print_bill(session: Session, line: Subscription, feed: Feed, *, as_json: bool) -> None:
    """What a feed costs its publisher, and what would make it cost less."""
    from msgspec.structs import asdict

    from aggregator.collect import remarks

    with session.reading() as archive, archive.courtesy() as courtesy:
        totals = courtesy.totals(feed)
    found = remarks(feed, totals)
    if as_json:
        share = {"share_not_modified": _share(totals)}
        told = [asdict(one) for one in found]
        print_json({"url": line.url, **asdict(totals), **share, "remarks": told})
        return
    heading(one_line(f"What {line.url} costs its publisher"))
    print_fields(_facts(totals))
    say()
    if not found:
        say("Nothing is wrong with its server.")
    for one in found:
        say(f"* {one_line(one.what)}. This would mend it:")
        for text in one.mend.splitlines():
            say(f"      {one_line(text)}")


def _facts(totals: Totals) -> list[tuple[str, str]]:
    return [
        ("since", totals.since or "never fetched"),
        ("requests", f"{totals.requests:,} in {plural(totals.fetches, 'fetch', 'fetches')}"),
        ("bytes", size(totals.bytes)),
        ("304 (unchanged)", f"{totals.not_modified:,} ({_share(totals):.0%})"),
        ("failed", f"{totals.failed:,}"),
        ("new entries", f"{totals.new:,}"),
    ]


def _share(totals: Totals) -> float:
    return round(totals.not_modified / totals.fetches, 4) if totals.fetches else 0.0
