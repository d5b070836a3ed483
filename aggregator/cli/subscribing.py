"""``feeds add``, ``remove``, ``discover``, ``import`` and ``export``: what stands in feeds.opml."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from aggregator.cli.inclusions import list_called
from aggregator.cli.looking import ask_stopped, look
from aggregator.cli.options import DryRun, FeedName, Json, read_interval
from aggregator.cli.output import Column, note, one_line, plural, print_json, print_table, say, when
from aggregator.cli.session import Session, session_of
from aggregator.cli.subscriptions import at_address, fitting, named, subscribed, with_feeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.collect import Found
    from aggregator.model.errors import FeedError, UsageError
    from aggregator.model.feed import Subscription
    from aggregator.model.inclusion import Inclusion

_CHOICE = 2
_NO_SUCH_PAGE = (404, 410)
PageAddress = Annotated[str, typer.Argument(metavar="URL", help="A page of the site, or a feed.")]

# So many feeds that were there before are named; of more, only how many.
_NAMED = 10
# And so many lines that are no feeds, or problems of a document.
_LINES_NAMED = 3


def add(
    context: typer.Context,
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="The feed's address, or that of a page that has one."),
    ],
    title: Annotated[
        str, typer.Option(metavar="TITLE", help="Its name in lists; else its own.")
    ] = "",
    folder: Annotated[
        str, typer.Option(metavar="NAME", help="The folder it goes to; a/b for a folder in one.")
    ] = "",
    interval: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="Poll this feed so often, whatever else: 15m, 2h, or seconds."
        ),
    ] = "",
    full_text: Annotated[
        bool,
        typer.Option("--full-text", help="Read the pages its entries link to, for the whole text."),
    ] = False,
    as_it_is: Annotated[
        bool, typer.Option("--as-it-is", help="Add the address as it stands, and ask nobody.")
    ] = False,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Subscribe to a feed: a line in feeds.opml.

    Of a page, its feed is added; where it has several, they are listed, none is
    added and the exit code is 2. An address that cannot be reached now is added as
    it stands; none is added where the server says that there is no such page, or
    collect.allow_networks forbids to ask, or permanent redirects lead to a feed that is
    there already. Where that feed has stopped (410), it is asked whether it answers
    again; options that its line does not follow are refused, with exit code 2. A running
    daemon picks it up.
    """
    from aggregator.config import add_subscription, held_address, web_address
    from aggregator.model.feed import Subscription

    session = session_of(context)
    folders = tuple(part.strip() for part in folder.split("/") if part.strip())
    wanted = Subscription(
        url=web_address(url.strip()),
        title=title.strip(),
        folders=folders,
        interval=read_interval(interval),
        full_text=full_text,
    )
    there, leads = held_address(session.place, wanted.url), wanted.url
    if not there and not as_it_is:
        wanted, leads = _chosen(session, wanted, as_json=as_json, dry_run=dry_run)
        there = held_address(session.place, wanted.url) or held_address(session.place, leads)
    added = not there and add_subscription(session.place, wanted, dry_run=dry_run)
    if as_json:
        print_json({"url": wanted.url, "added": added and not dry_run})
    elif added:
        say(f"{'would add' if dry_run else 'added'} {one_line(wanted.url)}")
    if not added:
        asked = (
            None if as_it_is else ask_stopped(session, there or wanted.url, remember=not dry_run)
        )
        came = asked or "nothing was changed"
        note(f"{_there_already(wanted.url, leads, there)}; {came}")
        _refuse_options(session, there or wanted.url, wanted, titled=bool(title.strip()))


def _refuse_options(session: Session, url: str, wanted: Subscription, *, titled: bool) -> None:
    """Raises UsageError where the line that is there says otherwise than the options."""
    from aggregator.model.errors import UsageError

    row = at_address([(line, None) for line in session.subscriptions()], url)
    if row is None:
        return
    held, _ = row
    others = [
        option
        for option, other in (
            ("--title", titled and held.title != wanted.title),
            ("--interval", wanted.interval and held.interval != wanted.interval),
            ("--full-text", wanted.full_text and not held.full_text),
            ("--folder", wanted.folders and held.folders != wanted.folders),
        )
        if other
    ]
    if others:
        by_hand = "--folder" in others
        mend = "move its line in feeds.opml" if by_hand else "aggregator feeds set changes its line"
        raise UsageError(f"not followed, since its line was there: {', '.join(others)}", hint=mend)


def _there_already(url: str, leads: str, there: str) -> str:
    """Under which address a feed is there already, and how the one that was named leads to it."""
    from aggregator.model.address import plain_place

    same = plain_place(url) == plain_place(there)
    as_held = "" if there == (url if same else leads) else f" as {one_line(there)}"
    if same:
        return f"{one_line(url)} is in feeds.opml already{as_held}"
    return (
        f"{one_line(url)} leads to {one_line(leads)}, which is in feeds.opml already{as_held} "
        "(--as-it-is adds the address all the same)"
    )


def remove(
    context: typer.Context,
    feed: FeedName,
    dry_run: DryRun = False,
) -> None:
    """Take a feed out of feeds.opml; its entries stay archived."""
    from aggregator.config import remove_subscription

    session = session_of(context)
    url = own_address(session, feed)
    gone = remove_subscription(session.place, url, dry_run=dry_run)
    say(f"{'would remove' if dry_run else 'removed'} {one_line(gone.url)}")


def discover(context: typer.Context, url: PageAddress, as_json: Json = False) -> None:
    """Find the feeds of a page; adds none.

    Looks at what the page declares, then at its links, at the paths that feeds
    have on many sites, and for a news sitemap; stops where it finds any. Each feed
    was read. JSON has url, title, format, entries, newest, where and comments.
    """
    from aggregator.model.errors import FeedError, UsageError

    address = url.strip()
    found = look(session_of(context), address if "://" in address else f"https://{address}")
    if isinstance(found, FeedError):
        raise UsageError(found.what, where=found.where, hint=found.hint)
    _print_found(found, as_json=as_json)


def import_feeds(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An OPML file.")],
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Add the feeds of an OPML file, with their folders.

    Titles and attributes that we do not know are kept. A feed that is there already,
    also under another form of its address, is named and left as it is. Lines that are no
    feeds (links, notes, empty folders) are left out, and counted.
    """
    from aggregator.config import import_opml

    session = session_of(context)
    report = import_opml(session.place, file, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "added": list(report.added),
                "lists": list(report.lists),
                "known": [url for url, _ in report.known],
                "refused": [{"url": url, "why": why} for url, why in report.refused],
                "duplicates": [{"url": url, "of": held} for url, held in report.known],
                "others": [{"line": line, "text": text} for line, text in report.others],
            }
        )
        return
    for url in report.added:
        say(f"{'would add' if dry_run else 'added'} {one_line(url)}")
    for url, held in report.known[:_NAMED]:
        as_held = "" if held == url else f" as {one_line(held)}"
        note(f"{one_line(url)} is there already{as_held}")
    if len(report.known) > _NAMED:
        note(f"and {len(report.known) - _NAMED:,} more")
    for url, why in report.refused:
        note(f"refused {one_line(url)}: {one_line(why)}")
    if report.others:
        note(_left_out(report.others))
    _warn_of(session, report.added)
    would = " would be" if dry_run else ""
    came = plural(len(report.added) - len(report.lists), "feed")
    if report.lists:
        came += f" and {plural(len(report.lists), 'included list')}"
    note(f"{came}{would} added, {len(report.known)} there already, {len(report.refused)} refused")


def _warn_of(session: Session, added: Sequence[str]) -> None:
    """What the addresses that came need before they are collected, or are better written as."""
    from aggregator.collect import may_read
    from aggregator.model.errors import ConfigError

    if files := [url for url in added if url.lower().startswith("file:")]:
        with contextlib.suppress(ConfigError):
            settings = session.settings().collect
            files = [url for url in files if not may_read(url, settings)]
    for url in files[:_LINES_NAMED]:
        note(f"{one_line(url)} is read only where collect.allow_files lists its folder")
    if len(files) > _LINES_NAMED:
        note(f"and {len(files) - _LINES_NAMED:,} more files")
    if logins := [url for url in added if _has_login(url)]:
        more = f" and {len(logins) - 1:,} more" if len(logins) > 1 else ""
        note(f"{one_line(logins[0])}{more}: a log-in in the address is better kept in secrets.toml")


def _has_login(url: str) -> bool:
    from aggregator.model.address import shown_url

    return shown_url(url) != url


def _left_out(others: Sequence[tuple[int, str]]) -> str:
    """How many lines of the file are no feeds, and which the first of them are."""
    first = ", ".join(
        f"“{one_line(text)}” (line {line})" if text else f"line {line}"
        for line, text in others[:_LINES_NAMED]
    )
    more = f" and {len(others) - _LINES_NAMED:,} more" if len(others) > _LINES_NAMED else ""
    return f"{plural(len(others), 'line is no feed', 'lines are no feeds')}: {first}{more}"


def export_feeds(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to; standard output by default.")
    ] = None,
) -> None:
    """Write the feeds as OPML, for another program.

    Of files that are there only OPML is replaced.
    """
    from aggregator.config import addresses_in, export_opml, write_opml

    place = session_of(context).place
    data = export_opml(place)
    if logins := sum(map(_has_login, addresses_in(place))):
        whose = "its log-in" if logins == 1 else "their log-ins"
        note(
            f"{plural(logins, 'address', 'addresses')} with {whose}: who gets the list gets them, too"
        )
    if file is None or str(file) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    write_opml(file, data)
    note(f"wrote {file}")


def _chosen(
    session: Session, wanted: Subscription, *, as_json: bool, dry_run: bool
) -> tuple[Subscription, str]:
    """The subscription with the address, and the name, of the one feed that is meant; and where
    permanent redirects of that address lead.

    Raises UsageError where a page has none, Exit 2 where it has several, which are listed.
    """
    from aggregator.model.errors import FeedError, UsageError

    found = look(session, wanted.url, remember=not dry_run)
    if isinstance(found, FeedError):
        if _nothing_there(found):
            mend = f"{found.hint}; " if found.hint else ""
            raise UsageError(
                found.what,
                where=found.where,
                hint=f"{mend}--as-it-is adds the address all the same",
            )
        note(
            f"aggregator: {one_line(found.what)}: the address would be taken as it stands"
            if dry_run
            else f"aggregator: {one_line(found.what)}: the address is taken as it stands "
            "(aggregator feeds remove takes it out again)"
        )
        return wanted, wanted.url
    meant = [one for one in found if not one.comments] or list(found)
    if not meant:
        raise UsageError(
            f"no feed was found at {wanted.url}", hint="--as-it-is adds the address all the same"
        )
    if len(meant) > 1:
        _print_found(found, as_json=as_json)
        note(f"{plural(len(found), 'feed')} there: add one of them by its address")
        raise typer.Exit(_CHOICE)
    (one,) = meant
    for problem in one.problems[:_LINES_NAMED]:
        note(f"aggregator: {one_line(one.url)}: {one_line(problem)}")
    return replace(wanted, url=one.url, title=wanted.title or one.title), one.lasting


def own_address(session: Session, feed: str) -> str:
    """The address of the line of feeds.opml that a person means. Raises ConfigError, UsageError."""
    name, lines = feed.strip(), session.subscriptions()
    # Only the archive knows what feeds call themselves; an address is found without it.
    meant = at_address([(line, None) for line in lines], name)
    return meant[0].url if meant else _own(session, lines, name)


def _own(session: Session, lines: Sequence[Subscription], name: str) -> str:
    """The address of the line that is meant. Raises UsageError, also where a list names the feed."""
    from aggregator.model.errors import UsageError

    if one := list_called(session, name):
        raise _included(session, one)
    rows = with_feeds(session, lines)
    if fitting(rows, name):
        return named(rows, name)[0].url
    if listed := fitting(subscribed(session), name):
        raise UsageError(
            f"{listed[0][0].url} is no line of feeds.opml: a list that it includes names it",
            hint='a line of its own with aggregatorPaused="true" leaves it out',
        )
    if one := list_called(session, name, loosely=True):
        raise _included(session, one)
    return named(rows, name)[0].url


def _included(session: Session, one: Inclusion) -> UsageError:
    """What is told who would remove a list: its line is a person's to delete, with all its feeds."""
    from aggregator.config import line_of_list
    from aggregator.model.errors import UsageError

    line = line_of_list(session.place, one.url)
    return UsageError(
        f"{one.url} is a list of feeds that feeds.opml includes",
        hint=f"delete line {line} there: its feeds are asked no more, what they brought stays",
    )


def _nothing_there(error: FeedError) -> bool:
    """Whether asking again would bring the same: the server has no such page, or we may not ask."""
    from aggregator.model.errors import FetchError, RefusedURL

    return isinstance(error, RefusedURL) or (
        isinstance(error, FetchError) and error.status in _NO_SUCH_PAGE
    )


def _print_found(found: tuple[Found, ...], *, as_json: bool) -> None:
    from msgspec.structs import asdict

    from aggregator.model.time import iso

    if as_json:
        ours = ("lasting", "problems")
        told = [{**asdict(one), "newest": iso(one.newest)} for one in found]
        print_json([{name: one[name] for name in one if name not in ours} for one in told])
        return
    columns = (
        Column("url"),
        Column("title", cut=True),
        Column("format"),
        Column("entries", right=True),
        Column("newest"),
        Column("found"),
    )
    cells = [
        (one.url, one.title, one.format, str(one.entries), when(one.newest), one.where.value)
        for one in found
    ]
    print_table(columns, cells, empty="no feed was found there")
