"""Included lists: what ``status`` and ``feeds check`` tell of those that fail, and ``feeds show``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.cli.output import (
    Column,
    away,
    heading,
    local,
    one_line,
    plural,
    print_fields,
    print_json,
    print_table,
    say,
    when,
)

if TYPE_CHECKING:
    from aggregator.cli.session import Session
    from aggregator.model.inclusion import FeedList, Inclusion

_SHOWN = 10


def list_trouble(one: FeedList) -> str:
    """Why a list fails, how often it did, and what holds meanwhile; "" where all is well."""
    if not one.failure:
        return ""
    kept = "what it named last is collected" if one.last_success else "it never named a feed"
    return f"{one.failure} ({plural(one.failures, 'time')}): {kept}"


def print_failing_lists(lists: Sequence[FeedList]) -> None:
    """A table of included lists that fail; nothing where there is none."""
    if not lists:
        return
    say()
    columns = (
        Column("list failing", cut=True), Column("last answer"), Column("why", wide=True),
    )  # fmt: skip
    rows = [(one.url, when(one.last_success) or "never", list_trouble(one)) for one in lists]
    print_table(columns, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN} more: aggregator feeds check")


def list_json(one: FeedList) -> dict[str, object]:
    """A list wherever JSON tells of one, with the keys that ``feeds check`` has of a feed, too."""
    from aggregator.model.address import shown_url
    from aggregator.model.time import iso

    return {
        "url": one.url,
        "state": _state(one),
        "moved_to": None,
        "fixed": False,
        "what": shown_url(list_trouble(one)),
        "list": None,
        "message": one.failure,
        "count": one.failures,
        "last_success": iso(one.last_success),
        "next_due": iso(one.next_due),
        "feeds": one.named,
    }


def list_called(session: Session, name: str, *, loosely: bool = False) -> Inclusion | None:
    """The list that feeds.opml includes from this address; ``loosely``: or the only one in whose
    folder or address this stands. None where there is none."""
    from aggregator.model.address import canonical_url

    inclusions, wanted = session.inclusions(), canonical_url(name)
    for one in inclusions:
        if canonical_url(one.url) == wanted:
            return one
    sought = name.strip().casefold()
    if not loosely or not sought:
        return None
    found = [one for one in inclusions if sought in "\n".join((*one.folders, one.url)).casefold()]
    return found[0] if len(found) == 1 else None


def print_list(session: Session, inclusion: Inclusion, *, as_json: bool) -> None:
    """How an included list stands: its address, when it answered, what it names, how it fails."""
    from aggregator.model.inclusion import FeedList

    known = dict[str, FeedList]()
    archive = session.reading_if_any()
    if archive is not None:
        with archive:
            known = {one.url: one for one in archive.lists.read()}
    one = known.get(inclusion.url) or FeedList(url=inclusion.url)
    if as_json:
        print_json({**list_json(one), "folders": list(inclusion.folders)})
        return
    heading(one_line("/".join(inclusion.folders) or one.url))
    dropped = len(one.lines) - one.named
    due = one.next_due
    facts = [
        ("list", f"of feeds, included from {one.url}"),
        ("state", _state(one)),
        ("feeds", f"{one.named}{f', and {dropped} dropped by it are paused' if dropped else ''}"),
        ("last answer", local(one.last_success) or "never"),
        ("next due", f"{local(due)} ({away(due)})" if due else "at the next round"),
        ("failure", list_trouble(one)),
    ]
    print_fields([(name, value) for name, value in facts if value])
    if one.lines:
        say("aggregator feeds list has its feeds")


def _state(one: FeedList) -> str:
    if one.failure:
        return "failing"
    return "ok" if one.last_success else "new"
