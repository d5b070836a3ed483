"""Commands that read entries: ``search``, ``show``, ``history``, ``changes``, ``stories``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict

from aggregator.cli.differences import print_differences
from aggregator.cli.nothing import tell_why_nothing
from aggregator.cli.options import EntryIdentifier, Json, Limit, SeenSince, Since, read_moment
from aggregator.cli.output import (
    Column,
    harmless,
    heading,
    local,
    note,
    on_terminal,
    one_line,
    plural,
    print_fields,
    print_json,
    print_table,
    say,
)
from aggregator.cli.session import session_of
from aggregator.cli.titles import entry_named, short, title_of, titled

if TYPE_CHECKING:
    from aggregator.model.entry import EntryRecord, RevisionRecord, SightingRecord

_WORDS_SHOWN = 400
# How a sighting was recognised. The first that came need not be the one that had it first.
_HOW = {
    "first": "came to us first",
    "url": "same address",
    "text": "same text",
    "near": "nearly the same text",
}


class Sort(StrEnum):
    """Orders of ``search``."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


def search(
    context: typer.Context,
    query: Annotated[
        list[str],
        typer.Argument(metavar="QUERY...", help="Words, \"phrases\", fields: 'torres AND coach*'."),
    ],
    sort: Annotated[
        Sort, typer.Option(help="Newest arrival first, or best match first.")
    ] = Sort.NEWEST,
    since: Since = "",
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Find archived entries."""
    from aggregator.model.time import now
    from aggregator.query import parse

    session = session_of(context)
    typed = parse(" ".join(query))
    bound, people = session.bound(typed)
    start = read_moment(since)
    with session.reading() as archive:
        found = archive.search(bound, sort=sort.value, limit=limit, now=now(), since=start)
        if not found:
            tell_why_nothing(archive, typed, bound, people)
    if as_json:
        print_json([record.as_json() for record in found])
        return
    columns = (Column("seen"), Column("id"), Column("title", wide=True), Column("feed", cut=True))
    rows = [(local(r.first_seen), short(r.id), title_of(r), r.feed_title) for r in found]
    print_table(columns, rows, empty="nothing found")
    if len(found) == limit and on_terminal(sys.stdout):
        note(f"no more than {limit:,} are shown: --limit N shows more")


def show(
    context: typer.Context,
    entry: EntryIdentifier,
    with_sightings: Annotated[
        bool, typer.Option("--sightings", help="In JSON, too, who else carried its story.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one entry, and who else carried its story."""
    with session_of(context).reading() as archive:
        record = entry_named(archive, entry)
        sightings = archive.sightings(record.story)
    if as_json:
        carried = {"sightings": [one.as_json() for one in sightings]} if with_sightings else {}
        print_json({**record.as_json(), **carried})
        return
    heading(one_line(title_of(record)))
    print_fields(_facts(record))
    words = record.text or record.summary
    if words:
        say()
        say(_clip(harmless(words)))
    if len(sightings) > 1:
        say()
        _print_sightings(sightings)


def history(context: typer.Context, entry: EntryIdentifier, as_json: Json = False) -> None:
    """Show every state of an entry, and what changed."""
    with session_of(context).reading() as archive:
        record = entry_named(archive, entry)
        revisions = archive.history(record.id)
    if as_json:
        print_json([_revision_json(revision) for revision in revisions])
        return
    before: RevisionRecord | None = None
    for revision in revisions:
        changed = f" · {', '.join(revision.changed)} changed" if revision.changed and before else ""
        page = revision.page_seen
        late = f" · its page came {local(page)}" if page and page > revision.seen else ""
        heading(f"{revision.number} · seen {local(revision.seen)}{changed}{late}")
        print_differences(before, revision)
        before = revision
    if len(revisions) == 1:
        _print_unchanged(record)
    if record.vanished:
        heading(f"vanished from its feed {local(record.vanished)}")


def changes(
    context: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUERY...]", help="Only of entries that match it now."),
    ] = None,
    since: SeenSince = "",
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List what publishers revised or took away, newest first.

    `aggregator history ID` shows the words that changed. An entry that came back to
    its feed is not listed as vanished.
    """
    session = session_of(context)
    parsed = session.query(" ".join(query)) if query else None
    start = read_moment(since)
    with session.reading() as archive:
        found = list(islice(archive.changes(query=parsed, since=start), limit))
    if as_json:
        print_json([change.as_json() for change in found])
        return
    columns = (
        Column("when"), Column("id"), Column("what", cut=True), Column("title", wide=True),
        Column("feed", cut=True),
    )  # fmt: skip
    rows = [
        (
            local(one.at),
            short(one.entry.id),
            "vanished" if one.changed is None else ", ".join(one.changed),
            title_of(one.entry),
            one.entry.feed_title,
        )
        for one in found
    ]
    print_table(columns, rows, empty="nothing was revised or taken away")


def stories(
    context: typer.Context,
    days: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=36_500, help="Of entries first seen in so many days."),
    ] = 7,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the stories that most entries brought."""
    from aggregator.model.time import now

    with session_of(context).reading() as archive:
        found = archive.largest_stories(since=now() - timedelta(days=days), limit=limit)
    if as_json:
        print_json([story.as_json() for story in found])
        return
    columns = (
        Column("entries", right=True), Column("feeds", right=True), Column("first seen"), Column("id"),
        Column("title", wide=True), Column("feed", cut=True),
    )  # fmt: skip
    rows = [
        (
            str(s.entries),
            str(s.feeds),
            local(s.first_seen),
            short(s.id),
            titled(s.title, s.opening),
            s.feed_title,
        )
        for s in found
    ]
    print_table(columns, rows, empty="no entries in this time")


def _print_sightings(sightings: Sequence[SightingRecord]) -> None:
    """Who carried a story, in the order in which they had it, and how much later than the earliest."""
    heading(f"The story in {plural(len(sightings), 'entry', 'entries')}")
    ordered = sorted(sightings, key=lambda one: one.dated)
    earliest = ordered[0].dated
    columns = (
        Column("had it"), Column("later", right=True), Column("recognised by"), Column("feed", cut=True),
        Column("address", wide=True),
    )  # fmt: skip
    rows = [
        (
            local(one.dated),
            _later(one.dated - earliest),
            _HOW.get(one.how, one.how),
            one.feed_title,
            one.url or "",
        )
        for one in ordered
    ]
    print_table(columns, rows)


def _print_unchanged(record: EntryRecord) -> None:
    """What an entry came with of which one state was seen."""
    say(f"  feed: {one_line(record.feed_title)}")
    if record.published:
        say(f"  published: {local(record.published)}")
    say(f"  first seen: {local(record.first_seen)}; nothing of it was changed since")


def _later(after: timedelta) -> str:
    minutes = round(after.total_seconds() / 60)
    return f"{minutes:,} min" if minutes else "" if not after else "< 1 min"


def _facts(record: EntryRecord) -> list[tuple[str, str]]:
    facts = [
        ("id", record.id),
        ("feed", f"{record.feed_title} <{record.feed}>"),
        ("address", record.url or ""),
        ("authors", ", ".join(record.authors)),
        ("categories", ", ".join(record.categories)),
        ("language", record.lang),
        ("published", local(record.published)),
        ("updated", local(record.updated)),
        ("first seen", local(record.first_seen)),
        ("revisions", str(record.revisions) if record.revisions > 1 else ""),
        ("vanished", local(record.vanished)),
        ("topics", ", ".join(record.topics)),
        ("story", f"{record.story}{' (this entry leads it)' if record.lead else ''}"),
    ]
    return [(name, value) for name, value in facts if value]


def _clip(text: str) -> str:
    """The text, shortened on a terminal only; a pipe gets it whole."""
    words = text.split(" ")
    if not sys.stdout.isatty() or len(words) <= _WORDS_SHOWN:
        return text
    note(f"{len(words) - _WORDS_SHOWN} more words with --json or in a pipe")
    return " ".join(words[:_WORDS_SHOWN]) + " …"


def _revision_json(revision: RevisionRecord) -> dict[str, object]:
    from aggregator.model.time import iso

    return {
        "number": revision.number,
        "seen": iso(revision.seen),
        "changed": list(revision.changed),
        "url": revision.url,
        "title": revision.title,
        "authors": list(revision.authors),
        "categories": list(revision.categories),
        "published": iso(revision.published),
        "updated": iso(revision.updated),
        "summary": revision.summary,
        "html": revision.html,
        "text": revision.text,
        "lang": revision.lang,
        "image": revision.image,
        "enclosures": [asdict(one) for one in revision.enclosures],
        "original": revision.original,
        "capture": revision.capture,
        "page_capture": revision.page_capture,
        "page_seen": iso(revision.page_seen),
    }
