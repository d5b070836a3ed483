"""Restore: a backup becomes the archive, on either database.

All is looked at before anything is put in place. What is put in place comes whole,
the captures first and the database last, so that a restore which was interrupted
can be begun again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from aggregator.archive.backup import copy_rows
from aggregator.archive.backupfile import CAPTURES, DATABASE, BackupFile, open_backup
from aggregator.archive.beginning import logs_of
from aggregator.archive.database import Database, is_damage
from aggregator.archive.disk import free_bytes, refuse_network_disk, sync_folder
from aggregator.archive.lock import refuse_held
from aggregator.archive.opening import migrate, refuse_file, refuse_newer, take_lock
from aggregator.archive.schema import captures, entries, feeds, meta, subscribers, topics
from aggregator.archive.soundness import unreadable
from aggregator.archive.states import FOLDER
from aggregator.model.errors import ArchiveError, UsageError
from aggregator.model.settings import ArchiveSettings
from aggregator.model.units import size

_PURPOSE = "aggregator archive restore"
_SCRATCH = f"{DATABASE}.restoring-"
_UNFINISHED = ".restoring"
_PORTION = 1000
_AT_MOST_NAMED = 20


def restore(source: Path, settings: ArchiveSettings, *, damaged: bool = False) -> tuple[str, ...]:
    """Make the archive of ``settings`` from a backup. It must be empty.

    A backup that lacks anything is refused, unless ``damaged`` asks for what is left;
    returns what it lacks. Raises UsageError where ``source`` is no backup,
    AlreadyRunning, ArchiveError. Nothing of worth that is there already is overwritten.
    """
    with open_backup(source) as backup:
        database, above = Database(settings), _nearest(settings.directory)
        lock = take_lock(settings, database, _PURPOSE)
        try:
            database.hold(_PURPOSE)
            _drop_unfinished(_home(database, settings))
            with _checked(backup, database, settings, damaged) as (held, lost):
                _make_ready(held)
                _bring_captures(backup, _captures_of(settings))
                _bring_database(held, database)
        except BaseException:
            lock.withdraw()
            _remove_empty(settings.directory, above)
            raise
        finally:
            database.close()
            lock.release()
    return lost


def check_restore(
    source: Path, settings: ArchiveSettings, *, damaged: bool = False
) -> tuple[str, ...]:
    """Refuse what :func:`restore` would refuse, and change nothing; returns what it would return."""
    with open_backup(source) as backup:
        database = Database(settings)
        try:
            refuse_file(settings.directory)
            refuse_held(settings.directory, database.file)
            database.hold(_PURPOSE)
            # Others may write while this only looks.
            database.close()
            with _checked(backup, database, settings, damaged) as (_, lost):
                return lost
        finally:
            database.close()


@contextmanager
def _checked(
    backup: BackupFile, database: Database, settings: ArchiveSettings, damaged: bool
) -> Iterator[tuple[Database, tuple[str, ...]]]:
    """The database of the backup, unpacked on the disk where it is to be, and what the backup
    lacks; refused where there is no place for it, or it is not sound."""
    home, there = _home(database, settings), _captures_of(settings)
    if database.file is not None:
        refuse_network_disk(home)
    _refuse_filled(database)
    with database.told():
        _refuse_crowded(backup, home, there)
        _refuse_other_captures(backup, there)
        with tempfile.TemporaryDirectory(dir=_nearest(home), prefix=_SCRATCH) as folder:
            copy = Path(folder) / DATABASE
            intact = backup.unpack_database(copy)
            held = Database(ArchiveSettings(directory=copy.parent, database=f"sqlite:///{copy}"))
            try:
                _refuse_unsound(held, backup.source)
                lost = _lost(held, backup, there, intact=intact)
                if lost and not damaged:
                    raise _lacking(backup.source, lost)
                yield held, lost
            finally:
                held.close()


def _home(database: Database, settings: ArchiveSettings) -> Path:
    """The folder that the database stands in; its own name may be a link to there."""
    if database.file is None:
        return settings.directory
    home = database.file.resolve().parent
    if not home.is_dir() and home != settings.directory.resolve():
        raise ArchiveError(
            f"there is no folder {home}", where=database.location, hint="make it, then try again"
        )
    return home


def _captures_of(settings: ArchiveSettings) -> Path:
    return (settings.directory / CAPTURES).resolve()


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(one for one in (folder, *folder.absolute().parents) if one.is_dir())


def _remove_empty(folder: Path, above: Path) -> None:
    """Take away a folder that was made below another for nothing, and what is between them."""
    for one in (folder, *folder.absolute().parents):
        if one == above:
            return
        try:
            one.rmdir()
        except OSError:  # something stands in it
            return


def _drop_unfinished(home: Path) -> None:
    """What an interrupted restore left; it held the lock that we hold."""
    for folder in home.glob(f"{_SCRATCH}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_filled(database: Database) -> None:
    """What was read, told or given out is lost where it is overwritten; what was only tried is not."""
    if database.file is not None and not database.file.exists():
        if logs := logs_of(database.file):
            raise ArchiveError(
                "this is the log of a database that is not there",
                where=str(logs[0]),
                hint="move it to where that database is, then restore again",
            )
        return
    private = sa.and_(topics.c.token != "", topics.c.published_version > 0)
    treasures = (
        ("it has entries", sa.select(entries.c.entry_key)),
        ("it has feeds that were read", sa.select(feeds.c.feed_key).where(feeds.c.first_success.is_not(None))),
        ("its hub has subscribers", sa.select(subscribers.c.path)),
        ("a private topic of it is published", sa.select(topics.c.topic_key).where(private)),
    )  # fmt: skip
    with _told_to_move(database):
        if database.version() is None:
            _refuse_foreign(database)
            return
        with database.reading() as connection:
            found = [
                what for what, query in treasures if connection.execute(query.limit(1)).first()
            ]
    if found:
        raise ArchiveError(
            f"this archive is not empty: {found[0]}",
            where=database.location,
            hint="restore into another archive.directory, or move this one away",
        )


def _refuse_foreign(database: Database) -> None:
    """On SQLite the whole file is replaced; on PostgreSQL tables of others are left alone."""
    if not database.sqlite:
        return
    with database.reading() as connection:
        if sa.inspect(connection).get_table_names():
            raise ArchiveError(
                "the file is another program's database",
                where=database.location,
                hint="check archive.database",
            )


@contextmanager
def _told_to_move(database: Database) -> Iterator[None]:
    """Of a damaged file the usual advice is to restore, which is what is tried here."""
    try:
        yield
    except ArchiveError as error:
        if not is_damage(error):
            raise
        hint = "move it away, then restore again"
        raise ArchiveError(error.what, where=database.location, hint=hint) from error


def _refuse_crowded(backup: BackupFile, home: Path, there: Path) -> None:
    """A migration copies the database; captures that are there already need no room."""
    more = sum(count for name, count in backup.captures.items() if not (there / name).exists())
    needed = dict[int, tuple[Path, int]]()
    for folder, count in ((home, 2 * backup.database_size), (there, more)):
        place = _nearest(folder)
        disk = place.stat().st_dev
        needed[disk] = (place, needed.get(disk, (place, 0))[1] + count)
    for place, count in needed.values():
        if free_bytes(place) < count:
            raise ArchiveError(
                f"restoring needs {size(count)}, which are not free",
                where=str(place),
                hint="free some disk",
            )


def _refuse_other_captures(backup: BackupFile, there: Path) -> None:
    """A capture file that is there already may only be longer, never another."""
    refuse_file(there)
    for name in backup.captures:
        if (there / name).exists() and not _begins_with(there / name, backup, name):
            raise ArchiveError(
                "a capture file is there already, and is another than the backup's",
                where=str(there / name),
                hint="move the folder of captures away, then restore again",
            )


def _begins_with(longer: Path, backup: BackupFile, name: str) -> bool:
    with longer.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in backup.capture_pieces(name))


def _refuse_unsound(held: Database, source: Path) -> None:
    try:
        with held.reading() as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        version = held.version() if sound else None
    except ArchiveError:
        sound = False
    if not sound:
        raise ArchiveError(
            "the database in the backup is damaged",
            where=str(source),
            hint="take another backup; what is left of this one is for SQLite's .recover",
        )
    if version is None:
        raise UsageError(
            f"{source} is no backup: its {DATABASE} is no archive",
            hint="a .tar file that aggregator archive backup wrote is needed",
        )
    refuse_newer(version, held)


def _lacking(source: Path, lost: Sequence[str]) -> ArchiveError:
    named = list(lost[:_AT_MOST_NAMED])
    if more := len(lost) - len(named):
        named.append(f"and {more} more")
    return ArchiveError(
        "the backup lacks some of what it should hold",
        where=str(source),
        hint="take another, or bring back what is left: aggregator archive restore --damaged",
        further=named,
    )


def _lost(held: Database, backup: BackupFile, there: Path, *, intact: bool) -> tuple[str, ...]:
    lost = []
    if not backup.whole:
        lost.append("the file is cut off, or has a hole")
    if not intact:
        lost.append(f"{DATABASE} is not as it was written; what SQLite reads of it is consistent")
    columns = (captures.c.file, captures.c.offset, captures.c.length)
    query = sa.select(*columns).order_by(captures.c.file, captures.c.offset)
    with held.reading() as connection:
        rows = connection.execution_options(yield_per=_PORTION).execute(query)
        for name, of_file in groupby(rows, key=lambda row: str(row.file)):
            line = _lost_of(name, of_file, backup, there)
            lost += [line] if line else []
    return tuple(lost)


def _lost_of(name: str, rows: Iterator[Any], backup: BackupFile, there: Path) -> str:
    """What cannot be read of a capture file; one that is there already begins with the backup's."""
    places = [(int(row.offset), int(row.length)) for row in rows]
    here = there / Path(name).name
    if here.is_file():
        with here.open("rb") as longer:
            return unreadable(name, places, longer, 0, here.stat().st_size)
    if name in backup.captures:
        file, first = backup.capture_file(name)
        return unreadable(name, places, file, first, backup.captures[name])
    return f"{name} is not in it; captures in that file: {len(places)}"


def _make_ready(held: Database) -> None:
    migrate(held)
    with held.writing() as connection:
        # What is published may be newer than the backup: every topic is written again.
        # One that was deleted is not, and stays known as one that was published.
        again = sa.update(topics).where(topics.c.deleted.is_(None))
        connection.execute(again.values(published_version=0, published_place=0))
        connection.execute(sa.delete(meta).where(meta.c.name == FOLDER))


def _bring_captures(backup: BackupFile, there: Path) -> None:
    """Put the capture files in place that are not there, each under its name when it is whole."""
    try:
        there.mkdir(exist_ok=True)
        for leftover in there.glob(f"*{_UNFINISHED}"):
            leftover.unlink()
        for name in backup.captures:
            if not (there / name).exists():
                part = there / f"{name}{_UNFINISHED}"
                with part.open("xb") as file:
                    file.writelines(backup.capture_pieces(name))
                    _sync(file)
                part.replace(there / name)
        sync_folder(there)
    except OSError as error:
        raise ArchiveError(
            f"the captures cannot be put in place: {error.strerror or error}",
            where=str(error.filename or there),
            hint="free some disk, or mend the folder; then restore again",
        ) from error


def _bring_database(held: Database, database: Database) -> None:
    copy = held.file
    assert copy is not None
    if database.file is None:
        copy_rows(held, database)
        return
    held.close()
    database.close()
    place = database.file.resolve()
    # They belong to the empty database that was there.
    for leftover in ("-wal", "-shm", "-journal"):
        place.with_name(place.name + leftover).unlink(missing_ok=True)
    with copy.open("rb") as file:
        _sync(file)
    copy.replace(place)
    sync_folder(place.parent)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
