"""``feeds boilerplate``: the blocks that recur in a feed's entries, and what a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from aggregator.cli.output import (
    Column,
    note,
    one_line,
    plural,
    print_json,
    print_table,
    say,
    since_here,
)
from aggregator.cli.served import DAEMON
from aggregator.cli.session import Session

if TYPE_CHECKING:
    from aggregator.model.feed import Feed

_ID, _SAMPLE = 10, 100


def print_blocks(session: Session, feed: Feed, *, as_json: bool) -> None:
    """Ruled on, learned and recurring blocks, as a table or as JSON."""
    from aggregator.model.boilerplate import TITLE
    from aggregator.recleaning import boilerplate

    with session.reading() as archive:
        found = boilerplate(archive, feed)
    if as_json:
        rows = [asdict(one) for one in found]
        print_json([{**row, "text": row["text"].replace(TITLE, "{title}")} for row in rows])
        return
    columns = (
        Column("block"),
        Column("state"),
        Column("entries", right=True),
        Column("learned of", cut=True),
        Column("text", wide=True),
    )
    cells = [
        (
            one.id[:_ID],
            one.state,
            f"{one.entries} of {one.of}",
            one.group if one.state == "learned" else "",
            one.text.replace(TITLE, "{title}")[:_SAMPLE],
        )
        for one in found
    ]
    print_table(columns, cells, empty="no block recurs in this feed's entries")


def rule(session: Session, feed: Feed, word: str, block: str, *, dry_run: bool) -> None:
    """Pin, free or reset a block; takes the writer lock. A daemon that has it is asked to do so.

    Raises UsageError, AlreadyRunning.
    """
    from aggregator.model.boilerplate import Ruling
    from aggregator.model.errors import AlreadyRunning
    from aggregator.publish import site_of
    from aggregator.publishing import open_to_publish, publish_behind
    from aggregator.recleaning import ask_rule, block_named, boilerplate, rule_on

    settings = session.configuration().settings
    if dry_run:
        with session.reading() as archive:
            found = block_named(boilerplate(archive, feed), block)
        say(f"would {word} {found.id[:_ID]}: {one_line(found.text)}")
        return
    ruling = {"pin": Ruling.PINNED, "free": Ruling.FREED}.get(word)
    purpose = "aggregator feeds boilerplate"
    try:
        opened = open_to_publish(settings, purpose=purpose)
    except AlreadyRunning as error:
        if not error.holder.startswith(DAEMON):
            raise
        # A row is all there is to write; who reads it is there already.
        with session.reading() as archive:
            ask_rule(archive, feed, block, ruling)
        note(f"{since_here(error.holder)} shows the entries so within seconds")
    else:
        with opened as archive:
            changed = rule_on(archive, feed, block, ruling)
            publish_behind(archive, settings, site_of(settings))
        say(f"{plural(changed, 'entry is', 'entries are')} shown otherwise now")
    note("a revision stays as it came: see `aggregator history`")
