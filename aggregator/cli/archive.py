"""``archive``: look at it, keep a copy of it, bring one back."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import DryRun, Json
from aggregator.cli.output import (
    NOTHING,
    note,
    one_line,
    plural,
    print_fields,
    print_json,
    progress,
    say,
)
from aggregator.cli.session import session_of
from aggregator.model.units import size

if TYPE_CHECKING:
    from aggregator.archive import Archive, Soundness

_LACKING = 3

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Look after the archive."""


@app.command()
def info(context: typer.Context, as_json: Json = False) -> None:
    """Tell where the archive is, how large, and how it grows."""
    from msgspec.structs import asdict

    with session_of(context).reading() as archive:
        facts = archive.info()
    if as_json:
        print_json(asdict(facts))
        return
    growth = f"{size(facts.growth)} a year" if facts.growth is not None else NOTHING
    print_fields(
        [
            ("location", facts.location),
            ("dialect", facts.dialect),
            ("schema", facts.schema),
            ("entries", str(facts.entries)),
            ("database", size(facts.database_bytes)),
            ("captures", f"{size(facts.capture_bytes)} in {plural(facts.capture_files, 'file')}"),
            ("free", size(facts.free_bytes)),
            ("growth", growth),
        ]
    )


@app.command()
def migrate(context: typer.Context, dry_run: DryRun = False) -> None:
    """Bring the archive up to this program's form.

    `run` and `collect` do it by themselves; a copy is kept beside it before
    anything changes.
    """
    from aggregator.archive import open_archive, versions

    settings = session_of(context).settings().archive
    before, now = versions(settings)
    if dry_run:
        same = f"the archive is up to date (schema {now})"
        say(same if before == now else f"would bring the archive from schema {before} to {now}")
        return
    # Also where the schema is this one: the index may be of an older analysis.
    with open_archive(settings, write=True, purpose="aggregator archive migrate") as archive:
        came = "is up to date" if before == now else f"was brought from schema {before} to {now}"
        say(f"{archive.location} {came}")


@app.command()
def backup(
    context: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="The file to write, such as backup.tar; it must not exist."
        ),
    ],
    dry_run: DryRun = False,
) -> None:
    """Copy the archive, as it is at one moment, to one .tar file.

    Works while the daemon runs. The copy holds database and captures; the configuration
    folder is for you to copy. Every capture is read, and checked by its checksum: exit code 3
    tells that some are missing or damaged; the file is written all the same.
    """
    from aggregator.archive import check_backup

    with session_of(context).reading() as archive:
        if dry_run:
            check_backup(target)
        with progress("captures", archive.count_captures()) as bar:
            lost = archive.damaged_captures(bar) if dry_run else archive.backup(target, bar)
        say(f"would copy {archive.location} to {target}" if dry_run else f"wrote {target}")
    _tell("the archive lacks captures, and so does its backup; an older one may have them:", lost)
    if lost:
        raise typer.Exit(_LACKING)


@app.command()
def verify(context: typer.Context, as_json: Json = False) -> None:
    """Read all of the archive, and say what is damaged or missing.

    The database (on SQLite each page, index and reference; on PostgreSQL each value), then
    every capture that entries refer to, by its checksum. Changes nothing, and works while the
    daemon runs. Exit code 3 where anything is wrong.
    """
    with session_of(context).reading() as archive:
        with progress("captures", _count(archive)) as bar:
            bar(0, "first the database")
            found = archive.examine(bar)
        location, dialect = archive.location, archive.dialect
    if as_json:
        captures = {"read": found.read, "faults": found.captures}
        facts = {"location": location, "whole": found.whole, "database": found.database}
        print_json({**facts, "captures": captures})
    else:
        read = f"{plural(found.read, 'record')} read, all whole"
        print_fields(
            [
                ("location", location),
                *[("database", one_line(line)) for line in found.database or ("whole",)],
                *[("captures", one_line(line)) for line in found.captures or (read,)],
            ]
        )
    if not found.whole:
        _tell_mends(found, dialect)
        raise typer.Exit(_LACKING)


def _count(archive: Archive) -> int | None:
    """How many captures there are to be read; None where the database does not even tell that."""
    from aggregator.model.errors import ArchiveError

    with contextlib.suppress(ArchiveError):
        return archive.count_captures()
    return None


def _tell_mends(found: Soundness, dialect: str) -> None:
    if found.database:
        mend = "move it away" if dialect == "sqlite" else "see its server's log; give another"
        note(f"the database: {mend}, then aggregator archive restore FILE")
    if found.captures:
        note("the captures: a backup may have these files, as captures/NAME")


@app.command()
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="PATH", help="A .tar file that backup wrote.")],
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Bring back what is left of a damaged backup.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Bring a backup back, into an archive that is empty or absent.

    All of it is looked at first: every capture, and the database. Topics that the
    configuration does not have are taken down at the next publishing, or a day later where
    these are most of them: put back the configuration of that time before.
    """
    from aggregator.archive import check_restore
    from aggregator.archive import restore as restore_archive
    from aggregator.publish import Folder

    everything = session_of(context).settings()
    settings, public = everything.archive, everything.publish.directory
    if dry_run:
        lost = check_restore(source, settings, damaged=damaged)
        say(f"would restore {source}")
    else:
        lost = restore_archive(source, settings, damaged=damaged)
        say(f"restored {source}")
    _tell("the backup lacks some of what it should hold:", lost)
    if dry_run:
        return
    with session_of(context).reading() as archive:
        private = [state.topic.slug for state in archive.topics.states() if state.token]
    if private:
        # Who was shut out since may hold the address that is valid again.
        note(
            f"private topics have the addresses of that time again ({', '.join(private)}): what was "
            "revoked since, revoke again, with aggregator topics revoke"
        )
    note("next: put its configuration back too, then aggregator topics publish")
    if Folder(public).mark:
        note(
            f"it would be published in {public}, where an archive is already: if that one is still "
            "in use, set publish.directory to another folder first"
        )


def _tell(what: str, lines: Sequence[str]) -> None:
    """Say on standard error what is missing, where anything is."""
    if lines:
        note("\n  ".join([what, *map(one_line, lines)]))
