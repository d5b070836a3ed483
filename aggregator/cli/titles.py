"""What entries are called where they are listed: by id and by title."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.archive import Archive
    from aggregator.model.entry import EntryRecord, RevisionRecord
    from aggregator.model.topic import PageEntry

_LONGEST = 90


def short(identifier: str) -> str:
    """The first digits of a public id: enough to name it on the command line."""
    return identifier.removeprefix("urn:uuid:")[:13]


def title_of(entry: EntryRecord | RevisionRecord | PageEntry) -> str:
    """An entry's title; how it begins, where it has none."""
    return titled(entry.title, entry.summary or entry.text)


def titled(title: str, text: str) -> str:
    """The title of what says ``text``; how that begins, where the title is empty."""
    return title or shorten(text, _LONGEST, placeholder="…") or "(no title)"


def entry_named(archive: Archive, identifier: str) -> EntryRecord:
    """The entry of this id, or the lead of this story. Raises UsageError."""
    from aggregator.model.errors import UsageError

    record = archive.entry(identifier)
    if record is None:
        raise UsageError(
            f"no entry or story has the id {identifier!r}", hint="ids are in `aggregator search`"
        )
    return record
